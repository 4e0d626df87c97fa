/** When a definition is due next, and whether it is ever due again. */
import type { Supervision } from "../../domain/definition/supervision.ts";
import { NO_COUNTERS } from "../../domain/definition/supervision.ts";
import { fireTime } from "../../domain/schedule/jitter.ts";
import { nextDueTime } from "../../domain/schedule/next.ts";
import type { Schedule } from "../../domain/schedule/schedule.ts";
import type { SupervisorContext } from "./context.ts";

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
export function firstSearchFrom({ timing }: Schedule, at: number): number {
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
export function nextLookAt({
  id,
  spec,
  supervision,
}: Pick<SupervisorContext, "id" | "spec" | "supervision">): number | null {
  const dueAt = supervision.nextDueAt;
  if (dueAt === null) {
    return null;
  }
  const fireAt = fireTime(dueAt, spec.schedule.jitterMs, id);
  return supervision.lateFireAt === undefined
    ? fireAt
    : Math.max(fireAt, supervision.lateFireAt + Math.ceil(1000 / spec.catchUp.maxRate));
}

/** Whether nothing is left to fire, now or after the running instances. What is only triggered by hand is never finished. */
export function isExhausted({ spec, supervision }: Pick<SupervisorContext, "spec" | "supervision">): boolean {
  return (
    supervision.nextDueAt === null &&
    spec.schedule.timing.kind !== "manual" &&
    !(awaitsEnd(spec.schedule) && supervision.counters.active > 0 && !isSpent(spec.schedule, supervision))
  );
}

export function awaitsEnd({ timing }: Schedule): boolean {
  return timing.kind === "every" && timing.fixedDelay;
}

export function isSpent({ maxOccurrences }: Schedule, { counters }: Supervision): boolean {
  return maxOccurrences !== undefined && counters.occurrences >= maxOccurrences;
}

export function followingDue(schedule: Schedule, supervision: Supervision, after: number): number | null {
  if (isSpent(schedule, supervision)) {
    return null;
  }
  if (awaitsEnd(schedule)) {
    return supervision.counters.active > 0 ? null : nextDueTime(schedule, after, after);
  }
  return nextDueTime(schedule, after);
}
