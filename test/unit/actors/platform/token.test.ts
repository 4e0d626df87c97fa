import { describe, expect, it } from "vitest";
import { tokenNeedOf } from "../../../../src/actors/platform/token.ts";
import { tokenHealthOf } from "../../../../src/domain/platform/token-health.ts";
import { DEFAULT_PUSH_POLICY } from "../../../../src/domain/platform/platform.ts";
import { Story, T0 } from "./given.ts";

const DAY_S = 86_400;

/** For how many seconds a token is used that the platform gives for `forS`. */
function validS(forS: number): number {
  const { token } = new Story().obtain(10, forS).record;
  return ((token?.expiresAt ?? Number.NaN) - (token?.obtainedAt ?? Number.NaN)) / 1000;
}

describe("R-021, R-046: a token", () => {
  it("is used until 300 s before the platform says that it expires, and for 60 s at least", () => {
    expect([7200, 400, 361, 360, 359, 30, 0, -5].map(validS)).toEqual([6900, 100, 61, 60, 60, 60, 60, 60]);
  });

  it("for a time that is no time is used for 60 s, and one without an end for a year", () => {
    expect([Number.NaN, Number.POSITIVE_INFINITY, 1e15].map(validS)).toEqual([60, 365 * DAY_S, 365 * DAY_S]);
    const [told] = new Story().obtain(0, Number.POSITIVE_INFINITY).last.effects;
    expect(told?.data).toEqual({ expireTime: "2027-01-01T00:00:00.000Z" });
  });

  it("is written with the moment of its end, and the end is told, not the token", () => {
    const story = new Story().obtain(10, 7200);
    expect(story.record.token).toEqual({
      sealed: "sealed:t1",
      obtainedAt: T0 + 10_000,
      expiresAt: T0 + 6_910_000,
    });
    expect([story.last.isDurable, story.last.effects]).toEqual([
      true,
      [{ kind: "announce", name: "token_refreshed", data: { expireTime: "2026-01-01T01:55:10.000Z" } }],
    ]);
  });

  it("is fetched when the first push comes, and then not until the last minute of its time", () => {
    const story = new Story();
    expect(story.need(0)).toBe("now");
    story.obtain(0);
    expect([0, 1, 6839, 6840, 6899, 6900, 1e6].map((s) => story.need(s))).toEqual([
      "none",
      "none",
      "none",
      "ahead",
      "ahead",
      "now",
      "now",
    ]);
    expect(tokenNeedOf(story.record, T0 + 6_840_000)).toEqual({ kind: "ahead", token: story.record.token });
  });

  it("of a short time is replaced in the last fifth of it", () => {
    const story = new Story().obtain(0, 60);
    expect([47, 48, 59, 60].map((s) => story.need(s))).toEqual(["none", "ahead", "ahead", "now"]);
  });

  it("is fetched once for each end: what has come ahead makes the old end nobody's business", () => {
    const story = new Story().obtain(0).obtain(6850, 7200, "sealed:t2");
    expect([6850, 6900, 6850 + 6839, 6850 + 6840].map((s) => story.need(s))).toEqual(["none", "none", "none", "ahead"]);
  });

  it("brings no look by itself: nobody fetches one for a platform to which nothing is pushed", () => {
    expect(new Story().obtain(0).lookS()).toBeNull();
  });

  it("stays through a reset, an isolation and a restart (R-086)", () => {
    const story = new Story().obtain(0).isolate(1).reset(2).disable(3).enable(4).restart();
    expect([story.need(5), story.health(5)]).toEqual(["none", "VALID"]);
  });
});

describe("R-015: a token that the platform did not take", () => {
  it("is forgotten, and a push fetches another at once, whatever time it had", () => {
    const story = new Story().obtain(0).refuseToken(10);
    expect([story.told, story.last.isDurable, story.need(10)]).toEqual([[], true, "now"]);
    expect(story.record.tokenFailure).toMatchObject({ code: "TOKEN_REFUSED", at: T0 + 10_000 });
    story.obtain(11, 7200, "sealed:t2");
    expect([story.need(12), story.record.tokenFailure]).toEqual(["none", null]);
  });

  it("is forgotten once, though two hundred pushes hear of it", () => {
    const story = new Story().obtain(0);
    let forgotten = 0;
    for (let push = 0; push < 200; push++) {
      story.refuseToken(10 + push / 100);
      forgotten += story.last.accepted ? 1 : 0;
      if (push === 100) {
        story.obtain(11, 7200, "sealed:t2");
      }
    }
    expect([forgotten, story.need(13), story.record.token?.sealed]).toEqual([1, "none", "sealed:t2"]);
  });

  it("says nothing to the breaker: the push that is repeated does", () => {
    const story = new Story().fails(2, 0).obtain(1).refuseToken(2);
    expect([story.record.breaker.state, story.record.breaker.consecutiveFailures]).toEqual(["CLOSED", 2]);
  });
});

