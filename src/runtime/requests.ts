/**
 * Commands that carry a request id are carried out once: a repetition within 24 h gets the first answer. What was read of them counts only while
 * the shard is this node's by the same claim: meanwhile another may have carried them out.
 */
import { BelfryError } from "../domain/error.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { ActorStore } from "../ports/store/actors.ts";
import type { RequestRecord } from "../ports/store/journal.ts";
import type { Journal } from "./journal.ts";
import type { OwnedShard, Ownership } from "./ownership.ts";
import { Reader } from "./reader.ts";
import { shardUnavailable } from "./refusals.ts";

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
  readonly #ownership: Ownership;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #underWay = new Map<string, { readonly fingerprint: string; readonly answer: Promise<Answer> }>();
  /** Of each look-up under way: what was carried out since it began. */
  readonly #lookUps = new Set<Map<string, RequestRecord>>();
  readonly #stop = new AbortController();
  readonly #records: Reader<RequestRecord>;

  constructor(deps: { store: ActorStore; journal: Journal; ownership: Ownership; clock: Clock; log: Log }) {
    this.#store = deps.store;
    this.#journal = deps.journal;
    this.#ownership = deps.ownership;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#records = new Reader(
      async (keys) => new Map((await this.#store.findRequests(keys)).map((record) => [record.key, record])),
    );
  }

  /**
   * Reads what is remembered of these requests, and decides by it in the same turn, so that nothing falls in between. What is carried out while it
   * reads is known too: the answer may be older than that.
   */
  async lookUp<Value>(
    asked: { readonly shard: number; readonly method: string; readonly requestIds: readonly string[] },
    decide: (known: ReadonlyMap<string, RequestRecord>) => Value,
  ): Promise<Value> {
    const { shard, method, requestIds } = asked;
    const claim = this.#ownership.claim(shard);
    const since = new Map<string, RequestRecord>();
    this.#lookUps.add(since);
    try {
      const records =
        requestIds.length === 0 ? [] : await this.#store.findRequests(requestIds.map((id) => keyOf(method, id)));
      this.#requireSame(shard, claim);
      return decide(new Map([...records.map((record) => [record.key, record] as const), ...since]));
    } finally {
      this.#lookUps.delete(since);
    }
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

  /** What was answered before; null: nothing that still counts. */
  async recall(shard: number, method: string, requestId: string, fingerprint: string): Promise<Answer | null> {
    const record = await this.#read(shard, keyOf(method, requestId));
    if (record === null || !this.#counts(record)) {
      return null;
    }
    requireSame(record.fingerprint, fingerprint, requestId);
    return JSON.parse(record.answer) as Answer;
  }

  async #read(shard: number, key: string): Promise<RequestRecord | null> {
    const claim = this.#ownership.claim(shard);
    const record = await this.#records.get(key);
    this.#requireSame(shard, claim);
    return record;
  }

  /** Throws SHARD_UNAVAILABLE when the shard was lost, or lost and acquired anew. */
  #requireSame(shard: number, claim: OwnedShard | undefined): void {
    if (claim === undefined || this.#ownership.claim(shard) !== claim) {
      throw shardUnavailable(shard);
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
      const record = read === undefined ? await this.#read(shard, key) : (read.get(key) ?? null);
      if (record !== null && this.#counts(record)) {
        requireSame(record.fingerprint, fingerprint, requestId);
        const answer = JSON.parse(record.answer) as Answer;
        answered.resolve(answer);
        return await again(answer);
      }
      let answer: Answer = {};
      const remembered: RequestRecord[] = [];
      const value = await carryOut((told) => {
        answer = told;
        const fresh = { key, shard, fingerprint, answer: JSON.stringify(told), createdAt: this.#clock.now() };
        remembered.push(fresh);
        this.#journal.open.request(fresh);
      });
      for (const since of this.#lookUps) {
        for (const fresh of remembered) {
          since.set(key, fresh);
        }
      }
      answered.resolve(answer);
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
export function requireSame(known: string, fingerprint: string, requestId: string): void {
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
