/** What the runtime offers of locks. Every command resolves after its decision is durable, and throws BelfryError when it is refused. */
import type { LockRecord } from "../../domain/lock/lock.ts";

/** A lock and how it stands. */
export interface LockView {
  readonly record: LockRecord;
  /** Callers that wait for it. */
  readonly waiting: number;
}

export interface AcquireLock {
  readonly holder: string;
  readonly ttlMs: number;
  readonly requestId?: string;
}

export interface LockCommands {
  /**
   * Takes a lock that is free, or whose hold is over; its token is greater than all before. Whoever has it already is refused as anybody else.
   * @param command.waitMs how long it waits for one that is held: first come, first served. It takes nothing once `signal` has aborted.
   * @throws BelfryError LOCK_HELD; LOCK_LOST when a repetition comes after what it was granted has ended.
   */
  acquire(name: string, command: AcquireLock & { readonly waitMs: number }, signal?: AbortSignal): Promise<LockView>;
  /** From now on for `ttlMs`, or as long as before; for what is left of it when that is longer. @throws BelfryError LOCK_NOT_FOUND; LOCK_LOST when the token is not that of the holder. */
  renew(
    name: string,
    command: { readonly token: number; readonly ttlMs?: number; readonly requestId?: string },
  ): Promise<LockView>;
  /** Again is the same while nobody else has taken it. @throws BelfryError LOCK_NOT_FOUND, LOCK_LOST */
  release(name: string, command: { readonly token: number; readonly requestId?: string }): Promise<LockView>;
  /** @throws BelfryError LOCK_NOT_FOUND when nobody ever had it. */
  get(name: string): Promise<LockView>;
}
