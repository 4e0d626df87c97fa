import { describe, expect, it } from "vitest";

import { systemRandom } from "../../../src/system/random.ts";
import { seededRandom } from "../../support/manual-clock.ts";

describe.each([
  ["the system's", () => systemRandom],
  ["the seeded", () => seededRandom(42)],
])("%s randomness", (_name, create) => {
  it("gives fractions from 0 to below 1, spread evenly", () => {
    const random = create();
    const fractions = Array.from({ length: 4_000 }, () => random.fraction());
    expect(fractions.every((fraction) => fraction >= 0 && fraction < 1)).toBe(true);
    const mean = fractions.reduce((sum, fraction) => sum + fraction, 0) / fractions.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.05);
  });

  it("gives whole numbers below the bound, each of them", () => {
    const random = create();
    const numbers = Array.from({ length: 1_000 }, () => random.integer(6));
    expect([...new Set(numbers)].toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(random.integer(1)).toBe(0);
  });

  it("refuses a bound that leaves no choice", () => {
    const random = create();
    for (const bound of [0, -1, 1.5, Number.NaN]) expect(() => random.integer(bound)).toThrow(RangeError);
  });
});

describe("the seeded randomness", () => {
  it("is the same for the same seed and another for another", () => {
    const draw = (seed: number): number[] => {
      const random = seededRandom(seed);
      return [random.fraction(), random.integer(1_000_000), random.fraction()];
    };
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });
});
