import { expect, test } from "vitest";
import { describeSchedule } from "../../../../src/domain/schedule/describe.ts";
import type { Schedule } from "../../../../src/domain/schedule/schedule.ts";
import { at, cron, every, rrule, scheduleOf } from "./schedules.ts";

test.each<[string, Schedule]>([
  ["once, at once", scheduleOf({ kind: "immediate" })],
  ["only when triggered", scheduleOf({ kind: "manual" })],
  ["once at 2027-12-01T00:00:00.000Z", scheduleOf({ kind: "at", at: at("2027-12-01T00:00Z") })],
  ["every 30 minutes", scheduleOf(every(1_800_000))],
  ["every 1 hour plus 10 minutes", scheduleOf(every(3_600_000, 600_000))],
  ["every 1 day 1 hour 500 milliseconds", scheduleOf(every(90_000_500, 0))],
  ["5 minutes after each end", scheduleOf({ kind: "every", intervalMs: 300_000, fixedDelay: true })],
  ["cron 0 8 * * * in Asia/Shanghai", scheduleOf(cron("0 8 * * *"), { timeZone: "Asia/Shanghai" })],
  ["cron 0 8 * * * or 0 20 * * * in UTC", scheduleOf(cron("0 8 * * *", "0 20 * * *"))],
  ["rrule FREQ=WEEKLY in UTC, at most 1 time", scheduleOf(rrule("FREQ=WEEKLY"), { maxOccurrences: 1 })],
  [
    "every 1 minute, from 2026-01-01T00:00:00.000Z, until 2027-01-01T00:00:00.000Z, at most 5 times, except on 1 date, except cron * 9 * * * in UTC, each up to 30 seconds later",
    scheduleOf(every(60_000), {
      startAt: at("2026-01-01T00:00Z"),
      endAt: at("2027-01-01T00:00Z"),
      maxOccurrences: 5,
      excludedDates: ["2026-12-25"],
      exclusions: [cron("* 9 * * *")],
      jitterMs: 30_000,
    }),
  ],
])("%s", (expected, schedule) => {
  expect(describeSchedule(schedule)).toBe(expected);
});
