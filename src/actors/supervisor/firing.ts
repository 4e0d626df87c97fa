/** Making an instance: for a due time, for one of the past, or because a caller asks for it. */
import type { Supervision } from "../../domain/definition/supervision.ts";
import type { InstanceSpec, TriggerKind } from "../../domain/instance/instance.ts";
import { decideOverlap } from "../../domain/policy/overlap.ts";
import { CANCEL_OTHERS, callingOff } from "./calling-off.ts";
import { awaitsEnd } from "./due.ts";
import type { SupervisorEffect } from "./effects.ts";
import type { Load, Overrides, SupervisorEventOf } from "./events.ts";
import { superseding } from "./superseding.ts";
import type { SupervisorContext, SupervisorStep } from "./context.ts";
import { counted } from "./context.ts";

interface Firing {
  readonly dueAt: number;
  readonly instanceId: string;
  readonly load: Load;
  readonly trigger: TriggerKind;
  readonly reason: string;
}

export function fire(
  context: SupervisorContext,
  { dueAt, instanceId, load, trigger: kind, reason }: Firing,
): SupervisorStep {
  const { spec } = context;
  // What is backfilled was asked for: unless instances may overlap, they run one after the other.
  const overlap =
    kind === "BACKFILL"
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
    spec: instanceSpec(context, kind, dueAt, {}),
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

export function notFired(
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
  { dueAt, instanceId, load }: SupervisorEventOf<"BACKFILL">,
): SupervisorStep {
  const { nextDueAt } = context.supervision;
  const step = fire(context, { dueAt, instanceId, load, trigger: "BACKFILL", reason: "backfilled" });
  const { lastFiredAt } = context.supervision;
  return {
    ...step,
    context: { ...step.context, supervision: { ...step.context.supervision, nextDueAt, lastFiredAt } },
  };
}

/** Creates an instance because a caller asks for it. */
export function trigger(context: SupervisorContext, event: SupervisorEventOf<"TRIGGER">): SupervisorStep {
  const { spec } = context;
  const { uniqueKey, supersedeKey = "" } = event.overrides;
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
  // The holder of its unique key gives way already.
  const superseded = event.superseded.filter((older) => older.instanceId !== event.uniqueHolder);
  effects.push(...superseding(event.instanceId, supersedeKey, superseded));
  const overlap = event.ignoreOverlap
    ? ({ kind: "fire", exclusive: false, others: "leave" } as const)
    : decideOverlap(spec.overlapPolicy, {
        active: event.load.active - effects.length,
        buffered: event.load.buffered - superseded.filter(({ buffered }) => buffered).length,
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
  { id, createdAt, spec }: SupervisorContext,
  kind: TriggerKind,
  scheduledAt: number | null,
  overrides: Overrides,
): InstanceSpec {
  return {
    definitionId: id,
    definitionCreatedAt: createdAt,
    userId: overrides.userId ?? spec.userId,
    name: overrides.name ?? spec.name,
    content: overrides.content ?? spec.content,
    payload: overrides.payload ?? spec.payload,
    action: overrides.action ?? spec.action,
    priority: overrides.priority ?? spec.priority,
    labels: overrides.labels === undefined ? spec.labels : { ...spec.labels, ...overrides.labels },
    businessId: overrides.businessId ?? spec.businessId,
    uniqueKey: overrides.uniqueKey?.key ?? "",
    orderingKey: overrides.orderingKey ?? spec.orderingKey,
    ...(overrides.supersedeKey === undefined || overrides.supersedeKey === ""
      ? {}
      : { supersedeKey: overrides.supersedeKey }),
    concurrency: overrides.concurrency ?? spec.concurrency,
    trigger: kind,
    scheduledAt,
    retry: overrides.retry ?? spec.retry,
    timeouts: overrides.timeouts ?? spec.timeouts,
  };
}
