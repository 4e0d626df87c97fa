import { describe, expect, it } from "vitest";
import { Life, retry, T0, timeouts } from "./given.ts";

const all = timeouts({ scheduleToStartMs: 50_000, startToCloseMs: 60_000, scheduleToCloseMs: 100_000 });

describe("while an instance is paused its deadlines stand still", () => {
  it("from PENDING: the wait for a worker and the whole", () => {
    const life = new Life({ timeouts: all }).pause(10);
    expect(life.deadline()).toBeNull();
    expect(life.wake(10_000).last.accepted).toBe(false);
    life.resume(1010);
    expect(life.record).toMatchObject({ state: "PENDING", life: { waitingReason: "NO_WORKER", paused: null } });
    expect(life.deadline()).toEqual({ kind: "SCHEDULE_TO_START", s: 1050 });
    expect(life.start(1040).deadline()).toEqual({ kind: "SCHEDULE_TO_CLOSE", s: 1100 });
  });

  it("from PENDING behind others: it keeps its place, and goes on waiting when resumed", () => {
    const life = new Life({ timeouts: all }, "CONCURRENCY").pause(10).resume(1010);
    expect(life.record.life).toMatchObject({ waitingReason: "CONCURRENCY", readyAt: null });
    expect(life.deadline()).toEqual({ kind: "SCHEDULE_TO_CLOSE", s: 1100 });
  });

  it("when its turn comes while it is paused it is ready once resumed, and waits for a worker from then on", () => {
    const life = new Life({ timeouts: all }, "BUFFERED").pause(10).release(500);
    expect(life.record).toMatchObject({ state: "PAUSED", life: { waitingReason: "PAUSED" } });
    life.resume(1010);
    expect(life.record.life.waitingReason).toBe("NO_WORKER");
    expect(life.deadline()).toEqual({ kind: "SCHEDULE_TO_START", s: 1060 });
  });

  it("from RUNNING: the attempt, its sign of life, and the whole", () => {
    const life = new Life({ timeouts: timeouts({ startToCloseMs: 60_000, scheduleToCloseMs: 100_000 }) })
      .start(20, "token1", 30_000)
      .heartbeat(25)
      .pause(40);
    expect(life.deadline()).toBeNull();
    life.resume(1040);
    expect(life.deadline()).toEqual({ kind: "HEARTBEAT", s: 1070 });
    life.heartbeat(1060);
    expect(life.deadline()).toEqual({ kind: "START_TO_CLOSE", s: 1080 });
  });

  it("the history keeps when the attempt really started", () => {
    const life = new Life({ timeouts: all }).start(20).pause(40).resume(1040).fail(1050);
    expect(life.last.effects).toContainEqual(
      expect.objectContaining({
        kind: "record",
        attempt: expect.objectContaining({ startedAt: T0 + 20_000, endedAt: T0 + 1_050_000 }),
      }),
    );
  });

  it("from BACKING_OFF: what was left of the wait is waited after the resume", () => {
    const life = new Life({ retry: retry({ initialDelayMs: 30_000 }) }).start(0).fail(10).pause(15).resume(1015);
    expect(life.record).toMatchObject({ state: "BACKING_OFF", life: { waitingReason: "BACKOFF" } });
    expect(life.deadline()).toEqual({ kind: "BACKOFF", s: 1040 });
  });

  it("twice: both times count", () => {
    const life = new Life({ timeouts: all }).start(0).pause(10).resume(110).pause(120).resume(320);
    expect(life.deadline()).toEqual({ kind: "START_TO_CLOSE", s: 360 });
  });

  it("not while a cancel is under way: that cannot be paused", () => {
    const life = new Life({ timeouts: all }).start(0).cancel(5).pause(6);
    expect(life.last.accepted).toBe(false);
    expect(life.deadline()).toEqual({ kind: "CANCEL_GRACE", s: 35 });
  });
});

describe("an attempt that ends while its instance is paused", () => {
  it("completes it", () => {
    expect(new Life().start(0).pause(1).complete(5).record).toMatchObject({
      state: "COMPLETED",
      life: { paused: null, waitingReason: null },
    });
  });

  it("fails into a wait that begins when it is resumed, and the time before the failure stood still too", () => {
    const life = new Life({ timeouts: all, retry: retry({ initialDelayMs: 30_000 }) }).start(0).pause(10).fail(500);
    expect(life.record).toMatchObject({
      state: "PAUSED",
      life: { attempt: null, paused: { from: "BACKING_OFF" }, stateAt: life.record.createdAt + 10_000 },
    });
    expect(life.deadline()).toBeNull();
    life.resume(1010);
    expect(life.deadline()).toEqual({ kind: "BACKOFF", s: 1040 });
    life.wake(1040).start(1045);
    expect(life.deadline()).toEqual({ kind: "SCHEDULE_TO_CLOSE", s: 1100 });
  });

  it("ends it when no other attempt is granted", () => {
    expect(new Life().start(0).pause(1).fail(5, { retryable: false }).record).toMatchObject({
      state: "FAILED",
      life: { paused: null },
    });
    expect(new Life({ retry: retry({ maxRetries: 0 }) }).start(0).pause(1).lose(5).state).toBe("FAILED");
  });

  it("that nobody heard of is taken back: it waits for a worker once it is resumed, and all that time stood still", () => {
    const life = new Life({ timeouts: all }).start(0).pause(10);
    life.when({ type: "RETURN", at: life.record.createdAt + 500_000, token: life.token });
    expect(life.record).toMatchObject({
      state: "PAUSED",
      life: { attempt: null, attemptCount: 0, startedAt: null, paused: { from: "PENDING" } },
    });
    life.resume(1010);
    expect(life.deadline()).toEqual({ kind: "SCHEDULE_TO_START", s: 1060 });
    expect(life.start(1020).deadline()).toEqual({ kind: "START_TO_CLOSE", s: 1080 });
    expect(new Life({ timeouts: timeouts({ scheduleToCloseMs: 100_000 }) }).start(0).pause(10).deadline()).toBeNull();
  });

  it("goes on running when a cancel is asked for, with the grace from then on and the pause left out", () => {
    const life = new Life({ timeouts: timeouts({ startToCloseMs: 60_000, cancelGraceMs: 90_000 }) })
      .start(0)
      .pause(10)
      .cancel(1010);
    expect(life.record).toMatchObject({
      state: "RUNNING",
      life: { waitingReason: null, stateAt: life.record.createdAt + 1_010_000 },
    });
    expect(life.deadline()).toEqual({ kind: "START_TO_CLOSE", s: 1060 });
  });
});
