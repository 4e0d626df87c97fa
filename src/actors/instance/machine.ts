/**
 * The lifecycle of a task instance, as a statechart.
 *
 * It has no `after` and no invoke: a deadline is a column that brings a WAKE, an effect is data that the runtime carries out after the commit.
 * An event that a state does not list changes nothing, which is how a finished instance stays finished and a stale worker changes nothing.
 */
import { setup } from "xstate";
import { pureSteps } from "../pure-steps.ts";
import type { ReportedState } from "../../domain/execution/celery-status.ts";
import type { AttemptOutcome } from "../../domain/instance/attempt.ts";
import type { FinalState } from "../../domain/instance/instance.ts";
import type { DeadlineKind } from "./deadline.ts";
import { nextDeadline } from "./deadline.ts";
import type { InstanceEffect } from "./effects.ts";
import type { AttemptFailure, InstanceEvent, InstanceEventOf } from "./events.ts";
import type { InstanceContext, Step } from "./life.ts";
import * as ending from "./ending.ts";
import * as failing from "./failing.ts";
import * as holding from "./holding.ts";
import * as life from "./life.ts";
import * as reporting from "./reporting.ts";

type State = "PENDING" | "RUNNING" | "BACKING_OFF" | "PAUSED";

const types = {} as { context: InstanceContext; events: InstanceEvent };

/** An action that takes a pure step: the next life, and effects as data. */
const step = pureSteps<InstanceContext, InstanceEvent, InstanceEffect, Step>(({ life: next }) => ({ life: next }));

/** Guards an event that speaks for an attempt. */
function current({ context, event }: { context: InstanceContext; event: InstanceEvent }): boolean {
  return "token" in event && context.life.attempt?.token === event.token;
}

function passed(state: State, kind: DeadlineKind) {
  return ({ context, event }: { context: InstanceContext; event: InstanceEvent }): boolean => {
    if (event.type !== "WAKE") {
      return false;
    }
    const deadline = nextDeadline(state, context.life, context.spec, event.heartbeatFloor);
    return deadline !== null && deadline.kind === kind && deadline.at <= event.at;
  };
}

function timeout(code: string, message: string, chance: number): AttemptFailure {
  return { error: { code, message, traceback: "" }, retryable: true, chance };
}

const LOST = (chance: number): AttemptFailure => timeout("WORKER_LOST", "The worker's connection broke.", chance);
const SLOW = (chance: number, { life: of }: InstanceContext): AttemptFailure =>
  life.isHandedOn(of)
    ? timeout("CALLBACK_TIMEOUT", "It was delivered, and its receiver did not report a result in time.", chance)
    : timeout("START_TO_CLOSE_TIMEOUT", "The attempt took longer than start_to_close.", chance);
const SILENT = (chance: number): AttemptFailure =>
  timeout("HEARTBEAT_TIMEOUT", "The worker gave no sign of life in time.", chance);

/** What a failure of each kind is made of. */
const failures = {
  FAIL: {
    of: (event: InstanceEvent, _: InstanceContext): AttemptFailure => event as InstanceEventOf<"FAIL">,
    outcome: "FAILED",
    final: "FAILED",
  },
  LOSE: {
    of: (event: InstanceEvent, _: InstanceContext) => LOST((event as InstanceEventOf<"LOSE">).chance),
    outcome: "LOST",
    final: "FAILED",
  },
  SLOW: {
    of: (event: InstanceEvent, context: InstanceContext) => SLOW((event as InstanceEventOf<"WAKE">).chance, context),
    outcome: "TIMED_OUT",
    final: "TIMED_OUT",
  },
  SILENT: {
    of: (event: InstanceEvent) => SILENT((event as InstanceEventOf<"WAKE">).chance),
    outcome: "TIMED_OUT",
    final: "TIMED_OUT",
  },
} as const satisfies Record<
  string,
  {
    of: (event: InstanceEvent, context: InstanceContext) => AttemptFailure;
    outcome: AttemptOutcome;
    final: "FAILED" | "TIMED_OUT";
  }
>;
type FailureKind = keyof typeof failures;

/** The transitions of a failed attempt: called off if that was asked for, tried again if the policy grants it, given up otherwise. */
function afterFailure(kind: FailureKind, mine: (input: { context: InstanceContext; event: InstanceEvent }) => boolean) {
  const { of, outcome, final } = failures[kind];
  return [
    {
      guard: (input: { context: InstanceContext; event: InstanceEvent }) =>
        mine(input) && input.context.life.cancelRequestedAt !== null,
      target: "CANCELLED",
      actions: step((context, event) => ending.endNow(context, event.at, "CANCELLED", context.life.stateReason, null)),
    },
    {
      guard: (input: { context: InstanceContext; event: InstanceEvent }) =>
        mine(input) && failing.mayRetry(input.context, of(input.event, input.context)),
      target: "BACKING_OFF",
      actions: step((context, event) => failing.backOff(context, event.at, of(event, context), outcome)),
    },
    {
      guard: mine,
      target: final,
      actions: step((context, event) => failing.giveUp(context, event.at, final, of(event, context), outcome)),
    },
  ] as const;
}

