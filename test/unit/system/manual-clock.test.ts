import { describe, expect, it } from "vitest";

import { MANUAL_START_AT, ManualClock } from "../../support/manual-clock.ts";

describe("the manual clock", () => {
  it("stands still until it is turned", async () => {
    const clock = new ManualClock();
    expect(clock.now()).toBe(MANUAL_START_AT);
    await clock.advance(1_500);
    expect(clock.now()).toBe(MANUAL_START_AT + 1_500);
    expect(clock.monotonic()).toBe(1_500);
  });

  it("runs timers in due order, those of one moment in the order they were set, each at its own time", async () => {
    const clock = new ManualClock();
    const ran: string[] = [];
    const note = (name: string) => () => void ran.push(`${name}@${clock.monotonic()}`);
    clock.schedule(20, note("late"));
    clock.schedule(10, note("first"));
    clock.schedule(10, note("second"));
    clock.schedule(31, note("beyond"));
    await clock.advance(30);
    expect(ran).toEqual(["first@10", "second@10", "late@20"]);
    expect(clock.pendingTimers).toBe(1);
    expect(clock.nextDelayMs).toBe(1);
  });

  it("runs timers that were set by what ran meanwhile, promises in between included", async () => {
    const clock = new ManualClock();
    const woke: number[] = [];
    const loop = async (): Promise<void> => {
      for (let round = 0; round < 3; round++) {
        await clock.sleep(10);
        await Promise.resolve();
        woke.push(clock.monotonic());
      }
    };
    const looping = loop();
    await clock.advance(35);
    await looping;
    expect(woke).toEqual([10, 20, 30]);
  });

  it("does not run a cancelled timer, even one cancelled by its neighbour of the same moment", async () => {
    const clock = new ManualClock();
    const ran: string[] = [];
    clock.schedule(10, () => {
      ran.push("one");
      other.cancel();
    });
    const other = clock.schedule(10, () => void ran.push("other"));
    await clock.advance(10);
    expect(ran).toEqual(["one"]);
  });

  it("runs what is due already on advance(0), and never inside schedule", async () => {
    const clock = new ManualClock();
    let ran = false;
    clock.schedule(0, () => {
      ran = true;
    });
    expect(ran).toBe(false);
    await clock.advance(0);
    expect(ran).toBe(true);
  });

  it("steps the wall clock without touching timers", async () => {
    const clock = new ManualClock();
    let ranAt = 0;
    clock.schedule(10, () => {
      ranAt = clock.now();
    });
    clock.setWall(1_000);
    await clock.advance(10);
    expect(ranAt).toBe(1_010);
    expect(clock.monotonic()).toBe(10);
  });

  it("rejects a sleep whose signal aborts, and refuses to go back", async () => {
    const clock = new ManualClock();
    const sleeping = clock.sleep(10, AbortSignal.abort(new Error("stopped")));
    await expect(sleeping).rejects.toThrow("stopped");
    expect(clock.pendingTimers).toBe(0);
    await expect(clock.advance(-1)).rejects.toThrow(RangeError);
  });

  it("hands on what a timer throws, and can be turned again", async () => {
    const clock = new ManualClock();
    clock.schedule(5, () => {
      throw new Error("broken");
    });
    await expect(clock.advance(10)).rejects.toThrow("broken");
    await clock.advance(5);
    expect(clock.monotonic()).toBe(10);
  });
});
