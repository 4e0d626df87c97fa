import { describe, expect, test } from "vitest";
import { nextDueTime } from "../../../../src/domain/schedule/next.ts";
import { previewDueTimes } from "../../../../src/domain/schedule/preview.ts";
import type { Schedule } from "../../../../src/domain/schedule/schedule.ts";
import { at, cron, every, rrule, scheduleOf, utc } from "./schedules.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function due(schedule: Schedule, after: string, count = 3): string[] {
  return utc(previewDueTimes(schedule, at(after), count));
}

describe("manual", () => {
  test("is never due by itself", () => {
    expect(due(scheduleOf({ kind: "manual" }), "1900-01-01T00:00Z")).toEqual([]);
  });
});

describe("immediate and at (R-091)", () => {
  test("immediate is due once, at the anchor", () => {
    const schedule = scheduleOf({ kind: "immediate" }, { anchorAt: at("2026-05-01T12:00Z") });
    expect(due(schedule, "2026-05-01T11:00Z")).toEqual(["2026-05-01T12:00Z"]);
    expect(due(schedule, "2026-05-01T12:00Z")).toEqual([]);
  });

  test("at is due once, at its time", () => {
    const schedule = scheduleOf({ kind: "at", at: at("2027-12-01T08:00:00+08:00") });
    expect(due(schedule, "2026-05-01T11:00Z")).toEqual(["2027-12-01T00:00Z"]);
    expect(due(schedule, "2027-12-01T00:00Z")).toEqual([]);
  });
});

describe("every (R-091, R-097)", () => {
  test("without a phase, counts from the anchor", () => {
    const schedule = scheduleOf(every(30 * MINUTE), { anchorAt: at("2026-01-01T00:07Z") });
    expect(due(schedule, "2026-01-01T00:07Z")).toEqual(["2026-01-01T00:37Z", "2026-01-01T01:07Z", "2026-01-01T01:37Z"]);
  });

  test("names times before the anchor too, so that they can be backfilled", () => {
    const schedule = scheduleOf(every(30 * MINUTE), { anchorAt: at("2026-01-01T00:07Z") });
    expect(due(schedule, "2025-12-31T22:50Z")).toEqual(["2025-12-31T23:07Z", "2025-12-31T23:37Z", "2026-01-01T00:07Z"]);
  });

  test("with a phase, counts from 1970 and the phase", () => {
    const schedule = scheduleOf(every(HOUR, 10 * MINUTE), { anchorAt: at("2026-01-01T00:07Z") });
    expect(due(schedule, "2026-01-01T00:07Z")).toEqual(["2026-01-01T00:10Z", "2026-01-01T01:10Z", "2026-01-01T02:10Z"]);
  });

  test("phase 0 is a phase", () => {
    const schedule = scheduleOf(every(HOUR, 0), { anchorAt: at("2026-01-01T00:07Z") });
    expect(due(schedule, "2026-01-01T00:07Z", 1)).toEqual(["2026-01-01T01:00Z"]);
  });

  test("with a phase, times before 1970 are right too", () => {
    expect(due(scheduleOf(every(HOUR, 10 * MINUTE)), "1969-12-31T22:30Z", 2)).toEqual([
      "1969-12-31T23:10Z",
      "1970-01-01T00:10Z",
    ]);
  });

  test("is a distance in real time, whatever the zone's clock does", () => {
    const schedule = scheduleOf(every(12 * HOUR), { anchorAt: at("2026-03-08T00:00Z"), timeZone: "America/New_York" });
    expect(due(schedule, "2026-03-08T00:00Z", 2)).toEqual(["2026-03-08T12:00Z", "2026-03-09T00:00Z"]);
  });
});

describe("fixed delay", () => {
  const anchorAt = at("2026-01-01T00:00Z");
  const schedule = scheduleOf({ kind: "every", intervalMs: 5 * MINUTE, fixedDelay: true }, { anchorAt });
  const next = (after: string, lastEnded?: string): string[] => {
    const dueAt = nextDueTime(schedule, at(after), lastEnded === undefined ? undefined : at(lastEnded));
    return dueAt === null ? [] : utc([dueAt]);
  };

  test("is first due one interval after the anchor", () => {
    expect(next("2026-01-01T00:00Z")).toEqual(["2026-01-01T00:05Z"]);
    expect(next("2025-12-31T00:00Z")).toEqual(["2026-01-01T00:05Z"]);
  });

  test("is due one interval after the last end, however long the instance took", () => {
    expect(next("2026-01-01T00:05Z", "2026-01-01T02:13:20Z")).toEqual(["2026-01-01T02:18:20Z"]);
  });

  test("does not stand still when its due time passed without a new end", () => {
    expect(next("2026-01-01T02:18:20Z", "2026-01-01T02:13:20Z")).toEqual(["2026-01-01T02:23:20Z"]);
    expect(next("2026-01-01T03:00Z", "2026-01-01T02:13:20Z")).toEqual(["2026-01-01T03:03:20Z"]);
  });
});

