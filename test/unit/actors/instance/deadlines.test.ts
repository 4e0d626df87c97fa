import { describe, expect, it } from "vitest";
import { Life, T0, retry, timeouts } from "./given.ts";

describe("the four timeouts", () => {
  it("schedule-to-start counts from when it could have run, and ends what no worker took", () => {
    const life = new Life({ timeouts: timeouts({ scheduleToStartMs: 10_000 }) }, "BUFFERED");
    expect(life.deadline()).toBeNull();
    life.release(100);
    expect(life.deadline()).toEqual({ kind: "SCHEDULE_TO_START", s: 110 });
    expect(life.wake(109.999).last.accepted).toBe(false);
    life.wake(110);
    expect(life.record).toMatchObject({
      state: "TIMED_OUT",
      life: { error: { code: "SCHEDULE_TO_START_TIMEOUT" }, attemptCount: 0 },
    });
    expect(life.effects).toEqual(["withdraw", "timed_out", "ended"]);
  });

  it("schedule-to-start begins anew after a backoff, and means nothing once an attempt runs", () => {
    const life = new Life({ timeouts: timeouts({ scheduleToStartMs: 10_000 }) }).start(5);
    expect(life.deadline()).toBeNull();
    life.fail(6).wake(36);
    expect(life.deadline()).toEqual({ kind: "SCHEDULE_TO_START", s: 46 });
  });

  it("start-to-close ends one attempt, and the policy grants another", () => {
    const life = new Life({ timeouts: timeouts({ startToCloseMs: 60_000 }) }).start(1);
    expect(life.deadline()).toEqual({ kind: "START_TO_CLOSE", s: 61 });
    life.wake(61);
    expect(life.record).toMatchObject({
      state: "BACKING_OFF",
      life: { error: { code: "START_TO_CLOSE_TIMEOUT" }, nextAttemptAt: T0 + 91_000 },
    });
    expect(life.last.effects).toContainEqual(
      expect.objectContaining({
        kind: "record",
        attempt: expect.objectContaining({ outcome: "TIMED_OUT", number: 1 }),
      }),
    );
    expect(life.last.effects).toContainEqual(expect.objectContaining({ kind: "signal", token: "token1", stale: true }));
  });

  it("start-to-close without a retry left is TIMED_OUT, not FAILED", () => {
    const life = new Life({ timeouts: timeouts({ startToCloseMs: 60_000 }), retry: retry({ maxRetries: 0 }) })
      .start(0)
      .wake(60);
    expect(life.record).toMatchObject({ state: "TIMED_OUT", life: { error: { code: "START_TO_CLOSE_TIMEOUT" } } });
  });

  it("schedule-to-close ends it in every state that runs or waits, retries or not", () => {
    const given = { timeouts: timeouts({ scheduleToCloseMs: 100_000 }) };
    for (const life of [
      new Life(given),
      new Life(given, "CONCURRENCY"),
      new Life(given).start(1),
      new Life(given).start(80).fail(81),
    ]) {
      expect(life.deadline()).toEqual({ kind: "SCHEDULE_TO_CLOSE", s: 100 });
      life.wake(100);
      expect(life.record).toMatchObject({
        state: "TIMED_OUT",
        life: { error: { code: "SCHEDULE_TO_CLOSE_TIMEOUT" }, attempt: null },
      });
    }
  });

  it("heartbeat ends a silent attempt; each sign of life moves it", () => {
    const life = new Life().start(0, "token1", 20_000);
    expect(life.deadline()).toEqual({ kind: "HEARTBEAT", s: 20 });
    life.heartbeat(15);
    expect(life.deadline()).toEqual({ kind: "HEARTBEAT", s: 35 });
    expect(life.wake(34).last.accepted).toBe(false);
    life.wake(35);
    expect(life.record).toMatchObject({ state: "BACKING_OFF", life: { error: { code: "HEARTBEAT_TIMEOUT" } } });
  });

  it("heartbeat counts from the takeover at the earliest: nobody could hear the worker before", () => {
    const life = new Life().start(0, "token1", 20_000);
    const floor = T0 + 300_000;
    expect(life.deadline(floor)).toEqual({ kind: "HEARTBEAT", s: 320 });
    expect(life.wake(310, floor).last.accepted).toBe(false);
    expect(life.wake(320, floor).state).toBe("BACKING_OFF");
  });

  it("of several that have passed the earliest counts", () => {
    const life = new Life({ timeouts: timeouts({ startToCloseMs: 50_000, scheduleToCloseMs: 60_000 }) })
      .start(0)
      .wake(500);
    expect(life.record.life.error?.code).toBe("START_TO_CLOSE_TIMEOUT");
    expect(life.wake(500).record).toMatchObject({
      state: "TIMED_OUT",
      life: { error: { code: "SCHEDULE_TO_CLOSE_TIMEOUT" } },
    });
  });
});

