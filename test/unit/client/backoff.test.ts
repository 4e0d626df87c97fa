import { expect, test } from "vitest";
import { askedDelayMs, backoffDelayMs } from "../../../src/client/backoff.ts";

const backoff = { initialMs: 100, factor: 2, maxMs: 1_000 };

test("delays double up to the cap, the jitter taking off half at most", () => {
  const least = [0, 1, 2, 3, 4, 50].map((failures) => backoffDelayMs(backoff, failures, () => 0));
  const most = [0, 1, 2, 3, 4, 5_000].map((failures) => backoffDelayMs(backoff, failures, () => 1));
  expect(least).toEqual([50, 100, 200, 400, 500, 500]);
  expect(most).toEqual([100, 200, 400, 800, 1_000, 1_000]);
});

test("a delay that was asked for is never shortened", () => {
  expect(askedDelayMs(1_000, () => 0)).toBe(1_000);
  expect(askedDelayMs(1_000, () => 1)).toBe(1_200);
});
