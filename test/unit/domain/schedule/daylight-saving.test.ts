/** Expected instants were worked out by hand from the tz database's rules, not taken from any program. */
import { describe, expect, test } from "vitest";
import { previewDueTimes } from "../../../../src/domain/schedule/preview.ts";
import type { FoldPolicy, GapPolicy, Timing } from "../../../../src/domain/schedule/schedule.ts";
import { at, cron, rrule, scheduleOf, utc } from "./schedules.ts";

interface Claim {
  readonly claim: string;
  readonly timing: Timing;
  readonly gapPolicy?: GapPolicy;
  readonly foldPolicy?: FoldPolicy;
  readonly after: string;
  readonly due: readonly string[];
}

function claims(timeZone: string, table: readonly Claim[]): void {
  describe(timeZone, () => {
    test.each(table)("$claim", ({ timing, gapPolicy = "SKIP", foldPolicy = "ONCE", after, due }) => {
      const schedule = scheduleOf(timing, { timeZone, anchorAt: at(after), gapPolicy, foldPolicy });
      expect(utc(previewDueTimes(schedule, at(after), due.length))).toEqual(due);
    });
  });
}

// 2026-03-08 02:00 EST (-5) becomes 03:00 EDT (-4) at 07:00Z; 2026-11-01 02:00 EDT becomes 01:00 EST at 06:00Z.
claims("America/New_York", [
  {
    claim: "SKIP leaves out a time in the gap",
    timing: cron("30 2 * * *"),
    after: "2026-03-07T00:00Z",
    due: ["2026-03-07T07:30Z", "2026-03-09T06:30Z", "2026-03-10T06:30Z"],
  },
  {
    claim: "RUN_AFTER makes a time in the gap due at the first instant after it",
    timing: cron("30 2 * * *"),
    gapPolicy: "RUN_AFTER",
    after: "2026-03-07T00:00Z",
    due: ["2026-03-07T07:30Z", "2026-03-08T07:00Z", "2026-03-09T06:30Z"],
  },
  {
    claim: "RUN_AFTER runs once for several times in one gap",
    timing: cron("0,15,30 2 * * *", "45 2 * * *"),
    gapPolicy: "RUN_AFTER",
    after: "2026-03-07T08:00Z",
    due: ["2026-03-08T07:00Z", "2026-03-09T06:00Z"],
  },
  {
    claim: "a time in the gap on a day that the expression does not name is not made up for",
    timing: cron("30 2 * * MON"),
    gapPolicy: "RUN_AFTER",
    after: "2026-03-07T00:00Z",
    due: ["2026-03-09T06:30Z"],
  },
  {
    claim: "ONCE takes the first of two times in the fold",
    timing: cron("30 1 * * *"),
    after: "2026-10-31T06:00Z",
    due: ["2026-11-01T05:30Z", "2026-11-02T06:30Z"],
  },
  {
    claim: "TWICE takes both times in the fold",
    timing: cron("30 1 * * *"),
    foldPolicy: "TWICE",
    after: "2026-10-31T06:00Z",
    due: ["2026-11-01T05:30Z", "2026-11-01T06:30Z", "2026-11-02T06:30Z"],
  },
  {
    claim: "asked between the two times of a fold, ONCE is done with the day",
    timing: cron("30 1 * * *"),
    after: "2026-11-01T05:45Z",
    due: ["2026-11-02T06:30Z"],
  },
  {
    claim: "TWICE takes the second time also when the next one is a year away",
    timing: cron("30 1 1 11 *"),
    foldPolicy: "TWICE",
    after: "2026-11-01T05:30Z",
    due: ["2026-11-01T06:30Z", "2027-11-01T05:30Z"],
  },
  {
    claim: "the moment that ends the fold is shown once, so ONCE takes it",
    timing: cron("0 2 * * *"),
    after: "2026-10-31T12:00Z",
    due: ["2026-11-01T07:00Z", "2026-11-02T07:00Z"],
  },
  {
    claim: "a list of hours is fixed times too",
    timing: cron("30 1,2 * * *"),
    after: "2026-11-01T04:00Z",
    due: ["2026-11-01T05:30Z", "2026-11-01T07:30Z", "2026-11-02T06:30Z"],
  },
  {
    claim: "a wildcard hour goes on evenly through the fold, also with ONCE",
    timing: cron("*/30 * * * *"),
    after: "2026-11-01T05:00Z",
    due: ["2026-11-01T05:30Z", "2026-11-01T06:00Z", "2026-11-01T06:30Z", "2026-11-01T07:00Z"],
  },
  {
    claim: "a wildcard hour goes on evenly over the gap, also with RUN_AFTER",
    timing: cron("20 * * * *"),
    gapPolicy: "RUN_AFTER",
    after: "2026-03-08T05:20Z",
    due: ["2026-03-08T06:20Z", "2026-03-08T07:20Z"],
  },
  {
    claim: "a range of hours has no times in the gap",
    timing: cron("30 0-3 * * *"),
    gapPolicy: "RUN_AFTER",
    after: "2026-03-08T05:00Z",
    due: ["2026-03-08T05:30Z", "2026-03-08T06:30Z", "2026-03-08T07:30Z", "2026-03-09T04:30Z"],
  },
  {
    claim: "each line has its own kind: fixed at 1:30 once, every half hour of every hour twice",
    timing: cron("15 1 * * *", "45 * * * *"),
    after: "2026-11-01T05:00Z",
    due: ["2026-11-01T05:15Z", "2026-11-01T05:45Z", "2026-11-01T06:45Z", "2026-11-01T07:45Z"],
  },
  {
    claim: "a daily rule skips the gap",
    timing: rrule("FREQ=DAILY;BYHOUR=2;BYMINUTE=30;BYSECOND=0"),
    after: "2026-03-07T00:00Z",
    due: ["2026-03-07T07:30Z", "2026-03-09T06:30Z"],
  },
  {
    claim: "a daily rule runs after the gap",
    timing: rrule("FREQ=DAILY;BYHOUR=2;BYMINUTE=30;BYSECOND=0"),
    gapPolicy: "RUN_AFTER",
    after: "2026-03-07T12:00Z",
    due: ["2026-03-08T07:00Z", "2026-03-09T06:30Z"],
  },
  {
    claim: "a daily rule keeps its time on the clock and not its distance",
    timing: rrule("FREQ=DAILY;BYHOUR=8;BYMINUTE=0;BYSECOND=0"),
    after: "2026-10-31T00:00Z",
    due: ["2026-10-31T12:00Z", "2026-11-01T13:00Z"],
  },
  {
    claim: "an hourly rule goes through both halves of the fold",
    timing: rrule("FREQ=HOURLY;BYMINUTE=30;BYSECOND=0"),
    after: "2026-11-01T05:00Z",
    due: ["2026-11-01T05:30Z", "2026-11-01T06:30Z", "2026-11-01T07:30Z"],
  },
]);

