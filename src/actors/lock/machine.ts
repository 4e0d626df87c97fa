/**
 * A lock, as a statechart. The state is whether somebody has it; who, with which token and for how long stands in the record.
 *
 * It has no `after`: that a hold is over shows with the next event, or with a WAKE when somebody waits for it.
 */
import { setup } from "xstate";
import { pureSteps } from "../pure-steps.ts";
import type { Announcement } from "../breaker/effects.ts";
import type { LockEvent, LockEventOf } from "./events.ts";
import * as holding from "./holding.ts";
import type { LockContext, LockStep } from "./holding.ts";

const types = {} as { context: LockContext; events: LockEvent };

/** An action that takes a pure step: the next record, and effects as data. */
const step = pureSteps<LockContext, LockEvent, Announcement, LockStep>(({ record }) => ({ record }));

interface Input<Type extends LockEvent["type"]> {
  readonly context: LockContext;
  readonly event: LockEventOf<Type>;
}

const isOver = ({ context, event }: Input<LockEvent["type"]>): boolean => holding.isOver(context, event);
const isHolders = ({ context, event }: Input<"RENEW" | "RELEASE">): boolean => holding.isHolders(context, event);

/** Whoever sees that the hold is over ends it, be it the holder who comes too late. */
const expired = { guard: isOver, target: "FREE", actions: step<LockEvent["type"]>(holding.expire) } as const;

export const lockMachine = setup({
  types,
  actions: {
    /** Effects are data: the runtime reads them off the transition. Nothing runs here. */
    effect: (_, _effect: Announcement) => {},
  },
}).createMachine({
  id: "lock",
  initial: "FREE",
  // Every actor is made from a record; this stands for none.
  context: {} as LockContext,
  states: {
    FREE: {
      description: "Nobody has it. The token of the last holder is kept, so that the next one is greater.",
      on: {
        ACQUIRE: { target: "HELD", actions: step<"ACQUIRE">(holding.acquire) },
      },
    },
    HELD: {
      description: "One holder has it, by its token, until it releases it or its time is up.",
      on: {
        ACQUIRE: { guard: isOver, target: "HELD", actions: step<"ACQUIRE">(holding.takeOver) },
        RENEW: [expired, { guard: isHolders, actions: step<"RENEW">(holding.renew) }],
        RELEASE: [expired, { guard: isHolders, target: "FREE", actions: step<"RELEASE">(holding.release) }],
        WAKE: expired,
      },
    },
  },
});