describe("R-087: a token that can't be had", () => {
  it("is told, and shown with its code until there is one", () => {
    const story = new Story().failToken(5, true);
    expect(story.last.effects).toEqual([
      { kind: "announce", name: "token_failed", data: { code: "40001", message: "appSecret is wrong" } },
    ]);
    expect(story.record.tokenFailure).toEqual({
      code: "40001",
      message: "appSecret is wrong",
      at: T0 + 5000,
      retryAt: T0 + 10_000,
    });
    expect([story.health(5), story.obtain(6).health(6), story.record.tokenFailure]).toEqual(["FAILED", "VALID", null]);
  });

  it("counts against the breaker, once for all pushes that waited for it, as AUTH when the credentials are wrong", () => {
    const story = new Story().failToken(0, true).failToken(1, true);
    expect(story.record.breaker).toMatchObject({ state: "CLOSED", consecutiveFailures: 2 });
    story.failToken(2, true);
    expect(story.told).toEqual(["token_failed", "breaker_opened"]);
    expect(story.record.breaker.lastFailure).toEqual({
      cause: "AUTH",
      message: "no access token: 40001, appSecret is wrong",
      at: T0 + 2000,
    });
    expect(story.allowance(3)).toMatchObject({ kind: "shut", reason: "BREAKER_OPEN" });
  });

  it("for now counts as what came in the way", () => {
    const failed = { type: "TOKEN_FAILED", at: T0, code: "NO_ANSWER", message: "m", isPermanent: false } as const;
    expect(new Story().when(failed).record.breaker.lastFailure?.cause).toBe("CONNECTION");
    expect(new Story().when({ ...failed, cause: "TIMEOUT" }).record.breaker.lastFailure?.cause).toBe("TIMEOUT");
  });

  it("that was asked for before the breaker changed says nothing about it now", () => {
    const story = new Story().fails(3, 10).wake(70);
    const failed = { type: "TOKEN_FAILED", code: "c", message: "m", isPermanent: false } as const;
    story.when({ ...failed, at: T0 + 71_000, sentAt: T0 + 9000 });
    expect([story.record.breaker.state, story.told]).toEqual(["HALF_OPEN", ["token_failed"]]);
    story.when({ ...failed, at: T0 + 72_000, sentAt: T0 + 71_000 });
    expect(story.record.breaker.state).toBe("OPEN");
  });

  it("ahead of the end counts for nothing as long as the old one serves, and is not tried again until that ends", () => {
    const story = new Story().obtain(0).failToken(6850).failToken(6851).failToken(6852);
    expect(story.record.breaker).toMatchObject({ state: "CLOSED", consecutiveFailures: 0 });
    expect([6852, 6899, 6900].map((s) => [story.need(s), story.health(s)])).toEqual([
      ["none", "EXPIRING"],
      ["none", "EXPIRING"],
      ["now", "FAILED"],
    ]);
  });

  it("by hand, in the midst of its time, does not keep it from being replaced later", () => {
    const story = new Story().obtain(0).failToken(100);
    expect([story.need(101), story.health(101), story.need(6840)]).toEqual(["none", "VALID", "ahead"]);
  });
});

