import type { Breaker, BreakerSettings } from "../../domain/breaker.ts";
import type { Announcement } from "./effects.ts";
import type { BreakerEvent } from "./events.ts";
import { pureTransition } from "../pure-transition.ts";
import { breakerMachine } from "./machine.ts";

const transition = pureTransition(breakerMachine);

export interface BreakerDecision {
  /** The same object when nothing changed. */
  readonly breaker: Breaker;
  readonly effects: readonly Announcement[];
}

/** A pure decision. */
export function decideBreaker(breaker: Breaker, settings: BreakerSettings, event: BreakerEvent): BreakerDecision {
  const before = breakerMachine.resolveState({ value: breaker.state, context: { breaker, settings } });
  const [after, actions] = transition(before, event);
  const state = after.value;
  const next = after.context.breaker;
  if (next === breaker) {
    return { breaker, effects: [] };
  }
  // Results of calls that were under way at a reset say nothing about what comes after it (B3).
  const since = state !== breaker.state || event.type === "RESET" ? event.at : breaker.since;
  return { breaker: { ...next, state, since }, effects: actions.map((action) => action.params as Announcement) };
}
