import { describe, expect, it } from "vitest";
import { expireAtOf } from "../../../../src/domain/lock/lock.ts";
import { Story, T0 } from "./given.ts";

describe("R-129: a lock that is free", () => {
  it("is taken by the first who asks, with token 1, for as long as it asked", () => {
    const { last, record, told } = new Story().acquire(0, "h1", 60);
    expect(last.granted).toBe(true);
    expect(record).toMatchObject({ token: 1, hold: { holder: "h1", acquiredAt: T0, grantedAt: T0 } });
    expect(record.hold && expireAtOf(record.hold)).toBe(T0 + 60_000);
    expect(told).toEqual(["acquired h1 1"]);
  });

  it("cannot be renewed, nor released by a token that never had it", () => {
    const story = new Story().acquire(0, "h1").release(1, 1);
    expect(story.renew(2, 1).last).toMatchObject({ granted: false, accepted: false });
    expect(story.release(2, 2).last).toMatchObject({ granted: false, accepted: false });
  });

  it("keeps its token, so that the next one is greater", () => {
    const story = new Story().acquire(0, "h1").release(1, 1);
    expect(story.record).toMatchObject({ token: 1, hold: null, ended: "released" });
    expect(story.restart().acquire(2, "h2").record).toMatchObject({ token: 2, ended: null });
  });

  it("is released again by the same token without a change", () => {
    const story = new Story().acquire(0, "h1").release(1, 1).release(2, 1);
    expect(story.last).toMatchObject({ granted: true, accepted: false, effects: [] });
  });
});

describe("R-129: a lock that is held", () => {
  it("is refused to all others, and to its holder too", () => {
    const story = new Story().acquire(0, "h1");
    const { record } = story;
    expect(story.acquire(59.999, "h2").last).toMatchObject({ granted: false, accepted: false });
    expect(story.acquire(59.999, "h1").last.granted).toBe(false);
    expect(story.record).toBe(record);
  });

  it("is kept for longer by its token, for as long as before unless it says otherwise", () => {
    const story = new Story().acquire(0, "h1", 60).renew(40, 1);
    expect(story.last).toMatchObject({ granted: true, effects: [] });
    expect(story.record.hold).toMatchObject({ acquiredAt: T0, grantedAt: T0 + 40_000, ttlMs: 60_000 });
    expect(story.renew(95, 1, 10).record.hold).toMatchObject({ grantedAt: T0 + 95_000, ttlMs: 10_000 });
    expect(story.acquire(104.999, "h2").last.granted).toBe(false);
    expect(story.acquire(105, "h2").last.granted).toBe(true);
  });

  it("is never kept for shorter: a renewal that comes late, after one for longer, leaves what is left", () => {
    const story = new Story().acquire(0, "h1", 60).renew(40, 1, 60).renew(41, 1, 5);
    expect(story.last).toMatchObject({ granted: true, effects: [] });
    expect(story.record.hold).toMatchObject({ grantedAt: T0 + 41_000, ttlMs: 59_000 });
    expect(story.acquire(99.999, "h2").last.granted).toBe(false);
    expect(story.renew(99.999, 1, 5).record.hold).toMatchObject({ ttlMs: 5000 });
  });

  it("is neither kept nor let go by another token", () => {
    const story = new Story().acquire(0, "h1").release(1, 1).acquire(2, "h2");
    expect(story.renew(3, 1).last.granted).toBe(false);
    expect(story.release(3, 1).last.granted).toBe(false);
    expect(story.release(3, 3).last.granted).toBe(false);
    expect(story.record).toMatchObject({ token: 2, hold: { holder: "h2" } });
  });

  it("is let go by its token", () => {
    const story = new Story().acquire(0, "h1").release(1, 1);
    expect(story.last.granted).toBe(true);
    expect(story.told).toEqual(["released h1 1"]);
  });
});

describe("R-129: a lock whose time is up", () => {
  it("is taken over by the next who asks, and both are told of in one decision", () => {
    const story = new Story().acquire(0, "h1", 60).acquire(60, "h2");
    expect(story.last.granted).toBe(true);
    expect(story.told).toEqual(["expired h1 1", "acquired h2 2"]);
    expect(story.record).toMatchObject({ token: 2, hold: { holder: "h2", acquiredAt: T0 + 60_000 } });
  });

  it.each(["renew", "release"] as const)("cannot be saved by its holder: a late %s ends it", (late) => {
    const story = new Story().acquire(0, "h1", 60);
    expect(story[late](60, 1).last).toMatchObject({ granted: false, accepted: true });
    expect(story.record).toMatchObject({ token: 1, hold: null, ended: "expired" });
    expect(story.told).toEqual(["expired h1 1"]);
    expect(story[late](61, 1).last).toMatchObject({ granted: false, accepted: false });
  });

  it("is ended by a look, and by none before", () => {
    const story = new Story().acquire(0, "h1", 60);
    expect(story.wake(59.999).last.accepted).toBe(false);
    expect(story.wake(60).told).toEqual(["expired h1 1"]);
    expect(story.wake(61).last.accepted).toBe(false);
  });
});

it("what counts is how much time has passed, not what the wall clock says", () => {
  const story = new Story().acquire(0, "h1", 60);
  const ahead = { at: T0 + 86_400_000, elapsedMs: 59_999 };
  expect(story.when({ type: "ACQUIRE", ...ahead, holder: "h2", ttlMs: 1000 }).last.granted).toBe(false);
  const behind = { at: T0 - 86_400_000, elapsedMs: 60_000 };
  expect(story.when({ type: "ACQUIRE", ...behind, holder: "h2", ttlMs: 1000 }).last.granted).toBe(true);
});
