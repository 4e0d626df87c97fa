import { describe, expect, test } from "vitest";
import { isKnownTimeZone, zoneOf } from "../../../../src/domain/schedule/zone.ts";
import { at, utc } from "./schedules.ts";

const HOUR = 3_600_000;

/** The instants in a range at which a zone's offset changes, with the offset that begins, in hours. */
function changes(timeZone: string, from: string, to: string): [string | undefined, number][] {
  const found: [string | undefined, number][] = [];
  let span = zoneOf(timeZone).spanAt(at(from));
  while (span.endAt < at(to)) {
    span = zoneOf(timeZone).spanAt(span.endAt);
    if (span.offsetMs !== span.previousOffsetMs) found.push([utc([span.startAt])[0], span.offsetMs / HOUR]);
  }
  return found;
}

describe("the offsets of a zone", () => {
  test.each([
    [
      "America/New_York",
      "2026-01-01T00:00Z",
      "2027-01-01T00:00Z",
      [
        ["2026-03-08T07:00Z", -4],
        ["2026-11-01T06:00Z", -5],
      ],
    ],
    [
      "Australia/Lord_Howe",
      "2026-01-01T00:00Z",
      "2027-01-01T00:00Z",
      [
        ["2026-04-04T15:00Z", 10.5],
        ["2026-10-03T15:30Z", 11],
      ],
    ],
    ["Pacific/Apia", "2011-12-01T00:00Z", "2012-02-01T00:00Z", [["2011-12-30T10:00Z", 14]]],
    ["Asia/Shanghai", "1992-01-01T00:00Z", "2035-01-01T00:00Z", []],
    // The shortest of all since 1970: one week of daylight saving.
    [
      "America/Recife",
      "2000-03-01T00:00Z",
      "2001-01-01T00:00Z",
      [
        ["2000-10-08T03:00Z", -2],
        ["2000-10-15T02:00Z", -3],
      ],
    ],
  ])("%s from %s to %s", (timeZone, from, to, expected) => {
    expect(changes(timeZone, from, to)).toEqual(expected);
  });

  test("are the same in whatever order they are asked for", () => {
    const zone = zoneOf("Europe/Berlin");
    const late = zone.spanAt(at("2400-07-01T00:00Z")).offsetMs;
    const early = zone.spanAt(at("1901-07-01T00:00Z")).offsetMs;
    expect([late, early, zone.spanAt(at("2400-07-01T00:00Z")).offsetMs]).toEqual([2 * HOUR, HOUR, 2 * HOUR]);
  });
});

test.each([
  ["UTC", true],
  ["Asia/Shanghai", true],
  ["Etc/GMT-8", true],
  ["", false],
  ["+08:00", false],
  ["Mars/Olympus_Mons", false],
  ["Asia/Shanghai ", false],
])("%j is a known zone: %s", (timeZone, isKnown) => {
  expect(isKnownTimeZone(timeZone)).toBe(isKnown);
});
