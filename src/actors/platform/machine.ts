/**
 * A third-party platform, as a statechart. Whether anything may go to one that is ENABLED is up to its breaker, a machine of its own; whether
 * it has an access token, to `token.ts`.
 *
 * It has no `after`: the instants of `nextLookOf` bring a WAKE.
 */
import { setup } from "xstate";
import { pureSteps } from "../pure-steps.ts";
import type { Announcement } from "../breaker/effects.ts";
import * as commands from "./commands.ts";
import type { PlatformEvent, PlatformEventOf } from "./events.ts";
import * as pushing from "./pushing.ts";
import type { PlatformContext, PlatformStep } from "./pushing.ts";
import * as token from "./token.ts";

const types = {} as { context: PlatformContext; events: PlatformEvent };

/** An action that takes a pure step: the next record, and effects as data. */
const step = pureSteps<PlatformContext, PlatformEvent, Announcement, PlatformStep>(({ record }) => ({ record }));

interface Input<Type extends PlatformEvent["type"]> {
  readonly context: PlatformContext;
  readonly event: PlatformEventOf<Type>;
}

const noteFailure = {
  guard: ({ context, event }: Input<"TOKEN_FAILED">) => token.isOfNow(context, event),
  actions: step<"TOKEN_FAILED">(token.fail),
};

/** A token may be tested, and refreshed by hand, before the platform is enabled. */
const always = {
  UPDATE: { actions: step<"UPDATE">(commands.update) },
  RESET: { actions: step<"RESET">(commands.reset) },
  ISOLATE: { actions: step<"ISOLATE">(commands.isolate) },
  TOKEN_OBTAINED: {
    guard: ({ context, event }: Input<"TOKEN_OBTAINED">) => token.isOfNow(context, event),
    actions: step<"TOKEN_OBTAINED">(token.obtain),
  },
  TOKEN_REFUSED: {
    guard: ({ context, event }: Input<"TOKEN_REFUSED">) => token.isCurrent(context, event),
    actions: step<"TOKEN_REFUSED">(token.forget),
  },
};

export const platformMachine = setup({
  types,
  actions: {
    /** Effects are data: the runtime reads them off the transition. Nothing runs here. */
    effect: (_, _effect: Announcement) => {},
  },
}).createMachine({
  id: "platform",
  initial: "DISABLED",
  // Every actor is made from a record; this stands for none.
  context: {} as PlatformContext,
  states: {
    DISABLED: {
      description: "What would be pushed is skipped, and says so.",
      on: {
        ENABLE: { target: "ENABLED", actions: step<"ENABLE">(commands.enable) },
        DISABLE: { actions: step<"DISABLE">(commands.confirm) },
        TOKEN_FAILED: noteFailure,
        ...always,
      },
    },
    ENABLED: {
      description: "Pushed to, as its breaker and limits allow.",
      on: {
        PUSHED: { actions: step<"PUSHED">(pushing.hear) },
        WAKE: { actions: step<"WAKE">(pushing.wake) },
        TOKEN_FAILED: [
          {
            guard: ({ context, event }: Input<"TOKEN_FAILED">) =>
              token.isOfNow(context, event) && token.isMissing(context, event),
            actions: step<"TOKEN_FAILED">(token.failPushes),
          },
          noteFailure,
        ],
        ENABLE: { actions: step<"ENABLE">(commands.confirm) },
        DISABLE: { target: "DISABLED", actions: step<"DISABLE">(commands.disable) },
        ...always,
      },
    },
  },
});