describe("R-021: while a token could not be had just now", () => {
  it("nothing is pushed and none is asked for, for 5 s: what waits costs no attempt", () => {
    const story = new Story().failToken(10);
    const { tokenFailure } = story.record;
    expect(tokenNeedOf(story.record, T0 + 14_999)).toEqual({
      kind: "wait",
      until: T0 + 15_000,
      failure: tokenFailure,
    });
    expect([story.allowance(14.999), story.lookS()]).toEqual([
      { kind: "shut", reason: "BREAKER_OPEN", until: T0 + 15_000 },
      15,
    ]);
    expect([story.need(15), story.allowance(15)]).toEqual(["now", { kind: "open", slots: 8 }]);
    expect([story.wake(15).lookS(), story.wake(15).last.accepted, story.health(15)]).toEqual([null, false, "FAILED"]);
  });

  it("it is so on the next node too (R-086), and also when the breaker does not mind", () => {
    const breaker = { ...DEFAULT_PUSH_POLICY.breaker, causes: ["SERVER_ERROR"] as const };
    const story = new Story({ breaker });
    for (let s = 0; s < 100; s += 5) {
      story.failToken(s, true).restart();
      expect([story.need(s + 4), story.wake(s + 5).need(s + 5)]).toEqual(["wait", "now"]);
    }
    expect(story.record.breaker.state).toBe("CLOSED");
  });

  it("the rest of the breaker comes first, and the probe fetches the token", () => {
    const story = new Story().failToken(0).wake(5).failToken(5).wake(10).failToken(10);
    expect(story.allowance(11)).toEqual({ kind: "shut", reason: "BREAKER_OPEN", until: T0 + 70_000 });
    story.wake(15).wake(70);
    expect([story.allowance(70), story.need(70)]).toEqual([{ kind: "probe" }, "now"]);
    expect([story.obtain(71).need(71), story.succeed(72).allowance(72).kind]).toEqual(["none", "open"]);
  });

  it("a token got by hand, a reset or other settings end the wait", () => {
    for (const ended of [
      new Story().failToken(0).obtain(1),
      new Story().failToken(0).reset(1),
      new Story().failToken(0).update(1, { settings: {} }),
    ]) {
      expect([ended.allowance(1).kind, ended.lookS()]).toEqual(["open", null]);
    }
  });

  it("the refusal of an older one does not end it", () => {
    const story = new Story().obtain(0, 60).failToken(60).refuseToken(61);
    expect([story.need(62), story.record.tokenFailure?.code]).toEqual(["wait", "TOKEN_REFUSED"]);
  });

  it("nobody waits whose token serves: one fetched ahead or by hand that failed", () => {
    const story = new Story().obtain(0).failToken(6850);
    expect([story.need(6851), story.allowance(6851).kind, story.lookS(), story.need(6900)]).toEqual([
      "none",
      "open",
      null,
      "now",
    ]);
  });

  it("one that is disabled or isolated is not looked at, and goes on when it is enabled", () => {
    expect(new Story().failToken(0).isolate(1).lookS()).toBeNull();
    const story = new Story().failToken(0).disable(1);
    expect([story.allowance(1).kind, story.lookS()]).toEqual(["open", null]);
    expect([story.enable(3).allowance(3).kind, story.lookS(), story.wake(5).lookS()]).toEqual(["shut", 5, null]);
  });

  it("a clock that is put back makes the wait no longer", () => {
    const story = new Story().failToken(1000);
    expect([story.allowance(100), story.lookS(100)]).toEqual([
      { kind: "shut", reason: "BREAKER_OPEN", until: T0 + 105_000 },
      100,
    ]);
    expect([story.wake(100).lookS(100), story.wake(105).allowance(105).kind]).toEqual([105, "open"]);
  });
});

describe("R-087: how a token fares", () => {
  it("is shown with its end and with what failed, also while the older one serves, and never with the token", () => {
    const story = new Story();
    expect(tokenHealthOf(story.record, T0)).toEqual({ state: "NONE", expiresAt: null, failure: null });
    story.obtain(0).failToken(6850);
    const failure = { code: "HTTP_503", message: "HTTP 503", at: T0 + 6_850_000, retryAt: null };
    expect(tokenHealthOf(story.record, T0 + 6_851_000)).toEqual({
      state: "EXPIRING",
      expiresAt: T0 + 6_900_000,
      failure,
    });
    expect(tokenHealthOf(story.record, T0 + 6_900_000)).toEqual({
      state: "FAILED",
      expiresAt: T0 + 6_900_000,
      failure,
    });
  });

  it("goes from none to valid, expiring and expired", () => {
    const story = new Story();
    expect(story.health(0)).toBe("NONE");
    story.obtain(0);
    expect([0, 6839, 6840, 6899, 6900].map((s) => story.health(s))).toEqual([
      "VALID",
      "VALID",
      "EXPIRING",
      "EXPIRING",
      "EXPIRED",
    ]);
  });

  it("is failed when it was not taken, until another is there", () => {
    const story = new Story().obtain(0).refuseToken(1);
    expect([story.health(1), story.obtain(2, 7200, "sealed:t2").health(2)]).toEqual(["FAILED", "VALID"]);
  });
});

describe("R-021: what was asked for with other settings", () => {
  const elsewhere = { connector: "jinzhi", settings: { host: "https://elsewhere.example.edu" } };
  const failed = { type: "TOKEN_FAILED", at: T0 + 2000, code: "c", message: "m", isPermanent: true } as const;

  it("is not kept: neither a token nor a failure", () => {
    const story = new Story();
    const { connector, settings } = story.record;
    const askedWith = { connector, settings };
    story.update(1, { settings: elsewhere.settings });
    story.when({ type: "TOKEN_OBTAINED", at: T0 + 2000, sealed: "s", expiresInMs: 7_200_000, askedWith });
    expect([story.last.accepted, story.need(2)]).toEqual([false, "now"]);
    expect(story.when({ ...failed, askedWith }).last.accepted).toBe(false);
    expect(story.when({ ...failed, askedWith: elsewhere }).last.accepted).toBe(true);
  });

  it("is of use when they are the same again, in whatever order a database keeps them", () => {
    const story = new Story();
    const { connector, settings } = story.record;
    const askedWith = { connector, settings: Object.fromEntries(Object.entries(settings).toReversed()) };
    story.when({ type: "TOKEN_OBTAINED", at: T0, sealed: "s", expiresInMs: 7_200_000, askedWith });
    expect(story.need(1)).toBe("none");
  });
});
