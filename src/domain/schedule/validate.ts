import type { Violation } from "../violation.ts";
import { DAY_MS, EARLIEST_AT, LATEST_AT, parseDay } from "./calendar.ts";
import { compileCron } from "./cron-line.ts";
import { nextDueTime } from "./next.ts";
import { parseRecurrenceRule } from "./recurrence-rule.ts";
import type { Schedule, Timing } from "./schedule.ts";
import { isKnownTimeZone } from "./zone.ts";

export interface ScheduleLimits {
  /** Cron lines of one timing. Default 32. */
  readonly maxExpressions: number;
  /** Excluded timings. Default 32. */
  readonly maxExclusions: number;
  /** Excluded days. Default 1000. */
  readonly maxExcludedDates: number;
  /** UTF-16 units of a cron expression or a recurrence rule. Default 2048. */
  readonly maxTextLength: number;
}

export const DEFAULT_SCHEDULE_LIMITS: ScheduleLimits = {
  maxExpressions: 32,
  maxExclusions: 32,
  maxExcludedDates: 1000,
  maxTextLength: 2048,
};

/**
 * Every rule that `schedule` breaks, empty when it can be used. Fields are paths from the schedule in proto-JSON names:
 * `timeZone`, `cron.expressions[0]`, `every.interval`, `exclusions[1].rrule.rule`, `excludedDates[2]`.
 *
 * A schedule of which each part is right but which can never be due is refused too, with the field that prevents it,
 * unless it is manual.
 */
export function validateSchedule(
  schedule: Schedule,
  limits: ScheduleLimits = DEFAULT_SCHEDULE_LIMITS,
): readonly Violation[] {
  const violations: Violation[] = [];
  const report: Report = (field, description) => violations.push({ field, description });
  checkTimeZone(schedule, report);
  checkTiming(schedule.timing, "", limits, report);
  checkRange(schedule, report);
  checkExclusions(schedule, limits, report);
  if (!(schedule.jitterMs >= 0 && schedule.jitterMs < DAY_MS)) {
    report("jitter", "Must be at least 0 and less than a day.");
  }
  const { maxOccurrences } = schedule;
  if (maxOccurrences !== undefined && !(Number.isSafeInteger(maxOccurrences) && maxOccurrences >= 1)) {
    report("maxOccurrences", "Must be at least 1; leave it out for no limit.");
  }
  // A manual schedule is not meant to be due.
  if (violations.length === 0 && schedule.timing.kind !== "manual") checkIsEverDue(schedule, report);
  return violations;
}

type Report = (field: string, description: string) => void;

function checkTimeZone({ timeZone }: Schedule, report: Report): void {
  if (!isKnownTimeZone(timeZone)) {
    report("timeZone", `"${timeZone}" is not a known IANA time zone, such as UTC or Europe/Berlin.`);
  }
}

/** @param path where the timing stands, with a dot at its end, or empty. */
function checkTiming(timing: Timing, path: string, limits: ScheduleLimits, report: Report): void {
  switch (timing.kind) {
    case "immediate":
    case "manual":
      return;
    case "at":
      if (!isInRange(timing.at)) report(`${path}at.time`, OUT_OF_RANGE);
      return;
    case "every":
      return checkInterval(timing, `${path}every`, report);
    case "cron":
      return checkCron(timing.expressions, `${path}cron.expressions`, limits, report);
    case "rrule":
      return checkRule(timing.rule, `${path}rrule.rule`, limits, report);
  }
}

function checkInterval(timing: Timing & { kind: "every" }, path: string, report: Report): void {
  const { intervalMs, phaseMs, fixedDelay } = timing;
  if (!(Number.isSafeInteger(intervalMs) && intervalMs > 0)) {
    report(`${path}.interval`, "Must be greater than 0, in whole milliseconds.");
  }
  if (phaseMs === undefined) return;
  if (fixedDelay) {
    report(`${path}.phase`, "Has no meaning with a fixed delay, which counts from the end of the last instance.");
  } else if (!(Number.isSafeInteger(phaseMs) && phaseMs >= 0 && phaseMs < intervalMs)) {
    report(`${path}.phase`, "Must be at least 0 and less than the interval, in whole milliseconds.");
  }
}

