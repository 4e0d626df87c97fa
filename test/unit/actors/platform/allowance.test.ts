import { describe, expect, it } from "vitest";
import { Story, T0 } from "./given.ts";

describe("what may be pushed", () => {
  it("when all is well: as much as may be under way, and nothing changes by itself", () => {
    const story = new Story({ maxConcurrent: 3 });
    expect([story.allowance(0), story.lookS()]).toEqual([{ kind: "open", slots: 3 }, null]);
  });

  it("while the breaker is open: nothing, then the probe, and all again when that succeeded", () => {
    const story = new Story().fails(3, 10);
    expect([story.allowance(69), story.lookS()]).toEqual([
      { kind: "shut", reason: "BREAKER_OPEN", until: T0 + 70_000 },
      70,
    ]);
    expect([story.wake(70).allowance(70), story.succeed(71).allowance(71)]).toEqual([
      { kind: "probe" },
      { kind: "open", slots: 8 },
    ]);
  });

  it("while it asked to be left alone: nothing until then, without a word of the breaker", () => {
    const story = new Story().hold(10, 30).hold(11, 5);
    expect([story.allowance(39), story.lookS(), story.record.breaker.consecutiveFailures]).toEqual([
      { kind: "shut", reason: "RATE_LIMITED", until: T0 + 40_000 },
      40,
      0,
    ]);
    expect(story.wake(40).record.heldUntil).toBeNull();
  });

  it("to one that is disabled: all, since it is skipped and must not wait, and there is no look", () => {
    for (const story of [new Story(), new Story().fails(3, 0), new Story().hold(0, 60), new Story().isolate(0)]) {
      expect([story.disable(1).allowance(1), story.lookS()]).toEqual([{ kind: "open", slots: 8 }, null]);
    }
  });
});

describe("writes", () => {
  it("a healthy platform costs one for each token", () => {
    const story = new Story().obtain(0);
    for (let s = 0; s < 1000; s++) {
      story.succeed(s);
    }
    expect(story.writes).toBe(1);
  });

  it("R-016, R-017: what it refuses says nothing against it, and costs none", () => {
    const story = new Story();
    for (let s = 0; s < 100; s++) {
      story.fail(s, { cause: "REFUSED", message: "e=40001" });
    }
    expect([story.writes, story.record.breaker.state, story.record.breaker.lastFailure?.message]).toEqual([
      0,
      "CLOSED",
      "e=40001",
    ]);
  });

  it("one that fails costs one when the breaker opens, and one when it closes", () => {
    const story = new Story().fails(20, 1);
    expect(story.writes).toBe(1);
    expect(story.wake(61).succeed(62).succeed(63).writes).toBe(3);
  });
});
