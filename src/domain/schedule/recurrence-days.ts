import { DAY_MS, dayOf, daysInMonth, isLeapYear, modulo, weekdayOf, type MonthDays } from "./calendar.ts";
import type { RecurrenceRule } from "./recurrence-rule.ts";

/**
 * The days that a rule allows: those that pass each of its BY parts and lie in a period that its INTERVAL takes, counted
 * from the period of `startDay`. The parts must be complete (`completeFromStart`).
 *
 * BYWEEKNO counts weeks as ISO 8601 does, begun on WKST; the days of week 1 that lie in December belong to it too.
 */
export function ruleDays(rule: RecurrenceRule, startDay: number): MonthDays {
  const takesMonth = monthFilter(rule, startDay);
  const filters = dayFilters(rule, startDay);
  let knownMonth = Number.NaN;
  let knownDays = 0;
  return (year, month) => {
    if (!takesMonth(year, month)) return 0;
    const asked = year * 12 + month;
    if (asked !== knownMonth) {
      knownMonth = asked;
      knownDays = markDays(year, month, filters);
    }
    return knownDays;
  };
}

interface RuleDate {
  readonly day: number;
  readonly year: number;
  readonly month: number;
  readonly dayOfMonth: number;
}

type DayFilter = (date: RuleDate) => boolean;

function markDays(year: number, month: number, filters: readonly DayFilter[]): number {
  const first = dayOf(year, month, 1);
  let days = 0;
  for (let dayOfMonth = 1; dayOfMonth <= daysInMonth(year, month); dayOfMonth += 1) {
    const date = { day: first + dayOfMonth - 1, year, month, dayOfMonth };
    if (filters.every((passes) => passes(date))) days |= 1 << (dayOfMonth - 1);
  }
  return days;
}

/** Passes over whole months cheaply: those that BYMONTH leaves out, or that lie between two periods of the interval. */
function monthFilter(rule: RecurrenceRule, startDay: number): (year: number, month: number) => boolean {
  const start = new Date(startDay * DAY_MS);
  const startYear = start.getUTCFullYear();
  const startMonth = startYear * 12 + start.getUTCMonth() + 1;
  return (year, month) => {
    if (rule.byMonth.length > 0 && !rule.byMonth.includes(month)) return false;
    if (rule.frequency === "YEARLY") return modulo(year - startYear, rule.interval) === 0;
    if (rule.frequency === "MONTHLY") return modulo(year * 12 + month - startMonth, rule.interval) === 0;
    return true;
  };
}

function dayFilters(rule: RecurrenceRule, startDay: number): DayFilter[] {
  const filters: DayFilter[] = [];
  if (rule.frequency === "WEEKLY" && rule.interval > 1) {
    const startWeek = weekBegin(startDay, rule.weekStart) / 7;
    filters.push(({ day }) => modulo(weekBegin(day, rule.weekStart) / 7 - startWeek, rule.interval) === 0);
  }
  if (rule.frequency === "DAILY" && rule.interval > 1) {
    filters.push(({ day }) => modulo(day - startDay, rule.interval) === 0);
  }
  if (rule.byMonthDay.length > 0) {
    filters.push((date) => names(rule.byMonthDay, date.dayOfMonth, daysInMonth(date.year, date.month)));
  }
  if (rule.byYearDay.length > 0) {
    filters.push(({ day, year }) => names(rule.byYearDay, day - dayOf(year, 1, 1) + 1, daysInYear(year)));
  }
  if (rule.byWeekNumber.length > 0) {
    filters.push(({ day, year }) => {
      const week = weekOf(day, year, rule.weekStart);
      return names(rule.byWeekNumber, week.number, week.weeksInYear);
    });
  }
  if (rule.byDay.length > 0) filters.push((date) => rule.byDay.some((wanted) => isWanted(wanted, date, rule)));
  return filters;
}

function isWanted(wanted: RecurrenceRule["byDay"][number], date: RuleDate, rule: RecurrenceRule): boolean {
  if (weekdayOf(date.day) !== wanted.weekday) return false;
  if (wanted.nth === undefined) return true;
  const countsInMonth = rule.frequency === "MONTHLY" || rule.byMonth.length > 0;
  const position = countsInMonth ? date.dayOfMonth : date.day - dayOf(date.year, 1, 1) + 1;
  const length = countsInMonth ? daysInMonth(date.year, date.month) : daysInYear(date.year);
  return wanted.nth > 0
    ? Math.ceil(position / 7) === wanted.nth
    : Math.ceil((length - position + 1) / 7) === -wanted.nth;
}

/** Whether a list with positions from the start (1, 2 …) and from the end (-1, -2 …) names `position` of `length`. */
function names(list: readonly number[], position: number, length: number): boolean {
  return list.includes(position) || list.includes(position - length - 1);
}

function daysInYear(year: number): number {
  return isLeapYear(year) ? 366 : 365;
}

/** The first day of the week that `day` lies in. */
export function weekBegin(day: number, weekStart: number): number {
  return day - modulo(weekdayOf(day) - weekStart, 7);
}

interface WeekOfYear {
  readonly number: number;
  readonly weeksInYear: number;
}

function weekOf(day: number, year: number, weekStart: number): WeekOfYear {
  const first = firstWeek(year, weekStart);
  if (day < first) return weekOf(day, year - 1, weekStart);
  const nextFirst = firstWeek(year + 1, weekStart);
  if (day >= nextFirst) return weekOf(day, year + 1, weekStart);
  return { number: Math.floor((day - first) / 7) + 1, weeksInYear: (nextFirst - first) / 7 };
}

/** The begin of week 1, which holds January 4: the first week with four days in the year. */
function firstWeek(year: number, weekStart: number): number {
  return weekBegin(dayOf(year, 1, 4), weekStart);
}
