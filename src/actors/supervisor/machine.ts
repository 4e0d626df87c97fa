/**
 * The lifecycle of a task definition, as a statechart. Its supervisor fires what is due, and counts what became of it.
 *
 * A command that a state does not list is refused with FAILED_PRECONDITION: a cancelled definition can't be triggered, paused or resumed.
 */
import { setup } from "xstate";
import { pureSteps } from "../pure-steps.ts";
import type { SupervisorEffect } from "./effects.ts";
import type { SupervisorEvent } from "./events.ts";
import type { SupervisorContext, SupervisorStep } from "./context.ts";
import * as due from "./due.ts";
import * as firing from "./firing.ts";
import * as supervise from "./supervise.ts";
import * as taking from "./taking.ts";

const types = {} as { context: SupervisorContext; events: SupervisorEvent };

/** An action that takes a pure step: the next context, and effects as data. */
const step = pureSteps<SupervisorContext, SupervisorEvent, SupervisorEffect, SupervisorStep>(({ context }) => context);

const trigger = {
  TRIGGER: { actions: step<"TRIGGER">(firing.trigger) },
  BACKFILL: { actions: step<"BACKFILL">(firing.backfill) },
};
const ended = step<"ENDED">(supervise.ended);
const revived = { REVIVED: { actions: step<"REVIVED">(supervise.revived) } };
const instances = { ENDED: { actions: ended }, ...revived };
const lastInstances = { ENDED: { actions: step<"ENDED">(supervise.endedAfterwards) }, ...revived };
const cancel = { CANCEL: { target: "CANCELLED", actions: step<"CANCEL">(supervise.cancel) } } as const;
const update = step<"UPDATE">(supervise.update);

export const supervisorMachine = setup({
  types,
  actions: {
    /** Effects are data: the runtime reads them off the transition. Nothing runs here. */
    effect: (_, _effect: SupervisorEffect) => {},
  },
}).createMachine({
  id: "supervisor",
  initial: "ACTIVE",
  // Every actor is made from a record; this stands for none.
  context: {} as SupervisorContext,
  states: {
    ACTIVE: {
      description: "Fires what is due.",
      always: {
        guard: ({ context }) => due.isExhausted(context),
        target: "COMPLETED",
        actions: { type: "effect", params: { kind: "announce", name: "completed", data: {} } },
      },
      on: {
        TAKE: { actions: step<"TAKE">(taking.take) },
        ...trigger,
        ...revived,
        ENDED: [
          {
            guard: ({ context, event }) => supervise.pausesAfter(context, event.state),
            target: "PAUSED",
            actions: step<"ENDED">(supervise.failurePause),
          },
          { actions: ended },
        ],
        PAUSE: { target: "PAUSED", actions: step<"PAUSE">(supervise.pause) },
        UPDATE: { actions: update },
        ...cancel,
      },
    },
    PAUSED: {
      description: "Records what is due as PAUSED. Can be triggered by hand.",
      on: {
        TAKE: { actions: step<"TAKE">(taking.takePaused) },
        ...trigger,
        ...instances,
        PAUSE: { actions: step<"PAUSE">(supervise.pause) },
        RESUME: { target: "ACTIVE", actions: step<"RESUME">(supervise.resume) },
        UPDATE: { actions: update },
        ...cancel,
      },
    },
    COMPLETED: {
      description: "Nothing is left to fire. Can be triggered by hand.",
      on: {
        ...trigger,
        ...lastInstances,
        UPDATE: [
          {
            guard: ({ context, event }) => supervise.hasMoreAfter(context, event),
            target: "ACTIVE",
            actions: update,
          },
          { actions: update },
        ],
        ...cancel,
      },
    },
    CANCELLED: {
      description: "Ended for good: nothing fires, and it cannot be triggered.",
      on: lastInstances,
    },
  },
});
