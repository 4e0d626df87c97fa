import fc from "fast-check";
import { DateTime, DtStart, RRule, RRuleSet } from "rrule-rust";
import { describe, expect, test } from "vitest";
import { previewDueTimes } from "../../../../src/domain/schedule/preview.ts";
import { parseRecurrenceRule } from "../../../../src/domain/schedule/recurrence-rule.ts";
import { recurrencePattern } from "../../../../src/domain/schedule/recurrence.ts";
import { at, rrule, scheduleOf, utc } from "./schedules.ts";

function due(rule: string, start: string, count: number): string[] {
  const startAt = at(start);
  return utc(previewDueTimes(scheduleOf(rrule(rule), { anchorAt: startAt }), startAt - 1, count));
}

/** The examples of RFC 5545, 3.8.5.3, whose results the RFC states; its 9 o'clock in New York is 9 o'clock UTC here. */
describe("the examples of RFC 5545, and weeks at the turn of the year", () => {
  const start = "1997-09-02T09:00Z";
  const days = (...list: string[]) => list.map((day) => `${day}T09:00Z`);

  test.each([
    [
      "FREQ=DAILY;INTERVAL=10;COUNT=5",
      start,
      days("1997-09-02", "1997-09-12", "1997-09-22", "1997-10-02", "1997-10-12"),
    ],
    [
      "FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH",
      start,
      days(
        "1997-09-02",
        "1997-09-04",
        "1997-09-09",
        "1997-09-11",
        "1997-09-16",
        "1997-09-18",
        "1997-09-23",
        "1997-09-25",
        "1997-09-30",
        "1997-10-02",
      ),
    ],
    [
      "FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH",
      start,
      days(
        "1997-09-02",
        "1997-09-04",
        "1997-09-16",
        "1997-09-18",
        "1997-09-30",
        "1997-10-02",
        "1997-10-14",
        "1997-10-16",
      ),
    ],
    [
      "FREQ=MONTHLY;COUNT=10;BYDAY=1FR",
      "1997-09-05T09:00Z",
      days(
        "1997-09-05",
        "1997-10-03",
        "1997-11-07",
        "1997-12-05",
        "1998-01-02",
        "1998-02-06",
        "1998-03-06",
        "1998-04-03",
        "1998-05-01",
        "1998-06-05",
      ),
    ],
    [
      "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU",
      "1997-09-07T09:00Z",
      days(
        "1997-09-07",
        "1997-09-28",
        "1997-11-02",
        "1997-11-30",
        "1998-01-04",
        "1998-01-25",
        "1998-03-01",
        "1998-03-29",
        "1998-05-03",
        "1998-05-31",
      ),
    ],
    [
      "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO",
      "1997-09-22T09:00Z",
      days("1997-09-22", "1997-10-20", "1997-11-17", "1997-12-22", "1998-01-19", "1998-02-16"),
    ],
    [
      "FREQ=MONTHLY;BYMONTHDAY=-3",
      "1997-09-28T09:00Z",
      days("1997-09-28", "1997-10-29", "1997-11-28", "1997-12-29", "1998-01-29", "1998-02-26"),
    ],
    [
      "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1",
      "1997-09-30T09:00Z",
      days(
        "1997-09-30",
        "1997-10-01",
        "1997-10-31",
        "1997-11-01",
        "1997-11-30",
        "1997-12-01",
        "1997-12-31",
        "1998-01-01",
        "1998-01-31",
        "1998-02-01",
      ),
    ],
    [
      "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15",
      "1997-09-10T09:00Z",
      days(
        "1997-09-10",
        "1997-09-11",
        "1997-09-12",
        "1997-09-13",
        "1997-09-14",
        "1997-09-15",
        "1999-03-10",
        "1999-03-11",
        "1999-03-12",
        "1999-03-13",
      ),
    ],
    [
      "FREQ=YEARLY;COUNT=10;BYMONTH=6,7",
      "1997-06-10T09:00Z",
      days(
        "1997-06-10",
        "1997-07-10",
        "1998-06-10",
        "1998-07-10",
        "1999-06-10",
        "1999-07-10",
        "2000-06-10",
        "2000-07-10",
        "2001-06-10",
        "2001-07-10",
      ),
    ],
    [
      "FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200",
      "1997-01-01T09:00Z",
      days(
        "1997-01-01",
        "1997-04-10",
        "1997-07-19",
        "2000-01-01",
        "2000-04-09",
        "2000-07-18",
        "2003-01-01",
        "2003-04-10",
        "2003-07-19",
        "2006-01-01",
      ),
    ],
    ["FREQ=YEARLY;BYDAY=20MO", "1997-05-19T09:00Z", days("1997-05-19", "1998-05-18", "1999-05-17")],
    ["FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "1997-05-12T09:00Z", days("1997-05-12", "1998-05-11", "1999-05-17")],
    // Week 53 of 2020 ends on Sunday 2021-01-03, week 52 of 2021 on Sunday 2022-01-02, week 1 of 2020 begins in 2019.
    ["FREQ=YEARLY;BYWEEKNO=53;BYDAY=SU", "2016-01-04T09:00Z", days("2021-01-03", "2027-01-03")],
    ["FREQ=YEARLY;BYWEEKNO=-1;BYDAY=SU", "2021-02-01T09:00Z", days("2022-01-02", "2023-01-01", "2023-12-31")],
    ["FREQ=YEARLY;BYWEEKNO=1;BYDAY=TU", "2019-02-01T09:00Z", days("2019-12-31", "2021-01-05")],
    [
      "FREQ=YEARLY;BYMONTH=3;BYDAY=TH",
      "1997-03-13T09:00Z",
      days("1997-03-13", "1997-03-20", "1997-03-27", "1998-03-05"),
    ],
    [
      "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
      start,
      days("1998-02-13", "1998-03-13", "1998-11-13", "1999-08-13", "2000-10-13"),
    ],
    [
      "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13",
      "1997-09-13T09:00Z",
      days("1997-09-13", "1997-10-11", "1997-11-08", "1997-12-13"),
    ],
    [
      "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
      "1996-11-05T09:00Z",
      days("1996-11-05", "2000-11-07", "2004-11-02"),
    ],
    [
      "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3",
      "1997-09-04T09:00Z",
      days("1997-09-04", "1997-10-07", "1997-11-06"),
    ],
    [
      "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
      "1997-09-29T09:00Z",
      days("1997-09-29", "1997-10-30", "1997-11-27", "1997-12-30"),
    ],
    [
      "FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T170000Z",
      start,
      ["1997-09-02T09:00Z", "1997-09-02T12:00Z", "1997-09-02T15:00Z"],
    ],
    [
      "FREQ=MINUTELY;INTERVAL=90;COUNT=4",
      start,
      ["1997-09-02T09:00Z", "1997-09-02T10:30Z", "1997-09-02T12:00Z", "1997-09-02T13:30Z"],
    ],
    [
      "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
      "1997-08-05T09:00Z",
      days("1997-08-05", "1997-08-10", "1997-08-19", "1997-08-24"),
    ],
    [
      "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU",
      "1997-08-05T09:00Z",
      days("1997-08-05", "1997-08-17", "1997-08-19", "1997-08-31"),
    ],
    [
      "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5",
      "2007-01-15T09:00Z",
      days("2007-01-15", "2007-01-30", "2007-02-15", "2007-03-15", "2007-03-30"),
    ],
  ])("%s from %s", (rule, from, expected) => {
    expect(due(rule, from, expected.length)).toEqual(expected);
    if (/COUNT|UNTIL/.test(rule) && !/COUNT=10/.test(rule)) {
      expect(due(rule, from, expected.length + 1)).toHaveLength(expected.length);
    }
  });

  test("every twenty minutes from 9:00 to 16:40, said by day and said by minute", () => {
    const byDay = due("FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40", start, 60);
    const byMinute = due("FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16", start, 60);
    expect(byDay).toEqual(byMinute);
    expect([byDay[0], byDay[23], byDay[24]]).toEqual(["1997-09-02T09:00Z", "1997-09-02T16:40Z", "1997-09-03T09:00Z"]);
  });
});

describe("a rule's start and end", () => {
  test("what the rule does not say comes from its start", () => {
    expect(due("FREQ=WEEKLY", "2026-01-06T09:30:15Z", 2)).toEqual(["2026-01-06T09:30:15Z", "2026-01-13T09:30:15Z"]);
    expect(due("FREQ=MONTHLY", "2026-01-31T09:30Z", 2)).toEqual(["2026-01-31T09:30Z", "2026-03-31T09:30Z"]);
    expect(due("FREQ=YEARLY", "2028-02-29T09:30Z", 2)).toEqual(["2028-02-29T09:30Z", "2032-02-29T09:30Z"]);
    expect(due("FREQ=YEARLY;BYWEEKNO=20", "2026-01-06T09:30Z", 1)).toEqual(["2026-05-12T09:30Z"]);
  });

  test("a start within a second begins with the next whole one, so that the first time of a count is not lost", () => {
    expect(due("FREQ=DAILY;COUNT=2", "2026-01-06T09:30:15.250Z", 3)).toEqual([
      "2026-01-06T09:30:16Z",
      "2026-01-07T09:30:16Z",
    ]);
  });

  test("the start is read on the zone's clock", () => {
    const anchorAt = at("2026-01-06T23:30Z");
    const schedule = scheduleOf(rrule("FREQ=WEEKLY"), { anchorAt, timeZone: "Asia/Shanghai" });
    expect(utc(previewDueTimes(schedule, anchorAt, 1))).toEqual(["2026-01-13T23:30Z"]);
    const weekdays = scheduleOf(rrule("FREQ=WEEKLY;BYDAY=WE;BYHOUR=0"), { anchorAt, timeZone: "Asia/Shanghai" });
    expect(utc(previewDueTimes(weekdays, anchorAt, 1))).toEqual(["2026-01-13T16:30Z"]);
  });

  test.each([
    ["UNTIL=20260108T093000Z", "an instant, inclusive", 3],
    ["UNTIL=20260108T092959Z", "an instant", 2],
    ["UNTIL=20260108T173000", "a time on the zone's clock, inclusive", 3],
    ["UNTIL=20260108T172959", "a time on the zone's clock", 2],
    ["UNTIL=20260108", "a whole day of the zone", 3],
  ])("%s is %s", (until, _kind, expected) => {
    const anchorAt = at("2026-01-06T09:30Z");
    const schedule = scheduleOf(rrule(`FREQ=DAILY;${until}`), { anchorAt, timeZone: "Asia/Shanghai" });
    expect(previewDueTimes(schedule, anchorAt - 1, 10)).toHaveLength(expected);
  });

  test("a count holds from wherever the schedule is asked", () => {
    const anchorAt = at("2026-01-01T00:00Z");
    const schedule = scheduleOf(rrule("FREQ=DAILY;COUNT=5"), { anchorAt });
    expect(utc(previewDueTimes(schedule, at("2026-01-03T12:00Z"), 9))).toEqual([
      "2026-01-04T00:00Z",
      "2026-01-05T00:00Z",
    ]);
    expect(previewDueTimes(schedule, at("2026-01-05T00:00Z"), 9)).toEqual([]);
    expect(previewDueTimes(schedule, anchorAt - 1, 9)).toHaveLength(5);
  });

  test("a minutely rule finds its hour on a far day", () => {
    // Rules of this shape are where other implementations give up.
    expect(due("FREQ=MINUTELY;BYMONTH=2;BYHOUR=3", "2026-06-15T10:20:30Z", 2)).toEqual([
      "2027-02-01T03:00:30Z",
      "2027-02-01T03:01:30Z",
    ]);
    expect(
      due("FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=29;BYHOUR=3;BYMINUTE=59;BYSECOND=58,59", "2026-06-15T10:20:30Z", 2),
    ).toEqual(["2028-02-29T03:59:58Z", "2028-02-29T03:59:59Z"]);
  });

  test("a rule that never comes to pass ends the search", () => {
    expect(due("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "2026-01-01T00:00Z", 1)).toEqual([]);
    expect(due("FREQ=SECONDLY;INTERVAL=60;BYSECOND=30", "2026-01-01T00:00Z", 1)).toEqual([]);
    expect(due("FREQ=WEEKLY;BYDAY=MO;BYSETPOS=300", "2026-01-01T00:00Z", 1)).toEqual([]);
  });
});

const some = <T>(item: fc.Arbitrary<T>, maxLength = 3) => fc.uniqueArray(item, { minLength: 1, maxLength });
const signed = (max: number) => fc.integer({ min: -max, max }).filter((value) => value !== 0);
const weekday = fc.constantFrom("MO", "TU", "WE", "TH", "FR", "SA", "SU");

function part(name: string, values: fc.Arbitrary<readonly (number | string)[]>): fc.Arbitrary<string> {
  return fc.option(
    values.map((list) => `;${name}=${list.join(",")}`),
    { nil: "", freq: 2 },
  );
}

const timeParts = fc.tuple(
  part("BYHOUR", some(fc.integer({ min: 0, max: 23 }))),
  part("BYMINUTE", some(fc.integer({ min: 0, max: 59 }))),
  part(
    "INTERVAL",
    fc.integer({ min: 1, max: 5 }).map((value) => [value]),
  ),
);

const dayParts = fc.oneof(
  fc.tuple(
    fc.constant("FREQ=DAILY"),
    part("BYMONTH", some(fc.integer({ min: 1, max: 12 }))),
    part("BYDAY", some(weekday)),
    part("BYMONTHDAY", some(signed(31))),
  ),
  fc.tuple(
    fc.constant("FREQ=WEEKLY"),
    part("BYMONTH", some(fc.integer({ min: 1, max: 12 }))),
    part("BYDAY", some(weekday)),
    fc.constantFrom("", ";WKST=SU", ";WKST=WE"),
  ),
  fc.tuple(
    fc.constant("FREQ=MONTHLY"),
    part("BYMONTH", some(fc.integer({ min: 1, max: 12 }))),
    part("BYMONTHDAY", some(signed(31))),
  ),
  fc.tuple(
    fc.constant("FREQ=MONTHLY"),
    some(weekday).map((list) => `;BYDAY=${list.join(",")}`),
    part("BYSETPOS", some(signed(4))),
  ),
  fc.tuple(
    fc.constant("FREQ=MONTHLY"),
    fc.tuple(fc.constantFrom(-2, -1, 1, 2, 4), weekday).map(([nth, day]) => `;BYDAY=${nth}${day}`),
  ),
  fc.tuple(
    fc.constant("FREQ=YEARLY"),
    part("BYMONTH", some(fc.integer({ min: 1, max: 12 }))),
    part("BYMONTHDAY", some(signed(31))),
  ),
  fc.tuple(fc.constant("FREQ=YEARLY"), part("BYYEARDAY", some(signed(366))), fc.constantFrom("", ";BYDAY=MO,FR")),
  fc.tuple(
    fc.constant("FREQ=YEARLY"),
    some(fc.integer({ min: 2, max: 50 })).map((list) => `;BYWEEKNO=${list.join(",")}`),
    fc.constantFrom(";BYDAY=MO", ";BYDAY=SU,WE"),
    fc.constantFrom("", ";WKST=SU"),
  ),
  fc.tuple(
    fc.constant("FREQ=YEARLY"),
    fc.tuple(fc.integer({ min: 1, max: 52 }), weekday).map(([nth, day]) => `;BYDAY=${nth}${day}`),
  ),
);

// Weeks at the turn of the year are left to the table above: rrule-rust misses Sunday 2022-01-02 in week 52 of 2021.
test("names the same wall times as rrule-rust does in UTC, for rules of days and longer", () => {
  const rule = fc.tuple(dayParts, timeParts).map(([days, times]) => [...days, ...times].join(""));
  const start = fc
    .integer({ min: at("1990-01-01T00:00Z") / 1000, max: at("2060-01-01T00:00Z") / 1000 })
    .map((seconds) => seconds * 1000);
  fc.assert(
    fc.property(rule, start, (text, startWall) => {
      const reference = new RRuleSet({
        dtstart: new DtStart(DateTime.fromTimestamp(startWall)),
        rrules: [RRule.fromString(text).setUntil(undefined)],
      });
      const expected = reference.all(12).map((time) => time.toTimestamp());
      const pattern = recurrencePattern(parseRecurrenceRule(text), startWall);
      let wall = startWall - 1;
      const found = expected.map(() => (wall = pattern.nextWall(wall) ?? Number.NaN));
      expect(utc(found.filter(Number.isFinite)), text).toEqual(utc(expected));
    }),
    { numRuns: 400, seed: 20260308 },
  );
});
