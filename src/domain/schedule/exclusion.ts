/**
 * What a schedule leaves out.
 *
 * An excluded date covers its whole day on the zone's clock. An excluded cron expression covers every wall time in the
 * units it names, by the clock's reading: `* 9 * * *` the whole hour from 9, `30 9 * * *` the minute from 9:30 (and both
 * 9:30s of a fold). Any other timing covers just the times at which it would itself be due; a recurrence rule, which
 * knows no fraction of a second, the whole second.
 */
import { DAY_MS, SECOND_MS, parseDay } from "./calendar.ts";
import { compileCron, type CronLine } from "./cron-line.ts";
import { dueSource, wallClockOf, type DueSource } from "./due-source.ts";
import type { Schedule } from "./schedule.ts";
import { isDueAfterGap, type WallClock } from "./wall-pattern.ts";

/**
 * Null when an instant is not covered. Otherwise an instant after it: everything from the one to the other is covered,
 * so the search for the next due time may go on there. That is what makes long exclusions cheap.
 */
export type Exclusion = (at: number) => number | null;

/** Everything that `schedule` excludes; a due time that any of them covers is not due. */
export function exclusionsOf(schedule: Schedule): readonly Exclusion[] {
  if (schedule.excludedDates.length === 0 && schedule.exclusions.length === 0) return [];
  const clock = wallClockOf(schedule);
  const ofTimings = schedule.exclusions.flatMap((timing) => {
    if (timing.kind === "cron") return timing.expressions.map((line) => cronExclusion(compileCron(line), clock));
    return [exactExclusion(dueSource(timing, schedule), timing.kind === "rrule" ? SECOND_MS : 1)];
  });
  return schedule.excludedDates.length === 0 ? ofTimings : [dateExclusion(schedule.excludedDates, clock), ...ofTimings];
}

function dateExclusion(dates: readonly string[], clock: WallClock): Exclusion {
  const days = new Set(dates.map(parseDay));
  return (at) => {
    const span = clock.zone.spanAt(at);
    let day = Math.floor((at + span.offsetMs) / DAY_MS);
    if (!days.has(day)) return null;
    do day += 1;
    while (days.has(day));
    return Math.min(span.endAt, day * DAY_MS - span.offsetMs);
  };
}

function cronExclusion(line: CronLine, clock: WallClock): Exclusion {
  return (at) => {
    const span = clock.zone.spanAt(at);
    const unit = Math.floor((at + span.offsetMs) / line.unitMs) * line.unitMs;
    if (line.nextWall(unit - 1) === unit) return Math.min(span.endAt, unit + line.unitMs - span.offsetMs);
    // A time swallowed by a gap and made up for right after it is excluded by the expression that names it.
    return at === span.startAt && isDueAfterGap(line, clock, span) ? at + 1 : null;
  };
}

function exactExclusion(source: DueSource, unitMs: number): Exclusion {
  return (at) => {
    const unitAt = Math.floor(at / unitMs) * unitMs;
    return source(unitAt - 1) === unitAt ? unitAt + unitMs : null;
  };
}
