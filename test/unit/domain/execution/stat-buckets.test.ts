import { describe, expect, it } from "vitest";
import { bucketStarts } from "../../../../src/domain/execution/stat-buckets.ts";

const at = (text: string): number => Date.parse(text);
const shown = (starts: readonly number[]): readonly string[] => starts.map((start) => new Date(start).toISOString());

describe("the buckets of a statistic (R-134)", () => {
  it("of a day are 24 hours, the last of which holds the end", () => {
    const starts = bucketStarts("DAY", at("2026-03-01T10:20:30Z"), "UTC");
    expect(starts).toHaveLength(24);
    expect(shown(starts).at(0)).toBe("2026-02-28T11:00:00.000Z");
    expect(shown(starts).at(-1)).toBe("2026-03-01T10:00:00.000Z");
  });

  it("of a month are 30 days, of a year 12 months, by the clocks of the time zone", () => {
    const days = shown(bucketStarts("MONTH", at("2026-03-01T20:00:00Z"), "Asia/Shanghai"));
    expect(days).toHaveLength(30);
    expect(days.at(-1)).toBe("2026-03-01T16:00:00.000Z");
    expect(days.at(0)).toBe("2026-01-31T16:00:00.000Z");
    const months = shown(bucketStarts("YEAR", at("2026-03-01T20:00:00Z"), "Asia/Shanghai"));
    expect(months).toHaveLength(12);
    expect(months.at(-1)).toBe("2026-02-28T16:00:00.000Z");
    expect(months.at(0)).toBe("2025-03-31T16:00:00.000Z");
  });

  it("hours are those of a clock that is half an hour off", () => {
    expect(shown(bucketStarts("DAY", at("2026-03-01T10:20:00Z"), "Asia/Kolkata")).at(-1)).toBe(
      "2026-03-01T09:30:00.000Z",
    );
  });

  it.each(["UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Beirut", "Australia/Lord_Howe"])(
    "begin one after the other, whatever the clocks do: %s",
    (zone) => {
      for (let day = 0; day < 800; day++) {
        const end = at("2018-01-01T00:30:00Z") + day * 86_400_000;
        for (const granularity of ["DAY", "MONTH", "YEAR"] as const) {
          const starts = bucketStarts(granularity, end, zone);
          expect(starts.every((start, index) => index === 0 || start > (starts[index - 1] ?? 0))).toBe(true);
          expect(starts.at(-1)).toBeLessThanOrEqual(end);
        }
      }
    },
  );
});
