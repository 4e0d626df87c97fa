import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nextDueTime } from "../../../../src/domain/schedule/next.ts";
import { dueTimesBetween, previewDueTimes } from "../../../../src/domain/schedule/preview.ts";
import type { Schedule, Timing } from "../../../../src/domain/schedule/schedule.ts";
import { zoneOf } from "../../../../src/domain/schedule/zone.ts";
import { at, cron, every, rrule, scheduleOf } from "./schedules.ts";

const RUNS = { seed: 20260308 };
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const timeZone = fc.constantFrom(
  "UTC",
  "America/New_York",
  "Europe/Berlin",
  "Australia/Lord_Howe",
  "Asia/Shanghai",
  "Africa/Casablanca",
  "America/St_Johns",
  "Asia/Kathmandu",
  "Pacific/Apia",
);
const policies = fc.record({
  gapPolicy: fc.constantFrom("SKIP" as const, "RUN_AFTER" as const),
  foldPolicy: fc.constantFrom("ONCE" as const, "TWICE" as const),
});
const hour = fc.integer({ min: 0, max: 23 });
const minute = fc.integer({ min: 0, max: 59 });
const instant = fc.integer({ min: at("1985-01-01T00:00Z"), max: at("2036-01-01T00:00Z") });

/** An instant from within three days of where the offset of a zone changes, which is where mistakes live. */
function nearChange(zone: string, near: number): number {
  let span = zoneOf(zone).spanAt(near);
  for (let passed = 0; passed < 6 && span.offsetMs === span.previousOffsetMs; passed += 1) {
    span = zoneOf(zone).spanAt(span.endAt);
  }
  return span.startAt - 2 * DAY + (near % DAY);
}

const cronText = fc.oneof(
  fc.tuple(minute, hour).map(([m, h]) => `${m} ${h} * * *`),
  fc.tuple(minute, hour, hour).map(([m, h, other]) => `${m} ${h},${other} * * *`),
  fc.constantFrom(
    "*/15 * * * *",
    "0 */3 * * *",
    "30 0-4 * * *",
    "20,40 0 2 * * *",
    "0 0 L * *",
    "0 12 * * MON#2",
    "15 2 * * SUN",
  ),
);
const timing: fc.Arbitrary<Timing> = fc.oneof(
  fc.array(cronText, { minLength: 1, maxLength: 3 }).map((lines) => cron(...lines)),
  fc
    .tuple(fc.integer({ min: 1000, max: 2 * DAY }), fc.nat())
    .map(([intervalMs, phase]) => every(intervalMs, phase % intervalMs)),
  fc.integer({ min: 1000, max: 2 * DAY }).map((intervalMs) => every(intervalMs)),
  fc
    .constantFrom(
      "FREQ=HOURLY",
      "FREQ=DAILY",
      "FREQ=WEEKLY;BYDAY=SU,MO;BYHOUR=2",
      "FREQ=MINUTELY;INTERVAL=7;BYHOUR=1,2",
      "FREQ=DAILY;COUNT=4",
    )
    .map(rrule),
);
const schedule: fc.Arbitrary<{ schedule: Schedule; after: number }> = fc
  .record({
    timing,
    timeZone,
    policies,
    near: instant,
    days: fc.option(fc.integer({ min: 1, max: 40 })),
    excludedHour: hour,
    isExcluding: fc.boolean(),
  })
  .map(({ timing: drawn, timeZone: zone, policies: chosen, near, days, excludedHour, isExcluding }) => {
    const after = nearChange(zone, near);
    return {
      after,
      schedule: scheduleOf(drawn, {
        ...chosen,
        timeZone: zone,
        anchorAt: after - HOUR,
        startAt: days === null ? undefined : after + 12 * HOUR,
        endAt: days === null ? undefined : after + 12 * HOUR + days * DAY,
        excludedDates: isExcluding ? [reading(zone, after + DAY).date] : [],
        exclusions: isExcluding ? [cron(`* ${excludedHour} * * *`)] : [],
      }),
    };
  });

const formats = new Map<string, Intl.DateTimeFormat>();

/** What a clock in the zone shows: the second source for every claim here, and the only one that knows no spans. */
function reading(zone: string, instantAt: number): { date: string; hour: number; minute: number } {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "short" });
    formats.set(zone, format);
  }
  const [date = "", time = ""] = format.format(instantAt).split(" ");
  return { date, hour: Number(time.slice(0, 2)), minute: Number(time.slice(3, 5)) };
}

