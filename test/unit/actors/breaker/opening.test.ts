import { describe, expect, it } from "vitest";
import { decideBreaker } from "../../../../src/actors/breaker/decide.ts";
import { CLOSED_BREAKER, DEFAULT_BREAKER_SETTINGS } from "../../../../src/domain/breaker.ts";
import { Story, T0 } from "./given.ts";

describe("a row of failures", () => {
  it("opens the breaker at the third, for a minute, and says why (R-115)", () => {
    const story = new Story().fails(2, 1);
    expect(story.state).toBe("CLOSED");
    story.fail(2, "CONNECTION");
    expect(story.last).toEqual({
      breaker: {
        state: "OPEN",
        since: T0 + 2000,
        openUntil: T0 + 62_000,
        timesOpened: 1,
        consecutiveFailures: 3,
        window: [],
        lastFailure: { cause: "CONNECTION", message: "no luck", at: T0 + 2000 },
        reason: "3 failed in a row; the last: CONNECTION, no luck",
      },
      effects: [
        {
          kind: "announce",
          name: "breaker_opened",
          data: { cause: "CONNECTION", message: "no luck", failures: 3, openUntil: "2026-01-01T00:01:02.000Z" },
        },
      ],
    });
  });

  it("is broken by a success", () => {
    expect(new Story().fails(2).succeed().fails(2).state).toBe("CLOSED");
  });

  it("is broken by a refusal, which shows that the other side lives", () => {
    expect(new Story().fails(2).fail(0, "REFUSED").fails(2).state).toBe("CLOSED");
  });

  it("neither grows nor breaks by a failure that does not count", () => {
    const story = new Story().fails(2).fail(0, "TIMEOUT");
    expect([story.state, story.breaker.consecutiveFailures]).toEqual(["CLOSED", 2]);
    expect(story.breaker.lastFailure).toMatchObject({ cause: "TIMEOUT" });
    expect(story.fail().state).toBe("OPEN");
  });

  it("grows by refusals when the settings say that they count", () => {
    const story = new Story({ causes: [...DEFAULT_BREAKER_SETTINGS.causes, "REFUSED"] });
    for (let time = 0; time < 3; time++) {
      story.fail(time, "REFUSED");
    }
    expect(story.state).toBe("OPEN");
  });

  it("never opens it when the settings say 0", () => {
    expect(new Story({ consecutiveFailures: 0, failureRatio: 0 }).fails(100).state).toBe("CLOSED");
  });
});

describe("the ratio of failures", () => {
  const ratio = { consecutiveFailures: 0, failureRatio: 0.5, minCalls: 10, windowMs: 60_000 };

  it("opens the breaker when it is reached within the window, at the failure that reaches it", () => {
    const story = new Story(ratio);
    for (let s = 0; s < 10; s += 2) {
      story.succeed(s).fail(s + 1);
    }
    expect(story.state).toBe("OPEN");
    expect(story.breaker.reason).toBe("5 of 10 failed within 60 s; the last: SERVER_ERROR, no luck");
    expect(story.last.effects[0]?.data).toMatchObject({ failures: 5 });
  });

  it("says nothing of fewer calls than it needs", () => {
    expect(new Story(ratio).fails(9).state).toBe("CLOSED");
  });

  it("does not open at a success, though that makes up the number of calls", () => {
    const story = new Story(ratio).fails(9).succeed();
    expect(story.state).toBe("CLOSED");
    expect(story.fail().state).toBe("OPEN");
  });

  it("forgets what is older than the window", () => {
    const story = new Story(ratio).fails(9, 0);
    for (let time = 0; time < 9; time++) {
      story.succeed(59);
    }
    expect(story.fail(61).state).toBe("CLOSED");
    expect(story.breaker.window).toEqual([
      { from: T0 + 54_000, succeeded: 9, failed: 0 },
      { from: T0 + 60_000, succeeded: 0, failed: 1 },
    ]);
  });

  it("counts refusals as calls that did not fail, and leaves out what does not count", () => {
    const story = new Story(ratio);
    for (let time = 0; time < 6; time++) {
      story.fail(0, "REFUSED").fail(0, "TIMEOUT");
    }
    expect(story.breaker.window).toEqual([{ from: T0, succeeded: 6, failed: 0 }]);
    expect(story.fails(5).state).toBe("CLOSED");
    expect(story.fail().state).toBe("OPEN");
  });

  it("goes on counting when the window is made longer or shorter, in no more than ten tallies", () => {
    const story = new Story(ratio);
    for (let s = 0; s < 60; s += 6) {
      story.succeed(s);
    }
    expect(story.breaker.window).toHaveLength(10);
    story.settings = { ...story.settings, windowMs: 600_000 };
    expect(story.succeed(61).breaker.window).toHaveLength(10);
    expect(story.breaker.window.at(-1)).toMatchObject({ succeeded: 1 });
    story.settings = { ...story.settings, windowMs: 10_000 };
    expect(story.succeed(66).breaker.window).toEqual([
      { from: T0 + 60_000, succeeded: 1, failed: 0 },
      { from: T0 + 66_000, succeeded: 1, failed: 0 },
    ]);
  });
});

