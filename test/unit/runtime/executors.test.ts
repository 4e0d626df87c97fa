import { describe, expect, it } from "vitest";
import { BelfryError } from "../../../src/domain/error.ts";
import { failed } from "../../../src/runtime/executors/performed-attempt.ts";
import { AWAY, DONE, anAssignment, anExecutor } from "./executors-given.ts";

const STALE = new BelfryError("STALE_ATTEMPT", "Over.");

const CANCEL = { cancelRequested: true, pauseRequested: false, stale: false };

describe("a built-in executor and its queue", () => {
  it("joins as a worker with 256 slots", async () => {
    const { workers } = await anExecutor();
    expect(workers.opened).toEqual([{ queue: "$test", workerId: "test@a", slots: 256 }]);
  });

  it("takes nothing while it cannot perform, and everything again when it can", async () => {
    const { workers, executor } = await anExecutor({ ready: false });
    executor.setReady(true);
    executor.setReady(true);
    executor.setReady(false);
    expect(workers.slots).toEqual([0, 256, 0]);
  });

  it("offers what it can do now, though that changed while it joined", async () => {
    const { workers, executor, clock } = await anExecutor({ joined: false });
    const answer = workers.hold("open");
    executor.start();
    executor.setReady(false);
    answer();
    await clock.advance(0);
    expect(workers.slots).toEqual([256, 0]);
  });

  it("tries again to join when it was refused", async () => {
    const { workers, executor, clock } = await anExecutor({ joined: false });
    workers.refuse("open", AWAY);
    executor.start();
    await clock.advance(1000);
    expect(workers.opened).toHaveLength(3);
    workers.refuse("open", null);
    await clock.advance(500);
    expect(workers.slots).toEqual([256]);
    await clock.advance(10_000);
    expect(workers.opened).toHaveLength(4);
  });
});

describe("the slots of a built-in executor", () => {
  it("are as many as were said last, and none while it cannot perform", async () => {
    const { workers, executor } = await anExecutor();
    executor.setSlots(3);
    executor.setSlots(3);
    executor.setReady(false);
    executor.setSlots(5);
    executor.setReady(true);
    expect(workers.slots).toEqual([256, 3, 0, 0, 5]);
  });

  it("are none once it retires; it leaves its queue when what is under way has ended by itself", async () => {
    const { workers, executor, clock, performing } = await anExecutor();
    const { end, signal } = await performing();
    executor.retire();
    executor.setSlots(9);
    expect([workers.slots.at(-1), workers.closed, signal.aborted]).toEqual([0, false, false]);
    end(DONE);
    await clock.advance(0);
    expect([workers.completed.length, workers.closed]).toEqual([1, true]);
  });

  it("are none though it retired while it joined", async () => {
    const { workers, executor, clock } = await anExecutor({ joined: false });
    const answer = workers.hold("open");
    executor.start();
    executor.retire();
    answer();
    await clock.advance(0);
    expect(workers.closed).toBe(true);
    workers.refuse("open", AWAY);
    await clock.advance(10_000);
    expect(workers.opened).toHaveLength(1);
  });
});

