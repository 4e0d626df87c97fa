import { nextDueTime } from "./next.ts";
import type { Schedule } from "./schedule.ts";

/**
 * The next `count` due times strictly after `fromAt`, in order; fewer when the schedule ends, or allows fewer
 * (`maxOccurrences`, counted from `fromAt`). A fixed delay is shown as if every instance ended the moment it began.
 */
export function previewDueTimes(schedule: Schedule, fromAt: number, count: number): number[] {
  const wanted = Math.min(count, schedule.maxOccurrences ?? count);
  return collect(schedule, fromAt, Number.POSITIVE_INFINITY, wanted);
}

export interface DueTimes {
  /** In order, at most as many as asked for. */
  readonly times: readonly number[];
  /** There is at least one more due time in the range. Ask again from the last one plus a millisecond. */
  readonly truncated: boolean;
}

/**
 * The due times of `[fromAt, toAt)`, for backfill and catch-up: the earliest `limit` of them. `maxOccurrences` is not
 * applied. To catch up on what came after a due time up to and including now, ask for `[taken + 1, now + 1)`.
 */
export function dueTimesBetween(schedule: Schedule, fromAt: number, toAt: number, limit: number): DueTimes {
  const times = collect(schedule, fromAt - 1, toAt, limit + 1);
  return times.length > limit ? { times: times.slice(0, limit), truncated: true } : { times, truncated: false };
}

function collect(schedule: Schedule, afterAt: number, toAt: number, limit: number): number[] {
  const times: number[] = [];
  let lastAt = afterAt;
  while (times.length < limit) {
    const dueAt = nextDueTime(schedule, lastAt);
    if (dueAt === null || dueAt >= toAt) break;
    times.push(dueAt);
    lastAt = dueAt;
  }
  return times;
}
