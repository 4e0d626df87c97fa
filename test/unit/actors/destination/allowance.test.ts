import { describe, expect, it } from "vitest";
import { HOUR_S, Story, T0 } from "./given.ts";

describe("what may be delivered", () => {
  it("when all is well: as much as may be under way, and nothing changes by itself", () => {
    const story = new Story({ maxConcurrent: 7 });
    expect([story.allowance(0), story.lookS()]).toEqual([{ kind: "open", slots: 7 }, null]);
  });

  it("while the breaker is open: nothing, until it has been woken after its time", () => {
    const story = new Story().fails(3, 10);
    const shut = { kind: "shut", reason: "BREAKER_OPEN", until: T0 + 70_000 };
    expect([story.allowance(10), story.allowance(69), story.allowance(71), story.lookS()]).toEqual([
      shut,
      shut,
      shut,
      70,
    ]);
    expect([story.wake(70).allowance(70), story.lookS()]).toEqual([{ kind: "probe" }, null]);
  });

  it("while it is open and held: nothing, and the breaker is what people hear of; the first of the two brings a look", () => {
    const story = new Story().fails(3, 10).hold(11, 100);
    expect([story.allowance(12), story.lookS()]).toEqual([
      { kind: "shut", reason: "BREAKER_OPEN", until: T0 + 70_000 },
      70,
    ]);
    story.wake(70);
    expect([story.allowance(70), story.lookS()]).toEqual([
      { kind: "shut", reason: "RATE_LIMITED", until: T0 + 111_000 },
      111,
    ]);
    expect(story.wake(111).allowance(111)).toEqual({ kind: "probe" });
  });

  it("a look at the time it names always does something, and then names another", () => {
    const story = new Story().fails(3, 10).hold(11, 100);
    for (let look = story.lookS(); look !== null; look = story.lookS()) {
      story.wake(look);
      expect(story.last.accepted).toBe(true);
      expect(story.lookS() ?? Number.POSITIVE_INFINITY).toBeGreaterThan(look);
    }
    expect(story.allowance(111)).toEqual({ kind: "probe" });
  });
});

describe("a clock that was put back by days", () => {
  const s = 1_000_000;

  it("makes a look due at once, which shortens the wait to the longest that may be", () => {
    const open = new Story().fails(3, s);
    expect([open.lookS(s), open.lookS(0)]).toEqual([s + 60, 0]);
    expect(open.allowance(0)).toMatchObject({ until: T0 + 600_000 });
    expect(open.wake(0).lookS(0)).toBe(600);
    const held = new Story().hold(s, 60);
    expect([held.lookS(s), held.lookS(0)]).toEqual([s + 60, 0]);
    expect(held.allowance(0)).toMatchObject({ until: T0 + HOUR_S * 1000 });
    expect(held.wake(0).lookS(0)).toBe(HOUR_S);
  });
});
