/**
 * The text of an RFC 5545 recurrence rule, read strictly: a part that is misspelt, doubled or contradicts another is an
 * error and is never ignored, because a rule that means something else than its author thinks is found out too late.
 *
 * Not taken, though the RFC has them: second 60, RSCALE and SKIP (RFC 7529), and several rules in one schedule.
 */
import { DAY_MS, SECOND_MS, parseDay } from "./calendar.ts";

/** From the finest to the coarsest, so that they can be compared. */
const FREQUENCIES = ["SECONDLY", "MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"] as const;
export type Frequency = (typeof FREQUENCIES)[number];

/** `1MO` is the first Monday of the month or year, `-1FR` the last Friday, `TU` every Tuesday. */
export interface RuleDay {
  /** 0 is Sunday. */
  readonly weekday: number;
  readonly nth?: number;
}

/** Where a rule ends, inclusive: an instant, or a time on the wall clock of the schedule's zone. */
export type Until =
  | { readonly kind: "instant"; readonly at: number }
  | { readonly kind: "wall"; readonly wall: number };

export interface RecurrenceRule {
  readonly frequency: Frequency;
  readonly interval: number;
  readonly count?: number;
  readonly until?: Until;
  readonly bySecond: readonly number[];
  readonly byMinute: readonly number[];
  readonly byHour: readonly number[];
  readonly byDay: readonly RuleDay[];
  readonly byMonthDay: readonly number[];
  readonly byYearDay: readonly number[];
  readonly byWeekNumber: readonly number[];
  readonly byMonth: readonly number[];
  readonly bySetPosition: readonly number[];
  /** 0 is Sunday; Monday when the rule does not say. */
  readonly weekStart: number;
}

/** The end of a counted rule is found by counting, so the count is bounded; `maxOccurrences` has no such bound. */
const MAX_COUNT = 10_000;
const MAX_INTERVAL = 1_000_000;
/** The times of a day are kept in memory: one for each minute is enough, past that a finer FREQ says it better. */
const MAX_TIMES_OF_DAY = 1440;

const WEEKDAYS = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];

export function isFinerThan(frequency: Frequency, other: Frequency): boolean {
  return FREQUENCIES.indexOf(frequency) < FREQUENCIES.indexOf(other);
}

/** Reads `FREQ=…;…`, with or without a leading `RRULE:`. @throws Error with a sentence about the first part that is wrong. */
export function parseRecurrenceRule(text: string): RecurrenceRule {
  const parts = new RuleParts(text);
  const named = parts.take("FREQ");
  const frequency = FREQUENCIES.find((known) => known === named);
  if (frequency === undefined) throw new Error(`needs FREQ, one of ${FREQUENCIES.join(", ")}`);
  const rule: RecurrenceRule = {
    frequency,
    interval: parts.takeInteger("INTERVAL", MAX_INTERVAL) ?? 1,
    count: parts.takeInteger("COUNT", MAX_COUNT),
    until: parts.takeUntil(),
    bySecond: parts.takeList("BYSECOND", 0, 59),
    byMinute: parts.takeList("BYMINUTE", 0, 59),
    byHour: parts.takeList("BYHOUR", 0, 23),
    byDay: parts.takeDays(),
    byMonthDay: parts.takeSignedList("BYMONTHDAY", 31),
    byYearDay: parts.takeSignedList("BYYEARDAY", 366),
    byWeekNumber: parts.takeSignedList("BYWEEKNO", 53),
    byMonth: parts.takeList("BYMONTH", 1, 12),
    bySetPosition: parts.takeSignedList("BYSETPOS", 366),
    weekStart: parts.takeWeekStart(),
  };
  parts.refuseRest();
  refuseContradictions(rule);
  return rule;
}

function refuseContradictions(rule: RecurrenceRule): void {
  const { frequency, byDay, byMonthDay, byYearDay, byWeekNumber, bySetPosition } = rule;
  const refuse = (when: boolean, problem: string): void => {
    if (when) throw new Error(problem);
  };
  refuse(rule.count !== undefined && rule.until !== undefined, "has both COUNT and UNTIL, which exclude each other");
  const numbersDays = byDay.some(({ nth }) => nth !== undefined);
  refuse(
    numbersDays && frequency !== "MONTHLY" && frequency !== "YEARLY",
    "numbers a day in BYDAY (as in 1MO), which only FREQ=MONTHLY and FREQ=YEARLY can",
  );
  refuse(
    frequency === "MONTHLY" && byDay.some(({ nth = 0 }) => Math.abs(nth) > 5),
    "numbers a day in BYDAY beyond 5, which no month has",
  );
  refuse(numbersDays && byWeekNumber.length > 0, "numbers a day in BYDAY together with BYWEEKNO");
  refuse(frequency === "WEEKLY" && byMonthDay.length > 0, "has BYMONTHDAY, which FREQ=WEEKLY does not take");
  const takesYearDay = frequency === "YEARLY" || isFinerThan(frequency, "DAILY");
  refuse(byYearDay.length > 0 && !takesYearDay, `has BYYEARDAY, which FREQ=${frequency} does not take`);
  refuse(byWeekNumber.length > 0 && frequency !== "YEARLY", "has BYWEEKNO, which only FREQ=YEARLY takes");
  const selects = [rule.bySecond, rule.byMinute, rule.byHour, byDay, byMonthDay, byYearDay, byWeekNumber, rule.byMonth];
  refuse(
    bySetPosition.length > 0 && selects.every((list) => list.length === 0),
    "has BYSETPOS without another BY part to choose from",
  );
  const timesOfDay = [rule.byHour, rule.byMinute, rule.bySecond].reduce((n, list) => n * Math.max(list.length, 1), 1);
  refuse(
    !isFinerThan(frequency, "DAILY") && timesOfDay > MAX_TIMES_OF_DAY,
    `names ${timesOfDay} times of a day, at most ${MAX_TIMES_OF_DAY} are taken: use FREQ=MINUTELY or FREQ=SECONDLY`,
  );
}

