import type { WebhookReply } from "../../../../src/ports/webhook-client.ts";

export type Answered = Extract<WebhookReply, { kind: "answered" }>;
export type Failed = Extract<WebhookReply, { kind: "failed" }>;

/** A 200 without body, but for what a test names. */
export function anAnswer(given: Partial<Answered> = {}): Answered {
  return { kind: "answered", status: 200, headers: {}, body: "", isCut: false, durationMs: 12, ...given };
}

/** A connection that did not come about, but for what a test names. */
export function aFailure(given: Partial<Failed> = {}): Failed {
  return { kind: "failed", cause: "CONNECTION", message: "It could not be connected.", durationMs: 12, ...given };
}
