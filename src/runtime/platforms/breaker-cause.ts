/** What a request tells of a platform, for its breaker. */
import type { FailureCause } from "../../domain/breaker.ts";
import type { PlatformEventOf } from "../../actors/platform/events.ts";
import type { WebhookReply } from "../../ports/webhook-client.ts";
import { retryAfterMs } from "../webhooks/retry-after.ts";
import type { PushStep } from "./carry-out.ts";

/** Of one that did not succeed. */
export function causeOf(reply: WebhookReply): FailureCause {
  if (reply.kind === "failed") {
    return reply.cause;
  }
  const { status } = reply;
  if (status === 408) return "TIMEOUT";
  if (status === 429) return "RATE_LIMITED";
  return status >= 500 && status <= 599 ? "SERVER_ERROR" : "BAD_RESPONSE";
}

/**
 * What a push tells of the platform, request by request. What it refuses for good, or does not know, speaks about the item and not about the platform; a
 * token that was fetched is told by whoever fetched it.
 */
export function pushedEvents(steps: readonly PushStep[], at: number): readonly PlatformEventOf<"PUSHED">[] {
  return steps.flatMap((step): readonly PlatformEventOf<"PUSHED">[] =>
    step.isRepeated || step.operation === "token"
      ? []
      : [{ type: "PUSHED", at, sentAt: step.sentAt, outcome: outcomeOf(step, at) }],
  );
}

function outcomeOf({ verdict, reply }: PushStep, at: number): PlatformEventOf<"PUSHED">["outcome"] {
  switch (verdict.class) {
    case "ok":
    case "not_found":
      return { ok: true };
    case "permanent":
      return { ok: false, cause: "REFUSED", message: verdict.message };
    case "auth":
      return { ok: false, cause: "AUTH", message: verdict.message };
    case "transient":
      return { ok: false, cause: causeOf(reply), message: verdict.message, retryAfterMs: askedFor(reply, at) };
  }
}

/** How long it asks to be left alone. */
export function askedFor(reply: WebhookReply, at: number): number {
  return reply.kind === "answered" && (reply.status === 429 || reply.status === 503)
    ? (retryAfterMs(reply.headers["retry-after"], at) ?? 0)
    : 0;
}
