/**
 * One cron expression. croner reads and checks the text (its dialect is ours, see `compileCron`); the search for wall
 * times runs here, on croner's parsed fields, because it has to know nothing of time zones (`wall-pattern.ts` does) and
 * because it is some twenty times faster than stepping croner's dates.
 */
import { CronPattern } from "croner";
import { BoundedCache } from "./bounded-cache.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, dayOf, daysInMonth, nextMarkedDay, weekdayOf } from "./calendar.ts";
import type { WallPattern } from "./wall-pattern.ts";

export interface CronLine extends WallPattern {
  /**
   * The length of the whole units of wall time that the expression names: a minute for five fields, a second for six,
   * and an hour or a day when every smaller field is full (`* 9 * * *` names whole hours). An exclusion covers them.
   */
  readonly unitMs: number;
}

/** Bits of croner's day-of-week field: the first five say which occurrence in the month, the sixth the last one. */
const LAST_OCCURRENCE = 32;

const cronLines = new BoundedCache<CronLine>(2048);

/**
 * Compiles one expression: five fields (minute, hour, day of month, month, day of week) or six (second first), or one of
 * `@hourly`, `@daily`, `@midnight`, `@weekly`, `@monthly`, `@yearly`, `@annually`.
 *
 * Lists, ranges, steps on `*` or a range, names (`JAN`, `MON`), `?` for `*`, 7 for Sunday. Day of month: `L` the last,
 * `15W` the weekday nearest to the 15th within the month, `LW` the last weekday. Day of week: `MON#2` the second Monday,
 * `FRI#L` or `FRIL` the last Friday. When both day fields are set, a day is due when EITHER matches (`0 0 13 * FRI`); a
 * leading `+` on the day of week asks for both (`0 0 13 * +FRI`).
 *
 * @throws Error with a sentence about what is wrong with the text.
 */
export function compileCron(expression: string): CronLine {
  return cronLines.get(expression, () => new CronerLine(readPattern(expression)));
}

function readPattern(expression: string): CronPattern {
  const fieldCount = expression.trim().split(/\s+/).length;
  if (fieldCount !== 5 && fieldCount !== 6 && !expression.trim().startsWith("@")) {
    throw new Error(
      `has ${expression.trim() === "" ? 0 : fieldCount} fields, needs 5 (minute first) or 6 (second first)`,
    );
  }
  try {
    return new CronPattern(expression, "UTC", { mode: "5-or-6-parts" });
  } catch (error) {
    const problem = error instanceof Error ? error.message.replace(/^CronPattern: /, "") : String(error);
    throw new Error(problem, { cause: error });
  }
}

class CronerLine implements CronLine {
  readonly isInterval: boolean;
  readonly unitMs: number;
  readonly #seconds: readonly number[];
  readonly #minutes: readonly number[];
  readonly #hours: readonly number[];
  readonly #fields: CronPattern;
  /** The month asked about last, and its days: searches mostly stay within a month. */
  #knownMonth = Number.NaN;
  #knownDays = 0;

  constructor(fields: CronPattern) {
    // croner keeps a flag for each of 10,000 years, which five and six fields never use.
    fields.year = [];
    this.#fields = fields;
    this.#seconds = setPositions(fields.second);
    this.#minutes = setPositions(fields.minute);
    this.#hours = setPositions(fields.hour);
    const texts = fields.pattern.trim().split(/\s+/);
    this.isInterval = /[*?/-]/.test(texts[texts.length - 4] ?? "");
    this.unitMs = this.#unitMs(texts.length);
  }

