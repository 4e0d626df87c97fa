/**
 * A destination of webhooks, as a statechart. Whether anything may go to one that is ENABLED is up to its breaker, a machine of its own.
 *
 * It has no `after`: the instants of `nextLookOf` bring a WAKE.
 */
import { setup } from "xstate";
import { pureSteps } from "../pure-steps.ts";
import type { Announcement } from "../breaker/effects.ts";
import * as commands from "./commands.ts";
import * as delivering from "./delivering.ts";
import type { DestinationContext, DestinationStep } from "./delivering.ts";
import type { DestinationEvent, DestinationEventOf } from "./events.ts";

const types = {} as { context: DestinationContext; events: DestinationEvent };

/** An action that takes a pure step: the next record, and effects as data. */
const step = pureSteps<DestinationContext, DestinationEvent, Announcement, DestinationStep>(({ record }) => ({
  record,
}));

interface Input {
  readonly context: DestinationContext;
  readonly event: DestinationEventOf<"DELIVERED">;
}

const settings = {
  UPDATE: { actions: step<"UPDATE">(commands.update) },
  ROTATE_SECRET: { actions: step<"ROTATE_SECRET">(commands.rotateSecret) },
  ISOLATE: { actions: step<"ISOLATE">(commands.isolate) },
};

export const destinationMachine = setup({
  types,
  actions: {
    /** Effects are data: the runtime reads them off the transition. Nothing runs here. */
    effect: (_, _effect: Announcement) => {},
  },
}).createMachine({
  id: "destination",
  initial: "ENABLED",
  // Every actor is made from a record; this stands for none.
  context: {} as DestinationContext,
  states: {
    ENABLED: {
      description: "Delivered to, as its breaker and limits allow.",
      on: {
        DELIVERED: [
          {
            guard: ({ event }: Input) => delivering.isGone(event),
            target: "DISABLED",
            actions: step<"DELIVERED">(delivering.disableGone),
          },
          {
            guard: ({ context, event }: Input) => delivering.isSpent(context, event),
            target: "DISABLED",
            actions: step<"DELIVERED">(delivering.disableSpent),
          },
          { actions: step<"DELIVERED">(delivering.deliver) },
        ],
        WAKE: { actions: step<"WAKE">(delivering.wake) },
        RESET: { actions: step<"RESET">(commands.reset) },
        ...settings,
      },
    },
    DISABLED: {
      description: "Nothing is delivered and nothing new is taken until a caller resets it.",
      on: {
        RESET: { target: "ENABLED", actions: step<"RESET">(commands.enable) },
        ...settings,
      },
    },
  },
});
