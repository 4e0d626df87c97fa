/** What calls and time make of somebody whom a breaker guards, and who may ask to be left alone: a destination, a platform. Pure functions. */
import type { Breaker, BreakerSettings, FailureCause } from "../../domain/breaker.ts";
import { withFailure } from "../breaker/calls.ts";
import { decideBreaker } from "../breaker/decide.ts";
import type { Announcement } from "../breaker/effects.ts";
import type { BreakerEvent, CallResult } from "../breaker/events.ts";
import { heldUntilOf, holdFor } from "./hold.ts";

/** The part of a record that is read and changed here. */
export interface Throttled {
  readonly breaker: Breaker;
  /** It asked to be left alone until then. */
  readonly heldUntil: number | null;
}

export interface ThrottleStep<Subject extends Throttled> {
  /** The same object when nothing changed. */
  readonly record: Subject;
  readonly effects: readonly Announcement[];
}

export type CallOutcome = { readonly ok: true } | CallFailure;

export interface CallFailure {
  readonly ok: false;
  readonly cause: FailureCause;
  readonly message: string;
  /** It asked to be left alone for so long. 0: it did not. */
  readonly retryAfterMs?: number;
}

/** A call has ended. */
export function hear<Subject extends Throttled>(
  record: Subject,
  settings: BreakerSettings,
  { at, sentAt = at, outcome }: CallResult & { readonly outcome: CallOutcome },
): ThrottleStep<Subject> {
  if (outcome.ok) {
    return tell(record, settings, { type: "SUCCEEDED", at, sentAt });
  }
  const { cause, message, retryAfterMs = 0 } = outcome;
  if (retryAfterMs > 0) {
    // It lives, and says when it can take more: the breaker has nothing to find out.
    const heldUntil = Math.max(heldUntilOf(record.heldUntil ?? at, at), holdFor(retryAfterMs, at));
    return {
      record: { ...record, heldUntil, breaker: withFailure(record.breaker, { cause, message, at }) },
      effects: [],
    };
  }
  return tell(record, settings, { type: "FAILED", at, sentAt, cause, message });
}

/** Looks whether the breaker's time has come, or that of a hold. */
export function wake<Subject extends Throttled>(
  record: Subject,
  settings: BreakerSettings,
  at: number,
): ThrottleStep<Subject> {
  const { heldUntil } = record;
  const held = heldUntil === null || heldUntil <= at ? null : heldUntilOf(heldUntil, at);
  return tell(held === heldUntil ? record : { ...record, heldUntil: held }, settings, { type: "WAKE", at });
}

/** Tells the breaker. */
export function tell<Subject extends Throttled>(
  record: Subject,
  settings: BreakerSettings,
  event: BreakerEvent,
): ThrottleStep<Subject> {
  const { breaker, effects } = decideBreaker(record.breaker, settings, event);
  return { record: breaker === record.breaker ? record : { ...record, breaker }, effects };
}

/** Whether a node that reads what was before would let through more, or less, than one that knows what is after. */
export function isFeltElsewhere(before: Throttled, after: Throttled): boolean {
  return (
    after.breaker.state !== before.breaker.state ||
    (after.heldUntil !== null && after.heldUntil > (before.heldUntil ?? 0))
  );
}
