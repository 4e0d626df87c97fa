import { describe, expect, it } from "vitest";
import { liveSecrets } from "../../../../src/actors/destination/secrets.ts";
import { CLOSED_BREAKER } from "../../../../src/domain/breaker.ts";
import { DEFAULT_DESTINATION_SETTINGS } from "../../../../src/domain/webhook/destination.ts";
import { Story, T0 } from "./given.ts";

/** Ids of those that sign at second `s`. */
function live({ record }: Story, s: number): readonly string[] {
  return liveSecrets(record, T0 + s * 1000).map(({ id }) => id);
}

describe("an update (R-141)", () => {
  it("changes what it names, and announces the names", () => {
    const rate = { perSecond: 5, burst: 10 };
    const story = new Story().update(1, { rate, maxConcurrent: undefined, headersMs: 20_000 });
    expect(story.record).toMatchObject({ revision: 1, updatedAt: T0 + 1000, createdAt: T0 });
    expect(story.record.settings).toEqual({ ...DEFAULT_DESTINATION_SETTINGS, rate, headersMs: 20_000 });
    expect(story.last.effects).toEqual([
      { kind: "announce", name: "settings_updated", data: { settings: ["rate", "headersMs"] } },
    ]);
    expect(story.update(2, { rate: null }).record.settings.rate).toBeNull();
  });

  it("is felt by a breaker that is open: it rests no longer than the new longest rest", () => {
    const { breaker } = DEFAULT_DESTINATION_SETTINGS;
    const story = new Story().fails(3, 0).update(1, { breaker: { ...breaker, openMs: 5000, maxOpenMs: 10_000 } });
    expect(story.lookS()).toBe(11);
    story.update(2, { breaker: { ...breaker, consecutiveFailures: 0, failureRatio: 0 } });
    expect(story.told).toEqual(["settings_updated", "breaker_closed"]);
    expect(story.allowance(2)).toEqual({ kind: "open", slots: 100 });
  });

  it("of how many may be under way is felt at once", () => {
    expect(new Story().update(1, { maxConcurrent: 3 }).allowance(1)).toEqual({ kind: "open", slots: 3 });
  });
});

describe("a reset", () => {
  it("enables, closes and forgets, and keeps settings and secrets", () => {
    const story = new Story({ maxConcurrent: 3 }).rotate(1, "s1").hold(2, 1000).fails(3, 3).gone(4).reset(5);
    expect(story.told).toEqual(["breaker_closed", "enabled"]);
    expect(story.record).toMatchObject({
      revision: 2,
      disabled: null,
      heldUntil: null,
      failingSince: null,
      breaker: { ...CLOSED_BREAKER, since: T0 + 5000 },
      settings: { maxConcurrent: 3 },
      secrets: [{ id: "s1" }],
    });
    expect(story.allowance(5)).toEqual({ kind: "open", slots: 3 });
  });

  it("of a healthy one is a revision and nothing to tell of", () => {
    const story = new Story().reset(1);
    expect([story.last.accepted, story.last.isDurable, story.told, story.record.revision]).toEqual([true, true, [], 1]);
  });
});

describe("one that is isolated", () => {
  it("lets nothing through until it is reset, however well deliveries end", () => {
    const story = new Story().isolate(1).succeed(2, 0).wake(1e6);
    expect(story.allowance(1e6)).toEqual({ kind: "shut", reason: "BREAKER_OPEN", until: null });
    expect(story.lookS()).toBeNull();
    expect(story.reset(1e6).allowance(1e6).kind).toBe("open");
  });

  it("stays so through a restart", () => {
    expect(new Story().isolate(1).restart().allowance(2)).toMatchObject({ until: null });
  });

  it("again for the same reason is accepted, and announced once", () => {
    const story = new Story().isolate(1).isolate(2);
    expect([story.last.accepted, story.told, story.record.revision]).toEqual([true, [], 2]);
  });
});

describe("secrets", () => {
  it("the new one signs first, those before it as long as the overlap lasts", () => {
    const story = new Story().rotate(0, "s1").rotate(10, "s2", 60);
    expect(story.record.secrets).toEqual([
      { id: "s2", sealed: "sealed:s2", createdAt: T0 + 10_000, expiresAt: null },
      { id: "s1", sealed: "sealed:s1", createdAt: T0, expiresAt: T0 + 70_000 },
    ]);
    expect([live(story, 69.999), live(story, 70)]).toEqual([["s2", "s1"], ["s2"]]);
  });

  it("without an overlap the old one is gone at once", () => {
    expect(
      new Story()
        .rotate(0, "s1")
        .rotate(10, "s2", 0)
        .record.secrets.map(({ id }) => id),
    ).toEqual(["s2"]);
  });

  it("a longer overlap does not prolong what ends sooner, and a shorter one ends it", () => {
    const story = new Story().rotate(0, "s1").rotate(10, "s2", 60).rotate(20, "s3", 3600);
    expect([live(story, 69), live(story, 70)]).toEqual([
      ["s3", "s2", "s1"],
      ["s3", "s2"],
    ]);
    expect(live(story.rotate(30, "s4", 5), 35)).toEqual(["s4"]);
  });

  it("there are five at most: the oldest goes", () => {
    const story = new Story();
    for (let number = 1; number <= 7; number++) {
      story.rotate(number, `s${number}`, 3600);
    }
    expect(live(story, 8)).toEqual(["s7", "s6", "s5", "s4", "s3"]);
  });

  it("what has expired goes with the next command", () => {
    for (const command of [
      (story: Story) => story.update(100, { maxConcurrent: 1 }),
      (story: Story) => story.reset(100),
      (story: Story) => story.isolate(100),
      (story: Story) => story.rotate(100, "s3", 3600),
    ]) {
      const story = new Story().rotate(0, "s1").rotate(10, "s2", 60);
      expect(command(story).record.secrets.map(({ id }) => id)).not.toContain("s1");
    }
  });

  it("are not told to anybody: the announcement has the id only", () => {
    const story = new Story().rotate(0, "s1");
    expect(story.last.effects).toEqual([{ kind: "announce", name: "secret_rotated", data: { secretId: "s1" } }]);
  });

  it("can be rotated while nothing is delivered", () => {
    expect(live(new Story().gone(1).rotate(2, "s1"), 3)).toEqual(["s1"]);
  });
});
