import { EARLIEST_AT, LATEST_AT } from "./calendar.ts";
import { dueSource, type DueSource } from "./due-source.ts";
import { exclusionsOf, type Exclusion } from "./exclusion.ts";
import type { Schedule } from "./schedule.ts";

/**
 * How many questions a single search may ask ("what is due next", "does this exclude it") before it gives up. It takes
 * this many only when exclusions leave out thousands of due times in a row, one by one; whole excluded hours and days
 * are stepped over at once.
 */
const SEARCH_BUDGET = 250_000;

interface CompiledSchedule {
  readonly nextNamed: DueSource;
  readonly exclusions: readonly Exclusion[];
}

/** Schedules never change, so what is compiled from one lives as long as the object itself. */
const compiledSchedules = new WeakMap<Schedule, CompiledSchedule>();

/**
 * The first instant strictly after `afterAt` at which `schedule` is due: at or after its start, before its end, and not
 * excluded. Null when there is none, which includes a schedule whose exclusions leave nothing within `SEARCH_BUDGET`.
 *
 * `maxOccurrences` and jitter are not applied: the caller counts what it takes, and `fireTime` delays it.
 *
 * @param lastEndedAt when the last instance ended, for fixed delay: due one interval later, and every further interval
 *   after that until another instance ends. Without it the schedule's anchor counts as the last end.
 * @throws Error or RangeError when the schedule would not pass `validateSchedule`.
 */
export function nextDueTime(schedule: Schedule, afterAt: number, lastEndedAt?: number): number | null {
  const { nextNamed, exclusions } = compiled(schedule);
  const endAt = Math.min(schedule.endAt ?? LATEST_AT, LATEST_AT);
  let searchedUpTo = Math.max(afterAt, (schedule.startAt ?? EARLIEST_AT) - 1, EARLIEST_AT - 1);
  for (let asked = 0; asked < SEARCH_BUDGET; asked += 1 + exclusions.length) {
    if (searchedUpTo >= endAt) return null;
    const dueAt = nextNamed(searchedUpTo, lastEndedAt);
    if (dueAt === null || dueAt >= endAt) return null;
    const excludedUntil = endOfExclusion(exclusions, dueAt);
    if (excludedUntil === null) return dueAt;
    searchedUpTo = excludedUntil - 1;
  }
  return null;
}

function endOfExclusion(exclusions: readonly Exclusion[], at: number): number | null {
  for (const exclusion of exclusions) {
    const until = exclusion(at);
    if (until !== null) return until;
  }
  return null;
}

function compiled(schedule: Schedule): CompiledSchedule {
  let known = compiledSchedules.get(schedule);
  if (known === undefined) {
    known = { nextNamed: dueSource(schedule.timing, schedule), exclusions: exclusionsOf(schedule) };
    compiledSchedules.set(schedule, known);
  }
  return known;
}
