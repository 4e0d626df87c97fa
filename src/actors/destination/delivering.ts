/** What deliveries and time make of a destination. Pure functions, as are those in the files beside. */
import type { DestinationRecord } from "../../domain/webhook/destination.ts";
import { withFailure } from "../breaker/calls.ts";
import { announce } from "../breaker/effects.ts";
import type { BreakerEvent } from "../breaker/events.ts";
import * as throttle from "../throttle/throttled.ts";
import type { DestinationEventOf } from "./events.ts";

/** What the machine carries. */
export interface DestinationContext {
  readonly record: DestinationRecord;
}

export type DestinationStep = throttle.ThrottleStep<DestinationRecord>;

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
export function deliver({ record }: DestinationContext, event: Delivered): DestinationStep {
  const failingSince = event.outcome.ok ? null : Math.min(record.failingSince ?? event.at, event.at);
  const known = failingSince === record.failingSince ? record : { ...record, failingSince };
  return throttle.hear(known, record.settings.breaker, event);
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
  return throttle.wake(record, record.settings.breaker, at);
}

/** Tells its breaker. */
export function tell(record: DestinationRecord, event: BreakerEvent): DestinationStep {
  return throttle.tell(record, record.settings.breaker, event);
}
