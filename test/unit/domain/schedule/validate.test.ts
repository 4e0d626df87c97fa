import { describe, expect, test } from "vitest";
import type { Schedule } from "../../../../src/domain/schedule/schedule.ts";
import { DEFAULT_SCHEDULE_LIMITS, validateSchedule } from "../../../../src/domain/schedule/validate.ts";
import { at, cron, every, rrule, scheduleOf } from "./schedules.ts";

const daily = cron("0 8 * * *");

function fields(schedule: Schedule): string[] {
  return validateSchedule(schedule).map(({ field }) => field);
}

test.each<[string, Schedule]>([
  ["immediate", scheduleOf({ kind: "immediate" })],
  ["manual, which is never due", scheduleOf({ kind: "manual" })],
  ["a time", scheduleOf({ kind: "at", at: at("2027-12-01T00:00Z") })],
  ["an interval", scheduleOf(every(1_800_000))],
  ["an interval with a phase", scheduleOf(every(1_800_000, 1_799_999))],
  ["a fixed delay", scheduleOf({ kind: "every", intervalMs: 1, fixedDelay: true })],
  ["32 cron lines", scheduleOf(cron(...Array.from({ length: 32 }, (_, minute) => `${minute} 8 L * MON#2`)))],
  ["a rule", scheduleOf(rrule("FREQ=WEEKLY;BYDAY=MO,WE;BYHOUR=8"))],
  [
    "everything else",
    scheduleOf(daily, {
      timeZone: "Asia/Shanghai",
      startAt: at("2026-01-01T00:00Z"),
      endAt: at("2027-01-01T00:00Z"),
      jitterMs: 86_399_999,
      excludedDates: ["2028-02-29"],
      exclusions: [cron("* * * * SAT,SUN"), { kind: "at", at: at("2026-05-01T00:00Z") }],
      maxOccurrences: 1,
    }),
  ],
])("%s has no violation", (_what, schedule) => {
  expect(validateSchedule(schedule)).toEqual([]);
});

