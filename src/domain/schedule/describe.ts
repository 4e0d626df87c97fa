import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "./calendar.ts";
import type { Schedule, Timing } from "./schedule.ts";

/**
 * One line of English without a full stop, for the command line and for explanations:
 * `every 30 minutes`, `cron 0 8 * * * in Asia/Shanghai, until 2027-01-01T00:00:00.000Z, except on 2 dates`.
 */
export function describeSchedule(schedule: Schedule): string {
  const { startAt, endAt, jitterMs, maxOccurrences, excludedDates, exclusions } = schedule;
  const parts = [describeTiming(schedule.timing, schedule.timeZone)];
  if (startAt !== undefined) parts.push(`from ${describeInstant(startAt)}`);
  if (endAt !== undefined) parts.push(`until ${describeInstant(endAt)}`);
  if (maxOccurrences !== undefined) parts.push(`at most ${counted(maxOccurrences, "time")}`);
  if (excludedDates.length > 0) parts.push(`except on ${counted(excludedDates.length, "date")}`);
  for (const exclusion of exclusions) parts.push(`except ${describeTiming(exclusion, schedule.timeZone)}`);
  if (jitterMs > 0) parts.push(`each up to ${describeDuration(jitterMs)} later`);
  return parts.join(", ");
}

function describeTiming(timing: Timing, timeZone: string): string {
  switch (timing.kind) {
    case "immediate":
      return "once, at once";
    case "manual":
      return "only when triggered";
    case "at":
      return `once at ${describeInstant(timing.at)}`;
    case "every":
      if (timing.fixedDelay) return `${describeDuration(timing.intervalMs)} after each end`;
      return timing.phaseMs
        ? `every ${describeDuration(timing.intervalMs)} plus ${describeDuration(timing.phaseMs)}`
        : `every ${describeDuration(timing.intervalMs)}`;
    case "cron":
      return `cron ${timing.expressions.join(" or ")} in ${timeZone}`;
    case "rrule":
      return `rrule ${timing.rule} in ${timeZone}`;
  }
}

function describeInstant(at: number): string {
  return new Date(at).toISOString();
}

const UNITS = [
  [DAY_MS, "day"],
  [HOUR_MS, "hour"],
  [MINUTE_MS, "minute"],
  [SECOND_MS, "second"],
  [1, "millisecond"],
] as const;

/** 5,400,000 is `1 hour 30 minutes`. */
function describeDuration(durationMs: number): string {
  const parts: string[] = [];
  let restMs = durationMs;
  for (const [unitMs, name] of UNITS) {
    const units = Math.floor(restMs / unitMs);
    if (units > 0) parts.push(counted(units, name));
    restMs -= units * unitMs;
  }
  return parts.join(" ");
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