describe("several cron lines (R-091)", () => {
  test("a time that two lines name is due once", () => {
    const schedule = scheduleOf(cron("0 8 * * *", "0 8,20 * * *", "30 9 * * *"));
    expect(due(schedule, "2026-01-01T00:00Z", 4)).toEqual([
      "2026-01-01T08:00Z",
      "2026-01-01T09:30Z",
      "2026-01-01T20:00Z",
      "2026-01-02T08:00Z",
    ]);
  });

  test("a line that names nothing does not silence the others", () => {
    expect(due(scheduleOf(cron("0 0 30 2 *", "0 8 * * *")), "2026-01-01T00:00Z", 1)).toEqual(["2026-01-01T08:00Z"]);
  });
});

describe("start and end", () => {
  const range = { startAt: at("2026-01-02T08:00Z"), endAt: at("2026-01-04T08:00Z") };

  test("the start is inclusive and the end exclusive", () => {
    expect(due(scheduleOf(cron("0 8 * * *"), range), "2026-01-01T00:00Z", 9)).toEqual([
      "2026-01-02T08:00Z",
      "2026-01-03T08:00Z",
    ]);
    expect(due(scheduleOf(every(24 * HOUR, 8 * HOUR), range), "2026-01-01T00:00Z", 9)).toEqual([
      "2026-01-02T08:00Z",
      "2026-01-03T08:00Z",
    ]);
  });

  test("asked after the start, the start does not come again", () => {
    expect(due(scheduleOf(cron("0 8 * * *"), range), "2026-01-02T08:00Z", 9)).toEqual(["2026-01-03T08:00Z"]);
  });

  test("a single time outside of them is not due", () => {
    expect(due(scheduleOf({ kind: "at", at: at("2026-01-02T07:59Z") }, range), "2026-01-01T00:00Z")).toEqual([]);
    expect(due(scheduleOf({ kind: "at", at: at("2026-01-04T08:00Z") }, range), "2026-01-01T00:00Z")).toEqual([]);
  });

  test("nothing is due from the end of the year 9999 on", () => {
    expect(due(scheduleOf(cron("0 0 * * *")), "9999-12-29T12:00Z", 9)).toEqual(["9999-12-30T00:00Z"]);
    expect(nextDueTime(scheduleOf(every(HOUR)), Number.POSITIVE_INFINITY)).toBeNull();
  });

  test("asked from before all time, the search begins in 1900", () => {
    expect(nextDueTime(scheduleOf(cron("0 0 1 1 *")), Number.NEGATIVE_INFINITY)).toBe(at("1900-01-01T00:00Z"));
  });
});

describe("excluded dates", () => {
  test("cover the day on the zone's clock, not the UTC day", () => {
    const schedule = scheduleOf(cron("0 */6 * * *"), { timeZone: "Asia/Shanghai", excludedDates: ["2026-01-02"] });
    expect(due(schedule, "2026-01-01T09:00Z", 3)).toEqual([
      "2026-01-01T10:00Z",
      "2026-01-02T16:00Z",
      "2026-01-02T22:00Z",
    ]);
  });

  test("cover all 25 hours of a day with a fold", () => {
    const schedule = scheduleOf(cron("0 * * * *"), { timeZone: "Europe/Berlin", excludedDates: ["2026-10-25"] });
    expect(due(schedule, "2026-10-24T20:30Z", 2)).toEqual(["2026-10-24T21:00Z", "2026-10-25T23:00Z"]);
  });

  test("cover just the 23 hours of a day with a gap", () => {
    const schedule = scheduleOf(cron("0 * * * *"), {
      timeZone: "Europe/Berlin",
      excludedDates: ["2026-03-29"],
    });
    expect(due(schedule, "2026-03-28T21:30Z", 2)).toEqual(["2026-03-28T22:00Z", "2026-03-29T22:00Z"]);
  });

  test("a run of them is stepped over at once, also every second", () => {
    const excludedDates = Array.from({ length: 28 }, (_, day) => `2026-02-${String(day + 1).padStart(2, "0")}`);
    expect(due(scheduleOf(every(1000), { excludedDates }), "2026-01-31T23:59:58Z", 2)).toEqual([
      "2026-01-31T23:59:59Z",
      "2026-03-01T00:00Z",
    ]);
  });
});

