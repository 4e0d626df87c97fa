import { describe, expect, it } from "vitest";
import { DAY_S, HOUR_S, Story, T0 } from "./given.ts";

describe("writes", () => {
  it("a healthy destination costs none", () => {
    const story = new Story();
    for (let s = 0; s < 1000; s++) {
      story.succeed(s);
    }
    expect([story.writes, story.record.breaker.window.length]).toEqual([0, 10]);
  });

  it("one that fails costs one when that begins, when the breaker changes, and when it ends", () => {
    const story = new Story().fails(3, 1);
    expect(story.writes).toBe(2);
    story.fails(20, 2);
    expect(story.writes).toBe(2);
    story.wake(61).succeed(62).succeed(63);
    expect(story.writes).toBe(4);
  });

  it("a hundred answers that ask for the same time cost one or two", () => {
    const story = new Story();
    for (let one = 0; one < 100; one++) {
      story.hold(10 + one / 1000, 30);
    }
    expect([story.writes, story.lookS()]).toEqual([2, 41]);
    expect(story.hold(15, 30).writes).toBe(3);
  });

  it("whatever is announced is written", () => {
    const story = new Story().fails(3).wake(60).fail(61).gone(62).reset(63).isolate(64);
    expect([story.last.isDurable, story.told]).toEqual([true, ["breaker_isolated"]]);
  });
});

describe("an answer with Retry-After", () => {
  it("holds everything back until then, and does not count against the breaker", () => {
    const story = new Story().hold(10, 30).hold(11, 20).hold(12, 20);
    expect(story.record.breaker).toMatchObject({
      state: "CLOSED",
      consecutiveFailures: 0,
      window: [],
      lastFailure: { cause: "RATE_LIMITED", message: "HTTP 429", at: T0 + 12_000 },
    });
    expect(story.allowance(39)).toEqual({ kind: "shut", reason: "RATE_LIMITED", until: T0 + 40_000 });
    expect(story.lookS()).toBe(40);
    expect(story.allowance(40)).toEqual({ kind: "open", slots: 100 });
    story.wake(40);
    expect([story.last.accepted, story.record.heldUntil, story.lookS()]).toEqual([true, null, null]);
  });

  it("is heeded for an hour at most, and to the second", () => {
    expect(new Story().hold(10, 10 * HOUR_S).lookS()).toBe(10 + HOUR_S);
    const story = new Story().hold(10.7, 10 * HOUR_S);
    expect([story.lookS(10.7), story.lookS()]).toEqual([10 + HOUR_S, 10 + HOUR_S]);
    expect(new Story().hold(10.7, 1).lookS()).toBe(12);
  });

  it("of 0 asks for nothing: it is a failure as any other", () => {
    const story = new Story().hold(1, 0).hold(2, 0).hold(3, 0);
    expect([story.record.breaker.state, story.record.heldUntil]).toEqual(["OPEN", null]);
  });

  it("leaves a half-open breaker as it is: there is another probe when the time has come", () => {
    const story = new Story().fails(3).wake(60).hold(61, 30);
    expect(story.allowance(62)).toMatchObject({ kind: "shut", reason: "RATE_LIMITED" });
    expect(story.wake(91).allowance(91)).toEqual({ kind: "probe" });
  });

  it("is not forgotten when the node dies, nor lasts longer when a clock is put back", () => {
    const story = new Story().hold(10 * DAY_S, 30).restart();
    expect(story.allowance(10 * DAY_S + 29).kind).toBe("shut");
    expect(story.lookS(0)).toBe(0);
    expect(story.wake(0).lookS(0)).toBe(HOUR_S);
    expect(story.last.isDurable).toBe(false);
  });

  it("does not shorten an older one", () => {
    expect(new Story().hold(0, 100).hold(1, 5).lookS()).toBe(100);
  });
});

describe("a destination that fails for days", () => {
  it("is disabled by the failure with which its time is over, and says since when", () => {
    const story = new Story().fails(3, 0);
    expect(story.record.failingSince).toBe(T0);
    story.wake(60).fail(5 * DAY_S - 1);
    expect(story.record.disabled).toBeNull();
    story.wake(6 * DAY_S).fail(6 * DAY_S, { cause: "CONNECTION", message: "refused" });
    expect(story.told).toEqual(["breaker_opened", "disabled"]);
    const reason = "No delivery has succeeded since 2026-01-01T00:00:00.000Z; the last failure: CONNECTION, refused";
    expect(story.record.disabled).toEqual({ at: T0 + 6 * DAY_S * 1000, reason });
    expect(story.last.effects.at(-1)).toEqual({ kind: "announce", name: "disabled", data: { reason } });
    expect(story.lookS()).toBeNull();
    expect(story.allowance(7 * DAY_S)).toEqual({ kind: "shut", reason: "BREAKER_OPEN", until: null });
  });

  it("begins anew after a success", () => {
    const story = new Story().fail(0).succeed(4 * DAY_S);
    expect(story.record.failingSince).toBeNull();
    expect(story.fail(5 * DAY_S).record).toMatchObject({ failingSince: T0 + 5 * DAY_S * 1000, disabled: null });
  });

  it("is disabled whether it answers or not: refusals and requests for time are no deliveries", () => {
    const refused = { cause: "REFUSED", message: "HTTP 404" } as const;
    const story = new Story().fail(0, refused);
    expect(story.fail(5 * DAY_S, refused)).toMatchObject({
      told: ["disabled"],
      record: { breaker: { state: "CLOSED" } },
    });
    expect(new Story().hold(0, 5).hold(5 * DAY_S, 5).record.disabled).not.toBeNull();
  });

  it("is never disabled when the settings say so", () => {
    expect(new Story({ disableAfterMs: null }).fail(0).fail(1000 * DAY_S).record.disabled).toBeNull();
  });

  it("is disabled no later because the clock was put back", () => {
    const story = new Story().fail(100 * DAY_S).fail(0);
    expect(story.record.failingSince).toBe(T0);
    expect(story.fail(5 * DAY_S).record.disabled).not.toBeNull();
  });
});

describe("a destination that is gone", () => {
  it("is disabled at once, without a word of its breaker", () => {
    const story = new Story().fails(3).wake(60).gone(61);
    expect(story.told).toEqual(["disabled"]);
    expect(story.record).toMatchObject({
      disabled: { at: T0 + 61_000, reason: "The receiver answered that it is gone: HTTP 410" },
      breaker: { state: "HALF_OPEN", lastFailure: { cause: "REFUSED" } },
    });
  });

  it("stays disabled whatever comes of deliveries that were under way", () => {
    const story = new Story().gone(1).succeed(2).fail(3).hold(4, 5).wake(6);
    expect(story.last.accepted).toBe(false);
    expect(story.record.disabled).not.toBeNull();
  });
});

describe("what was under way when the breaker changed", () => {
  it("does not open it again after a reset", () => {
    const story = new Story().fails(3, 10).reset(11);
    for (let time = 0; time < 5; time++) {
      story.fail(12, {}, 9);
    }
    expect(story.record.breaker).toMatchObject({ state: "CLOSED", consecutiveFailures: 0 });
    expect(story.allowance(13)).toEqual({ kind: "open", slots: 100 });
  });

  it("does not speak for the probe", () => {
    const story = new Story().fails(3, 10).wake(70);
    expect(story.fail(71, {}, 9).allowance(71)).toEqual({ kind: "probe" });
    expect(story.succeed(72, 9).allowance(72)).toEqual({ kind: "probe" });
    expect(story.succeed(73, 71).allowance(73)).toEqual({ kind: "open", slots: 100 });
  });
});
