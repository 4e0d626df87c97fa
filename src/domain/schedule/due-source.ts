/** What one timing names as due, before start, end and exclusions of its schedule are looked at. */
import { BoundedCache } from "./bounded-cache.ts";
import { SECOND_MS, modulo } from "./calendar.ts";
import { compileCron } from "./cron-line.ts";
import { parseRecurrenceRule, type RecurrenceRule } from "./recurrence-rule.ts";
import { recurrencePattern } from "./recurrence.ts";
import type { Schedule, Timing } from "./schedule.ts";
import { nextInstant, type WallClock, type WallPattern } from "./wall-pattern.ts";
import { zoneOf } from "./zone.ts";

/** The first due time strictly after `afterAt`, or null. Only fixed delay looks at `lastEndedAt`. */
export type DueSource = (afterAt: number, lastEndedAt?: number) => number | null;

/** What a timing takes from the schedule it stands in. */
export type TimingContext = Pick<Schedule, "timeZone" | "anchorAt" | "gapPolicy" | "foldPolicy">;

const rules = new BoundedCache<DueSource>(1024);

/** @throws Error or RangeError when the timing would not pass `validateSchedule`. */
export function dueSource(timing: Timing, context: TimingContext): DueSource {
  switch (timing.kind) {
    case "immediate":
      return onceAt(context.anchorAt);
    case "manual":
      return () => null;
    case "at":
      return onceAt(timing.at);
    case "every":
      if (timing.fixedDelay) return everyAfterEnd(timing.intervalMs, context.anchorAt);
      return everyFrom(timing.phaseMs ?? context.anchorAt, timing.intervalMs);
    case "cron":
      return anyOf(timing.expressions.map(compileCron), wallClockOf(context));
    case "rrule": {
      const key = [timing.rule, context.timeZone, context.anchorAt, context.gapPolicy, context.foldPolicy];
      return rules.get(JSON.stringify(key), () => ruleSource(parseRecurrenceRule(timing.rule), context));
    }
  }
}

export function wallClockOf(context: TimingContext): WallClock {
  return { zone: zoneOf(context.timeZone), gapPolicy: context.gapPolicy, foldPolicy: context.foldPolicy };
}

function onceAt(at: number): DueSource {
  return (afterAt) => (at > afterAt ? at : null);
}

/** All `originAt + k × interval`, before the origin too, so that a time before the creation can be backfilled. */
function everyFrom(originAt: number, intervalMs: number): DueSource {
  return (afterAt) => afterAt + intervalMs - modulo(afterAt - originAt, intervalMs);
}

/**
 * One interval after the last end. When that has passed without a new end (the due time was missed, or skipped), the
 * schedule goes on in whole intervals from there instead of standing still for ever.
 */
function everyAfterEnd(intervalMs: number, anchorAt: number): DueSource {
  return (afterAt, lastEndedAt = anchorAt) =>
    everyFrom(lastEndedAt, intervalMs)(Math.max(afterAt, lastEndedAt), lastEndedAt);
}

function anyOf(lines: readonly WallPattern[], clock: WallClock): DueSource {
  return (afterAt) => {
    let earliest: number | null = null;
    for (const line of lines) {
      const at = nextInstant(line, clock, afterAt);
      if (at !== null && (earliest === null || at < earliest)) earliest = at;
    }
    return earliest;
  };
}

/**
 * DTSTART is the anchor, rounded up to the whole seconds that rules are made of. COUNT counts due times from there, so a
 * time that the gap policy leaves out is not counted (RFC 5545, 3.3.10), and times that the schedule excludes are.
 */
function ruleSource(rule: RecurrenceRule, context: TimingContext): DueSource {
  const clock = wallClockOf(context);
  const startAt = Math.ceil(context.anchorAt / SECOND_MS) * SECOND_MS;
  const pattern = recurrencePattern(rule, wallAt(clock, startAt));
  const next: DueSource = (afterAt) => nextInstant(pattern, clock, Math.max(afterAt, startAt - 1));
  const { until } = rule;
  const counted = rule.count === undefined ? next : countedSource(next, rule.count, startAt);
  return (afterAt) => {
    const at = counted(afterAt);
    if (at === null || until === undefined) return at;
    const isOver = until.kind === "instant" ? at > until.at : wallAt(clock, at) > until.wall;
    return isOver ? null : at;
  };
}

/**
 * The first `count` due times of `next`. Counting goes on from where it stood, and only as far as it is asked: a rule
 * that fires once a year is not counted through millennia.
 */
function countedSource(next: DueSource, count: number, startAt: number): DueSource {
  let counted = 0;
  let lastCountedAt = startAt - 1;
  return (afterAt) => {
    const at = next(afterAt);
    while (at !== null && lastCountedAt < at) {
      const following = counted < count ? next(lastCountedAt) : null;
      if (following === null) return null;
      lastCountedAt = following;
      counted += 1;
    }
    return at;
  };
}

function wallAt(clock: WallClock, at: number): number {
  return at + clock.zone.spanAt(at).offsetMs;
}
