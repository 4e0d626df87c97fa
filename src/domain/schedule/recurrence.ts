/**
 * A recurrence rule as a pattern of wall times. COUNT and UNTIL are not applied here: they speak of due times, and what
 * is due is known only once the zone's gaps and folds are (`due-source.ts`).
 *
 * The search never walks from DTSTART: a period of the rule is found by arithmetic, so a rule that began years ago costs
 * the same as one that began today.
 */
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, dayOf, monthOf, nextMarkedDay, type MonthDays } from "./calendar.ts";
import { ruleDays, weekBegin } from "./recurrence-days.ts";
import { completeFromStart, isFinerThan, type RecurrenceRule } from "./recurrence-rule.ts";
import type { WallPattern } from "./wall-pattern.ts";

/** A rule finer than a day that meets its own BY parts less often than once in so many tries is taken to be never due. */
const MAX_TRIES = 500_000;
/** A rule with BYSETPOS that selects nothing for as long as the calendar takes to repeat itself never will. */
const MAX_DAYS_AHEAD = 146_097;

/** @param startWall the rule's DTSTART on the wall clock, in whole seconds; nothing before it is named. */
export function recurrencePattern(rule: RecurrenceRule, startWall: number): WallPattern {
  const complete = completeFromStart(rule, startWall);
  const days = ruleDays(complete, Math.floor(startWall / DAY_MS));
  const nextFrom = finder(complete, days, startWall);
  return {
    // As with cron: a rule that does not say which hours of the day it means is a stretch of time.
    isInterval: isFinerThan(rule.frequency, "DAILY") && rule.byHour.length === 0,
    nextWall: (wall) => nextFrom(Math.max((Math.floor(wall / SECOND_MS) + 1) * SECOND_MS, startWall)),
  };
}

/** Finds the first named wall time at or after one in whole seconds. */
type Finder = (from: number) => number | null;

function finder(rule: RecurrenceRule, days: MonthDays, startWall: number): Finder {
  switch (rule.frequency) {
    case "SECONDLY":
      return unitFinder(rule, days, startWall, SECOND_MS, [0]);
    case "MINUTELY":
      return unitFinder(rule, days, startWall, MINUTE_MS, select(rule, scaled(rule.bySecond, SECOND_MS)));
    case "HOURLY": {
      const times = sums(scaled(rule.byMinute, MINUTE_MS), scaled(rule.bySecond, SECOND_MS));
      return unitFinder(rule, days, startWall, HOUR_MS, select(rule, times));
    }
    case "DAILY":
      return dayFinder(days, select(rule, timesOfDay(rule)));
    default:
      return rule.bySetPosition.length === 0
        ? dayFinder(days, timesOfDay(rule))
        : periodFinder(rule, days, timesOfDay(rule));
  }
}

function timesOfDay(rule: RecurrenceRule): number[] {
  const hoursAndMinutes = sums(scaled(rule.byHour, HOUR_MS), scaled(rule.byMinute, MINUTE_MS));
  return sums(hoursAndMinutes, scaled(rule.bySecond, SECOND_MS));
}

function dayFinder(days: MonthDays, times: readonly number[]): Finder {
  const [firstTime] = times;
  return (from) => {
    if (firstTime === undefined) return null;
    const fromDay = Math.floor(from / DAY_MS);
    const day = nextMarkedDay(fromDay, days);
    if (day === null) return null;
    if (day > fromDay) return day * DAY_MS + firstTime;
    const time = firstAtOrAfter(times, from - day * DAY_MS);
    if (time !== undefined) return day * DAY_MS + time;
    const laterDay = nextMarkedDay(day + 1, days);
    return laterDay === null ? null : laterDay * DAY_MS + firstTime;
  };
}

/** Weeks, months and years with BYSETPOS, which picks from all the times of one period. */
function periodFinder(rule: RecurrenceRule, days: MonthDays, times: readonly number[]): Finder {
  return (from) => {
    const fromDay = Math.floor(from / DAY_MS);
    let day = nextMarkedDay(periodOf(rule, fromDay).begin, days);
    while (day !== null && day <= fromDay + MAX_DAYS_AHEAD) {
      const { end } = periodOf(rule, day);
      const found: number[] = [];
      for (; day !== null && day < end; day = nextMarkedDay(day + 1, days)) found.push(day);
      // Only the chosen ones of a year's times are made.
      for (const position of setPositions(rule, found.length * times.length)) {
        const chosen = (found[Math.floor(position / times.length)] ?? 0) * DAY_MS;
        const wall = chosen + (times[position % times.length] ?? 0);
        if (wall >= from) return wall;
      }
    }
    return null;
  };
}