describe("the grace of a cancel", () => {
  const given = { timeouts: timeouts({ cancelGraceMs: 5000 }) };

  it("ends a worker that does not answer as CANCELLED, and its attempt is taken away", () => {
    const life = new Life(given).start(0).cancel(10);
    expect(life.deadline()).toEqual({ kind: "CANCEL_GRACE", s: 15 });
    life.wake(15);
    expect(life.record).toMatchObject({
      state: "CANCELLED",
      life: { stateReason: "not needed", cancelRequestedAt: null },
    });
    expect(life.last.effects).toContainEqual(expect.objectContaining({ kind: "signal", stale: true }));
  });

  it("is not lengthened by asking again", () => {
    const life = new Life(given).start(0).cancel(10).cancel(14);
    expect(life.deadline()).toEqual({ kind: "CANCEL_GRACE", s: 15 });
    expect(life.effects).toEqual(["touched"]);
  });

  it("a failure, a lost worker or an attempt out of time within it is CANCELLED, without another attempt", () => {
    expect(new Life(given).start(0).cancel(1).fail(2).state).toBe("CANCELLED");
    expect(new Life(given).start(0).cancel(1).lose(2).state).toBe("CANCELLED");
    const slow = new Life({ timeouts: timeouts({ cancelGraceMs: 5000, startToCloseMs: 3000 }) })
      .start(0)
      .cancel(1)
      .wake(3);
    expect(slow.state).toBe("CANCELLED");
  });

  it("a worker that finishes within it has COMPLETED", () => {
    expect(new Life(given).start(0).cancel(1).complete(2).record).toMatchObject({
      state: "COMPLETED",
      life: { result: { ok: true } },
    });
  });
});

describe("retries", () => {
  it("wait min(initial * factor^n + jitter * chance, cap) (R-112)", () => {
    const policy = retry({ initialDelayMs: 1000, factor: 3, jitterMs: 500, maxDelayMs: 8000, maxRetries: 9 });
    const delays: number[] = [];
    const life = new Life({ retry: policy });
    for (let s = 0; delays.length < 4; s += 100) {
      life.start(s).fail(s, { chance: 0.5 });
      delays.push((life.record.life.nextAttemptAt ?? 0) - T0 - s * 1000);
      life.wake(s + 50);
    }
    expect(delays).toEqual([1250, 3250, 8000, 8000]);
  });

  it("wait as long as the error says instead", () => {
    const life = new Life().start(0).fail(1, { retryDelayMs: 7000 });
    expect(life.deadline()).toEqual({ kind: "BACKOFF", s: 8 });
    expect(life.wake(7.999).state).toBe("BACKING_OFF");
    expect(life.wake(8).record).toMatchObject({
      state: "PENDING",
      life: { waitingReason: "NO_WORKER", nextAttemptAt: null },
    });
  });

  it("end with the error when the policy's number is used up, or the error says so (R-113)", () => {
    const life = new Life({ retry: retry({ maxRetries: 1, initialDelayMs: 1000 }) })
      .start(0)
      .fail(0)
      .wake(1)
      .start(1)
      .fail(2);
    expect(life.record).toMatchObject({ state: "FAILED", life: { attemptCount: 2, error: { code: "BOOM" } } });
    expect(new Life().start(0).fail(0, { retryable: false }).state).toBe("FAILED");
  });

  it("are not granted for codes that the policy names, timeouts and lost workers included", () => {
    const nonRetryableCodes = ["BOOM", "WORKER_LOST", "START_TO_CLOSE_TIMEOUT"];
    const given = { retry: retry({ nonRetryableCodes }), timeouts: timeouts({ startToCloseMs: 1000 }) };
    expect(new Life(given).start(0).fail(0).state).toBe("FAILED");
    expect(new Life(given).start(0).fail(0, { code: "OTHER" }).state).toBe("BACKING_OFF");
    expect(new Life(given).start(0).lose(0).state).toBe("FAILED");
    expect(new Life(given).start(0).wake(1).state).toBe("TIMED_OUT");
  });
});

describe("a finished instance that is tried anew", () => {
  const final = {
    COMPLETED: (life: Life) => life.start(1).complete(2),
    FAILED: (life: Life) => life.start(1).fail(2, { retryable: false }),
    CANCELLED: (life: Life) => life.start(1).terminate(2),
    TIMED_OUT: (life: Life) => life.start(1).wake(100),
  };

  it.each(Object.keys(final) as (keyof typeof final)[])(
    "from %s begins a new series: attempt numbers go on, the retry budget is whole again",
    (state) => {
      const life = final[state](
        new Life({
          retry: retry({ maxRetries: 1, initialDelayMs: 1000 }),
          timeouts: timeouts({ scheduleToCloseMs: 100_000 }),
        }),
      );
      expect(life.state).toBe(state);
      life.retry(200);
      expect(life.record).toMatchObject({
        state: "PENDING",
        life: {
          series: 1,
          attemptCount: 1,
          result: null,
          error: null,
          endedAt: null,
          stateReason: "",
          cancelRequestedAt: null,
          waitingReason: "NO_WORKER",
        },
      });
      expect(life.deadline()).toEqual({ kind: "SCHEDULE_TO_CLOSE", s: 300 });
      life.start(201).fail(202).wake(203).start(203);
      expect(life.record.life.attempt?.number).toBe(3);
      life.fail(204);
      expect(life.record).toMatchObject({ state: "FAILED", life: { attemptCount: 3 } });
      expect(life.last.effects).toContainEqual(
        expect.objectContaining({ kind: "record", attempt: expect.objectContaining({ number: 3, series: 1 }) }),
      );
    },
  );

  it("waits for its turn when its definition says so", () => {
    const life = final.FAILED(new Life()).retry(10, "BUFFERED");
    expect(life.record.life).toMatchObject({ waitingReason: "BUFFERED", readyAt: null });
    expect(life.start(11).last.accepted).toBe(false);
    expect(life.release(12).start(13).state).toBe("RUNNING");
  });
});
