import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { systemClock } from "../../../src/system/clock.ts";

const YEAR_MS = 365 * 24 * 3_600_000;

describe("the system clock", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"], now: 1_700_000_000_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("tells the wall time in epoch milliseconds", () => {
    expect(systemClock.now()).toBe(1_700_000_000_000);
  });

  it("keeps its monotonic reading when the wall clock is set back", () => {
    const before = systemClock.monotonic();
    vi.setSystemTime(1_600_000_000_000);
    vi.advanceTimersByTime(5);
    expect(systemClock.monotonic() - before).toBe(5);
  });

  it("runs what was scheduled once, when the delay has passed and not before", () => {
    const run = vi.fn<() => void>();
    systemClock.schedule(100, run);
    vi.advanceTimersByTime(99);
    expect(run).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(run).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(YEAR_MS);
    expect(run).toHaveBeenCalledOnce();
  });

  it("waits out delays longer than the 2^31 ms of plain timers", () => {
    const run = vi.fn<() => void>();
    systemClock.schedule(YEAR_MS, run);
    vi.advanceTimersByTime(YEAR_MS - 1);
    expect(run).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(run).toHaveBeenCalledOnce();
  });

  it("cancels a long delay at any of its steps", () => {
    const run = vi.fn<() => void>();
    const timer = systemClock.schedule(YEAR_MS, run);
    vi.advanceTimersByTime(YEAR_MS / 2);
    timer.cancel();
    timer.cancel();
    vi.advanceTimersByTime(YEAR_MS);
    expect(run).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("takes a negative delay as none, and never runs inside the call", () => {
    const run = vi.fn<() => void>();
    systemClock.schedule(-5, run);
    expect(run).not.toHaveBeenCalled();
    vi.advanceTimersByTime(0);
    expect(run).toHaveBeenCalledOnce();
  });

  it("refuses a delay that is not a number", () => {
    expect(() => systemClock.schedule(Number.NaN, () => {})).toThrow(RangeError);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("ends a sleep with the reason of the signal, and leaves no timer", async () => {
    const abort = new AbortController();
    const sleeping = systemClock.sleep(1_000, abort.signal);
    abort.abort(new Error("draining"));
    await expect(sleeping).rejects.toThrow("draining");
    expect(vi.getTimerCount()).toBe(0);
    await expect(systemClock.sleep(1_000, abort.signal)).rejects.toThrow("draining");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("lets go of the signal after a sleep that ran its time", async () => {
    const abort = new AbortController();
    const remove = vi.spyOn(abort.signal, "removeEventListener");
    const sleeping = systemClock.sleep(10, abort.signal);
    vi.advanceTimersByTime(10);
    await sleeping;
    expect(remove).toHaveBeenCalledOnce();
  });
});
