/** What commands and the ends of instances make of a definition. Pure functions, as are those in the files beside. */
import type { DefinitionSpec } from "../../domain/definition/definition.ts";
import type { Cancelling, DefinitionCounters, Supervision } from "../../domain/definition/supervision.ts";
import type { FinalState } from "../../domain/instance/instance.ts";
import type { JsonObject } from "../../domain/json.ts";
import { nextDueTime } from "../../domain/schedule/next.ts";
import { CANCEL_OTHERS, callingOff } from "./calling-off.ts";
import { awaitsEnd, firstSearchFrom, followingDue, isExhausted, isSpent } from "./due.ts";
import type { SupervisorEffect } from "./effects.ts";
import type { SupervisorContext, SupervisorStep } from "./context.ts";
import { counted } from "./context.ts";
import type { SupervisorEventOf } from "./events.ts";

const COUNTER_OF = {
  COMPLETED: "completed",
  FAILED: "failed",
  CANCELLED: "cancelled",
  TIMED_OUT: "timedOut",
} as const satisfies Record<FinalState, keyof DefinitionCounters>;

function isFailure(state: FinalState): boolean {
  return state === "FAILED" || state === "TIMED_OUT";
}

/** An instance ended. */
export function ended(context: SupervisorContext, event: SupervisorEventOf<"ENDED">): SupervisorStep {
  const counted_ = counted(context, { active: -1, [COUNTER_OF[event.state]]: 1 });
  const { counters } = counted_.supervision;
  const consecutiveFailures = isFailure(event.state)
    ? counters.consecutiveFailures + 1
    : event.state === "COMPLETED"
      ? 0
      : counters.consecutiveFailures;
  const supervision: Supervision = {
    ...counted_.supervision,
    lastEndedAt: event.at,
    counters: { ...counters, consecutiveFailures },
  };
  const { schedule } = context.spec;
  // The clock may have been set back since the firing: a due time that was taken is not taken again.
  const after = Math.max(event.at, supervision.takenUntil);
  const nextDueAt =
    awaitsEnd(schedule) && counters.active === 0 && supervision.nextDueAt === null && !isSpent(schedule, supervision)
      ? nextDueTime(schedule, after, event.at)
      : supervision.nextDueAt;
  return { context: { ...context, supervision: { ...supervision, nextDueAt } }, effects: [{ kind: "touched" }] };
}

/** An instance ended of a definition that fires no more: with a fixed delay too nothing comes after it. */
export function endedAfterwards(context: SupervisorContext, event: SupervisorEventOf<"ENDED">): SupervisorStep {
  const step = ended(context, event);
  return {
    ...step,
    context: {
      ...step.context,
      supervision: { ...step.context.supervision, nextDueAt: context.supervision.nextDueAt },
    },
  };
}

/** Whether the definition's own rule pauses it after this end. */
export function pausesAfter({ spec, supervision }: SupervisorContext, state: FinalState): boolean {
  return (
    spec.pauseOnFailures > 0 && isFailure(state) && supervision.counters.consecutiveFailures + 1 >= spec.pauseOnFailures
  );
}

export function failurePause(context: SupervisorContext, event: SupervisorEventOf<"ENDED">): SupervisorStep {
  const step = ended(context, event);
  const reason = `paused by itself after ${step.context.supervision.counters.consecutiveFailures} failures in a row`;
  return {
    context: { ...step.context, stateReason: reason },
    effects: [{ kind: "announce", name: "paused", data: { reason } }],
  };
}

export function revived(context: SupervisorContext, event: SupervisorEventOf<"REVIVED">): SupervisorStep {
  return { context: counted(context, { active: 1, [COUNTER_OF[event.from]]: -1 }), effects: [{ kind: "touched" }] };
}

export function pause(context: SupervisorContext, { reason }: SupervisorEventOf<"PAUSE">): SupervisorStep {
  return {
    context: { ...context, stateReason: reason },
    effects: [{ kind: "announce", name: "paused", data: { reason } }],
  };
}

export function resume(context: SupervisorContext): SupervisorStep {
  const counters = { ...context.supervision.counters, consecutiveFailures: 0 };
  return {
    context: { ...context, stateReason: "", supervision: { ...context.supervision, counters } },
    effects: [{ kind: "announce", name: "resumed", data: {} }],
  };
}

export function cancel(context: SupervisorContext, event: SupervisorEventOf<"CANCEL">): SupervisorStep {
  const reason = event.reason === "" ? "the definition was cancelled" : event.reason;
  const order: Cancelling = {
    which: event.cancelRunning ? "all" : "gated",
    terminate: event.terminate,
    reason,
    olderThan: "",
  };
  return {
    context: {
      ...context,
      stateReason: event.reason,
      supervision: callingOff({ ...context.supervision, nextDueAt: null }, order),
    },
    effects: [
      { kind: "announce", name: "cancelled", data: { reason: event.reason, cancelRunning: event.cancelRunning } },
      CANCEL_OTHERS,
    ],
  };
}

/** New rules count from now on: nothing becomes due retroactively. */
export function update(context: SupervisorContext, { at, spec, reason }: SupervisorEventOf<"UPDATE">): SupervisorStep {
  const data: JsonObject = reason === undefined ? {} : { reason };
  const effects: SupervisorEffect[] = [{ kind: "announce", name: "updated", data }];
  return { context: { ...context, spec, supervision: rescheduled(context, spec, at) }, effects };
}

/** Whether an update leaves something to fire. */
export function hasMoreAfter(context: SupervisorContext, { at, spec }: SupervisorEventOf<"UPDATE">): boolean {
  return !isExhausted({ ...context, spec, supervision: rescheduled(context, spec, at) });
}

/** The supervision after an update of the spec. */
function rescheduled({ spec: before, supervision }: SupervisorContext, spec: DefinitionSpec, at: number): Supervision {
  if (before.schedule === spec.schedule) {
    return supervision;
  }
  const single = spec.schedule.timing.kind === "at" || spec.schedule.timing.kind === "immediate";
  const after = single
    ? Math.max(supervision.takenUntil, firstSearchFrom(spec.schedule, at))
    : Math.max(supervision.takenUntil, at);
  return { ...supervision, nextDueAt: followingDue(spec.schedule, supervision, after) };
}
