import { describe, expect, test } from "vitest";
import { parseRecurrenceRule } from "../../../../src/domain/schedule/recurrence-rule.ts";

describe("a rule is read strictly", () => {
  test.each([
    ["", 'has "" where NAME=VALUE is needed'],
    ["COUNT=3", "needs FREQ"],
    ["FREQ=FORTNIGHTLY", "needs FREQ"],
    ["FREQ=DAILY;COUNT=0", 'has "0" in COUNT'],
    ["FREQ=DAILY;COUNT=10001", 'has "10001" in COUNT'],
    ["FREQ=DAILY;INTERVAL=0", 'has "0" in INTERVAL'],
    ["FREQ=DAILY;INTERVAL=-1", 'has "-1" in INTERVAL'],
    ["FREQ=DAILY;BYHOUR=24", 'has "24" in BYHOUR'],
    ["FREQ=DAILY;BYSECOND=60", 'has "60" in BYSECOND'],
    ["FREQ=DAILY;BYHOUR=", "NAME=VALUE"],
    ["FREQ=DAILY;BYHOUR=8,", 'has "" in BYHOUR'],
    ["FREQ=MONTHLY;BYMONTHDAY=0", "has 0 in BYMONTHDAY"],
    ["FREQ=MONTHLY;BYDAY=XX", 'has "XX" in BYDAY'],
    ["FREQ=MONTHLY;BYDAY=0MO", "has 0 in BYDAY"],
    ["FREQ=MONTHLY;BYDAY=6MO", "beyond 5"],
    ["FREQ=WEEKLY;BYDAY=1MO", "only FREQ=MONTHLY and FREQ=YEARLY"],
    ["FREQ=WEEKLY;BYMONTHDAY=1", "FREQ=WEEKLY does not take"],
    ["FREQ=MONTHLY;BYYEARDAY=1", "FREQ=MONTHLY does not take"],
    ["FREQ=MONTHLY;BYWEEKNO=1", "only FREQ=YEARLY"],
    ["FREQ=DAILY;BYSETPOS=1", "BYSETPOS without"],
    ["FREQ=DAILY;COUNT=3;UNTIL=20260101", "exclude each other"],
    ["FREQ=DAILY;UNTIL=20260230", "must be a real"],
    ["FREQ=DAILY;UNTIL=20260228T240000Z", "must be a real"],
    ["FREQ=DAILY;UNTIL=tomorrow", "must be a real"],
    ["FREQ=DAILY;BYEASTER=1", "has BYEASTER, which is no part"],
    ["FREQ=DAILY;FREQ=HOURLY", "has FREQ twice"],
    ["FREQ=DAILY\nRRULE:FREQ=HOURLY", "NAME=VALUE"],
    ["FREQ=DAILY;WKST=XX", "has a WKST"],
    [
      `FREQ=DAILY;BYMINUTE=${Array.from({ length: 60 }, (_, minute) => minute).join()};BYSECOND=${Array.from({ length: 25 }, (_, second) => second).join()}`,
      "names 1500 times of a day",
    ],
  ])("%j", (text, problem) => {
    expect(() => parseRecurrenceRule(text)).toThrow(problem);
  });

  test("small letters, a leading RRULE: and a trailing blank are no error", () => {
    expect(parseRecurrenceRule("RRULE:freq=daily;byhour=8 ")).toMatchObject({ frequency: "DAILY", byHour: [8] });
  });
});