function checkCron(expressions: readonly string[], path: string, limits: ScheduleLimits, report: Report): void {
  if (expressions.length === 0) report(path, "Needs at least one expression.");
  if (expressions.length > limits.maxExpressions) {
    report(path, `Has ${expressions.length} expressions, at most ${limits.maxExpressions} are allowed.`);
    return;
  }
  expressions.forEach((expression, position) => {
    checkText(expression, `${path}[${position}]`, limits, report, () => {
      if (compileCron(expression).nextWall(EARLIEST_AT) === null) throw new Error("names no day that ever comes");
    });
  });
}

function checkRule(rule: string, path: string, limits: ScheduleLimits, report: Report): void {
  checkText(rule, path, limits, report, () => parseRecurrenceRule(rule));
}

/** @param check throws an Error whose message says what is wrong with the text, without its subject. */
function checkText(text: string, path: string, limits: ScheduleLimits, report: Report, check: () => void): void {
  if (text.length > limits.maxTextLength) {
    report(path, `Is ${text.length} characters long, at most ${limits.maxTextLength} are allowed.`);
    return;
  }
  try {
    check();
  } catch (error) {
    report(path, `"${text}": ${error instanceof Error ? error.message : String(error)}.`);
  }
}

const OUT_OF_RANGE = "Must lie between the years 1900 and 9999.";

function isInRange(at: number): boolean {
  return Number.isSafeInteger(at) && at >= EARLIEST_AT && at < LATEST_AT;
}

function checkRange({ startAt, endAt }: Schedule, report: Report): void {
  if (startAt !== undefined && !isInRange(startAt)) report("startTime", OUT_OF_RANGE);
  if (endAt !== undefined && !isInRange(endAt)) report("endTime", OUT_OF_RANGE);
  if (startAt !== undefined && endAt !== undefined && endAt <= startAt) report("endTime", "Must be after startTime.");
}

function checkExclusions(schedule: Schedule, limits: ScheduleLimits, report: Report): void {
  const { excludedDates, exclusions } = schedule;
  if (excludedDates.length > limits.maxExcludedDates) {
    report("excludedDates", `Has ${excludedDates.length} dates, at most ${limits.maxExcludedDates} are allowed.`);
  } else {
    excludedDates.forEach((date, position) => {
      if (parseDay(date) === null) {
        report(`excludedDates[${position}]`, `"${date}" is not a date of the calendar in the form YYYY-MM-DD.`);
      }
    });
  }
  if (exclusions.length > limits.maxExclusions) {
    report("exclusions", `Has ${exclusions.length} entries, at most ${limits.maxExclusions} are allowed.`);
    return;
  }
  exclusions.forEach((timing, position) => {
    const path = `exclusions[${position}]`;
    if (timing.kind === "immediate") {
      report(`${path}.immediate`, "An exclusion cannot be immediate.");
    } else if (timing.kind === "manual") {
      report(`${path}.manual`, "An exclusion needs times, and a manual schedule has none.");
    } else if (timing.kind === "every" && timing.fixedDelay) {
      report(`${path}.every.fixedDelay`, "An exclusion cannot be a fixed delay, which depends on what has run.");
    } else {
      checkTiming(timing, `${path}.`, limits, report);
    }
  });
}

/** Asks the schedule itself, and when it is never due, which of its fields has to go for it to be. */
function checkIsEverDue(schedule: Schedule, report: Report): void {
  const isDue = (without: Partial<Schedule>): boolean => {
    const asked = { ...schedule, ...without };
    const from = asked.startAt ?? (asked.timing.kind === "at" ? asked.timing.at : asked.anchorAt);
    return nextDueTime(asked, from - 1) !== null;
  };
  if (isDue({})) return;
  if (schedule.exclusions.length > 0 && isDue({ exclusions: [] })) {
    report("exclusions", "Leave out every time at which the schedule would be due.");
  } else if (schedule.excludedDates.length > 0 && isDue({ exclusions: [], excludedDates: [] })) {
    report("excludedDates", "Leave out every day on which the schedule would be due.");
  } else if (schedule.endAt !== undefined && isDue({ exclusions: [], excludedDates: [], endAt: undefined })) {
    report("endTime", "Comes before the first time at which the schedule would be due.");
  } else {
    report(timingField(schedule.timing), "Names no time at or after the start of the schedule.");
  }
}

function timingField(timing: Timing): string {
  switch (timing.kind) {
    case "immediate":
    case "manual":
      return timing.kind;
    case "at":
      return "at.time";
    case "every":
      return "every.interval";
    case "cron":
      return "cron.expressions";
    case "rrule":
      return "rrule.rule";
  }
}
