/** The steps of a supervisor: pure functions from what a definition is and what happened to what it is next and what is to be done. */
import type { DefinitionSpec } from "../../domain/definition/definition.ts";
import type { Cancelling, DefinitionCounters, Supervision } from "../../domain/definition/supervision.ts";
import { NO_COUNTERS } from "../../domain/definition/supervision.ts";
import type { FinalState, InstanceSpec, TriggerKind } from "../../domain/instance/instance.ts";
import { decideOverlap } from "../../domain/policy/overlap.ts";
import { fireTime } from "../../domain/schedule/jitter.ts";
import { nextDueTime } from "../../domain/schedule/next.ts";
import type { Schedule } from "../../domain/schedule/schedule.ts";
import type { SupervisorEffect } from "./effects.ts";
import type { Load, Overrides, SupervisorEventOf } from "./events.ts";

/** An occurrence this late is still on time: a node may have taken over, or been busy. Later ones are for the catch-up policy. */
export const PUNCTUAL_MS = 10_000;

const CANCEL_OTHERS: SupervisorEffect = { kind: "cancelOthers" };

export interface SupervisorContext {
  readonly id: string;
  readonly spec: DefinitionSpec;
  readonly stateReason: string;
  readonly supervision: Supervision;
}

export interface SupervisorStep {
  readonly context: SupervisorContext;
  readonly effects: readonly SupervisorEffect[];
}

/** How a new definition's supervisor begins. */
export function newSupervision(schedule: Schedule, at: number): Supervision {
  const takenUntil = firstSearchFrom(schedule, at);
  return {
    takenUntil,
    nextDueAt: nextDueTime(schedule, takenUntil),
    lastFiredAt: null,
    lastEndedAt: null,
    counters: NO_COUNTERS,
    gated: 0,
  };
}

/** Recurring rules are due after creation; a single time may lie before it, and is then late. */
function firstSearchFrom({ timing }: Schedule, at: number): number {
  switch (timing.kind) {
    case "immediate":
      return at - 1;
    case "at":
      return Math.min(at, timing.at) - 1;
    default:
      return at;
  }
}

/** When the next due time shall be looked at: its fire time, later when late occurrences are held back to their rate. Null: never. */
export function nextLookAt({ id, spec, supervision }: SupervisorContext): number | null {
  const dueAt = supervision.nextDueAt;
  if (dueAt === null) {
    return null;
  }
  const fireAt = fireTime(dueAt, spec.schedule.jitterMs, id);
  return supervision.lateFireAt === undefined
    ? fireAt
    : Math.max(fireAt, supervision.lateFireAt + Math.ceil(1000 / spec.catchUp.maxRate));
}

/** Whether nothing is left to fire, now or after the running instances. */
export function isExhausted({ spec, supervision }: SupervisorContext): boolean {
  return (
    supervision.nextDueAt === null &&
    !(awaitsEnd(spec.schedule) && supervision.counters.active > 0 && !isSpent(spec.schedule, supervision))
  );
}

function awaitsEnd({ timing }: Schedule): boolean {
  return timing.kind === "every" && timing.fixedDelay;
}

function isSpent({ maxOccurrences }: Schedule, { counters }: Supervision): boolean {
  return maxOccurrences !== undefined && counters.occurrences >= maxOccurrences;
}

/** Takes the next due time while ACTIVE. */
export function take(context: SupervisorContext, event: SupervisorEventOf<"TAKE">): SupervisorStep {
  const dueAt = due(context, event.at);
  if (dueAt === null) {
    return { context, effects: [] };
  }
  const taken = afterTaking(context, dueAt);
  const lateMs = event.at - fireTime(dueAt, context.spec.schedule.jitterMs, context.id);
  const missed = lateMs > PUNCTUAL_MS ? missedBecause(taken, lateMs, event.at) : null;
  if (missed !== null) {
    return notFired(taken, dueAt, "MISSED", missed);
  }
  const late = lateMs > PUNCTUAL_MS;
  const reason = late ? `fired ${Math.round(lateMs / 1000)} s late: nobody could fire it in time` : "";
  const step = fire(taken, {
    at: event.at,
    dueAt,
    instanceId: event.instanceId,
    load: event.load,
    trigger: "SCHEDULE",
    reason,
  });
  const { lateFireAt: _, ...supervision } = step.context.supervision;
  return {
    ...step,
    context: { ...step.context, supervision: late ? { ...supervision, lateFireAt: event.at } : supervision },
  };
}

/** Takes the next due time while PAUSED: it is recorded, not fired. */
export function takePaused(context: SupervisorContext, event: SupervisorEventOf<"TAKE">): SupervisorStep {
  const dueAt = due(context, event.at);
  if (dueAt === null) {
    return { context, effects: [] };
  }
  return notFired(
    afterTaking(context, dueAt),
    dueAt,
    "PAUSED",
    context.stateReason === "" ? "the definition was paused" : `the definition was paused: ${context.stateReason}`,
  );
}

