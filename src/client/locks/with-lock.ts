/**
 * A lock around a piece of work.
 *
 * The work may count on the lock until its signal aborts. It aborts as soon as the server says that the lock is lost, and, when the server cannot be
 * asked, by the client's own clock: a hold is counted from before its question was sent, so it ends here before it ends there. A process that
 * stood still in between learns of it too late, as with any lock: hand the token to what the lock protects, and let that refuse smaller ones.
 */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { durationFromMs, durationMs } from "@bufbuild/protobuf/wkt";
import type { Lock } from "../../gen/belfry/v1/lock_pb.ts";
import { belfryErrorOf } from "../belfry-error.ts";
import type { BelfryClient } from "../client.ts";
import { systemTime, waited } from "../time.ts";
import type { ClientTime } from "../time.ts";
import { LockLost } from "./lock-lost.ts";

export interface LockOptions {
  /** What is locked. Its callers agree on it. */
  readonly name: string;
  /** What of it, such as an id. Default: none. */
  readonly param?: string;
  /** Who takes it, for people. Default: host, process id and a random part. */
  readonly holder?: string;
  /** How long the lock outlives a holder that does not come back, 1 s to 24 h in milliseconds. It is renewed at a third of it. Default 1 h. */
  readonly ttlMs?: number;
  /** How long to wait for one that is held, up to 60 s in milliseconds. Default 0: not at all. */
  readonly waitMs?: number;
  /** Ends the waiting. Of the work it is the reason too: its signal aborts with it. */
  readonly signal?: AbortSignal;
  /** For tests: the clock of renewals. */
  readonly time?: ClientTime;
}

/** What the work has in hand. */
export interface HeldLock {
  /** Of the lock, `param` included. */
  readonly name: string;
  /** Greater than those of all who held it before: what the lock protects can refuse smaller ones than it has seen. */
  readonly token: bigint;
  /** Aborts when the lock is lost, with {@link LockLost} as its reason, or with that of the caller's own signal. */
  readonly signal: AbortSignal;
}

const DEFAULT_TTL_MS = 3_600_000;
/** Beside what it waits for the lock. */
const CALL_MS = 30_000;
/** A renewal that failed is tried again after this part of the time that is left. */
const RETRY_PART = 4;
const RETRY_LEAST_MS = 20;

/**
 * Takes the lock, does the work, and lets the lock go, whatever became of the work.
 *
 * @returns what the work gives.
 * @throws ConnectError when the lock is not to be had (`belfryErrorOf(error).reason` is LOCK_HELD when another has it); whatever the work throws;
 * LockLost when the work came to its end, but the lock was lost before.
 */
export async function withLock<Result>(
  client: BelfryClient,
  options: LockOptions,
  run: (lock: HeldLock) => Promise<Result> | Result,
): Promise<Result> {
  const { name, param = "", ttlMs = DEFAULT_TTL_MS, waitMs = 0, signal, time = systemTime } = options;
  const holder = options.holder ?? `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
  const askedAt = time.monotonic();
  const { lock } = await client.locks.acquireLock(
    { name, param, holder, ttl: durationFromMs(ttlMs), ...(waitMs > 0 && { wait: durationFromMs(waitMs) }) },
    { timeoutMs: waitMs + CALL_MS, ...(signal && { signal }) },
  );
  if (lock === undefined) throw new Error("The server granted a lock and did not say which");
  const answeredAt = time.monotonic();
  // Whoever has waited does not know since when it is held: a renewal says so, and nothing counts on the lock before.
  const hasWaited = answeredAt - askedAt > ttlMs / 3;
  const holding = new Holding({ client, lock, time, heldUntil: (hasWaited ? answeredAt : askedAt) + ttlMs });
  try {
    if (hasWaited) await holding.renew();
    const result = await run({
      name: lock.name,
      token: lock.token,
      signal: signal ? AbortSignal.any([signal, holding.signal]) : holding.signal,
    });
    await holding.release();
    return result;
  } catch (error) {
    // The work's own error says more than what becomes of the lock.
    await holding.release().catch(() => {});
    throw error;
  }
}

/** A lock that is kept until it is released, or lost. */
class Holding {
  readonly #client: BelfryClient;
  readonly #lock: Lock;
  readonly #time: ClientTime;
  readonly #ttlMs: number;
  readonly #lost = new AbortController();
  /** Aborts when nothing is to be kept any more. */
  readonly #over = new AbortController();
  readonly #keeping: Promise<void>;
  /** Monotonic time until which it is held for sure. */
  #heldUntil: number;
  #ending: { cancel(): void };

  constructor(given: {
    readonly client: BelfryClient;
    readonly lock: Lock;
    readonly time: ClientTime;
    readonly heldUntil: number;
  }) {
    const { client, lock, time, heldUntil } = given;
    this.#client = client;
    this.#lock = lock;
    this.#time = time;
    this.#ttlMs = lock.ttl ? durationMs(lock.ttl) : DEFAULT_TTL_MS;
    this.#heldUntil = heldUntil;
    this.#ending = this.#endAt(heldUntil);
    this.#keeping = this.#keep();
  }

  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /** @throws ConnectError; LockLost when the server says so. */
  async renew(): Promise<void> {
    const { name, token } = this.#lock;
    const askedAt = this.#time.monotonic();
    try {
      await this.#client.locks.renewLock(
        { name, token },
        { timeoutMs: Math.min(this.#ttlMs / 3, CALL_MS), signal: this.#over.signal },
      );
    } catch (error) {
      if (isLoss(error)) this.#lose(error);
      throw this.#lost.signal.aborted ? this.#lost.signal.reason : error;
    }
    this.#heldUntil = Math.max(this.#heldUntil, askedAt + this.#ttlMs);
    this.#ending.cancel();
    this.#ending = this.#endAt(this.#heldUntil);
  }

  /** @throws LockLost when it was lost before. A server that cannot be asked lets it end by itself. */
  async release(): Promise<void> {
    const isFirst = !this.#over.signal.aborted;
    this.#over.abort();
    this.#ending.cancel();
    await this.#keeping;
    if (this.#lost.signal.aborted) throw this.#lost.signal.reason;
    if (!isFirst) return;
    const { name, token } = this.#lock;
    try {
      await this.#client.locks.releaseLock({ name, token });
    } catch (error) {
      if (isLoss(error)) throw new LockLost(name, token, { cause: error });
    }
  }

  async #keep(): Promise<void> {
    let pauseMs = this.#ttlMs / 3;
    while ((await waited(this.#time, pauseMs, this.#over.signal)) && !this.#lost.signal.aborted) {
      try {
        await this.renew();
        pauseMs = this.#ttlMs / 3;
      } catch {
        // It may still be had, until its time is over.
        pauseMs = Math.max(RETRY_LEAST_MS, (this.#heldUntil - this.#time.monotonic()) / RETRY_PART);
      }
    }
  }

  #endAt(heldUntil: number): { cancel(): void } {
    return this.#time.schedule(heldUntil - this.#time.monotonic(), () => this.#lose());
  }

  #lose(cause?: unknown): void {
    const { name, token } = this.#lock;
    this.#ending.cancel();
    this.#lost.abort(new LockLost(name, token, { cause }));
    this.#over.abort();
  }
}

function isLoss(error: unknown): boolean {
  const { reason } = belfryErrorOf(error);
  return reason === "LOCK_LOST" || reason === "LOCK_NOT_FOUND";
}