function outOfTime(code: string, message: string) {
  return step((context, event) =>
    ending.endNow(context, event.at, "TIMED_OUT", message, { code, message, traceback: "" }),
  );
}

const OVERALL = outOfTime("SCHEDULE_TO_CLOSE_TIMEOUT", "It did not end within schedule_to_close.");
const UNSTARTED = outOfTime("SCHEDULE_TO_START_TIMEOUT", "No worker took it within schedule_to_start.");

const cancelNow = step<"CANCEL" | "TERMINATE">((context, event) =>
  ending.endNow(context, event.at, "CANCELLED", event.reason, ("error" in event ? event.error : undefined) ?? null),
);
const handOn = step<"HAND_ON">(life.handOn);
const complete = step<"COMPLETE">(ending.complete);
const heartbeat = step<"HEARTBEAT">(life.heartbeat);

/** Guards a report of this state, of an instance that runs elsewhere. */
function told(state: ReportedState) {
  return ({ context, event }: { context: InstanceContext; event: InstanceEvent }): boolean =>
    event.type === "REPORT" && event.state === state && reporting.isExternal(context);
}

/** What a report makes of an unfinished instance. One that has begun does not become one that has not; nor is a state entered that it is in. */
function afterReport(from: State) {
  const ends = (["COMPLETED", "FAILED", "CANCELLED"] as const).map((state) => ({
    guard: told(state),
    target: state,
    actions: step<"REPORT">((context, event) => reporting.conclude(context, event, state)),
  }));
  const begins = { guard: told("RUNNING"), target: "RUNNING", actions: step<"REPORT">(reporting.begin) } as const;
  const retries = {
    guard: told("BACKING_OFF"),
    target: "BACKING_OFF",
    actions: step<"REPORT">(reporting.awaitRetry),
  } as const;
  return [
    ...ends,
    ...(from === "RUNNING" ? [] : [begins]),
    ...(from === "BACKING_OFF" ? [] : [retries]),
    { guard: external, actions: step<"REPORT">(reporting.tell) },
  ];
}

function external({ context }: { context: InstanceContext }): boolean {
  return reporting.isExternal(context);
}

/** What a report adds to an instance that has ended. */
function afterEnd(state: FinalState) {
  return {
    guard: external,
    actions: step<"REPORT">((context, event) => reporting.amend(context, event, state)),
  };
}