function due(context: SupervisorContext, at: number): number | null {
  const lookAt = nextLookAt(context);
  return lookAt !== null && lookAt <= at ? context.supervision.nextDueAt : null;
}

/** Why the catch-up policy leaves a late occurrence out, or null. `taken` looks at the due time after it already. */
function missedBecause({ id, spec, supervision }: SupervisorContext, lateMs: number, at: number): string | null {
  const { windowMs, mode } = spec.catchUp;
  if (mode === "SKIP") {
    return "nobody could fire it in time, and the catch-up mode is SKIP";
  }
  if (lateMs > windowMs) {
    return `nobody could fire it within the catch-up window of ${windowMs / 1000} s`;
  }
  const following = supervision.nextDueAt;
  if (mode === "FIRE_LAST" && following !== null && fireTime(following, spec.schedule.jitterMs, id) <= at) {
    return "nobody could fire it in time, and a newer one was due (catch-up mode FIRE_LAST)";
  }
  return null;
}

/** Moves on to the due time after this one. */
function afterTaking(context: SupervisorContext, dueAt: number): SupervisorContext {
  const { schedule } = context.spec;
  const counters = { ...context.supervision.counters, occurrences: context.supervision.counters.occurrences + 1 };
  const supervision: Supervision = { ...context.supervision, takenUntil: dueAt, counters };
  return { ...context, supervision: { ...supervision, nextDueAt: followingDue(schedule, supervision, dueAt) } };
}

function followingDue(schedule: Schedule, supervision: Supervision, after: number): number | null {
  if (isSpent(schedule, supervision)) {
    return null;
  }
  if (awaitsEnd(schedule)) {
    return supervision.counters.active > 0 ? null : nextDueTime(schedule, after, after);
  }
  return nextDueTime(schedule, after);
}

interface Firing {
  readonly at: number;
  readonly dueAt: number;
  readonly instanceId: string;
  readonly load: Load;
  readonly trigger: TriggerKind;
  readonly reason: string;
}

function fire(context: SupervisorContext, { at: _, dueAt, instanceId, load, trigger, reason }: Firing): SupervisorStep {
  const { spec } = context;
  // What is backfilled was asked for: unless instances may overlap, they run one after the other.
  const overlap =
    trigger === "BACKFILL"
      ? ({ kind: "fire", exclusive: spec.overlapPolicy !== "ALLOW_ALL", others: "leave" } as const)
      : decideOverlap(spec.overlapPolicy, { ...load, bufferLimit: spec.bufferLimit });
  if (overlap.kind === "skip") {
    return notFired(context, dueAt, "SKIPPED_OVERLAP", overlap.reason);
  }
  if (overlap.kind === "drop") {
    return notFired(context, dueAt, "DROPPED", overlap.reason);
  }
  const effects: SupervisorEffect[] = [];
  let before = counted(context, { created: 1, active: 1 }).supervision;
  if (overlap.others !== "leave") {
    before = callingOff(before, {
      which: "all",
      terminate: overlap.others === "terminate",
      reason: "a newer occurrence took its place (overlap policy)",
      olderThan: instanceId,
    });
    effects.push(CANCEL_OTHERS);
  }
  effects.push({
    kind: "spawn",
    instanceId,
    spec: instanceSpec(context, trigger, dueAt, {}),
    exclusive: overlap.exclusive,
    reason,
  });
  const supervision: Supervision = { ...before, lastFiredAt: dueAt };
  // Under a fixed delay the next due time is known when this instance has ended.
  return {
    context: { ...context, supervision: awaitsEnd(spec.schedule) ? { ...supervision, nextDueAt: null } : supervision },
    effects,
  };
}

function notFired(
  context: SupervisorContext,
  scheduledAt: number,
  outcome: "MISSED" | "PAUSED" | "SKIPPED_OVERLAP" | "DROPPED",
  reason: string,
): SupervisorStep {
  return {
    context: counted(context, { notFired: 1 }),
    effects: [
      { kind: "ledger", scheduledAt, outcome, reason },
      {
        kind: "announce",
        name: "not_fired",
        data: { scheduledTime: new Date(scheduledAt).toISOString(), outcome, reason },
      },
    ],
  };
}

/** Fires a due time of the past that the ledger does not have. Nothing else about the schedule changes. */
export function backfill(
  context: SupervisorContext,
  { at, dueAt, instanceId, load }: SupervisorEventOf<"BACKFILL">,
): SupervisorStep {
  const { nextDueAt } = context.supervision;
  const step = fire(context, { at, dueAt, instanceId, load, trigger: "BACKFILL", reason: "backfilled" });
  const { lastFiredAt } = context.supervision;
  return {
    ...step,
    context: { ...step.context, supervision: { ...step.context.supervision, nextDueAt, lastFiredAt } },
  };
}

