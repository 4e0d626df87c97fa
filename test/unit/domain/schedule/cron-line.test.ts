import { Cron } from "croner";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileCron } from "../../../../src/domain/schedule/cron-line.ts";
import { at, utc } from "./schedules.ts";

function walls(expression: string, after: string, count: number): string[] {
  const line = compileCron(expression);
  const found: number[] = [];
  let wall: number | null = at(after);
  while (found.length < count && wall !== null) {
    wall = line.nextWall(wall);
    if (wall !== null) found.push(wall);
  }
  return utc(found);
}

describe("wall times that a cron expression names", () => {
  test.each([
    ["every five minutes", "*/5 * * * *", "2026-01-01T23:52Z", ["2026-01-01T23:55Z", "2026-01-02T00:00Z"]],
    [
      "a second field comes first",
      "15,45 0 8 * * *",
      "2026-01-01T08:00Z",
      ["2026-01-01T08:00:15Z", "2026-01-01T08:00:45Z"],
    ],
    ["strictly after, not at", "0 8 * * *", "2026-01-01T08:00Z", ["2026-01-02T08:00Z"]],
    ["L is the last day of the month", "0 0 L * *", "2028-01-15T00:00Z", ["2028-01-31T00:00Z", "2028-02-29T00:00Z"]],
    [
      "L in a list",
      "0 0 1,L * *",
      "2026-01-15T00:00Z",
      ["2026-01-31T00:00Z", "2026-02-01T00:00Z", "2026-02-28T00:00Z"],
    ],
    // 2026-08-15 is a Saturday, 2026-02-15 a Sunday.
    ["15W moves a Saturday to Friday", "0 0 15W 8 *", "2026-01-01T00:00Z", ["2026-08-14T00:00Z"]],
    ["15W moves a Sunday to Monday", "0 0 15W 2 *", "2026-01-01T00:00Z", ["2026-02-16T00:00Z"]],
    ["15W stays on a weekday", "0 0 15W 4 *", "2026-01-01T00:00Z", ["2026-04-15T00:00Z"]],
    // 2026-08-01 is a Saturday, 2026-05-31 a Sunday.
    ["1W never leaves the month backwards", "0 0 1W 8 *", "2026-01-01T00:00Z", ["2026-08-03T00:00Z"]],
    ["31W never leaves the month forwards", "0 0 31W 5 *", "2026-01-01T00:00Z", ["2026-05-29T00:00Z"]],
    ["31W passes over shorter months", "0 0 31W * *", "2026-04-01T00:00Z", ["2026-05-29T00:00Z", "2026-07-31T00:00Z"]],
    // 2026-02-28 is a Saturday, 2026-05-31 a Sunday.
    [
      "LW is the last weekday",
      "0 0 LW * *",
      "2026-02-01T00:00Z",
      ["2026-02-27T00:00Z", "2026-03-31T00:00Z", "2026-04-30T00:00Z", "2026-05-29T00:00Z"],
    ],
    ["MON#2 is the second Monday", "0 0 * * MON#2", "2026-01-01T00:00Z", ["2026-01-12T00:00Z", "2026-02-09T00:00Z"]],
    [
      "5#5 waits for a month with five Fridays",
      "0 0 * * 5#5",
      "2026-02-01T00:00Z",
      ["2026-05-29T00:00Z", "2026-07-31T00:00Z"],
    ],
    ["FRI#L is the last Friday", "0 0 * * FRI#L", "2026-01-01T00:00Z", ["2026-01-30T00:00Z", "2026-02-27T00:00Z"]],
    ["5L is the last Friday too", "0 0 * * 5L", "2026-01-01T00:00Z", ["2026-01-30T00:00Z", "2026-02-27T00:00Z"]],
    [
      "names and ranges of names",
      "0 9 * JAN-FEB MON-WED",
      "2026-01-06T10:00Z",
      ["2026-01-07T09:00Z", "2026-01-12T09:00Z"],
    ],
    ["0 and 7 are both Sunday", "0 0 * * 7", "2026-01-01T00:00Z", ["2026-01-04T00:00Z"]],
    ["? is a wildcard", "0 0 ? * MON", "2026-01-01T00:00Z", ["2026-01-05T00:00Z"]],
    // The 13th or a Friday: 2026-02-06 is a Friday, 2026-02-13 is both.
    [
      "both day fields set: either is enough",
      "0 0 13 2 FRI",
      "2026-02-01T00:00Z",
      ["2026-02-06T00:00Z", "2026-02-13T00:00Z", "2026-02-20T00:00Z"],
    ],
    [
      "+ asks for both day fields",
      "0 0 13 * +FRI",
      "2026-01-01T00:00Z",
      ["2026-02-13T00:00Z", "2026-03-13T00:00Z", "2026-11-13T00:00Z"],
    ],
    [
      "leap days, over a century without one",
      "0 0 29 2 *",
      "2096-01-01T00:00Z",
      ["2096-02-29T00:00Z", "2104-02-29T00:00Z"],
    ],
    ["@daily", "@daily", "2026-01-01T12:00Z", ["2026-01-02T00:00Z", "2026-01-03T00:00Z"]],
  ])("%s", (_claim, expression, after, expected) => {
    expect(walls(expression, after, expected.length)).toEqual(expected);
  });

  test.each(["0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 31W 2 *", "0 0 30 2 +MON"])("%s names nothing", (expression) => {
    expect(compileCron(expression).nextWall(at("2026-01-01T00:00Z"))).toBeNull();
  });
});

describe("which expressions are stretches of time", () => {
  test.each([
    ["30 2 * * *", false],
    ["*/15 2 * * *", false],
    ["0 8,20 * * *", false],
    ["@daily", false],
    ["*/15 * * * *", true],
    ["0 */2 * * *", true],
    ["0 9-17 * * MON-FRI", true],
    ["0 0 9-17 * * MON-FRI", true],
    ["30 0 2 * * *", false],
    ["@hourly", true],
  ])("%s: %s", (expression, isInterval) => {
    expect(compileCron(expression).isInterval).toBe(isInterval);
  });
});

const numberIn = (min: number, max: number) => fc.integer({ min, max }).map(String);

function field(min: number, max: number, ...extras: readonly string[]): fc.Arbitrary<string> {
  const range = fc
    .tuple(fc.integer({ min, max }), fc.integer({ min, max }))
    .map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
  const step = fc.integer({ min: 1, max: max - min }).map((size) => `*/${size}`);
  const list = fc.array(numberIn(min, max), { minLength: 1, maxLength: 4 }).map((items) => items.join(","));
  return fc.oneof(fc.constant("*"), range, step, list, ...extras.map((extra) => fc.constant(extra)));
}

test("finds the same wall times as croner does in UTC, which has no gaps and folds", () => {
  const expression = fc.tuple(
    field(0, 59),
    field(0, 59),
    field(0, 23),
    field(1, 31, "L", "LW", "15W", "1W", "31W", "5,L"),
    field(1, 12, "FEB", "JAN-MAR"),
    field(0, 6, "MON#1", "5#L", "SUN", "SAT,2#3", "+FRI"),
  );
  const after = fc.integer({ min: at("1990-01-01T00:00Z"), max: at("2090-01-01T00:00Z") });
  fc.assert(
    fc.property(expression, after, (fields, afterAt) => {
      const text = fields.join(" ");
      const expected = new Cron(text, { timezone: "UTC", paused: true }).nextRun(new Date(afterAt));
      expect(compileCron(text).nextWall(afterAt), text).toBe(expected?.getTime() ?? null);
    }),
    { numRuns: 500, seed: 20260308 },
  );
});
