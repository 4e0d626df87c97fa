import { describe, expect, it } from "vitest";
import { CLOSED_BREAKER } from "../../../../src/domain/breaker.ts";
import { DEFAULT_PUSH_POLICY } from "../../../../src/domain/platform/platform.ts";
import { decidePlatform } from "../../../../src/actors/platform/decide.ts";
import { Story, T0, fresh } from "./given.ts";

describe("an update", () => {
  it("changes what it names, and announces the names of what is not as it was, never a value", () => {
    const story = new Story();
    const { settings } = story.record;
    story.update(1, {
      name: "任务中心",
      connector: undefined,
      settings: { ...settings, appSecret: "sealed:new" },
      standsFor: "p2",
    });
    expect(story.last.effects).toEqual([
      { kind: "announce", name: "settings_updated", data: { fields: ["settings", "standsFor"] } },
    ]);
    expect(story.record).toMatchObject({
      revision: 2,
      name: "任务中心",
      connector: "jinzhi",
      settings: { appId: "app", appSecret: "sealed:new" },
      standsFor: "p2",
      updatedAt: T0 + 1000,
      createdAt: T0,
    });
    expect(story.update(2, { standsFor: null }).record.standsFor).toBeNull();
  });

  it("R-021, R-044: of settings or connector forgets the token, why there was none, and what the other side asked for", () => {
    for (const change of [{ settings: { host: "https://new.example.edu" } }, { connector: "gzucm" }]) {
      const story = new Story().obtain(0).hold(1, 100).refuseToken(2).obtain(3).failToken(4).update(5, change);
      expect(story.record).toMatchObject({ token: null, tokenFailure: null, heldUntil: null });
      expect([story.need(5), story.health(5), story.allowance(5)]).toEqual(["now", "NONE", { kind: "open", slots: 8 }]);
    }
  });

  it("of anything else keeps the token: it is still of use", () => {
    const policy = { ...DEFAULT_PUSH_POLICY, maxConcurrent: 2 };
    const story = new Story().obtain(0).hold(1, 100).update(2, { name: "n", standsFor: "p2", policy });
    expect([story.need(3), story.allowance(3).kind, story.allowance(102)]).toEqual([
      "none",
      "shut",
      { kind: "open", slots: 2 },
    ]);
  });

  it("with the same settings in another order keeps it too, and tells of nothing", () => {
    const story = new Story().obtain(0);
    const settings = Object.fromEntries(Object.entries(story.record.settings).toReversed());
    story.update(1, { settings, connector: "jinzhi", policy: { ...story.record.policy } });
    expect([story.told, story.need(1), story.record.revision]).toEqual([[], "none", 2]);
  });

  it("is felt by a breaker that is open: it rests no longer than the new longest rest", () => {
    const { breaker } = DEFAULT_PUSH_POLICY;
    const shorter = { ...breaker, openMs: 5000, maxOpenMs: 10_000 };
    const story = new Story().fails(3, 0).update(1, { policy: { ...DEFAULT_PUSH_POLICY, breaker: shorter } });
    expect(story.lookS()).toBe(11);
    story.update(2, {
      policy: { ...DEFAULT_PUSH_POLICY, breaker: { ...breaker, consecutiveFailures: 0, failureRatio: 0 } },
    });
    expect(story.told).toEqual(["settings_updated", "breaker_closed"]);
  });
});

describe("enabling and disabling", () => {
  it("a new platform is disabled until somebody enables it", () => {
    const { record, effects } = decidePlatform(fresh(), { type: "ENABLE", at: T0 + 1000 });
    expect(record).toMatchObject({ enabled: true, revision: 2, updatedAt: T0 + 1000 });
    expect(effects).toEqual([{ kind: "announce", name: "enabled", data: {} }]);
  });

  it("again is a revision and nothing to tell of", () => {
    const story = new Story().enable(1);
    expect([story.last.accepted, story.told, story.record.revision]).toEqual([true, [], 2]);
    story.disable(2).disable(3);
    expect([story.last.accepted, story.told, story.record.revision]).toEqual([true, [], 4]);
  });

  it("what was under way when it was disabled tells nothing any more", () => {
    const story = new Story().disable(1);
    for (let push = 0; push < 5; push++) {
      story.fail(2, {}, 0);
    }
    expect([story.last.accepted, story.enable(3).allowance(3).kind]).toEqual([false, "open"]);
  });

  it("does not heal: what was isolated, open or held is so afterwards", () => {
    expect(new Story().isolate(1).disable(2).enable(3).allowance(3)).toMatchObject({ kind: "shut", until: null });
    expect(new Story().hold(1, 60).disable(2).enable(3).allowance(3)).toMatchObject({ reason: "RATE_LIMITED" });
    const story = new Story().fails(3, 1).disable(2).enable(100);
    expect([story.allowance(100).kind, story.lookS()]).toEqual(["shut", 61]);
    expect(story.wake(100).allowance(100)).toEqual({ kind: "probe" });
  });

  it("R-087: a token can be had before it is enabled, and one that can't tells the breaker nothing", () => {
    const story = new Story().disable(0).failToken(1, true).failToken(2, true).failToken(3, true);
    expect([story.health(3), story.record.breaker.state]).toEqual(["FAILED", "CLOSED"]);
    expect(story.obtain(4).enable(5).need(5)).toBe("none");
  });
});

describe("a reset", () => {
  it("closes and forgets what failed, and keeps settings and the token", () => {
    const story = new Story().obtain(0).hold(1, 1000).failToken(2).fails(3, 3).reset(5);
    expect(story.told).toEqual(["breaker_closed"]);
    expect(story.record).toMatchObject({
      revision: 2,
      enabled: true,
      heldUntil: null,
      tokenFailure: null,
      token: { sealed: "sealed:t1" },
      breaker: { ...CLOSED_BREAKER, since: T0 + 5000 },
    });
    expect(story.allowance(5)).toEqual({ kind: "open", slots: 8 });
  });

  it("does not enable", () => {
    expect(new Story().isolate(0).disable(1).reset(2).record.enabled).toBe(false);
  });
});

describe("one that is isolated", () => {
  it("lets nothing through until it is reset, however well pushes end, also after a restart", () => {
    const story = new Story().isolate(1).succeed(2, 0).wake(1e6).restart();
    expect([story.allowance(1e6), story.lookS()]).toEqual([
      { kind: "shut", reason: "BREAKER_OPEN", until: null },
      null,
    ]);
    expect(story.reset(1e6).allowance(1e6).kind).toBe("open");
  });
});
