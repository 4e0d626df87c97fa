import fc from "fast-check";
import { expect, test } from "vitest";
import { fireTime } from "../../../../src/domain/schedule/jitter.ts";

test("a due time is never fired early, nor as late as the jitter", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 4e12 }),
      fc.integer({ min: 1, max: 86_399_999 }),
      fc.string(),
      (dueAt, jitterMs, seed) => {
        const firedAt = fireTime(dueAt, jitterMs, seed);
        expect(firedAt).toBeGreaterThanOrEqual(dueAt);
        expect(firedAt).toBeLessThan(dueAt + jitterMs);
        expect(Number.isInteger(firedAt)).toBe(true);
        expect(fireTime(dueAt, jitterMs, seed)).toBe(firedAt);
      },
    ),
    { seed: 20260308 },
  );
});

test("without jitter a due time is fired when it is due", () => {
  expect(fireTime(1_767_225_600_000, 0, "definition")).toBe(1_767_225_600_000);
});

test("stays what it was: a node of another release delays the same due time equally", () => {
  expect(fireTime(1_767_225_600_000, 60_000, "019b7a3e-0000-7000-8000-000000000001")).toBe(1_767_225_654_144);
});

test.each([
  ["definitions due together", (index: number) => fireTime(0, 1000, `definition-${index}`)],
  ["due times of one definition", (index: number) => fireTime(index * 60_000, 1000, "definition") - index * 60_000],
])("spreads %s evenly", (_what, delayOf) => {
  const tenths = Array.from({ length: 10 }, () => 0);
  for (let index = 0; index < 10_000; index += 1) {
    const tenth = Math.floor(delayOf(index) / 100);
    tenths[tenth] = (tenths[tenth] ?? 0) + 1;
  }
  // A thousand each, give or take five standard deviations.
  for (const count of tenths) expect(Math.abs(count - 1000)).toBeLessThan(150);
});
