import { describe, expect, it } from "vitest";
import { AWAY, DONE, anAssignment, anExecutor } from "./executors-given.ts";

describe("an executor that stops", () => {
  it("takes nothing more, lets what is under way end, and leaves its queue", async () => {
    const { workers, clock, executor, performing } = await anExecutor();
    const performance = await performing();
    let stopped = false;
    void executor.stop().then(() => (stopped = true));
    executor.setReady(false);
    executor.setReady(true);
    expect(workers.slots).toEqual([256, 0]);
    await clock.advance(2000);
    expect([stopped, workers.closed]).toEqual([false, false]);
    performance.end(DONE);
    await clock.advance(0);
    expect([stopped, workers.closed, clock.pendingTimers]).toEqual([true, true, 0]);
    expect(workers.completed).toHaveLength(1);
  });

  it("does so when its node drains, and once", async () => {
    const { workers, clock, executor } = await anExecutor();
    workers.outlet.drain();
    workers.outlet.drain();
    await executor.stop();
    await clock.advance(0);
    expect(workers.slots).toEqual([256, 0]);
    expect(workers.closed).toBe(true);
  });

  it("performs what was on its way to it", async () => {
    const { workers, clock, executor, performing } = await anExecutor();
    await performing(anAssignment({ token: "t1" }));
    const stopped = executor.stop();
    const late = await performing(anAssignment({ token: "t2" }));
    late.end(DONE);
    await clock.advance(0);
    expect(workers.completed).toMatchObject([{ token: "t2" }]);
    await clock.advance(4000);
    await stopped;
  });

  it("after 3 s breaks off what is left, to be tried elsewhere at once, having left its queue before", async () => {
    const { workers, clock, executor, performing } = await anExecutor();
    const performance = await performing();
    const stopped = executor.stop();
    await clock.advance(2999);
    expect(performance.signal.aborted).toBe(false);
    await clock.advance(1);
    await stopped;
    expect(performance.signal.aborted).toBe(true);
    expect(workers.failed).toMatchObject([
      { failure: { error: { code: "WORKER_STOPPED" }, retryable: true, retryDelayMs: 0 } },
    ]);
    expect([workers.closed, clock.pendingTimers]).toEqual([true, 0]);
  });

  it("ends though nothing can be reported, after another second, and keeps no timer", async () => {
    const { workers, clock, executor, performing } = await anExecutor();
    workers.refuse("fail", AWAY);
    await performing();
    const stopped = executor.stop();
    await clock.advance(4000);
    await stopped;
    await clock.advance(0);
    expect([executor.underWay, clock.pendingTimers]).toEqual([0, 0]);
  });

  it("while it joins does not stay", async () => {
    const { workers, clock, executor } = await anExecutor({ joined: false });
    const answer = workers.hold("open");
    executor.start();
    await executor.stop();
    answer();
    await clock.advance(0);
    expect(workers.closed).toBe(true);
    // What was given to it in between is left to its heartbeat timeout.
    workers.outlet.assign([anAssignment()]);
    await clock.advance(60_000);
    expect([executor.underWay, workers.beats.length]).toEqual([0, 0]);
  });

  it("before it could join does not try again", async () => {
    const { workers, clock, executor } = await anExecutor({ joined: false });
    workers.refuse("open", AWAY);
    executor.start();
    await clock.advance(0);
    await executor.stop();
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("an executor that is abandoned", () => {
  it("ends everything without a word, as a crash does", async () => {
    const { workers, clock, executor, performing } = await anExecutor();
    const performance = await performing(anAssignment({ token: "t1" }));
    workers.refuse("complete", AWAY);
    (await performing(anAssignment({ token: "t2" }))).end(DONE);
    await clock.advance(0);
    executor.abandon();
    workers.outlet.assign([anAssignment({ token: "t3" })]);
    await clock.advance(60_000);
    expect(performance.signal.aborted).toBe(true);
    expect([workers.completed.length, workers.failed, workers.beats]).toEqual([1, [], []]);
    expect([executor.underWay, clock.pendingTimers]).toEqual([0, 0]);
  });
});
