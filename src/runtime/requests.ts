/** Commands that carry a request id are carried out once: a repetition within 24 h gets the first answer. */
import { BelfryError } from "../domain/error.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { ActorStore } from "../ports/store/actors.ts";
import type { RequestRecord } from "../ports/store/journal.ts";
import type { Journal } from "./journal.ts";
import { Reader } from "./reader.ts";

/** What is remembered of a command's answer: ids, from which the answer is read again. */
export type Answer = Readonly<Record<string, string>>;

const KEEP_MS = 24 * 3_600_000;
const FORGET_EVERY_MS = 60_000;
const FORGET_AT_ONCE = 5000;

export interface Repeatable {
  readonly method: string;
  /** Undefined or empty: not repeatable. */
  readonly requestId: string | undefined;
  /** What the request asks for, so that another request under the same id is told apart. */
  readonly fingerprint: string;
  readonly shard: number;
  /** Records that were read already (`lookUp`), so that the decision can be made without waiting. */
  readonly known?: ReadonlyMap<string, RequestRecord>;
}

export class Requests {
  readonly #store: ActorStore;
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #underWay = new Map<string, { readonly fingerprint: string; readonly answer: Promise<Answer> }>();
  readonly #stop = new AbortController();
  readonly #records: Reader<RequestRecord>;

  constructor(deps: { store: ActorStore; journal: Journal; clock: Clock; log: Log }) {
    this.#store = deps.store;
    this.#journal = deps.journal;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#records = new Reader(
      async (keys) => new Map((await this.#store.findRequests(keys)).map((record) => [record.key, record])),
    );
  }

  /** Reads what is remembered of these requests. */
  async lookUp(method: string, requestIds: readonly string[]): Promise<ReadonlyMap<string, RequestRecord>> {
    const records =
      requestIds.length === 0 ? [] : await this.#store.findRequests(requestIds.map((id) => keyOf(method, id)));
    return new Map(records.map((record) => [record.key, record]));
  }

  /** Throws when `once` would refuse it for its request id. */
  check({
    method,
    requestId,
    fingerprint,
    known,
  }: Repeatable & { readonly known: ReadonlyMap<string, RequestRecord> }): void {
    const record = requestId === undefined || requestId === "" ? undefined : known.get(keyOf(method, requestId));
    if (record !== undefined && requestId !== undefined && this.#counts(record)) {
      requireSame(record.fingerprint, fingerprint, requestId);
    }
  }

  #counts({ createdAt }: RequestRecord): boolean {
    return createdAt > this.#clock.now() - KEEP_MS;
  }

  /**
   * Carries out a command, or finds what it answered before.
   * @param carryOut stages the decision and then calls `remember` in the same turn, so that both are in one commit.
   * @param again makes the answer of a repetition.
   */
  async once<Value>(
    { method, requestId, fingerprint, shard, known: read }: Repeatable,
    carryOut: (remember: (answer: Answer) => void) => Promise<Value>,
    again: (answer: Answer) => Promise<Value>,
  ): Promise<Value> {
    if (requestId === undefined || requestId === "") {
      return carryOut(() => {});
    }
    const key = keyOf(method, requestId);
    const known = this.#underWay.get(key);
    if (known !== undefined) {
      requireSame(known.fingerprint, fingerprint, requestId);
      return again(await known.answer);
    }
    const answered = Promise.withResolvers<Answer>();
    answered.promise.catch(() => {});
    this.#underWay.set(key, { fingerprint, answer: answered.promise });
    try {
      const record = read === undefined ? await this.#records.get(key) : (read.get(key) ?? null);
      if (record !== null && this.#counts(record)) {
        requireSame(record.fingerprint, fingerprint, requestId);
        const answer = JSON.parse(record.answer) as Answer;
        answered.resolve(answer);
        return await again(answer);
      }
      let remembered: Answer = {};
      const value = await carryOut((answer) => {
        remembered = answer;
        this.#journal.open.request({
          key,
          shard,
          fingerprint,
          answer: JSON.stringify(answer),
          createdAt: this.#clock.now(),
        });
      });
      answered.resolve(remembered);
      return value;
    } catch (error) {
      answered.reject(error);
      throw error;
    } finally {
      this.#underWay.delete(key);
    }
  }

  start(): void {
    void this.#keepForgetting();
  }

  stop(): void {
    this.#stop.abort();
  }

  async #keepForgetting(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await this.#clock.sleep(FORGET_EVERY_MS, this.#stop.signal);
        let forgotten = FORGET_AT_ONCE;
        while (forgotten === FORGET_AT_ONCE && !this.#stop.signal.aborted) {
          forgotten = await this.#store.forgetRequests(this.#clock.now() - KEEP_MS, FORGET_AT_ONCE);
        }
      } catch (error) {
        if (!this.#stop.signal.aborted) {
          this.#log.warn("forgetting old request ids failed", { error });
        }
      }
    }
  }
}

function keyOf(method: string, requestId: string): string {
  return `${method}/${requestId}`;
}

/** Throws REQUEST_ID_REUSED when the id was used for another request. */
function requireSame(known: string, fingerprint: string, requestId: string): void {
  if (known !== fingerprint) {
    throw new BelfryError(
      "REQUEST_ID_REUSED",
      `The request_id "${requestId}" was used for another request. Choose a new one.`,
      {
        metadata: { request_id: requestId },
      },
    );
  }
}