function periodOf(rule: RecurrenceRule, day: number): { begin: number; end: number } {
  if (rule.frequency === "WEEKLY") {
    const begin = weekBegin(day, rule.weekStart);
    return { begin, end: begin + 7 };
  }
  const { year, month } = monthOf(day);
  if (rule.frequency === "MONTHLY") return { begin: dayOf(year, month, 1), end: dayOf(year, month + 1, 1) };
  return { begin: dayOf(year, 1, 1), end: dayOf(year + 1, 1, 1) };
}

/** Hours, minutes and seconds: steps of INTERVAL units on the wall clock, each holding `times`. */
function unitFinder(
  rule: RecurrenceRule,
  days: MonthDays,
  startWall: number,
  unitMs: number,
  times: readonly number[],
): Finder {
  const origin = Math.floor(startWall / unitMs) * unitMs;
  const stepMs = rule.interval * unitMs;
  const stepAtOrAfter = (wall: number): number => origin + Math.ceil((wall - origin) / stepMs) * stepMs;
  return (from) => {
    let unit = stepAtOrAfter(Math.floor(from / unitMs) * unitMs);
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const allowed = nextAllowed(rule, days, unit, unitMs);
      if (allowed === null) return null;
      if (allowed > unit) {
        unit = stepAtOrAfter(allowed);
        continue;
      }
      const time = firstAtOrAfter(times, from - unit);
      if (time !== undefined) return unit + time;
      unit += stepMs;
    }
    return null;
  };
}

/** The first wall time at or after `unit` at which the parts coarser than the unit, and the unit's own, allow anything. */
function nextAllowed(rule: RecurrenceRule, days: MonthDays, unit: number, unitMs: number): number | null {
  const today = Math.floor(unit / DAY_MS);
  const day = nextMarkedDay(today, days);
  if (day === null || day > today) return day === null ? null : day * DAY_MS;
  const hourAllowed = nextListed(rule.byHour, HOUR_MS, unit, DAY_MS);
  if (hourAllowed > unit || unitMs === HOUR_MS) return hourAllowed;
  const minuteAllowed = nextListed(rule.byMinute, MINUTE_MS, unit, HOUR_MS);
  if (minuteAllowed > unit || unitMs === MINUTE_MS) return minuteAllowed;
  return nextListed(rule.bySecond, SECOND_MS, unit, MINUTE_MS);
}

/** `wall` itself when `list` (of units in `cycleMs`) holds its unit, or is empty; else where its next unit begins. */
function nextListed(list: readonly number[], unitMs: number, wall: number, cycleMs: number): number {
  if (list.length === 0) return wall;
  const cycle = Math.floor(wall / cycleMs) * cycleMs;
  const current = Math.floor((wall - cycle) / unitMs);
  const next = firstAtOrAfter(list, current);
  if (next === current) return wall;
  return next === undefined ? cycle + cycleMs : cycle + next * unitMs;
}

function select(rule: RecurrenceRule, times: readonly number[]): readonly number[] {
  if (rule.bySetPosition.length === 0) return times;
  return setPositions(rule, times.length).map((position) => times[position] ?? 0);
}

/** BYSETPOS as sorted positions from 0 in a set of `size`. */
function setPositions(rule: RecurrenceRule, size: number): number[] {
  const positions = rule.bySetPosition.map((position) => (position > 0 ? position - 1 : size + position));
  return [...new Set(positions)].filter((position) => position >= 0 && position < size).toSorted((a, b) => a - b);
}

function scaled(list: readonly number[], unitMs: number): number[] {
  return list.map((value) => value * unitMs);
}

function sums(coarse: readonly number[], fine: readonly number[]): number[] {
  return coarse.flatMap((start) => fine.map((part) => start + part));
}

function firstAtOrAfter(sorted: readonly number[], value: number): number | undefined {
  return sorted.find((candidate) => candidate >= value);
}