describe("a violation names its field", () => {
  test.each<[string, Schedule]>([
    ["cron.expressions[1]", scheduleOf(cron("0 8 * * *", "0 25 * * *"))],
    ["cron.expressions[0]", scheduleOf(cron("0 0 30 2 *"))],
    ["cron.expressions[0]", scheduleOf(cron(""))],
    ["cron.expressions[0]", scheduleOf(cron("0 8 * *"))],
    ["cron.expressions[0]", scheduleOf(cron("0 0 8 * * * 2027"))],
    ["cron.expressions[0]", scheduleOf(cron("2027-01-01T08:00:00"))],
    ["cron.expressions[0]", scheduleOf(cron("@reboot"))],
    ["cron.expressions[0]", scheduleOf(cron(`${"0,".repeat(2000)}0 8 * * *`))],
    ["cron.expressions", scheduleOf(cron())],
    ["cron.expressions", scheduleOf(cron(...Array.from({ length: 33 }, () => "0 8 * * *")))],
    ["timeZone", scheduleOf(daily, { timeZone: "Asia/Peking" })],
    ["timeZone", scheduleOf(daily, { timeZone: "" })],
    ["every.interval", scheduleOf(every(0))],
    ["every.interval", scheduleOf(every(-1000))],
    ["every.interval", scheduleOf(every(0.5))],
    ["every.phase", scheduleOf(every(1000, 1000))],
    ["every.phase", scheduleOf(every(1000, -1))],
    ["every.phase", scheduleOf({ kind: "every", intervalMs: 1000, phaseMs: 0, fixedDelay: true })],
    ["at.time", scheduleOf({ kind: "at", at: at("1899-12-31T00:00Z") })],
    ["rrule.rule", scheduleOf(rrule("FREQ=DAILY;BYHOUR=24"))],
    ["rrule.rule", scheduleOf(rrule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"))],
    ["rrule.rule", scheduleOf(rrule(`FREQ=DAILY;BYHOUR=${"8,".repeat(1020)}8`))],
    ["rrule.rule", scheduleOf(rrule("FREQ=DAILY;UNTIL=20251231"))],
    ["endTime", scheduleOf(daily, { startAt: at("2026-01-01T00:00Z"), endAt: at("2026-01-01T00:00Z") })],
    ["endTime", scheduleOf(daily, { startAt: at("2026-01-01T09:00Z"), endAt: at("2026-01-01T10:00Z") })],
    ["endTime", scheduleOf({ kind: "at", at: at("2026-01-01T00:00Z") }, { endAt: at("2026-01-01T00:00Z") })],
    ["startTime", scheduleOf(daily, { startAt: Number.NaN })],
    ["jitter", scheduleOf(daily, { jitterMs: -1 })],
    ["jitter", scheduleOf(daily, { jitterMs: 86_400_000 })],
    ["jitter", scheduleOf(daily, { jitterMs: Number.NaN })],
    ["maxOccurrences", scheduleOf(daily, { maxOccurrences: 0 })],
    ["maxOccurrences", scheduleOf(daily, { maxOccurrences: 1.5 })],
    ["excludedDates[2]", scheduleOf(daily, { excludedDates: ["2026-01-01", "2026-01-02", "2026-02-29"] })],
    ["excludedDates[0]", scheduleOf(daily, { excludedDates: ["2026-1-1"] })],
    ["excludedDates", scheduleOf(daily, { excludedDates: Array.from({ length: 1001 }, () => "2026-01-01") })],
    ["excludedDates", scheduleOf({ kind: "at", at: at("2026-05-01T12:00Z") }, { excludedDates: ["2026-05-01"] })],
    ["exclusions[0].cron.expressions[0]", scheduleOf(daily, { exclusions: [cron("nonsense")] })],
    ["exclusions[1].rrule.rule", scheduleOf(daily, { exclusions: [cron("* 9 * * *"), rrule("FREQ=NEVER")] })],
    ["exclusions[0].every.interval", scheduleOf(daily, { exclusions: [every(0)] })],
    [
      "exclusions[0].every.fixedDelay",
      scheduleOf(daily, { exclusions: [{ kind: "every", intervalMs: 1, fixedDelay: true }] }),
    ],
    ["exclusions[0].manual", scheduleOf(daily, { exclusions: [{ kind: "manual" }] })],
    ["endTime", scheduleOf({ kind: "manual" }, { startAt: at("2026-01-02T00:00Z"), endAt: at("2026-01-01T00:00Z") })],
    ["exclusions[0].immediate", scheduleOf(daily, { exclusions: [{ kind: "immediate" }] })],
    ["exclusions", scheduleOf(daily, { exclusions: Array.from({ length: 33 }, () => cron("0 9 * * *")) })],
    ["exclusions", scheduleOf(daily, { exclusions: [cron("* * * * *")] })],
  ])("%s", (field, schedule) => {
    expect(fields(schedule)).toEqual([field]);
  });
});

test("every broken rule is told, not just the first", () => {
  const schedule = scheduleOf(cron("x", "0 8 * * *", "y"), { timeZone: "Nowhere", jitterMs: -1 });
  expect(fields(schedule)).toEqual(["timeZone", "cron.expressions[0]", "cron.expressions[2]", "jitter"]);
});

test("the description repeats the text and says what is wrong with it", () => {
  const [violation] = validateSchedule(scheduleOf(cron("0 8 * *")));
  expect(violation?.description).toBe('"0 8 * *": has 4 fields, needs 5 (minute first) or 6 (second first).');
});

test("the limits can be set", () => {
  const limits = { ...DEFAULT_SCHEDULE_LIMITS, maxExpressions: 1 };
  expect(validateSchedule(scheduleOf(cron("0 8 * * *", "0 9 * * *")), limits)).toHaveLength(1);
});
