/**
 * The proleptic Gregorian calendar of a wall clock, without any time zone.
 *
 * A *wall time* is a number: the milliseconds since 1970-01-01T00:00:00 as the clock on the wall counts them. It reads
 * like an instant in UTC and is none until a time zone is put on it. A *day* is the number of whole days in it, so day 0
 * is Thursday 1970-01-01. Months count from 1, weekdays from 0 (Sunday).
 */

export const SECOND_MS = 1000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** Schedules live from here … */
export const EARLIEST_AT = Date.UTC(1900, 0, 1);
/** … up to here (exclusive): the last instants that a protobuf Timestamp can say. */
export const LATEST_AT = Date.UTC(9999, 11, 31);

/** The Gregorian calendar repeats itself, weekdays included, after this many years: what is not found in them never comes. */
const CALENDAR_CYCLE_YEARS = 400;

export interface Month {
  readonly year: number;
  readonly month: number;
}

export function dayOf(year: number, month: number, dayOfMonth: number): number {
  return Date.UTC(year, month - 1, dayOfMonth) / DAY_MS;
}

export function monthOf(day: number): Month {
  const date = new Date(day * DAY_MS);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1 };
}

export function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeapYear(year) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

export function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

export function weekdayOf(day: number): number {
  return modulo(day + 4, 7);
}

/** The remainder that is never negative. */
export function modulo(value: number, modulus: number): number {
  const remainder = value % modulus;
  return remainder < 0 ? remainder + modulus : remainder;
}

/** `YYYY-MM-DD` as a day, or null when the text is no day of the calendar (`2026-02-30`). */
export function parseDay(text: string): number | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (match === null) return null;
  const [year, month, dayOfMonth] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (year < 1900 || month < 1 || month > 12) return null;
  return dayOfMonth >= 1 && dayOfMonth <= daysInMonth(year, month) ? dayOf(year, month, dayOfMonth) : null;
}

/** Which days of a month are meant: bit 0 is the 1st. A month without any is skipped whole. */
export type MonthDays = (year: number, month: number) => number;

/** The first day at or after `fromDay` that `monthDays` marks, or null when the whole calendar holds none. */
export function nextMarkedDay(fromDay: number, monthDays: MonthDays): number | null {
  let { year, month } = monthOf(fromDay);
  const lastYear = year + CALENDAR_CYCLE_YEARS;
  let firstOfMonth = dayOf(year, month, 1);
  let alreadyPast = fromDay - firstOfMonth;
  while (year <= lastYear) {
    const marked = (monthDays(year, month) >>> alreadyPast) << alreadyPast;
    if (marked !== 0) return firstOfMonth + lowestBit(marked);
    firstOfMonth += daysInMonth(year, month);
    alreadyPast = 0;
    month += 1;
    if (month > 12) {
      month = 1;
      year += 1;
    }
  }
  return null;
}

function lowestBit(mask: number): number {
  return 31 - Math.clz32(mask & -mask);
}
