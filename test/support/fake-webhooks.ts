/** Receivers that do what a test says, without a network. */
import type { WebhookClient, WebhookReply, WebhookRequest } from "../../src/ports/webhook-client.ts";

export interface SentRequest extends WebhookRequest {
  /** Answers it. */
  answer(reply: WebhookReply): void;
  readonly aborted: boolean;
}

export function answered(
  status: number,
  more: Partial<Extract<WebhookReply, { kind: "answered" }>> = {},
): WebhookReply {
  return { kind: "answered", status, headers: {}, body: "", isCut: false, durationMs: 1, ...more };
}

export const DOWN: WebhookReply = { kind: "failed", cause: "CONNECTION", message: "connection refused", durationMs: 1 };

export class FakeWebhooks implements WebhookClient {
  readonly sent: SentRequest[] = [];
  /** What is answered at once; null: nothing, until the test answers. */
  #reply: (request: WebhookRequest) => WebhookReply | null;

  constructor(reply: (request: WebhookRequest) => WebhookReply | null = () => answered(200)) {
    this.#reply = reply;
  }

  replies(reply: (request: WebhookRequest) => WebhookReply | null): void {
    this.#reply = reply;
  }

  send(request: WebhookRequest, signal: AbortSignal): Promise<WebhookReply> {
    const { promise, resolve } = Promise.withResolvers<WebhookReply>();
    this.sent.push({
      ...request,
      answer: resolve,
      get aborted() {
        return signal.aborted;
      },
    });
    const reply = this.#reply(request);
    if (reply !== null) {
      resolve(reply);
    }
    return promise;
  }

  /** The ids of what was sent, in order. */
  get ids(): readonly string[] {
    return this.sent.map(({ headers }) => headers["webhook-id"] ?? "");
  }

  refusal(): string | null {
    return null;
  }

  async close(): Promise<void> {}
}
