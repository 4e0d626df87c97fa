import type { WebhookReply } from "../../../../src/ports/webhook-client.ts";
import { FakeWebhooks, answered } from "../../../support/fake-webhooks.ts";

/** A request as a platform sees it. */
export interface Call {
  readonly host: string;
  readonly operation: string;
  readonly thirdId: string;
  readonly status: string | null;
  readonly key: string;
}

/** Platforms of the small connector: they believe what they took. */
export interface BelievingPlatforms {
  readonly client: FakeWebhooks;
  /** All that were made, in order. */
  readonly calls: Call[];
  /** What they believe, by `host thirdId`. */
  readonly beliefs: Map<string, string>;
  /** Third ids that were called about, in order. */
  readonly thirdIds: readonly string[];
  /** What comes back; null: nothing, until `answerAll`. 2xx: it is believed. Default: 200. */
  answers(answer: (call: Call) => WebhookReply | null): void;
  /** All well again, and what has no answer yet gets one. */
  answerAll(): void;
}

export function aBelievingPlatforms(): BelievingPlatforms {
  const calls: Call[] = [];
  const beliefs = new Map<string, string>();
  let silent: { readonly call: Call; readonly at: number }[] = [];
  let answer: (call: Call) => WebhookReply | null = () => answered(200);
  const heed = (call: Call, reply: WebhookReply | null): void => {
    if (reply?.kind !== "answered" || reply.status >= 300) return;
    if (call.status === null) beliefs.delete(`${call.host} ${call.thirdId}`);
    else beliefs.set(`${call.host} ${call.thirdId}`, call.status);
  };
  const client = new FakeWebhooks(({ url, body, headers }) => {
    const { host, pathname } = new URL(url);
    const { thirdId, status } = JSON.parse(body) as Pick<Call, "thirdId" | "status">;
    const call = { host, operation: pathname.slice(1), thirdId, status, key: headers["idempotency-key"] ?? "" };
    const at = calls.push(call) - 1;
    const reply = answer(call);
    if (reply === null) silent.push({ call, at });
    heed(call, reply);
    return reply;
  });
  return {
    client,
    calls,
    beliefs,
    get thirdIds() {
      return calls.map(({ thirdId }) => thirdId);
    },
    answers: (next) => {
      answer = next;
    },
    answerAll: () => {
      answer = () => answered(200);
      const waiting = silent;
      silent = [];
      for (const { call, at } of waiting) {
        const sent = client.sent[at];
        if (sent?.aborted === false) heed(call, answered(200));
        sent?.answer(answered(200));
      }
    },
  };
}