describe("an attempt that a node runs itself", () => {
  it("may be handed on to somebody who reports the result, or given back as if it had not begun", async () => {
    const { workers, clock, executor, performing } = await anExecutor();
    (await performing(anAssignment({ token: "t1" }))).end({ kind: "handed-on", withinMs: 1000, exchange: {} });
    (await performing(anAssignment({ token: "t2" }))).end({ kind: "given-back" });
    await clock.advance(0);
    expect([workers.handedOn, workers.givenBack]).toEqual([[{ token: "t1", withinMs: 1000 }], ["t2"]]);
    expect([workers.completed, workers.failed, executor.underWay]).toEqual([[], [], 0]);
  });

  it("is reported as it was performed", async () => {
    const { workers, clock, executor, performing } = await anExecutor();
    const first = await performing(anAssignment({ token: "t1" }));
    const second = await performing(anAssignment({ token: "t2" }));
    expect(executor.underWay).toBe(2);
    first.end(DONE);
    second.end(failed("NOPE", "no luck", false));
    await clock.advance(0);
    expect(workers.completed).toEqual([{ token: "t1", result: { ok: true } }]);
    expect(workers.failed).toEqual([
      { token: "t2", failure: { error: { code: "NOPE", message: "no luck", traceback: "" }, retryable: false } },
    ]);
    expect(executor.underWay).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it("has failed, and may be retried, when the executor has a defect; the log says which", async () => {
    const { workers, clock, log, performing } = await anExecutor();
    (await performing()).breakDown(new Error("secret detail"));
    await clock.advance(0);
    expect(workers.failed).toMatchObject([{ failure: { error: { code: "EXECUTOR_ERROR" }, retryable: true } }]);
    expect(JSON.stringify(workers.failed)).not.toContain("secret");
    expect(log.lines).toMatchObject([{ level: "error", fields: { error: { message: "secret detail" } } }]);
  });

  it("gives a sign of life every 3 s while it is performed, and none after", async () => {
    const { workers, clock, performing } = await anExecutor();
    const performance = await performing();
    await clock.advance(2999);
    expect(workers.beats).toEqual([]);
    await clock.advance(6001);
    expect(workers.beats).toEqual(["token", "token", "token"]);
    performance.end(DONE);
    await clock.advance(60_000);
    expect(workers.beats).toHaveLength(3);
  });

  it.each([
    [1500, 500],
    [30, 200],
    [600_000, 3000],
    [null, 3000],
  ])("with a heartbeat timeout of %s ms gives one every %s ms", async (heartbeatMs, beatMs) => {
    const { workers, clock, performing } = await anExecutor();
    await performing(anAssignment({ heartbeatMs }));
    await clock.advance(beatMs * 10);
    expect(workers.beats).toHaveLength(10);
  });

  it("gives the next sign of life though the one before has no answer, but does not pile them up", async () => {
    const { workers, clock, performing } = await anExecutor();
    const answer = workers.hold("heartbeat");
    await performing();
    await clock.advance(30_000);
    expect(workers.beats).toHaveLength(4);
    answer();
    await clock.advance(3000);
    expect(workers.beats).toHaveLength(5);
  });

  it("goes on when signs of life are refused for now", async () => {
    const { workers, clock, performing } = await anExecutor();
    workers.refuse("heartbeat", AWAY);
    const performance = await performing();
    await clock.advance(9000);
    expect(performance.signal.aborted).toBe(false);
    performance.end(DONE);
    await clock.advance(0);
    expect(workers.completed).toHaveLength(1);
  });
});

describe("a cancel in flight", () => {
  it("breaks the performance off at once, whether or not that heeds it, and answers as a worker does", async () => {
    const { workers, clock, executor, performing } = await anExecutor();
    const performance = await performing();
    workers.outlet.signal([{ token: "token", ...CANCEL }]);
    await clock.advance(0);
    expect(performance.signal.aborted).toBe(true);
    expect(workers.failed).toMatchObject([
      { token: "token", failure: { error: { code: "CANCELLED" }, retryable: false } },
    ]);
    expect(executor.underWay).toBe(0);
  });

  it("is learned from the next sign of life too: its signal may have gone to an owner before", async () => {
    const { workers, clock, performing } = await anExecutor();
    await performing();
    workers.cancelRequested = true;
    await clock.advance(3000);
    expect(workers.failed).toMatchObject([{ failure: { error: { code: "CANCELLED" } } }]);
  });

  it("comes too late for what was performed already", async () => {
    const { workers, clock, performing } = await anExecutor();
    const performance = await performing();
    const answer = workers.hold("complete");
    performance.end(DONE);
    await clock.advance(0);
    workers.outlet.signal([{ token: "token", ...CANCEL }]);
    answer();
    await clock.advance(0);
    expect([workers.completed.length, workers.failed.length]).toEqual([1, 0]);
  });

  it("of another attempt changes nothing, nor does a pause", async () => {
    const { workers, clock, performing } = await anExecutor();
    const performance = await performing();
    workers.outlet.signal([
      { token: "other", ...CANCEL },
      { token: "token", cancelRequested: false, pauseRequested: true, stale: false },
    ]);
    await clock.advance(0);
    expect(performance.signal.aborted).toBe(false);
  });
});

describe("an attempt that is over for the runtime", () => {
  it("is broken off and not reported, when a signal says so", async () => {
    const { workers, clock, executor, performing } = await anExecutor();
    const performance = await performing();
    workers.outlet.signal([{ token: "token", cancelRequested: false, pauseRequested: false, stale: true }]);
    performance.end(DONE);
    await clock.advance(0);
    expect(performance.signal.aborted).toBe(true);
    expect([workers.completed, workers.failed]).toEqual([[], []]);
    expect([executor.underWay, clock.pendingTimers]).toEqual([0, 0]);
  });

  it("is broken off and not reported, when a sign of life finds out", async () => {
    const { workers, clock, executor, performing } = await anExecutor();
    workers.refuse("heartbeat", STALE);
    const performance = await performing();
    await clock.advance(3000);
    expect(performance.signal.aborted).toBe(true);
    expect([workers.completed, workers.failed]).toEqual([[], []]);
    expect([executor.underWay, clock.pendingTimers]).toEqual([0, 0]);
  });
});

describe("a report that cannot be taken", () => {
  it.each([
    ["its shard has no owner", AWAY],
    ["the database is away", new BelfryError("STORE_UNAVAILABLE", "Later.")],
    ["the owner went away without a word", new BelfryError("OUTCOME_UNKNOWN", "Later.")],
    ["too much is going on", new BelfryError("BUSY", "Later.")],
  ])("because %s is repeated until it is taken; its slot stays taken", async (_, refusal) => {
    const { workers, clock, executor, performing } = await anExecutor();
    workers.refuse("complete", refusal);
    (await performing()).end(DONE);
    await clock.advance(60_000);
    expect(workers.completed.length).toBeGreaterThan(20);
    expect(executor.underWay).toBe(1);
    workers.refuse("complete", null);
    await clock.advance(2000);
    const { length } = workers.completed;
    await clock.advance(60_000);
    expect(workers.completed).toHaveLength(length);
    expect([executor.underWay, clock.pendingTimers]).toEqual([0, 0]);
  });

  it("is repeated after 100 ms, doubling to 2 s, and not before the delay that was asked for", async () => {
    const { workers, clock, performing } = await anExecutor();
    workers.refuse("complete", AWAY);
    (await performing()).end(DONE);
    await clock.advance(0);
    for (const waitMs of [100, 200, 400, 800, 1600, 2000, 2000]) {
      const { length } = workers.completed;
      await clock.advance(waitMs - 1);
      expect(workers.completed).toHaveLength(length);
      await clock.advance(1);
      expect(workers.completed).toHaveLength(length + 1);
    }
    workers.refuse("complete", new BelfryError("BUSY", "Later.", { retryAfterMs: 5000 }));
    await clock.advance(2000);
    const { length } = workers.completed;
    await clock.advance(4999);
    expect(workers.completed).toHaveLength(length);
    await clock.advance(1);
    expect(workers.completed).toHaveLength(length + 1);
  });

  it("is not repeated once the attempt is over: it was taken the time before, or never will be", async () => {
    const { workers, clock, executor, log, performing } = await anExecutor();
    workers.refuse("complete", AWAY);
    (await performing()).end(DONE);
    await clock.advance(50);
    workers.refuse("complete", STALE);
    await clock.advance(60_000);
    expect(workers.completed).toHaveLength(2);
    expect([executor.underWay, log.lines]).toEqual([0, []]);
  });

  it("for a reason that will not pass is left to the heartbeat timeout, and the log has it", async () => {
    const { workers, clock, executor, log, performing } = await anExecutor();
    workers.refuse("fail", new TypeError("a defect"));
    (await performing()).end(failed("NOPE", "no luck", true));
    await clock.advance(60_000);
    expect(workers.failed).toHaveLength(1);
    expect(workers.beats).toEqual([]);
    expect(executor.underWay).toBe(0);
    expect(log.lines).toMatchObject([{ level: "error", fields: { error: { message: "a defect" } } }]);
  });
});