describe("an open breaker", () => {
  it("lets one try when its time has come, not before (R-115)", () => {
    const story = new Story().fails(3).wake(59.999);
    expect([story.state, story.told]).toEqual(["OPEN", []]);
    story.wake(60);
    expect([story.state, story.told, story.openUntilS]).toEqual(["HALF_OPEN", ["breaker_half_opened"], null]);
    expect(story.breaker.reason).toContain("3 failed in a row");
  });

  it("rests twice as long after each failed probe, ten minutes at most, and a minute again after a success", () => {
    const story = new Story().fails(3);
    const rests: number[] = [];
    let s = 0;
    for (let time = 0; time < 6; time++) {
      const until = story.openUntilS!;
      rests.push(until - s);
      s = until + 1;
      story.wake(until).fail(s);
    }
    expect(rests).toEqual([60, 120, 240, 480, 600, 600]);
    expect(story.breaker.reason).toBe("the probe failed: SERVER_ERROR, no luck");
    expect(story.last.effects[0]?.data).toMatchObject({ failures: 9 });
    story.wake(story.openUntilS!).succeed(9000);
    expect(story.breaker).toEqual({
      ...CLOSED_BREAKER,
      since: T0 + 9_000_000,
      lastFailure: expect.objectContaining({ cause: "SERVER_ERROR" }),
    });
    expect(story.fails(3, 9001).openUntilS).toBe(9061);
  });

  it("has an end however often it opened", () => {
    for (const openMs of [0, 1, 60_000]) {
      const story = new Story({ openMs }).fails(3);
      story.breaker = { ...story.breaker, state: "HALF_OPEN", timesOpened: 5000 };
      expect(story.fail(10).openUntilS).toBe(openMs === 0 ? 10 : 610);
    }
  });

  it("takes an answer to an older call as a hint that a probe may come at once, but only at its first opening", () => {
    const story = new Story().fails(3, 10).succeed(11, 9);
    expect([story.state, story.told]).toEqual(["HALF_OPEN", ["breaker_half_opened"]]);
    // The other calls of that time neither close it nor open it.
    story.fail(12, "TIMEOUT", 9).fail(12, "CONNECTION", 9).succeed(12, 9);
    expect(story.state).toBe("HALF_OPEN");
    story.fail(13, "CONNECTION", 12);
    expect([story.state, story.openUntilS]).toEqual(["OPEN", 133]);
    expect(story.succeed(14, 9).state).toBe("OPEN");
  });
});

describe("a half-open breaker", () => {
  const halfOpen = (): Story => new Story().fails(3).wake(60);

  it("closes when its probe is refused: the other side answered", () => {
    const story = halfOpen().fail(61, "REFUSED");
    expect([story.state, story.told]).toEqual(["CLOSED", ["breaker_closed"]]);
    expect(story.breaker.lastFailure).toMatchObject({ cause: "REFUSED", at: T0 + 61_000 });
  });

  it("waits for another probe when one failed for a cause that does not count", () => {
    const story = halfOpen().fail(61, "TIMEOUT");
    expect([story.state, story.told]).toEqual(["HALF_OPEN", []]);
    expect(story.succeed(62).state).toBe("CLOSED");
  });
});

