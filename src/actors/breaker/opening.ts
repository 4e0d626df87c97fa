/** How a breaker opens and closes. `state` and `since` are left to the decision, which knows them from the machine. */
import { CLOSED_BREAKER } from "../../domain/breaker.ts";
import type { Breaker, BreakerSettings } from "../../domain/breaker.ts";
import { tripOf, withFailure, withResult } from "./calls.ts";
import type { BreakerContext, BreakerStep } from "./calls.ts";
import { announce } from "./effects.ts";
import type { BreakerEvent, BreakerEventOf } from "./events.ts";

type Failure = BreakerEventOf<"FAILED">;

/** Past so many doublings any rest is the longest. */
const MAX_DOUBLINGS = 40;

/** How long it rests when it opened so often without a success since. */
function restMs({ openMs, maxOpenMs }: BreakerSettings, timesOpened: number): number {
  return Math.min(openMs * 2 ** Math.min(timesOpened - 1, MAX_DOUBLINGS), maxOpenMs);
}

/** Until when it is open as seen at `at`: never further off than the longest rest, though the clock was put back or the settings are new. */
export function openUntilOf({ openUntil }: Breaker, { maxOpenMs }: BreakerSettings, at: number): number {
  return Math.min(openUntil ?? at, at + maxOpenMs);
}

/** Opens for too many failures. */
export function trip(context: BreakerContext, event: Failure): BreakerStep {
  const why = tripOf(context, event);
  if (why === null) {
    throw new Error("a breaker opens for a reason");
  }
  const next = withResult(context, event);
  return open(next, context.settings, event, why.failures, `${why.text}; the last: ${event.cause}, ${event.message}`);
}

/** Opens again: the probe failed. */
export function reopen({ breaker, settings }: BreakerContext, event: Failure): BreakerStep {
  const failures = breaker.consecutiveFailures + 1;
  const next = { ...withFailure(breaker, event), consecutiveFailures: failures };
  return open(next, settings, event, failures, `the probe failed: ${event.cause}, ${event.message}`);
}

function open(
  breaker: Breaker,
  settings: BreakerSettings,
  { at, cause, message }: Failure,
  failures: number,
  reason: string,
): BreakerStep {
  const timesOpened = breaker.timesOpened + 1;
  const openUntil = at + restMs(settings, timesOpened);
  return {
    breaker: { ...breaker, timesOpened, openUntil, window: [], reason },
    effects: [announce("breaker_opened", { cause, message, failures, openUntil: new Date(openUntil).toISOString() })],
  };
}

export function halfOpen({ breaker }: BreakerContext, event: BreakerEvent): BreakerStep {
  const noted = event.type === "FAILED" ? withFailure(breaker, event) : breaker;
  return { breaker: { ...noted, openUntil: null }, effects: [announce("breaker_half_opened")] };
}

/** Rests no longer than the longest rest from now on. */
export function shorten({ breaker, settings }: BreakerContext, { at }: BreakerEvent): BreakerStep {
  return { breaker: { ...breaker, openUntil: openUntilOf(breaker, settings, at) }, effects: [] };
}

export function close({ breaker }: BreakerContext, event: BreakerEvent): BreakerStep {
  const { lastFailure } = event.type === "FAILED" ? withFailure(breaker, event) : breaker;
  return { breaker: { ...CLOSED_BREAKER, lastFailure }, effects: [announce("breaker_closed")] };
}

/** Closes and forgets all. */
export function reset({ breaker }: BreakerContext): BreakerStep {
  return { breaker: CLOSED_BREAKER, effects: breaker.state === "CLOSED" ? [] : [announce("breaker_closed")] };
}

export function isolate({ breaker }: BreakerContext, { reason }: BreakerEventOf<"ISOLATE">): BreakerStep {
  return {
    breaker: { ...breaker, openUntil: null, window: [], reason },
    effects: [announce("breaker_isolated", { reason })],
  };
}
