import { createInbox, type Msg, type MsgHdrs, type NatsConnection, type Payload } from "@nats-io/transport-node";
import type { Clock } from "../../ports/clock.ts";
import type { Line } from "./line.ts";

export interface Question {
  readonly subject: string;
  readonly payload: Payload;
  readonly headers: MsgHdrs;
}

export type Answer =
  | { readonly kind: "answered"; readonly message: Msg }
  | { readonly kind: "no-responders" }
  | { readonly kind: "timed-out" }
  /** The connection broke, or there was none. */
  | { readonly kind: "disconnected" }
  /** The server does not let this user send there. */
  | { readonly kind: "forbidden" }
  /** The client cannot send it: a header that is none, a message larger than the server takes. */
  | { readonly kind: "unsendable"; readonly reason: string }
  | { readonly kind: "called-off" };

interface Waiting {
  readonly subject: string;
  settle(answer: Answer): void;
}

/**
 * Questions and their first answers over one inbox, many at a time. The client library's own requests know nothing of a broken connection (they
 * wait until their time is up), cannot be called off, and set a timer of the machine for each.
 */
export class Replies {
  readonly #line: Line;
  readonly #clock: Clock;
  readonly #waiting = new Map<string, Waiting>();
  #client: NatsConnection | undefined;
  #inbox = "";
  #count = 0;

  constructor(line: Line, clock: Clock) {
    this.#line = line;
    this.#clock = clock;
    line.whenOpened((client) => {
      this.#client = client;
      this.#inbox = createInbox();
      const heard = (error: Error | null, message: Msg): void => {
        if (error === null) this.#heard(message);
      };
      client.subscribe(`${this.#inbox}.*`, { callback: heard });
    });
    line.onChange((connected) => {
      if (!connected) this.#settleWhere(() => true, { kind: "disconnected" });
    });
    line.onRefusal(({ operation, subject }) => {
      // Nobody who may not listen to the inbox gets an answer.
      const inbox = operation === "subscription" && subject === `${this.#inbox}.*`;
      this.#settleWhere((waiting) => inbox || (operation === "publish" && waiting.subject === subject), {
        kind: "forbidden",
      });
    });
  }

  /** The answers in the order of the questions. Never rejects. */
  async ask(questions: readonly Question[], timeoutMs: number, signal?: AbortSignal): Promise<readonly Answer[]> {
    const client = this.#line.connection;
    if (questions.length === 0) return [];
    if (signal?.aborted === true) return questions.map(() => ({ kind: "called-off" }));
    if (client === undefined || client !== this.#client) return questions.map(() => ({ kind: "disconnected" }));

    const { promise, resolve } = Promise.withResolvers<undefined>();
    const answers: Answer[] = [];
    const open = new Set<string>();
    for (const [index, question] of questions.entries()) {
      const token = (this.#count++).toString(36);
      open.add(token);
      this.#waiting.set(token, {
        subject: question.subject,
        settle: (answer) => {
          answers[index] = answer;
          this.#waiting.delete(token);
          open.delete(token);
          if (open.size === 0) resolve(undefined);
        },
      });
      this.#send(client, question, token);
    }
    const settleOpen = (answer: Answer): void => {
      for (const token of open) this.#waiting.get(token)?.settle(answer);
    };
    const onAbort = (): void => settleOpen({ kind: "called-off" });
    const timer = this.#clock.schedule(timeoutMs, () => settleOpen({ kind: "timed-out" }));
    signal?.addEventListener("abort", onAbort, { once: true });
    await promise;
    signal?.removeEventListener("abort", onAbort);
    timer.cancel();
    return answers;
  }

  #send(client: NatsConnection, { subject, payload, headers }: Question, token: string): void {
    try {
      client.publish(subject, payload, { reply: `${this.#inbox}.${token}`, headers });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#waiting.get(token)?.settle({ kind: "unsendable", reason });
    }
  }

  #heard(message: Msg): void {
    const waiting = this.#waiting.get(message.subject.slice(this.#inbox.length + 1));
    const nobody = message.data.length === 0 && message.headers?.code === 503;
    waiting?.settle(nobody ? { kind: "no-responders" } : { kind: "answered", message });
  }

  #settleWhere(holds: (waiting: Waiting) => boolean, answer: Answer): void {
    for (const waiting of this.#waiting.values()) if (holds(waiting)) waiting.settle(answer);
  }
}
