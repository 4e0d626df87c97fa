/** Taking a due time: fired, or recorded as missed or paused. */
import type { Supervision } from "../../domain/definition/supervision.ts";
import { fireTime } from "../../domain/schedule/jitter.ts";
import { followingDue, nextLookAt } from "./due.ts";
import type { SupervisorEventOf } from "./events.ts";
import { fire, notFired } from "./firing.ts";
import type { SupervisorContext, SupervisorStep } from "./context.ts";

/** An occurrence this late is still on time: a node may have taken over, or been busy. Later ones are for the catch-up policy. */
export const PUNCTUAL_MS = 10_000;

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
