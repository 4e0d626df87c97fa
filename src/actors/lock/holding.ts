/** How a lock is taken, kept and let go. */
import { expireAtOf } from "../../domain/lock/lock.ts";
import type { LockHold, LockRecord } from "../../domain/lock/lock.ts";
import { announce } from "../breaker/effects.ts";
import type { Announcement } from "../breaker/effects.ts";
import type { LockEvent, LockEventOf } from "./events.ts";

export interface LockContext {
  readonly record: LockRecord;
}

export interface LockStep {
  readonly record: LockRecord;
  readonly effects: readonly Announcement[];
}

/** Whether the time of the hold is up. */
export function isOver({ record: { hold } }: LockContext, { elapsedMs }: LockEvent): boolean {
  return hold !== null && elapsedMs >= hold.ttlMs;
}

/** Whether it comes from whoever has the lock. */
export function isHolders({ record }: LockContext, { token }: LockEventOf<"RENEW" | "RELEASE">): boolean {
  return token === record.token;
}

export function acquire({ record }: LockContext, { at, holder, ttlMs }: LockEventOf<"ACQUIRE">): LockStep {
  const hold: LockHold = { holder, ttlMs, acquiredAt: at, grantedAt: at };
  const token = record.token + 1;
  return {
    record: { ...record, token, hold, ended: null },
    effects: [announce("acquired", { holder, token, ttlMs, expireAt: expireAtOf(hold) })],
  };
}

/** The hold before is over: it ends, and the next one begins. */
export function takeOver(context: LockContext, event: LockEventOf<"ACQUIRE">): LockStep {
  const ended = expire(context);
  const taken = acquire(ended, event);
  return { record: taken.record, effects: [...ended.effects, ...taken.effects] };
}

/**
 * A renewal never makes a hold shorter: one that nobody waits for any more may come after the next one, to a holder who was told by that one until when
 * it has the lock.
 */
export function renew({ record }: LockContext, { at, elapsedMs, ttlMs }: LockEventOf<"RENEW">): LockStep {
  const { hold } = record;
  if (hold === null) {
    return { record, effects: [] };
  }
  const longEnoughMs = Math.max(ttlMs ?? hold.ttlMs, hold.ttlMs - elapsedMs);
  return { record: { ...record, hold: { ...hold, grantedAt: at, ttlMs: longEnoughMs } }, effects: [] };
}

export function release(context: LockContext): LockStep {
  return end(context, "released");
}

export function expire(context: LockContext): LockStep {
  return end(context, "expired");
}

function end({ record }: LockContext, ended: "released" | "expired"): LockStep {
  const { hold, token } = record;
  return {
    record: { ...record, hold: null, ended },
    effects: [announce(ended, { holder: hold?.holder ?? "", token })],
  };
}