class RuleParts {
  readonly #parts = new Map<string, string>();

  constructor(text: string) {
    for (const part of text
      .trim()
      .replace(/^RRULE:/i, "")
      .split(";")) {
      const match = /^\s*([A-Za-z]+)=(\S+)\s*$/.exec(part);
      if (match === null) throw new Error(`has "${part}" where NAME=VALUE is needed`);
      const name = (match[1] ?? "").toUpperCase();
      if (this.#parts.has(name)) throw new Error(`has ${name} twice`);
      this.#parts.set(name, (match[2] ?? "").toUpperCase());
    }
  }

  take(name: string): string | undefined {
    const value = this.#parts.get(name);
    this.#parts.delete(name);
    return value;
  }

  takeInteger(name: string, max: number): number | undefined {
    const value = this.take(name);
    return value === undefined ? undefined : readInteger(name, value, 1, max);
  }

  /** Sorted, each value once. */
  takeList(name: string, min: number, max: number): number[] {
    const value = this.take(name);
    if (value === undefined) return [];
    const numbers = value.split(",").map((text) => readInteger(name, text, min, max));
    return [...new Set(numbers)].toSorted((a, b) => a - b);
  }

  takeSignedList(name: string, max: number): number[] {
    const numbers = this.takeList(name, -max, max);
    if (numbers.includes(0)) throw new Error(`has 0 in ${name}, which counts from 1 or from -1`);
    return numbers;
  }

  takeDays(): RuleDay[] {
    const value = this.take("BYDAY");
    if (value === undefined) return [];
    return value.split(",").map((text) => {
      const match = /^([+-]?\d{1,2})?([A-Z]{2})$/.exec(text);
      const weekday = WEEKDAYS.indexOf(match?.[2] ?? "");
      if (match === null || weekday < 0) throw new Error(`has "${text}" in BYDAY, which takes MO, 1MO or -1MO`);
      if (match[1] === undefined) return { weekday };
      const nth = readInteger("BYDAY", match[1], -53, 53);
      if (nth === 0) throw new Error("has 0 in BYDAY, which counts from 1 or from -1");
      return { weekday, nth };
    });
  }

  takeWeekStart(): number {
    const weekday = WEEKDAYS.indexOf(this.take("WKST") ?? "MO");
    if (weekday < 0) throw new Error(`has a WKST that is none of ${WEEKDAYS.join(", ")}`);
    return weekday;
  }

  takeUntil(): Until | undefined {
    const value = this.take("UNTIL");
    if (value === undefined) return undefined;
    const match = /^(\d{4})(\d{2})(\d{2})(?:T([01]\d|2[0-3])([0-5]\d)([0-5]\d)(Z)?)?$/.exec(value);
    const day = match === null ? null : parseDay(`${match[1]}-${match[2]}-${match[3]}`);
    if (match === null || day === null) {
      throw new Error(`has UNTIL=${value}, which must be a real YYYYMMDD, YYYYMMDDTHHMMSS or YYYYMMDDTHHMMSSZ`);
    }
    // A bare date includes its whole day.
    if (match[4] === undefined) return { kind: "wall", wall: (day + 1) * DAY_MS - SECOND_MS };
    const timeOfDay = ((Number(match[4]) * 60 + Number(match[5])) * 60 + Number(match[6])) * SECOND_MS;
    const time = day * DAY_MS + timeOfDay;
    return match[7] === "Z" ? { kind: "instant", at: time } : { kind: "wall", wall: time };
  }

  refuseRest(): void {
    for (const name of this.#parts.keys()) throw new Error(`has ${name}, which is no part of a recurrence rule`);
  }
}

function readInteger(name: string, text: string, min: number, max: number): number {
  const number = /^[+-]?\d{1,7}$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= min && number <= max)) throw new Error(`has "${text}" in ${name}, which takes ${min} to ${max}`);
  return number;
}

/** The parts that a rule leaves to its DTSTART, said: `FREQ=WEEKLY` from a Tuesday 9:30 is `BYDAY=TU;BYHOUR=9;BYMINUTE=30`. */
export function completeFromStart(rule: RecurrenceRule, startWall: number): RecurrenceRule {
  const start = new Date(startWall);
  const fill = (given: readonly number[], finerThan: Frequency, value: number): readonly number[] =>
    given.length > 0 || !isFinerThan(finerThan, rule.frequency) ? given : [value];
  return {
    ...rule,
    ...missingDayParts(rule, start),
    byHour: fill(rule.byHour, "HOURLY", start.getUTCHours()),
    byMinute: fill(rule.byMinute, "MINUTELY", start.getUTCMinutes()),
    bySecond: fill(rule.bySecond, "SECONDLY", start.getUTCSeconds()),
  };
}

function missingDayParts(rule: RecurrenceRule, start: Date): Partial<RecurrenceRule> {
  const weekday = [{ weekday: start.getUTCDay() }];
  const namesDays = [rule.byDay, rule.byMonthDay, rule.byYearDay].some((list) => list.length > 0);
  if (namesDays) return {};
  if (rule.byWeekNumber.length > 0) return { byDay: weekday };
  switch (rule.frequency) {
    case "WEEKLY":
      return { byDay: weekday };
    case "MONTHLY":
      return { byMonthDay: [start.getUTCDate()] };
    case "YEARLY":
      return {
        byMonth: rule.byMonth.length > 0 ? rule.byMonth : [start.getUTCMonth() + 1],
        byMonthDay: [start.getUTCDate()],
      };
    default:
      return {};
  }
}
