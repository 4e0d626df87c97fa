/**
 * A circuit breaker, as a statechart: it keeps calls away from somebody who can't serve them now, and finds out when they can again.
 *
 * It has no `after`: `openUntil` is a column that brings a WAKE. Who lets calls through asks for the state, and sends one call at a time while it
 * is HALF_OPEN. Calls under way when it opens end later; their results come in OPEN.
 */
import { setup } from "xstate";
import { pureSteps } from "../pure-steps.ts";
import type { BreakerContext, BreakerStep } from "./calls.ts";
import type { Announcement } from "./effects.ts";
import type { BreakerEvent, BreakerEventOf } from "./events.ts";
import * as calls from "./calls.ts";
import * as opening from "./opening.ts";

const types = {} as { context: BreakerContext; events: BreakerEvent };

/** An action that takes a pure step: the next breaker, and effects as data. */
const step = pureSteps<BreakerContext, BreakerEvent, Announcement, BreakerStep>(({ breaker }) => ({ breaker }));

interface Input<Type extends BreakerEvent["type"]> {
  readonly context: BreakerContext;
  readonly event: BreakerEventOf<Type>;
}

/**
 * An answer to a call that was under way when it opened: one probe may find out whether the rest is needed. Only at its first opening: once a
 * probe has failed, what older calls say is out of date, and each further probe would double the rest.
 */
function isHint({ breaker }: BreakerContext): boolean {
  return breaker.timesOpened === 1;
}

const note = step<"FAILED">(calls.note);
const close = { target: "CLOSED", actions: step(opening.close) } as const;
const halfOpen = { target: "HALF_OPEN", actions: step(opening.halfOpen) } as const;
const reset = { target: "CLOSED", actions: step<"RESET">(opening.reset) } as const;
const isolate = { target: "ISOLATED", actions: step<"ISOLATE">(opening.isolate) } as const;

export const breakerMachine = setup({
  types,
  actions: {
    /** Effects are data: the runtime reads them off the transition. Nothing runs here. */
    effect: (_, _effect: Announcement) => {},
  },
}).createMachine({
  id: "breaker",
  initial: "CLOSED",
  // Every breaker is made from a record; this stands for none.
  context: {} as BreakerContext,
  states: {
    CLOSED: {
      description: "Calls pass.",
      on: {
        SUCCEEDED: {
          guard: ({ context, event }) => calls.isFresh(context, event),
          actions: step<"SUCCEEDED">(calls.succeed),
        },
        FAILED: [
          {
            guard: ({ context, event }: Input<"FAILED">) => calls.tripOf(context, event) !== null,
            target: "OPEN",
            actions: step<"FAILED">(opening.trip),
          },
          { actions: step<"FAILED">(calls.fail) },
        ],
        RESET: { actions: step<"RESET">(opening.reset) },
        ISOLATE: isolate,
      },
    },
    OPEN: {
      description: "No call passes until its time has come.",
      on: {
        SUCCEEDED: { guard: ({ context }) => isHint(context), ...halfOpen },
        FAILED: [
          {
            guard: ({ context, event }: Input<"FAILED">) => isHint(context) && calls.isAnswer(context, event),
            ...halfOpen,
          },
          { actions: note },
        ],
        WAKE: [
          { guard: ({ context }) => calls.isOff(context), ...close },
          { guard: ({ context, event }) => event.at >= (context.breaker.openUntil ?? event.at), ...halfOpen },
          {
            guard: ({ context: { breaker, settings }, event }) =>
              opening.openUntilOf(breaker, settings, event.at) !== breaker.openUntil,
            actions: step<"WAKE">(opening.shorten),
          },
        ],
        RESET: reset,
        ISOLATE: isolate,
      },
    },
    HALF_OPEN: {
      description: "One call at a time passes, the probe.",
      on: {
        SUCCEEDED: { guard: ({ context, event }) => calls.isFresh(context, event), ...close },
        FAILED: [
          {
            guard: ({ context, event }: Input<"FAILED">) =>
              calls.isFresh(context, event) && calls.isAnswer(context, event),
            ...close,
          },
          {
            guard: ({ context, event }: Input<"FAILED">) =>
              calls.isFresh(context, event) && calls.counts(context, event),
            target: "OPEN",
            actions: step<"FAILED">(opening.reopen),
          },
          { actions: note },
        ],
        WAKE: { guard: ({ context }) => calls.isOff(context), ...close },
        RESET: reset,
        ISOLATE: isolate,
      },
    },
    ISOLATED: {
      description: "No call passes until somebody resets it.",
      on: {
        FAILED: { actions: note },
        RESET: reset,
        ISOLATE: {
          guard: ({ context, event }) => event.reason !== context.breaker.reason,
          actions: step<"ISOLATE">(opening.isolate),
        },
      },
    },
  },
});
