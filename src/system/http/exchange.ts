/**
 * One request on one connection, until its answer is there or will not come.
 *
 * - X1 The status of a final answer is the answer: once its headers are complete, whatever becomes of the body, the receiver has spoken. What
 *   is missing of the body is said (`isCut`); sending the request again could not make it better, only twice.
 * - X2 A connection that served before may have been closed by the other side at the very moment when it was used again. When nothing of an
 *   answer came, the request is sent once more, over a new one; it carries its id, so a receiver that got both knows them as one.
 * - X3 No more of a body is read than is wanted. The connection is kept if the rest is short and comes soon.
 */
import type { Clock, Timer } from "../../ports/clock.ts";
import { answerHeaders } from "./answer-headers.ts";
import type { Connection, Post, Watcher } from "./connection.ts";
import { bytesToRead, type RawBody } from "./content-encoding.ts";
import { exchangeFailure, type Failed, failed, isBroken, timedOut } from "./failures.ts";
import { KeptBytes } from "./kept-bytes.ts";

export interface Answer {
  readonly kind: "answered";
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: RawBody;
}

export interface ExchangeOptions {
  readonly clock: Clock;
  readonly connectMs: number;
  readonly headersMs: number;
  readonly keepBytes: number;
  /** Called once. */
  readonly onOutcome: (outcome: Answer | Failed) => void;
  /** Called once, not before the outcome: whether the connection can carry another request. */
  readonly onDone: (isReusable: boolean) => void;
}

/** X3: what is let pass unread, and for how long. */
const REST_BYTES = 64 * 1024;
const REST_MS = 1000;

const SWITCHING_PROTOCOLS = 101;
const FIRST_FINAL_STATUS = 200;

export class Exchange implements Watcher {
  readonly #connection: Connection;
  readonly #post: Post;
  readonly #options: ExchangeOptions;
  #deadline: Timer | null = null;
  #hasBegun = false;
  #head: { readonly status: number; readonly headers: Readonly<Record<string, string>> } | null = null;
  #kept = new KeptBytes(0);
  #isSettled = false;
  #isDone = false;
  #restBytes = REST_BYTES;

  constructor(connection: Connection, post: Post, options: ExchangeOptions) {
    this.#connection = connection;
    this.#post = post;
    this.#options = options;
  }

  begin(): void {
    this.#connection.post(this.#post, this);
  }

  /** Nobody waits any longer. With the headers there, the answer is what it is (X1). */
  stop(failure: Failed): void {
    if (this.#head === null) this.#settle(failure);
    else this.#settleAnswered(true);
    this.#finish(false);
  }

  onDialling(): void {
    const { connectMs } = this.#options;
    this.#arm(connectMs, () => this.stop(timedOut("no connection", connectMs)));
  }

  onDialled(): void {
    this.#disarm();
  }

  onSent(): void {
    const { headersMs } = this.#options;
    this.#arm(headersMs, () => this.stop(timedOut("no answer", headersMs)));
  }

  onBegun(): void {
    this.#hasBegun = true;
  }

  onHead(status: number, rawHeaders: readonly (Buffer | string)[]): void {
    if (this.#isDone) return;
    if (status === SWITCHING_PROTOCOLS) {
      this.stop(failed("BAD_RESPONSE", "the answer changes to a protocol that nobody asked for"));
    } else if (status >= FIRST_FINAL_STATUS) {
      this.#disarm();
      const headers = answerHeaders(rawHeaders);
      this.#head = { status, headers };
      this.#kept = new KeptBytes(bytesToRead(headers["content-encoding"], this.#options.keepBytes));
    }
  }

  onBody(chunk: Buffer): void {
    if (this.#isDone) return;
    if (this.#isSettled) {
      this.#restBytes -= chunk.length;
      if (this.#restBytes < 0) this.#finish(false);
    } else if (!this.#kept.push(chunk)) {
      this.#settleAnswered(true);
      this.#arm(REST_MS, () => this.#finish(false));
    }
  }

  onEnd(): void {
    this.#settleAnswered(false);
    this.#finish(true);
  }

  onError(error: Error): void {
    if (this.#isStale(error)) {
      this.#disarm();
      // Not while the connection still clears away the first.
      queueMicrotask(() => {
        if (!this.#isDone) this.begin();
      });
    } else {
      this.stop(exchangeFailure(error, this.#hasBegun));
    }
  }

  /** X2 */
  #isStale(error: Error): boolean {
    // Nothing was served yet over the connection of the second try, so there is no third.
    return !this.#isDone && !this.#hasBegun && this.#connection.served > 0 && isBroken(error);
  }

  #settleAnswered(isCut: boolean): void {
    if (this.#head !== null)
      this.#settle({ kind: "answered", ...this.#head, body: { bytes: this.#kept.bytes, isCut } });
  }

  #settle(outcome: Answer | Failed): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#options.onOutcome(outcome);
  }

  #finish(isReusable: boolean): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#disarm();
    this.#options.onDone(isReusable);
  }

  #arm(afterMs: number, run: () => void): void {
    this.#disarm();
    this.#deadline = this.#options.clock.schedule(afterMs, run);
  }

  #disarm(): void {
    this.#deadline?.cancel();
    this.#deadline = null;
  }
}