// 2026-03-29 02:00 CET (+1) becomes 03:00 CEST (+2) at 01:00Z; 2026-10-25 03:00 CEST becomes 02:00 CET at 01:00Z.
claims("Europe/Berlin", [
  {
    claim: "SKIP leaves out the first moment of the gap",
    timing: cron("0 2 * * *"),
    after: "2026-03-28T02:00Z",
    due: ["2026-03-30T00:00Z"],
  },
  {
    claim: "the first moment after the gap is no time in the gap",
    timing: cron("0 3 * * *"),
    after: "2026-03-28T12:00Z",
    due: ["2026-03-29T01:00Z", "2026-03-30T01:00Z"],
  },
  {
    claim: "RUN_AFTER does not double a time that is due right after the gap anyway",
    timing: cron("0 2,3 * * *"),
    gapPolicy: "RUN_AFTER",
    after: "2026-03-28T12:00Z",
    due: ["2026-03-29T01:00Z", "2026-03-30T00:00Z", "2026-03-30T01:00Z"],
  },
  {
    claim: "ONCE on the first moment of the fold",
    timing: cron("0 2 * * *"),
    after: "2026-10-24T12:00Z",
    due: ["2026-10-25T00:00Z", "2026-10-26T01:00Z"],
  },
  {
    claim: "TWICE on the first moment of the fold",
    timing: cron("0 2 * * *"),
    foldPolicy: "TWICE",
    after: "2026-10-24T12:00Z",
    due: ["2026-10-25T00:00Z", "2026-10-25T01:00Z", "2026-10-26T01:00Z"],
  },
  {
    claim: "the moment that ends the fold is shown once, so TWICE takes it once",
    timing: cron("0 3 * * *"),
    foldPolicy: "TWICE",
    after: "2026-10-24T12:00Z",
    due: ["2026-10-25T02:00Z", "2026-10-26T02:00Z"],
  },
  {
    claim: "seconds in the fold, both times in order",
    timing: cron("59 59 2 * * *"),
    foldPolicy: "TWICE",
    after: "2026-10-24T12:00Z",
    due: ["2026-10-25T00:59:59Z", "2026-10-25T01:59:59Z", "2026-10-26T01:59:59Z"],
  },
]);

