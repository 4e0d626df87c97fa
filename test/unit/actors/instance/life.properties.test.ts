import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isFinal } from "../../../../src/domain/instance/instance.ts";
import { BOOM, Life, T0, retry, timeouts } from "./given.ts";
import type { InstanceEvent } from "../../../../src/actors/instance/events.ts";

type Step = {
  readonly type: InstanceEvent["type"];
  readonly afterMs: number;
  readonly stale: boolean;
  readonly flag: boolean;
  readonly chance: number;
};

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    type: fc.constantFrom(
      "RELEASE",
      "START",
      "START",
      "HEARTBEAT",
      "COMPLETE",
      "FAIL",
      "FAIL",
      "LOSE",
      "HAND_ON",
      "RETURN",
      "WAKE",
      "WAKE",
      "CANCEL",
      "TERMINATE",
      "PAUSE",
      "RESUME",
      "RETRY",
      "REPORT",
    ),
    afterMs: fc.integer({ min: 0, max: 40_000 }),
    stale: fc.boolean(),
    flag: fc.boolean(),
    chance: fc.double({ min: 0, max: 0.999, noNaN: true }),
  }),
  { maxLength: 40 },
);

function eventOf({ type, stale, flag, chance }: Step, at: number, life: Life): InstanceEvent {
  const token = stale ? "stale" : life.token;
  switch (type) {
    case "START":
      return {
        type,
        at,
        token: `token${life.record.life.attemptCount + 1}`,
        workerId: "w",
        heartbeatMs: flag ? 20_000 : null,
      };
    case "HEARTBEAT":
      return { type, at, token };
    case "COMPLETE":
      return { type, at, token, result: null };
    case "FAIL":
      return { type, at, token, error: BOOM, retryable: flag, chance };
    case "LOSE":
      return { type, at, token, chance };
    case "RETURN":
      return { type, at, token };
    case "HAND_ON":
      return { type, at, token, withinMs: flag ? 5000 : 60_000, exchange: {} };
    case "WAKE":
      return { type, at, chance, heartbeatFloor: flag ? at - 1000 : 0 };
    case "RETRY":
      return { type, at, gate: flag ? "BUFFERED" : null };
    case "CANCEL":
    case "TERMINATE":
    case "PAUSE":
      return { type, at, reason: "r" };
    case "REPORT":
      return { type, at, state: flag ? "COMPLETED" : "RUNNING" };
    case "RELEASE":
    case "RESUME":
      return { type, at };
    default:
      return type satisfies never;
  }
}

function aLife(gated: boolean): Life {
  const limits = timeouts({
    scheduleToStartMs: 60_000,
    startToCloseMs: 50_000,
    scheduleToCloseMs: 400_000,
    cancelGraceMs: 10_000,
  });
  return new Life({ timeouts: limits, retry: retry({ maxRetries: 2, jitterMs: 5000 }) }, gated ? "BUFFERED" : null);
}

describe("whatever happens to an instance, in whatever order", () => {
  it("it leaves a final state by RETRY only, attempts are counted up, and each effect goes with its cause", () => {
    fc.assert(
      fc.property(fc.boolean(), steps, (gated, events) => {
        const life = aLife(gated);
        let at = T0;
        let offered = !gated;
        const recorded = new Set<number>();
        for (const step of events) {
          at += step.afterMs;
          const before = life.record;
          const event = eventOf(step, at, life);
          life.when(event);
          const { record: after, effects } = life;
          const count = (kind: string): number => effects.filter((effect) => effect === kind).length;

          expect(isFinal(before.state) && after.state !== before.state ? event.type : "RETRY").toBe("RETRY");
          // An attempt that nobody heard of does not count, and leaves no record.
          const returned = event.type === "RETURN" && life.last.accepted && !isFinal(after.state);
          const started = event.type === "START" && life.last.accepted;
          expect(after.life.attemptCount).toBe(before.life.attemptCount + (started ? 1 : 0) - (returned ? 1 : 0));
          expect(count("ended")).toBe(isFinal(after.state) && !isFinal(before.state) ? 1 : 0);
          expect(count("dispatch")).toBe(started ? 1 : 0);
          expect(count("revived")).toBe(isFinal(before.state) && !isFinal(after.state) ? 1 : 0);
          expect(count("record")).toBe(
            !returned && before.life.attempt !== null && after.life.attempt === null ? 1 : 0,
          );
          for (const effect of life.last.effects) {
            if (effect.kind === "record") {
              expect(recorded.has(effect.attempt.number)).toBe(false);
              recorded.add(effect.attempt.number);
            }
          }

          // It is offered once, then either started or withdrawn, never both and never twice.
          if (count("offer") > 0) {
            expect(offered).toBe(false);
            offered = true;
          }
          if (count("withdraw") + count("dispatch") > 0) {
            expect(offered).toBe(true);
            offered = false;
          }
          expect(offered).toBe(after.life.waitingReason === "NO_WORKER");

          // An attempt is under way while RUNNING, and maybe while PAUSED; a paused or finished one has no deadline.
          expect(after.life.attempt !== null).toBe(after.state === "RUNNING" || after.life.paused?.from === "RUNNING");
          expect(after.life.paused !== null).toBe(after.state === "PAUSED");
          expect((isFinal(after.state) || after.state === "PAUSED") && life.deadline() !== null).toBe(false);
        }
      }),
      { numRuns: 400, seed: 20260101 },
    );
  });

  it("what is paused and resumed at once is where it was, and a pause moves every deadline by its length", () => {
    fc.assert(
      fc.property(fc.boolean(), steps, fc.integer({ min: 0, max: 1_000_000 }), (gated, events, pausedMs) => {
        const life = aLife(gated);
        let at = T0;
        for (const step of events) {
          at += step.afterMs;
          life.when(eventOf(step, at, life));
        }
        const { state } = life;
        const before = life.deadline();
        life.when({ type: "PAUSE", at, reason: "r" });
        if (life.last.accepted) {
          const seen = life.record.life.attempt?.seenAt;
          life.when({ type: "RESUME", at: at + pausedMs });
          expect(life.state).toBe(state);
          const after = life.deadline();
          // A sign of life counts from the resume at the earliest, so silence may be forgiven, never the other way round.
          if (before?.kind === "HEARTBEAT" || seen !== undefined) {
            expect(after === null || before === null || after.s >= before.s + pausedMs / 1000 - 0.0005).toBe(true);
          } else {
            expect(after?.kind).toBe(before?.kind);
            expect(after === null ? 0 : after.s).toBeCloseTo(before === null ? 0 : before.s + pausedMs / 1000, 6);
          }
        }
      }),
      { numRuns: 300, seed: 20260101 },
    );
  });
});