describe("due times of any schedule", () => {
  test("strictly increase, each named once, within start and end, never inside an exclusion", () => {
    fc.assert(
      fc.property(schedule, ({ schedule: drawn, after }) => {
        let previous = after;
        for (const dueAt of previewDueTimes(drawn, after, 15)) {
          expect(dueAt).toBeGreaterThan(previous);
          expect(dueAt).toBeGreaterThanOrEqual(drawn.startAt ?? dueAt);
          expect(dueAt).toBeLessThan(drawn.endAt ?? dueAt + 1);
          const shown = reading(drawn.timeZone, dueAt);
          expect(drawn.excludedDates).not.toContain(shown.date);
          expect(drawn.exclusions).not.toContainEqual(cron(`* ${shown.hour} * * *`));
          previous = dueAt;
        }
      }),
      { ...RUNS, numRuns: 300 },
    );
  });

  test("are the same from wherever between two of them one asks", () => {
    fc.assert(
      fc.property(schedule, fc.double({ min: 0, max: 1, noNaN: true }), ({ schedule: drawn, after }, share) => {
        const times = previewDueTimes(drawn, after, 8);
        times.slice(1).forEach((dueAt, position) => {
          const previous = times[position] ?? after;
          const between = previous + Math.floor((dueAt - 1 - previous) * share);
          expect(nextDueTime(drawn, between)).toBe(dueAt);
          expect(nextDueTime(drawn, dueAt - 1)).toBe(dueAt);
          expect(nextDueTime({ ...drawn }, previous)).toBe(dueAt);
        });
      }),
      { ...RUNS, numRuns: 200 },
    );
  });

  test("in a range are those of a preview, and truncated ones can be asked on for", () => {
    fc.assert(
      fc.property(schedule, fc.integer({ min: 1, max: 6 }), ({ schedule: drawn, after }, limit) => {
        const expected = previewDueTimes(drawn, after, 12);
        const toAt = (expected.at(-1) ?? after) + 1;
        const collected: number[] = [];
        let fromAt = after + 1;
        for (;;) {
          const { times, truncated } = dueTimesBetween(drawn, fromAt, toAt, limit);
          collected.push(...times);
          if (!truncated) break;
          fromAt = (times.at(-1) ?? toAt) + 1;
        }
        expect(collected).toEqual(expected);
      }),
      { ...RUNS, numRuns: 100 },
    );
  });
});

/** The minutes of three days around a change of offset, as a clock shows them. */
function minutesAround(zone: string, near: number) {
  const fromAt = Math.floor(nearChange(zone, near) / MINUTE) * MINUTE;
  const shown = Array.from({ length: (4 * DAY) / MINUTE }, (_, position) => {
    const minuteAt = fromAt + position * MINUTE;
    return { minuteAt, ...reading(zone, minuteAt) };
  });
  return { fromAt, toAt: fromAt + 4 * DAY, shown };
}

describe("cron against a clock read minute by minute", () => {
  test("a fixed time is due where the clock shows it, at the first showing or at both", () => {
    fc.assert(
      fc.property(
        timeZone,
        instant,
        hour,
        minute,
        fc.constantFrom("ONCE" as const, "TWICE" as const),
        (zone, near, h, m, foldPolicy) => {
          const { fromAt, toAt, shown } = minutesAround(zone, near);
          const showings = shown.filter((one) => one.hour === h && one.minute === m);
          const expected = showings.filter(
            ({ date }, position) => foldPolicy === "TWICE" || showings[position - 1]?.date !== date,
          );
          const drawn = scheduleOf(cron(`${m} ${h} * * *`), { timeZone: zone, foldPolicy });
          // The first day may have shown the time before the window, so it is left to the others.
          const firstDay = shown[0]?.date;
          const found = dueTimesBetween(drawn, fromAt, toAt, 100).times.filter(
            (dueAt) => reading(zone, dueAt).date !== firstDay,
          );
          expect(found).toEqual(expected.filter(({ date }) => date !== firstDay).map(({ minuteAt }) => minuteAt));
        },
      ),
      { ...RUNS, numRuns: 60 },
    );
  });

  test("with RUN_AFTER a fixed time is due on every day of the calendar that has an instant, and right after its gap", () => {
    fc.assert(
      fc.property(
        timeZone.filter((zone) => zone !== "Pacific/Apia"),
        instant,
        hour,
        minute,
        (zone, near, h, m) => {
          const { fromAt, toAt, shown } = minutesAround(zone, near);
          const wholeDays = [...new Set(shown.map(({ date }) => date))].slice(1, -1);
          const drawn = scheduleOf(cron(`${m} ${h} * * *`), { timeZone: zone, gapPolicy: "RUN_AFTER" });
          const times = dueTimesBetween(drawn, fromAt, toAt, 100).times;
          for (const date of wholeDays) {
            const due = times.filter((dueAt) => reading(zone, dueAt).date === date);
            expect(due).toHaveLength(1);
            const [dueAt = 0] = due;
            const now = reading(zone, dueAt);
            const before = reading(zone, dueAt - 1);
            const isShown = now.hour === h && now.minute === m;
            const wanted = h * 60 + m;
            const isSwallowed =
              now.hour * 60 + now.minute > wanted &&
              (before.date !== date || before.hour * 60 + before.minute < wanted);
            expect(isShown || isSwallowed).toBe(true);
          }
        },
      ),
      { ...RUNS, numRuns: 60 },
    );
  });

  test("a stretch of time is due at every minute that the clock shows and it names, whatever the policies", () => {
    fc.assert(
      fc.property(timeZone, instant, fc.constantFrom(5, 15, 20), policies, (zone, near, step, chosen) => {
        const { fromAt, toAt, shown } = minutesAround(zone, near);
        const drawn = scheduleOf(cron(`*/${step} * * * *`), { timeZone: zone, ...chosen });
        const expected = shown.filter((one) => one.minute % step === 0).map(({ minuteAt }) => minuteAt);
        expect(dueTimesBetween(drawn, fromAt, toAt, 5000).times).toEqual(expected);
      }),
      { ...RUNS, numRuns: 40 },
    );
  });
});
