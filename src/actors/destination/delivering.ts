/** What deliveries and time make of a destination. Pure functions, as are those in the files beside. */
import type { DestinationRecord } from "../../domain/webhook/destination.ts";
import { withFailure } from "../breaker/calls.ts";
import { decideBreaker } from "../breaker/decide.ts";
import type { Announcement } from "../breaker/effects.ts";
import { announce } from "../breaker/effects.ts";
import type { BreakerEvent } from "../breaker/events.ts";
import { MAX_HOLD_MS, heldUntilOf } from "./allowance.ts";
import type { DeliveryFailure, DestinationEventOf } from "./events.ts";

/** What the machine carries. */
export interface DestinationContext {
  readonly record: DestinationRecord;
}

export interface DestinationStep {
  readonly record: DestinationRecord;
  readonly effects: readonly Announcement[];
}

type Delivered = DestinationEventOf<"DELIVERED">;

export function isGone({ outcome }: Delivered): boolean {
  return !outcome.ok && outcome.isGone === true;
}

/** It has failed for longer than it may. */
export function isSpent({ record }: DestinationContext, { at, outcome }: Delivered): boolean {
  const { disableAfterMs } = record.settings;
  return (
    !outcome.ok && disableAfterMs !== null && record.failingSince !== null && at - record.failingSince >= disableAfterMs
  );
}

/** A delivery that does not disable it. */
export function deliver(context: DestinationContext, event: Delivered): DestinationStep {
  const { outcome } = event;
  return outcome.ok ? succeed(context, event) : fail(context, event, outcome);
}

function succeed({ record }: DestinationContext, { at, sentAt }: Delivered): DestinationStep {
  const { record: next, effects } = tell(record, { type: "SUCCEEDED", at, sentAt });
  return { record: next.failingSince === null ? next : { ...next, failingSince: null }, effects };
}

function fail({ record }: DestinationContext, event: Delivered, failure: DeliveryFailure): DestinationStep {
  const { at, sentAt } = event;
  const { cause, message, retryAfterMs = 0 } = failure;
  const failing = { ...record, failingSince: Math.min(record.failingSince ?? at, at) };
  if (retryAfterMs > 0) {
    // It lives, and says when it can take more: the breaker has nothing to find out.
    const heldUntil = Math.max(heldUntilOf(record.heldUntil ?? at, at), holdFor(retryAfterMs, at));
    return {
      record: { ...failing, heldUntil, breaker: withFailure(record.breaker, { cause, message, at }) },
      effects: [],
    };
  }
  return tell(failing, { type: "FAILED", at, sentAt, cause, message });
}

/** In whole seconds: deliveries that end together all bring a hold, and one write is enough for them. */
function holdFor(retryAfterMs: number, at: number): number {
  const asked = Math.ceil((at + retryAfterMs) / 1000) * 1000;
  return Math.min(asked, Math.floor((at + MAX_HOLD_MS) / 1000) * 1000);
}

/** Its receiver is gone for good. */
export function disableGone({ record }: DestinationContext, { at, outcome }: Delivered): DestinationStep {
  if (outcome.ok) {
    throw new Error("who is gone takes nothing");
  }
  const { cause, message } = outcome;
  const next = {
    ...record,
    failingSince: Math.min(record.failingSince ?? at, at),
    breaker: withFailure(record.breaker, { cause, message, at }),
  };
  return disable({ record: next, effects: [] }, at, `The receiver answered that it is gone: ${message}`);
}

/** It failed for too long. */
export function disableSpent(context: DestinationContext, event: Delivered): DestinationStep {
  const { at, outcome } = event;
  const since = new Date(context.record.failingSince ?? at).toISOString();
  const last = outcome.ok ? "" : `; the last failure: ${outcome.cause}, ${outcome.message}`;
  return disable(deliver(context, event), at, `No delivery has succeeded since ${since}${last}`);
}

function disable({ record, effects }: DestinationStep, at: number, reason: string): DestinationStep {
  return {
    record: { ...record, disabled: { at, reason } },
    effects: [...effects, announce("disabled", { reason })],
  };
}

/** Looks whether the breaker's time has come, or that of a hold. */
export function wake({ record }: DestinationContext, { at }: DestinationEventOf<"WAKE">): DestinationStep {
  const { heldUntil } = record;
  const held = heldUntil === null || heldUntil <= at ? null : heldUntilOf(heldUntil, at);
  return tell(held === heldUntil ? record : { ...record, heldUntil: held }, { type: "WAKE", at });
}

/** Tells its breaker. */
export function tell(record: DestinationRecord, event: BreakerEvent): DestinationStep {
  const { breaker, effects } = decideBreaker(record.breaker, record.settings.breaker, event);
  return { record: breaker === record.breaker ? record : { ...record, breaker }, effects };
}