describe("new settings", () => {
  it("shorten a rest that is longer than the longest", () => {
    const story = new Story({ openMs: 3_600_000, maxOpenMs: 3_600_000 }).fails(3);
    story.settings = { ...story.settings, maxOpenMs: 100_000 };
    story.wake(10);
    expect([story.state, story.openUntilS, story.told]).toEqual(["OPEN", 110, []]);
    expect(story.wake(110).state).toBe("HALF_OPEN");
  });

  it.each([{ consecutiveFailures: 0, failureRatio: 0 }, { causes: [] }])("that turn it off (%j) close it", (off) => {
    for (const story of [new Story().fails(3), new Story().fails(3).wake(60)]) {
      story.settings = { ...story.settings, ...off };
      story.wake(61);
      expect([story.state, story.told]).toEqual(["CLOSED", ["breaker_closed"]]);
    }
  });
});

describe("a breaker shut by hand", () => {
  it("says why, in what it is and in what it announces, and takes a better reason", () => {
    const story = new Story().isolate(1, "maintenance");
    expect(story.breaker).toMatchObject({ state: "ISOLATED", reason: "maintenance" });
    expect(story.last.effects).toEqual([
      { kind: "announce", name: "breaker_isolated", data: { reason: "maintenance" } },
    ]);
    expect(story.isolate(2, "maintenance").told).toEqual([]);
    expect(story.isolate(3, "moved").breaker).toMatchObject({ reason: "moved", since: T0 + 1000 });
  });

  it("is opened by a reset only, which forgets everything", () => {
    const story = new Story().fails(2).isolate(1).succeed(2).wake(1_000_000).reset(3);
    expect(story.breaker).toEqual({ ...CLOSED_BREAKER, since: T0 + 3000 });
    expect(story.told).toEqual(["breaker_closed"]);
  });
});

describe("a reset", () => {
  it("forgets the failures of a closed breaker without a word", () => {
    const story = new Story().fails(2, 1).reset(2);
    expect(story.last).toEqual({ breaker: { ...CLOSED_BREAKER, since: T0 + 2000 }, effects: [] });
  });

  it("is not undone by calls that were under way", () => {
    const story = new Story().fails(3, 1).reset(2);
    expect(story.fail(3, "CONNECTION", 1).fail(3, "CONNECTION", 1).fail(3, "CONNECTION", 1).state).toBe("CLOSED");
    expect(story.fails(3, 4).state).toBe("OPEN");
  });
});

describe("a clock that was put back", () => {
  it("does not keep it open for longer than the longest rest", () => {
    const story = new Story().fails(3, 100_000);
    expect(story.openUntilS).toBe(100_060);
    story.wake(0);
    expect([story.state, story.openUntilS]).toEqual(["OPEN", 600]);
    expect(story.wake(600).state).toBe("HALF_OPEN");
  });

  it("does not make it deaf: results that cannot be told from older ones count", () => {
    const closed = new Story().reset(100_000);
    expect(closed.fails(3, 10).state).toBe("OPEN");
    const halfOpen = new Story().fails(3, 100_000).wake(100_060);
    expect(halfOpen.succeed(10).state).toBe("CLOSED");
  });

  it("does not leave tallies behind that never grow old", () => {
    const story = new Story().succeed(100_000).succeed(10);
    expect(story.breaker.window).toEqual([{ from: T0 + 6000, succeeded: 1, failed: 0 }]);
  });

  it("by a little loses no counts", () => {
    const story = new Story().succeed(60).succeed(59.9);
    expect(story.breaker.window).toEqual([{ from: T0 + 60_000, succeeded: 2, failed: 0 }]);
  });
});

it("a decision leaves what it was given as it was", () => {
  const before = Object.freeze({ ...CLOSED_BREAKER, window: Object.freeze([]) });
  decideBreaker(before, DEFAULT_BREAKER_SETTINGS, { type: "SUCCEEDED", at: T0 });
  expect(before.window).toEqual([]);
});