/** Creates an instance because a caller asks for it. */
export function trigger(context: SupervisorContext, event: SupervisorEventOf<"TRIGGER">): SupervisorStep {
  const { spec } = context;
  const { uniqueKey } = event.overrides;
  const effects: SupervisorEffect[] = [];
  if (uniqueKey !== undefined && event.uniqueHolder !== null) {
    if (uniqueKey.onConflict === "USE_EXISTING") {
      return { context, effects: [{ kind: "existing", instanceId: event.uniqueHolder }] };
    }
    if (uniqueKey.onConflict === "REJECT") {
      const message = `An unfinished instance has the unique key "${uniqueKey.key}": ${event.uniqueHolder}.`;
      return {
        context,
        effects: [{ kind: "refuse", reason: "UNIQUE_KEY_TAKEN", message, instanceId: event.uniqueHolder }],
      };
    }
    effects.push({ kind: "replace", instanceId: event.uniqueHolder, reason: "a newer instance took its unique key" });
  }
  const replaced = effects.length;
  const overlap = event.ignoreOverlap
    ? ({ kind: "fire", exclusive: false, others: "leave" } as const)
    : decideOverlap(spec.overlapPolicy, {
        active: event.load.active - replaced,
        buffered: event.load.buffered,
        bufferLimit: spec.bufferLimit,
      });
  if (overlap.kind !== "fire") {
    const message = `Not triggered: ${overlap.reason} (overlap policy ${spec.overlapPolicy}). Set ignore_overlap to trigger it all the same.`;
    return { context, effects: [{ kind: "refuse", reason: "OVERLAP", message, instanceId: null }] };
  }
  let { supervision } = counted(context, { created: 1, active: 1 });
  if (overlap.others !== "leave") {
    supervision = callingOff(supervision, {
      which: "all",
      terminate: overlap.others === "terminate",
      reason: "a newer instance was triggered (overlap policy)",
      olderThan: event.instanceId,
    });
    effects.push(CANCEL_OTHERS);
  }
  effects.push({
    kind: "spawn",
    instanceId: event.instanceId,
    spec: instanceSpec(context, "MANUAL", null, event.overrides),
    exclusive: overlap.exclusive,
    reason: "",
  });
  return { context: { ...context, supervision }, effects };
}

function instanceSpec(
  { id, spec }: SupervisorContext,
  kind: TriggerKind,
  scheduledAt: number | null,
  overrides: Overrides,
): InstanceSpec {
  return {
    definitionId: id,
    userId: spec.userId,
    name: spec.name,
    content: overrides.content ?? spec.content,
    payload: overrides.payload ?? spec.payload,
    action: spec.action,
    priority: overrides.priority ?? spec.priority,
    labels: overrides.labels === undefined ? spec.labels : { ...spec.labels, ...overrides.labels },
    businessId: overrides.businessId ?? spec.businessId,
    uniqueKey: overrides.uniqueKey?.key ?? "",
    orderingKey: overrides.orderingKey ?? spec.orderingKey,
    concurrency: overrides.concurrency ?? spec.concurrency,
    trigger: kind,
    scheduledAt,
    retry: spec.retry,
    timeouts: spec.timeouts,
  };
}

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
  const nextDueAt =
    awaitsEnd(schedule) && counters.active === 0 && supervision.nextDueAt === null && !isSpent(schedule, supervision)
      ? nextDueTime(schedule, event.at, event.at)
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
export function update(context: SupervisorContext, { at, spec }: SupervisorEventOf<"UPDATE">): SupervisorStep {
  const effects: SupervisorEffect[] = [{ kind: "announce", name: "updated", data: {} }];
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

/** Notes durably that unfinished instances are to be called off; the runtime tells them one by one. An earlier, wider order stays. */
function callingOff(supervision: Supervision, order: Cancelling): Supervision {
  const earlier = supervision.cancelling;
  if (earlier === undefined) {
    return { ...supervision, cancelling: order };
  }
  return {
    ...supervision,
    cancelling: {
      which: earlier.which === "all" || order.which === "all" ? "all" : "gated",
      terminate: earlier.terminate || order.terminate,
      reason: order.reason,
      olderThan: order.olderThan,
    },
  };
}

/** All of them have been told. */
export function calledOff(supervision: Supervision): Supervision {
  const { cancelling: _, ...rest } = supervision;
  return rest;
}

function counted(
  context: SupervisorContext,
  change: Partial<Record<keyof DefinitionCounters, number>>,
): SupervisorContext {
  const counters: Record<keyof DefinitionCounters, number> = { ...context.supervision.counters };
  for (const [name, by] of Object.entries(change) as [keyof DefinitionCounters, number][]) {
    counters[name] += by;
  }
  return { ...context, supervision: { ...context.supervision, counters } };
}
