import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { between, lengthOfTime, localTime, moment, relativeTime } from "../../../../src/cli/format/time.ts";

const NOW = new Date(2026, 0, 31, 8, 0, 0).getTime();

describe("a length of time", () => {
  it.each([
    [-5, "0 ms"],
    [350, "350 ms"],
    [1_540, "1.5 s"],
    [59_999, "59 s"],
    [60_000, "1 min"],
    [125_000, "2 min 5 s"],
    [3_600_000, "1 h"],
    [7_500_000, "2 h 5 min"],
    [90_000_000, "1 d 1 h"],
  ])("%i ms is %s", (ms, words) => {
    expect(lengthOfTime(ms)).toBe(words);
  });
});

describe("a time", () => {
  it("is told in the zone of the machine, and from now", () => {
    expect(localTime(NOW)).toBe("2026-01-31 08:00:00");
    expect(moment(timestampFromMs(NOW + 300_000), NOW)).toBe("2026-01-31 08:05:00 (in 5 min)");
    expect(moment(undefined, NOW)).toBe("");
  });

  it.each([
    [-1_999, "1 s ago"],
    [-999, "now"],
    [999, "now"],
    [86_400_000, "in 1 d"],
  ])("%i ms from now is %s", (ms, words) => {
    expect(relativeTime(NOW + ms, NOW)).toBe(words);
  });
});

it("the time between two times is not known when one of them is missing", () => {
  expect(between(timestampFromMs(NOW), timestampFromMs(NOW + 2_500))).toBe("2.5 s");
  expect(between(timestampFromMs(NOW), undefined)).toBe("");
});
