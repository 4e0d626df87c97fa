/**
 * What the result of a call says about the other side, and what a closed breaker makes of it.
 *
 * - **B1** A failure counts when its cause is among those of the settings.
 * - **B2** REFUSED that does not count is as good as a success: the other side lives and judged the request. A breaker that such answers never
 *   open must not be kept open by them either. Other causes that do not count say nothing.
 * - **B3** A result of a call that was sent before the breaker came into its state says nothing about that state. When the clock is behind the
 *   beginning of the state nobody can tell, and the result counts.
 *
 * Whatever a failure says, the last one is kept for people to see.
 */
import type { Breaker, BreakerSettings } from "../../domain/breaker.ts";
import type { Announcement } from "./effects.ts";
import type { BreakerEventOf, CallResult } from "./events.ts";
import { tally, totalOf } from "./window.ts";

/** What the machine carries. */
export interface BreakerContext {
  readonly breaker: Breaker;
  readonly settings: BreakerSettings;
}

export interface BreakerStep {
  readonly breaker: Breaker;
  readonly effects: readonly Announcement[];
}

type Failure = BreakerEventOf<"FAILED">;

/** B3 */
export function isFresh({ breaker }: BreakerContext, { at, sentAt = at }: CallResult): boolean {
  return sentAt >= breaker.since || at < breaker.since;
}

/** B1 */
export function counts({ settings }: BreakerContext, { cause }: Failure): boolean {
  return settings.causes.includes(cause);
}

/** B2 */
export function isAnswer(context: BreakerContext, failure: Failure): boolean {
  return failure.cause === "REFUSED" && !counts(context, failure);
}

/** Settings under which nothing ever opens it. */
export function isOff({ settings }: BreakerContext): boolean {
  return settings.causes.length === 0 || (settings.consecutiveFailures === 0 && settings.failureRatio === 0);
}

/** Keeps the failure for people to see. */
export function withFailure(breaker: Breaker, { cause, message, at }: Omit<Failure, "type">): Breaker {
  return { ...breaker, lastFailure: { cause, message, at } };
}

export function note({ breaker }: BreakerContext, event: Failure): BreakerStep {
  return { breaker: withFailure(breaker, event), effects: [] };
}

/** A success while CLOSED. */
export function succeed(context: BreakerContext, event: CallResult): BreakerStep {
  return { breaker: withSuccess(context, event.at), effects: [] };
}

/** A failure while CLOSED that does not open it. */
export function fail(context: BreakerContext, event: Failure): BreakerStep {
  return { breaker: withResult(context, event), effects: [] };
}

/** Why a failure opens it; null: it does not. */
export interface Trip {
  readonly failures: number;
  readonly text: string;
}

export function tripOf(context: BreakerContext, event: Failure): Trip | null {
  if (!isFresh(context, event) || !counts(context, event)) {
    return null;
  }
  const { settings } = context;
  const { consecutiveFailures, window } = withResult(context, event);
  if (settings.consecutiveFailures > 0 && consecutiveFailures >= settings.consecutiveFailures) {
    return { failures: consecutiveFailures, text: `${consecutiveFailures} failed in a row` };
  }
  const { succeeded, failed } = totalOf(window);
  const calls = succeeded + failed;
  if (settings.failureRatio > 0 && calls >= settings.minCalls && failed >= settings.failureRatio * calls) {
    return { failures: failed, text: `${failed} of ${calls} failed within ${settings.windowMs / 1000} s` };
  }
  return null;
}

/** What a failure makes of a closed breaker, but for its opening. */
export function withResult(context: BreakerContext, event: Failure): Breaker {
  const { settings } = context;
  const breaker = withFailure(context.breaker, event);
  if (!isFresh(context, event)) {
    return breaker;
  }
  if (isAnswer(context, event)) {
    return withSuccess({ breaker, settings }, event.at);
  }
  if (!counts(context, event)) {
    return breaker;
  }
  return {
    ...breaker,
    consecutiveFailures: breaker.consecutiveFailures + 1,
    window: tally(breaker.window, settings.windowMs, event.at, false),
  };
}

function withSuccess({ breaker, settings }: BreakerContext, at: number): Breaker {
  return { ...breaker, consecutiveFailures: 0, window: tally(breaker.window, settings.windowMs, at, true) };
}
