import type { JsonObject } from "../json.ts";

/** Who has a lock, and for how long. */
export interface LockHold {
  /** As the caller calls itself, for people: what counts is the token. */
  readonly holder: string;
  readonly ttlMs: number;
  readonly acquiredAt: number;
  /** When it was acquired, or renewed last: the TTL counts from then. */
  readonly grantedAt: number;
}

/** A lock (任务锁). One that was let go stays, for its token. */
export interface LockRecord {
  readonly name: string;
  readonly shard: number;
  /** Of whoever has it, or had it last; 0: nobody ever did. It grows with each acquisition, so none is given twice. */
  readonly token: number;
  /** Null: it is free. */
  readonly hold: LockHold | null;
  /** How the last hold ended; null: it has not, or there was none. */
  readonly ended: "released" | "expired" | null;
  readonly updatedAt: number;
}

export const DEFAULT_LOCK_TTL_MS = 3_600_000;
export const MIN_LOCK_TTL_MS = 1000;
export const MAX_LOCK_TTL_MS = 24 * 3_600_000;
export const MAX_LOCK_WAIT_MS = 60_000;

/** One that nobody ever had. */
export function newLock(name: string, shard: number, at: number): LockRecord {
  return { name, shard, token: 0, hold: null, ended: null, updatedAt: at };
}

/** When a hold ends by itself, by the wall clock of the node that granted it. */
export function expireAtOf({ grantedAt, ttlMs }: LockHold): number {
  return grantedAt + ttlMs;
}

/** What is stored of one: all but what its row is found by. */
export function stateOfLock({ name: _, shard: __, ...state }: LockRecord): JsonObject {
  return state as unknown as JsonObject;
}

/** One as it was stored. */
export function lockOfState(name: string, shard: number, state: JsonObject): LockRecord {
  return { ...(state as unknown as Omit<LockRecord, "name" | "shard">), name, shard };
}