  nextWall(wall: number): number | null {
    const from = (Math.floor(wall / SECOND_MS) + 1) * SECOND_MS;
    const fromDay = Math.floor(from / DAY_MS);
    const day = nextMarkedDay(fromDay, this.#monthDays);
    if (day === null) return null;
    const timeOfDay = this.#nextTimeOfDay(day === fromDay ? from - day * DAY_MS : 0);
    if (timeOfDay !== null) return day * DAY_MS + timeOfDay;
    const laterDay = nextMarkedDay(day + 1, this.#monthDays);
    return laterDay === null ? null : laterDay * DAY_MS + (this.#nextTimeOfDay(0) ?? 0);
  }

  #nextTimeOfDay(from: number): number | null {
    for (const hour of this.#hours) {
      const hourStart = hour * HOUR_MS;
      if (hourStart + HOUR_MS <= from) continue;
      for (const minute of this.#minutes) {
        const minuteStart = hourStart + minute * MINUTE_MS;
        if (minuteStart + MINUTE_MS <= from) continue;
        for (const second of this.#seconds) {
          if (minuteStart + second * SECOND_MS >= from) return minuteStart + second * SECOND_MS;
        }
      }
    }
    return null;
  }

  readonly #monthDays = (year: number, month: number): number => {
    if (!this.#fields.month[month - 1]) return 0;
    const asked = year * 12 + month;
    if (asked !== this.#knownMonth) {
      this.#knownMonth = asked;
      this.#knownDays = this.#findDays(year, month);
    }
    return this.#knownDays;
  };

  #findDays(year: number, month: number): number {
    const { starDOM, starDOW, useAndLogic } = this.#fields;
    const byDate = this.#daysByDate(year, month);
    if (starDOW) return byDate;
    const byWeekday = this.#daysByWeekday(year, month);
    return useAndLogic || starDOM ? byDate & byWeekday : byDate | byWeekday;
  }

  #daysByDate(year: number, month: number): number {
    const fields = this.#fields;
    const lastDay = daysInMonth(year, month);
    let days = 0;
    for (let dayOfMonth = 1; dayOfMonth <= lastDay; dayOfMonth += 1) {
      if (fields.day[dayOfMonth - 1]) days |= bit(dayOfMonth);
      if (fields.nearestWeekdays[dayOfMonth - 1]) days |= bit(nearestWeekday(year, month, dayOfMonth));
    }
    if (fields.lastDayOfMonth) days |= bit(lastDay);
    if (fields.lastWeekday) days |= bit(nearestWeekday(year, month, lastDay));
    return days;
  }

  #daysByWeekday(year: number, month: number): number {
    const lastDay = daysInMonth(year, month);
    const first = dayOf(year, month, 1);
    let days = 0;
    for (let dayOfMonth = 1; dayOfMonth <= lastDay; dayOfMonth += 1) {
      const occurrences = this.#fields.dayOfWeek[weekdayOf(first + dayOfMonth - 1)] ?? 0;
      const occurrence = 1 << Math.floor((dayOfMonth - 1) / 7);
      const isLast = dayOfMonth + 7 > lastDay;
      if (occurrences & occurrence || (isLast && occurrences & LAST_OCCURRENCE)) days |= bit(dayOfMonth);
    }
    return days;
  }

  #unitMs(fieldCount: number): number {
    if (fieldCount === 6 && this.#seconds.length < 60) return SECOND_MS;
    if (this.#minutes.length < 60) return MINUTE_MS;
    return this.#hours.length < 24 ? HOUR_MS : DAY_MS;
  }
}

/** The Monday to Friday nearest to a day, within its month. */
function nearestWeekday(year: number, month: number, dayOfMonth: number): number {
  const weekday = weekdayOf(dayOf(year, month, dayOfMonth));
  if (weekday === 6) return dayOfMonth === 1 ? 3 : dayOfMonth - 1;
  if (weekday === 0) return dayOfMonth === daysInMonth(year, month) ? dayOfMonth - 2 : dayOfMonth + 1;
  return dayOfMonth;
}

function bit(dayOfMonth: number): number {
  return 1 << (dayOfMonth - 1);
}

function setPositions(flags: readonly number[]): number[] {
  return flags.flatMap((flag, position) => (flag ? [position] : []));
}