// Half an hour of daylight saving. 2026-04-05 02:00 (+11) becomes 01:30 (+10:30) at 15:00Z on the 4th;
// 2026-10-04 02:00 (+10:30) becomes 02:30 (+11) at 15:30Z on the 3rd.
claims("Australia/Lord_Howe", [
  {
    claim: "ONCE in a fold of half an hour",
    timing: cron("45 1 * * *"),
    after: "2026-04-04T00:00Z",
    due: ["2026-04-04T14:45Z", "2026-04-05T15:15Z"],
  },
  {
    claim: "TWICE in a fold of half an hour",
    timing: cron("45 1 * * *"),
    foldPolicy: "TWICE",
    after: "2026-04-04T00:00Z",
    due: ["2026-04-04T14:45Z", "2026-04-04T15:15Z", "2026-04-05T15:15Z"],
  },
  {
    claim: "TWICE does not repeat the half hour that the fold does not",
    timing: cron("15 1 * * *"),
    foldPolicy: "TWICE",
    after: "2026-04-04T00:00Z",
    due: ["2026-04-04T14:15Z", "2026-04-05T14:45Z"],
  },
  {
    claim: "SKIP in a gap of half an hour",
    timing: cron("15 2 * * *"),
    after: "2026-10-02T00:00Z",
    due: ["2026-10-02T15:45Z", "2026-10-04T15:15Z"],
  },
  {
    claim: "RUN_AFTER in a gap of half an hour",
    timing: cron("15 2 * * *"),
    gapPolicy: "RUN_AFTER",
    after: "2026-10-02T00:00Z",
    due: ["2026-10-02T15:45Z", "2026-10-03T15:30Z", "2026-10-04T15:15Z"],
  },
  {
    claim: "the half hour after the gap is there",
    timing: cron("45 2 * * *"),
    after: "2026-10-03T00:00Z",
    due: ["2026-10-03T15:45Z", "2026-10-04T15:45Z"],
  },
]);

// No daylight saving today. 1986-05-04 02:00 (+8) became 03:00 (+9) at 18:00Z on the 3rd; 1986-09-14 02:00 (+9)
// became 01:00 (+8) at 17:00Z on the 13th.
claims("Asia/Shanghai", [
  {
    claim: "eight in the morning is midnight UTC, all year",
    timing: cron("0 8 * * *"),
    after: "2026-03-07T00:00Z",
    due: ["2026-03-08T00:00Z", "2026-03-09T00:00Z"],
  },
  {
    claim: "SKIP in the gap of 1986",
    timing: cron("30 2 * * *"),
    after: "1986-05-02T00:00Z",
    due: ["1986-05-02T18:30Z", "1986-05-04T17:30Z"],
  },
  {
    claim: "RUN_AFTER in the gap of 1986",
    timing: cron("30 2 * * *"),
    gapPolicy: "RUN_AFTER",
    after: "1986-05-02T00:00Z",
    due: ["1986-05-02T18:30Z", "1986-05-03T18:00Z", "1986-05-04T17:30Z"],
  },
  {
    claim: "TWICE in the fold of 1986",
    timing: cron("30 1 * * *"),
    foldPolicy: "TWICE",
    after: "1986-09-13T00:00Z",
    due: ["1986-09-13T16:30Z", "1986-09-13T17:30Z", "1986-09-14T17:30Z"],
  },
]);

// Samoa crossed the date line: the instant 2011-12-30T10:00Z ended the 29th (-10) and began the 31st (+14).
claims("Pacific/Apia", [
  {
    claim: "SKIP leaves out the day that never was",
    timing: cron("0 8 * * *"),
    after: "2011-12-29T00:00Z",
    due: ["2011-12-29T18:00Z", "2011-12-30T18:00Z"],
  },
  {
    claim: "RUN_AFTER makes up for the day that never was, once, at the first instant of the next",
    timing: cron("0 8,12 * * *"),
    gapPolicy: "RUN_AFTER",
    after: "2011-12-29T20:00Z",
    due: ["2011-12-29T22:00Z", "2011-12-30T10:00Z", "2011-12-30T18:00Z", "2011-12-30T22:00Z"],
  },
  {
    claim: "a 30th that never was is no 30th",
    timing: cron("0 8 30 * *"),
    after: "2011-11-01T00:00Z",
    due: ["2011-11-30T18:00Z", "2012-01-29T18:00Z"],
  },
  {
    claim: "every six hours of the clock, with a day missing between",
    timing: cron("0 */6 * * *"),
    after: "2011-12-29T22:30Z",
    due: ["2011-12-30T04:00Z", "2011-12-30T10:00Z", "2011-12-30T16:00Z"],
  },
  {
    claim: "a yearly rule on the day that never was waits for the next year",
    timing: rrule("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=30;BYHOUR=8;BYMINUTE=0;BYSECOND=0"),
    after: "2010-12-30T00:00Z",
    due: ["2010-12-30T18:00Z", "2012-12-29T18:00Z"],
  },
]);

describe("counted rules and daylight saving", () => {
  const rule = rrule("FREQ=DAILY;BYHOUR=2;BYMINUTE=30;BYSECOND=0;COUNT=3");
  const newYork = { timeZone: "America/New_York", anchorAt: at("2026-03-07T00:00Z") };

  test("a time that the gap leaves out is not counted", () => {
    const times = previewDueTimes(scheduleOf(rule, newYork), newYork.anchorAt, 10);
    expect(utc(times)).toEqual(["2026-03-07T07:30Z", "2026-03-09T06:30Z", "2026-03-10T06:30Z"]);
  });

  test("a time that runs after the gap is counted", () => {
    const schedule = scheduleOf(rule, { ...newYork, gapPolicy: "RUN_AFTER" });
    const times = previewDueTimes(schedule, newYork.anchorAt, 10);
    expect(utc(times)).toEqual(["2026-03-07T07:30Z", "2026-03-08T07:00Z", "2026-03-09T06:30Z"]);
  });
});
