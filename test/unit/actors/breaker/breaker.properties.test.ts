import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BreakerEvent } from "../../../../src/actors/breaker/events.ts";
import { FAILURE_CAUSES } from "../../../../src/domain/breaker.ts";
import type { BreakerSettings } from "../../../../src/domain/breaker.ts";
import { Story, T0 } from "./given.ts";

const anySettings: fc.Arbitrary<Partial<BreakerSettings>> = fc.record({
  consecutiveFailures: fc.integer({ min: 0, max: 4 }),
  failureRatio: fc.constantFrom(0, 0.2, 0.5, 1),
  minCalls: fc.integer({ min: 0, max: 10 }),
  windowMs: fc.constantFrom(1, 7, 1000, 60_000, 61_337),
  openMs: fc.constantFrom(0, 1000, 60_000),
  maxOpenMs: fc.constantFrom(1000, 600_000),
  causes: fc.subarray([...FAILURE_CAUSES]),
});

/** Clocks run forwards, mostly. */
const afterMs = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 5000 }) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 700_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: -1_000_000, max: 0 }) },
);

const step = fc.record({
  type: fc.constantFrom("SUCCEEDED", "FAILED", "FAILED", "FAILED", "WAKE", "WAKE", "RESET", "ISOLATE"),
  afterMs,
  tookMs: fc.option(fc.integer({ min: 0, max: 30_000 }), { nil: undefined }),
  cause: fc.constantFrom(...FAILURE_CAUSES),
  reason: fc.constantFrom("a", "b"),
});
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

function eventOf({ type, tookMs, cause, reason }: Step, at: number): BreakerEvent {
  const sentAt = tookMs === undefined ? undefined : at - tookMs;
  switch (type) {
    case "SUCCEEDED":
      return { type, at, sentAt };
    case "FAILED":
      return { type, at, sentAt, cause, message: "m" };
    case "ISOLATE":
      return { type, at, reason };
    case "WAKE":
    case "RESET":
      return { type, at };
  }
}

describe("whatever happens to a breaker, in whatever order, with whatever clock", () => {
  it("it keeps its shape, tells of each change of its state once, and leaves ISOLATED by a reset only", () => {
    fc.assert(
      fc.property(anySettings, fc.array(step, { maxLength: 60 }), (given, steps) => {
        const story = new Story(given);
        let at = T0;
        for (const one of steps) {
          at += one.afterMs;
          const before = story.breaker;
          const event = eventOf(one, at);
          story.when(event);
          const { breaker: after, told } = story;

          expect(after.window.length).toBeLessThanOrEqual(10);
          expect(after.window.toSorted((older, newer) => older.from - newer.from)).toEqual(after.window);
          expect(after.openUntil !== null).toBe(after.state === "OPEN");
          expect(after.timesOpened > 0 && after.state === "CLOSED").toBe(false);
          expect(after.reason === "").toBe(after.state === "CLOSED");
          if (before.state === "ISOLATED" && after.state !== "ISOLATED") {
            expect([event.type, after.state]).toEqual(["RESET", "CLOSED"]);
          }
          if (after.state !== before.state) {
            const name = { CLOSED: "closed", OPEN: "opened", HALF_OPEN: "half_opened", ISOLATED: "isolated" }[
              after.state
            ];
            expect(told).toEqual([`breaker_${name}`]);
          } else {
            expect(told).toEqual(after.reason === before.reason ? [] : ["breaker_isolated"]);
          }
          if (after.openUntil !== null && event.type === "WAKE") {
            expect(after.openUntil).toBeLessThanOrEqual(at + story.settings.maxOpenMs);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it("it opens again only by a failed probe, or after it was closed", () => {
    fc.assert(
      fc.property(anySettings, fc.array(step, { maxLength: 60 }), (given, steps) => {
        const story = new Story(given);
        let at = T0;
        for (const one of steps) {
          at += one.afterMs;
          const before = story.breaker;
          story.when(eventOf(one, at));
          if (story.told.includes("breaker_opened")) {
            expect(["CLOSED", "HALF_OPEN"]).toContain(before.state);
            expect(story.breaker.timesOpened).toBe(before.timesOpened + 1);
            expect(story.settings.causes).toContain(one.cause);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it("a wait of the longest rest, and a success, close it from everywhere but ISOLATED", () => {
    fc.assert(
      fc.property(anySettings, fc.array(step, { maxLength: 40 }), (given, steps) => {
        const story = new Story(given);
        let at = T0;
        for (const one of steps) {
          at += one.afterMs;
          story.when(eventOf(one, at));
        }
        fc.pre(story.state !== "ISOLATED");
        story.when({ type: "WAKE", at });
        at += story.settings.maxOpenMs;
        story.when({ type: "WAKE", at }).when({ type: "SUCCEEDED", at });
        expect(story.state).toBe("CLOSED");
      }),
      { numRuns: 300 },
    );
  });
});
