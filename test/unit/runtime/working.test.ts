import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { StartedRuntime } from "../../../src/runtime/index.ts";
import { aWorker, aWorkerSpec, aWorld } from "../../support/node.ts";
import type { World } from "../../support/node.ts";

describe("an instance and its worker", () => {
  let world: World;
  let node: StartedRuntime;

  beforeEach(async () => {
    world = await aWorld();
    node = await world.start("a");
  });

  afterEach(() => world.stop());

  async function triggered(spec = aWorkerSpec(), overrides = {}) {
    const { definition } = await node.definitions.create({ spec, startPaused: false });
    return node.definitions.trigger(definition.id, { overrides, ignoreOverlap: false });
  }

  it("waits for a worker, is given to it, and is completed by it (R-142)", async () => {
    const { instance } = await triggered();
    expect(instance).toMatchObject({ state: "PENDING", life: { waitingReason: "NO_WORKER" } });
    const worker = await aWorker(node);
    await world.clock.advance(0);
    expect(worker.assignments).toHaveLength(1);
    const [assignment] = worker.assignments;
    expect(assignment?.instance).toMatchObject({ id: instance.id, state: "RUNNING" });
    expect(await node.workers.complete(assignment?.token ?? "", { ok: true })).toBe("COMPLETED");
    expect(await world.store.queries.getInstance(instance.id)).toMatchObject({
      state: "COMPLETED",
      life: { result: { ok: true } },
    });
    expect(await world.store.queries.listAttempts(instance.id, null, 10)).toMatchObject([
      { number: 1, outcome: "SUCCEEDED", workerId: "w1" },
    ]);
  });

  it("is created running when a worker has a free slot", async () => {
    await aWorker(node);
    const { instance } = await triggered();
    expect(instance).toMatchObject({ state: "RUNNING", life: { attemptCount: 1 } });
  });

  it("is tried again after its backoff when its attempt fails, and given up when retries are used up", async () => {
    const worker = await aWorker(node);
    const spec = aWorkerSpec({
      retry: { initialDelayMs: 1000, factor: 2, maxDelayMs: 10_000, jitterMs: 0, maxRetries: 1, nonRetryableCodes: [] },
    });
    const { instance } = await triggered(spec);
    await world.clock.advance(0);
    const error = { code: "BOOM", message: "no luck", traceback: "" };
    expect(await node.workers.fail(worker.assignments[0]?.token ?? "", { error, retryable: true })).toBe("BACKING_OFF");
    await world.clock.advance(999);
    expect(worker.assignments).toHaveLength(1);
    await world.clock.advance(1);
    expect(worker.assignments).toHaveLength(2);
    expect(await node.workers.fail(worker.assignments[1]?.token ?? "", { error, retryable: true })).toBe("FAILED");
    expect(await world.store.queries.getInstance(instance.id)).toMatchObject({
      state: "FAILED",
      life: { error, attemptCount: 2 },
    });
  });

  it("refuses what comes with the token of an attempt that is over, and changes nothing", async () => {
    const worker = await aWorker(node);
    const { instance } = await triggered(
      aWorkerSpec({
        timeouts: {
          scheduleToStartMs: null,
          startToCloseMs: 1000,
          scheduleToCloseMs: null,
          heartbeatMs: null,
          cancelGraceMs: 1000,
        },
      }),
    );
    await world.clock.advance(1000);
    const before = await world.store.queries.getInstance(instance.id);
    expect(before).toMatchObject({ state: "BACKING_OFF", life: { error: { code: "START_TO_CLOSE_TIMEOUT" } } });
    await expect(node.workers.complete(worker.assignments[0]?.token ?? "", { late: true })).rejects.toMatchObject({
      reason: "STALE_ATTEMPT",
    });
    expect(await world.store.queries.getInstance(instance.id)).toEqual(before);
    expect(worker.signals).toMatchObject([{ stale: true }]);
  });

  it("goes on with its worker after the node was killed and another took over (R-090)", async () => {
    const worker = await aWorker(node);
    const { instance } = await triggered();
    await world.clock.advance(0);
    await node.crash();
    const next = await world.start("b");
    await world.clock.advance(4000);
    expect(await next.workers.complete(worker.assignments[0]?.token ?? "", null)).toBe("COMPLETED");
    expect(await world.store.queries.getInstance(instance.id)).toMatchObject({ state: "COMPLETED" });
  });
});