export const instanceMachine = setup({
  types,
  actions: {
    /** Effects are data: the runtime reads them off the transition. Nothing runs here. */
    effect: (_, _effect: InstanceEffect) => {},
  },
  guards: { current },
}).createMachine({
  id: "instance",
  initial: "PENDING",
  // Every actor is made from a record; this stands for none.
  context: {} as InstanceContext,
  states: {
    PENDING: {
      description: "Waits to be started.",
      on: {
        RELEASE: {
          guard: ({ context }) => !life.isOffered(context.life),
          actions: step<"RELEASE">((context, event) => life.becomeReady(context, event.at)),
        },
        START: {
          guard: ({ context }) => life.isOffered(context.life),
          target: "RUNNING",
          actions: step<"START">(life.start),
        },
        WAKE: [
          { guard: passed("PENDING", "SCHEDULE_TO_CLOSE"), target: "TIMED_OUT", actions: OVERALL },
          { guard: passed("PENDING", "SCHEDULE_TO_START"), target: "TIMED_OUT", actions: UNSTARTED },
        ],
        CANCEL: { target: "CANCELLED", actions: cancelNow },
        TERMINATE: { target: "CANCELLED", actions: cancelNow },
        PAUSE: {
          target: "PAUSED",
          actions: step<"PAUSE">((context, event) => holding.pause(context, event, "PENDING")),
        },
        REPORT: afterReport("PENDING"),
      },
    },
    RUNNING: {
      description: "An attempt is under way.",
      on: {
        HEARTBEAT: { guard: "current", actions: heartbeat },
        COMPLETE: { guard: "current", target: "COMPLETED", actions: complete },
        FAIL: afterFailure("FAIL", current),
        LOSE: afterFailure("LOSE", current),
        RETURN: [
          {
            guard: (input) => current(input) && input.context.life.cancelRequestedAt !== null,
            target: "CANCELLED",
            actions: step((context, event) =>
              ending.endNow(context, event.at, "CANCELLED", context.life.stateReason, null),
            ),
          },
          { guard: "current", target: "PENDING", actions: step<"RETURN">(life.takeBack) },
        ],
        WAKE: [
          { guard: passed("RUNNING", "SCHEDULE_TO_CLOSE"), target: "TIMED_OUT", actions: OVERALL },
          {
            guard: passed("RUNNING", "CANCEL_GRACE"),
            target: "CANCELLED",
            actions: step<"WAKE">((context, event) =>
              ending.endNow(context, event.at, "CANCELLED", context.life.stateReason, null),
            ),
          },
          ...afterFailure("SLOW", passed("RUNNING", "START_TO_CLOSE")),
          ...afterFailure("SILENT", passed("RUNNING", "HEARTBEAT")),
        ],
        HAND_ON: [
          {
            guard: (input) => current(input) && input.context.life.cancelRequestedAt !== null,
            target: "CANCELLED",
            actions: step((context, event) =>
              ending.endNow(context, event.at, "CANCELLED", context.life.stateReason, null),
            ),
          },
          { guard: "current", actions: handOn },
        ],
        CANCEL: [
          // Who has it hears of it when the result is refused; who runs it elsewhere cannot be asked.
          {
            guard: ({ context }) => context.life.attempt === null || life.isHandedOn(context.life),
            target: "CANCELLED",
            actions: cancelNow,
          },
          { actions: step<"CANCEL">(holding.requestCancel) },
        ],
        TERMINATE: { target: "CANCELLED", actions: cancelNow },
        PAUSE: {
          guard: ({ context }) => context.life.cancelRequestedAt === null,
          target: "PAUSED",
          actions: step<"PAUSE">((context, event) => holding.pause(context, event, "RUNNING")),
        },
        REPORT: afterReport("RUNNING"),
      },
    },
    BACKING_OFF: {
      description: "The last attempt failed; the next one has a time.",
      on: {
        WAKE: [
          { guard: passed("BACKING_OFF", "SCHEDULE_TO_CLOSE"), target: "TIMED_OUT", actions: OVERALL },
          {
            guard: passed("BACKING_OFF", "BACKOFF"),
            target: "PENDING",
            actions: step<"WAKE">((context, event) => life.becomeReady(context, event.at)),
          },
        ],
        CANCEL: { target: "CANCELLED", actions: cancelNow },
        TERMINATE: { target: "CANCELLED", actions: cancelNow },
        PAUSE: {
          target: "PAUSED",
          actions: step<"PAUSE">((context, event) => holding.pause(context, event, "BACKING_OFF")),
        },
        REPORT: afterReport("BACKING_OFF"),
      },
    },
    PAUSED: {
      description: "Held by a caller; deadlines stand still.",
      on: {
        RELEASE: {
          guard: ({ context }) => holding.isPausedAtGate(context.life),
          actions: step<"RELEASE">(holding.releasePaused),
        },
        HEARTBEAT: { guard: "current", actions: heartbeat },
        COMPLETE: { guard: "current", target: "COMPLETED", actions: complete },
        FAIL: pausedFailure("FAIL"),
        LOSE: pausedFailure("LOSE"),
        RETURN: { guard: "current", actions: step<"RETURN">(life.takeBackPaused) },
        HAND_ON: { guard: "current", actions: handOn },
        CANCEL: [
          {
            guard: ({ context }) => context.life.attempt !== null && !life.isHandedOn(context.life),
            target: "RUNNING",
            actions: step<"CANCEL">(holding.requestCancel),
          },
          { target: "CANCELLED", actions: cancelNow },
        ],
        TERMINATE: { target: "CANCELLED", actions: cancelNow },
        RESUME: [
          { guard: pausedFrom("RUNNING"), target: "RUNNING", actions: step<"RESUME">(holding.resume) },
          { guard: pausedFrom("BACKING_OFF"), target: "BACKING_OFF", actions: step<"RESUME">(holding.resume) },
          { target: "PENDING", actions: step<"RESUME">(holding.resume) },
        ],
        REPORT: afterReport("PAUSED"),
      },
    },
    COMPLETED: {
      description: "Final: it was done.",
      on: {
        RETRY: { target: "PENDING", actions: step<"RETRY">(life.retry) },
        REPORT: afterEnd("COMPLETED"),
      },
    },
    FAILED: {
      description: "Final: no attempt succeeded.",
      on: {
        RETRY: { target: "PENDING", actions: step<"RETRY">(life.retry) },
        REPORT: afterEnd("FAILED"),
      },
    },
    CANCELLED: {
      description: "Final: it was called off.",
      on: {
        RETRY: { target: "PENDING", actions: step<"RETRY">(life.retry) },
        REPORT: afterEnd("CANCELLED"),
      },
    },
    TIMED_OUT: {
      description: "Final: it was not done in time.",
      on: {
        RETRY: { target: "PENDING", actions: step<"RETRY">(life.retry) },
        REPORT: afterEnd("TIMED_OUT"),
      },
    },
  },
});

function pausedFrom(from: State) {
  return ({ context }: { context: InstanceContext }): boolean => context.life.paused?.from === from;
}

/** A failure while paused: the retry waits for the resume; without another attempt it is given up. */
function pausedFailure(kind: "FAIL" | "LOSE") {
  const { of, outcome, final } = failures[kind];
  return [
    {
      guard: (input: { context: InstanceContext; event: InstanceEvent }) =>
        current(input) && failing.mayRetry(input.context, of(input.event, input.context)),
      actions: step((context, event) => failing.backOffPaused(context, event.at, of(event, context), outcome)),
    },
    {
      guard: current,
      target: final,
      actions: step((context, event) => failing.giveUp(context, event.at, final, of(event, context), outcome)),
    },
  ] as const;
}
