import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ExecutionReport } from "../../../../src/domain/execution/report.ts";
import { isFinal } from "../../../../src/domain/instance/instance.ts";
import { Life, T0, timeouts } from "./given.ts";

class Execution extends Life {
  #at = T0;

  constructor() {
    super({ action: { kind: "external" } }, null);
  }

  /** A second later. */
  told(report: ExecutionReport): this {
    this.#at += 1000;
    this.when({ type: "REPORT", at: this.#at, ...report });
    return this;
  }

  get now(): number {
    return this.#at;
  }
}

describe("an instance that runs elsewhere", () => {
  it("R-126: takes the states that are told of it, with its beginning and end", () => {
    const execution = new Execution().told({ state: "RUNNING", workerId: "celery@a" });
    expect(execution.record).toMatchObject({
      state: "RUNNING",
      life: { startedAt: T0 + 1000, attemptCount: 1, attempt: null, workerId: "celery@a", waitingReason: null },
    });
    execution.told({ state: "COMPLETED", result: { sum: 3 } });
    expect(execution.record).toMatchObject({
      state: "COMPLETED",
      life: { startedAt: T0 + 1000, endedAt: T0 + 2000, result: { sum: 3 }, error: null },
    });
    expect(execution.effects).toEqual(["completed", "ended"]);
  });

  it("R-126: can be updated as often as wanted while it runs, and metadata is merged key by key", () => {
    const execution = new Execution()
      .told({ state: "RUNNING", metadata: { order_id: "42", at: { host: "a", port: 1 } } })
      .told({ metadata: { step: 1, at: { host: "b" } } })
      .told({ state: "RUNNING", metadata: { step: 2 } });
    expect(execution.record.life.metadata).toEqual({ order_id: "42", step: 2, at: { host: "b" } });
    expect(execution.record.life).toMatchObject({ startedAt: T0 + 1000, attemptCount: 1 });
  });

  it("R-127: a failure keeps error and traceback", () => {
    const { record } = new Execution()
      .told({ state: "RUNNING" })
      .told({ state: "FAILED", error: { code: "ValueError", message: "no luck", traceback: "File …" } });
    expect(record).toMatchObject({
      state: "FAILED",
      life: { error: { code: "ValueError", message: "no luck", traceback: "File …" } },
    });
  });

  it.each(["COMPLETED", "FAILED", "CANCELLED"] as const)(
    "R-126: %s is never undone, and metadata is still merged",
    (state) => {
      const execution = new Execution().told({ state: "RUNNING" }).told({ state, metadata: { a: 1 } });
      const { endedAt } = execution.record.life;
      for (const other of ["PENDING", "RUNNING", "BACKING_OFF", "COMPLETED", "FAILED", "CANCELLED"] as const) {
        execution.told({ state: other, metadata: { [other]: true } });
      }
      expect(execution.record.state).toBe(state);
      expect(execution.record.life.endedAt).toBe(endedAt);
      expect(execution.record.life.metadata).toMatchObject({ a: 1, PENDING: true, COMPLETED: true });
      expect(execution.effects).toEqual(["amended", "amended"]);
    },
  );

  it("the same end told again brings what it lacked, and replaces nothing", () => {
    const done = new Execution().told({ state: "COMPLETED" }).told({ state: "COMPLETED", result: { sum: 3 } });
    expect(done.record.life.result).toEqual({ sum: 3 });
    expect(done.told({ state: "COMPLETED", result: { sum: 4 } }).record.life.result).toEqual({ sum: 3 });
    const failed = new Execution()
      .told({ state: "FAILED", error: { message: "no luck" } })
      .told({ state: "FAILED", error: { message: "another", traceback: "File …" } })
      .told({ state: "COMPLETED", result: {}, error: { code: "X" } });
    expect(failed.record.life).toMatchObject({
      result: null,
      error: { code: "", message: "no luck", traceback: "File …" },
    });
  });

  it("the same report again changes nothing, and is no event", () => {
    const execution = new Execution().told({ state: "RUNNING", metadata: { a: [1, { b: 2 }] } });
    const { record } = execution;
    expect(execution.told({ state: "RUNNING", metadata: { a: [1, { b: 2 }] } }).record).toBe(record);
    expect(execution.last.accepted).toBe(false);
  });

  it("one that has begun does not become one that has not", () => {
    const execution = new Execution().told({ state: "RUNNING" }).told({ state: "PENDING", metadata: { a: 1 } });
    expect(execution.record).toMatchObject({ state: "RUNNING", life: { metadata: { a: 1 } } });
    expect(execution.told({ state: "BACKING_OFF" }).told({ state: "PENDING" }).record.state).toBe("BACKING_OFF");
  });

  it("R-137: a retry of Celery is another attempt of the same record, whose beginning stays", () => {
    const execution = new Execution()
      .told({ state: "RUNNING" })
      .told({ state: "BACKING_OFF", error: { message: "busy" } });
    expect(execution.record).toMatchObject({
      state: "BACKING_OFF",
      life: { waitingReason: "BACKOFF", nextAttemptAt: null, error: { message: "busy" } },
    });
    execution.told({ state: "RUNNING" });
    expect(execution.record.life).toMatchObject({ attemptCount: 2, startedAt: T0 + 1000 });
    expect(execution.told({ state: "COMPLETED" }).record.life).toMatchObject({ attemptCount: 2, error: null });
  });

  it("R-139: progress is read from metadata, and bounded; what is not told of it stays", () => {
    const execution = new Execution().told({
      state: "RUNNING",
      metadata: { progress_percent: 70, progress_message: "halfway", progress_step: "load" },
    });
    expect(execution.record.life.progress).toEqual({
      percent: 70,
      message: "halfway",
      step: "load",
      at: execution.now,
    });
    expect(execution.told({ metadata: { progress_percent: "80.5" } }).record.life.progress).toMatchObject({
      percent: 80.5,
      message: "halfway",
    });
    expect(execution.effects).toEqual(["progressed"]);
    expect(execution.told({ metadata: { progress_percent: 1000 } }).record.life.progress?.percent).toBe(100);
    const { progress } = execution.record.life;
    execution.told({ metadata: { progress_percent: "soon", progress_message: 7 } });
    expect(execution.record.life.progress).toBe(progress);
    expect(execution.told({ progress: { percent: 20 } }).record.life.progress).toMatchObject({ percent: 20 });
    expect(execution.told({ state: "COMPLETED" }).record.life.progress?.percent).toBe(100);
  });

  it("beginning and end that are told count, as far as they can be", () => {
    const { record } = new Execution()
      .told({ state: "RUNNING", startedAt: T0 + 400 })
      .told({ state: "COMPLETED", endedAt: T0 + 1500 });
    expect(record.life).toMatchObject({ startedAt: T0 + 400, endedAt: T0 + 1500 });
    const wrong = new Execution()
      .told({ state: "RUNNING", startedAt: T0 - 5000 })
      .told({ state: "FAILED", endedAt: T0 + 1e9 });
    expect(wrong.record.life).toMatchObject({ startedAt: T0, endedAt: T0 + 2000 });
  });

  it("can be called off while it runs, at once: nobody there can be asked", () => {
    const execution = new Execution().told({ state: "RUNNING" });
    execution.when({ type: "CANCEL", at: T0 + 5000, reason: "no need" });
    expect(execution.record).toMatchObject({ state: "CANCELLED", life: { stateReason: "no need" } });
  });

  it("while it is held a report that it runs lets it go on", () => {
    const execution = new Execution().told({ state: "RUNNING" });
    execution.when({ type: "PAUSE", at: T0 + 1500, reason: "r" });
    expect(execution.told({ metadata: { a: 1 } }).record.state).toBe("PAUSED");
    expect(execution.told({ state: "RUNNING" }).record).toMatchObject({
      state: "RUNNING",
      life: { paused: null, waitingReason: null, attemptCount: 1 },
    });
  });

  it.each(["RUNNING", "BACKING_OFF"] as const)(
    "while it was held its deadlines stood still, also when a report lets it go on: %s",
    (state) => {
      const life = new Life({ action: { kind: "external" }, timeouts: timeouts({ scheduleToCloseMs: 60_000 }) });
      life.when({ type: "REPORT", at: T0 + 1000, state: "RUNNING" }).pause(10);
      life.when({ type: "REPORT", at: T0 + 110_000, state });
      expect(life.state).toBe(state);
      expect(life.deadline()).toEqual({ kind: "SCHEDULE_TO_CLOSE", s: 160 });
      expect(life.record.life.startedAt).toBe(T0 + 1000);
    },
  );

  it("is nothing to reports when a worker runs it", () => {
    const life = new Life({}, null).when({ type: "REPORT", at: T0, state: "COMPLETED" });
    expect(life.last.accepted).toBe(false);
    expect(life.record.state).toBe("PENDING");
  });

  const reports = fc.array(
    fc.record(
      {
        state: fc.constantFrom("PENDING", "RUNNING", "BACKING_OFF", "COMPLETED", "FAILED", "CANCELLED"),
        metadata: fc.dictionary(fc.constantFrom("a", "b", "progress_percent"), fc.integer()),
        startedAt: fc.integer({ min: T0 - 10_000, max: T0 + 100_000 }),
        endedAt: fc.integer({ min: T0 - 10_000, max: T0 + 100_000 }),
      },
      { requiredKeys: [] },
    ),
    { maxLength: 12 },
  );

  it("whatever is told of it in whatever order: it ends once and for good, and its times are in order", () => {
    fc.assert(
      fc.property(reports, (all) => {
        const execution = new Execution();
        let ends = 0;
        for (const report of all) {
          const { record: before } = execution;
          execution.told(report);
          const { record: after, effects } = execution;
          ends += effects.filter((effect) => effect === "ended").length;
          if (isFinal(before.state)) expect(after.state).toBe(before.state);
          const { startedAt, endedAt } = after.life;
          expect(before.life.startedAt ?? startedAt).toBe(startedAt);
          expect(before.life.endedAt ?? endedAt).toBe(endedAt);
          expect(startedAt ?? T0).toBeGreaterThanOrEqual(T0);
          expect(endedAt ?? Infinity).toBeGreaterThanOrEqual(startedAt ?? T0);
          expect(after.life.metadata ?? {}).toMatchObject(report.metadata ?? {});
        }
        expect(ends).toBe(isFinal(execution.record.state) ? 1 : 0);
      }),
    );
  });
});