describe("exclusions", () => {
  test("a cron line of full hours covers them, for any timing", () => {
    const schedule = scheduleOf(every(25 * MINUTE), { exclusions: [cron("* 9-16 * * *")] });
    expect(due(schedule, "2026-01-01T08:00Z", 4)).toEqual([
      "2026-01-01T08:20Z",
      "2026-01-01T08:45Z",
      "2026-01-01T17:05Z",
      "2026-01-01T17:30Z",
    ]);
  });

  test("a cron line of five fields covers the whole minute, one of six only the second", () => {
    const seconds = cron("15,45 * * * * *");
    expect(due(scheduleOf(seconds, { exclusions: [cron("1 * * * *")] }), "2026-01-01T00:00:30Z")).toEqual([
      "2026-01-01T00:00:45Z",
      "2026-01-01T00:02:15Z",
      "2026-01-01T00:02:45Z",
    ]);
    expect(due(scheduleOf(seconds, { exclusions: [cron("15 1 * * * *")] }), "2026-01-01T00:00:30Z")).toEqual([
      "2026-01-01T00:00:45Z",
      "2026-01-01T00:01:45Z",
      "2026-01-01T00:02:15Z",
    ]);
  });

  test("a cron line of full days ends with the day, also one that a gap shortened", () => {
    const schedule = scheduleOf(cron("0 * * * *"), {
      timeZone: "Europe/Berlin",
      exclusions: [cron("* * * * SUN")],
    });
    expect(due(schedule, "2026-03-28T21:30Z", 2)).toEqual(["2026-03-28T22:00Z", "2026-03-29T22:00Z"]);
  });

  test("a cron line goes by the clock's reading, so it covers both times of a fold", () => {
    const schedule = scheduleOf(cron("*/30 * * * *"), {
      timeZone: "America/New_York",
      exclusions: [cron("30 1 * * *")],
    });
    expect(due(schedule, "2026-11-01T05:00Z", 3)).toEqual([
      "2026-11-01T06:00Z",
      "2026-11-01T07:00Z",
      "2026-11-01T07:30Z",
    ]);
  });

  test("a time made up for after a gap is excluded by the line that names it", () => {
    const newYork = { timeZone: "America/New_York", gapPolicy: "RUN_AFTER" } as const;
    const schedule = scheduleOf(cron("30 2 * * *"), { ...newYork, exclusions: [cron("30 2 * * SUN")] });
    expect(due(schedule, "2026-03-07T12:00Z", 1)).toEqual(["2026-03-09T06:30Z"]);
  });

  test("an interval, a rule and a single time cover the times that they name", () => {
    const hourly = cron("0 * * * *");
    expect(due(scheduleOf(hourly, { exclusions: [every(2 * HOUR, 0)] }), "2026-01-01T00:30Z")).toEqual([
      "2026-01-01T01:00Z",
      "2026-01-01T03:00Z",
      "2026-01-01T05:00Z",
    ]);
    expect(
      due(
        scheduleOf(hourly, { exclusions: [rrule("FREQ=DAILY;BYHOUR=1,3;BYMINUTE=0;BYSECOND=0")] }),
        "2026-01-01T00:30Z",
      ),
    ).toEqual(["2026-01-01T02:00Z", "2026-01-01T04:00Z", "2026-01-01T05:00Z"]);
    expect(
      due(scheduleOf(hourly, { exclusions: [{ kind: "at", at: at("2026-01-01T01:00Z") }] }), "2026-01-01T00:30Z", 1),
    ).toEqual(["2026-01-01T02:00Z"]);
  });

  test("that leave eleven months out are stepped over", () => {
    const schedule = scheduleOf(cron("* * * * * *"), { exclusions: [cron("* * * JAN-NOV *")] });
    expect(due(schedule, "2026-01-01T00:00Z", 2)).toEqual(["2026-12-01T00:00Z", "2026-12-01T00:00:01Z"]);
  });

  test.each([
    ["by hours", cron("* * * * * *"), cron("* * * * *")],
    ["one by one", cron("*/2 * * * *"), cron("0-58/2 * * * *")],
    ["by an interval", every(1000, 0), every(500, 0)],
    ["by itself", rrule("FREQ=MINUTELY"), rrule("FREQ=MINUTELY")],
  ])("that leave nothing end the search: %s", (_how, timing, exclusion) => {
    expect(nextDueTime(scheduleOf(timing, { exclusions: [exclusion] }), at("2026-01-01T00:00Z"))).toBeNull();
  });
});
