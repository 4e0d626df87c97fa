import { describe, expect, it, onTestFinished } from "vitest";
import { createInProcessNetwork } from "../../../src/bus/in-process/network.ts";
import type { CeleryResult } from "../../../src/domain/execution/celery-result.ts";
import { executionDefinitionId } from "../../../src/domain/execution/execution-definition.ts";
import { shardOf } from "../../../src/domain/routing.ts";
import { ResultBackendError } from "../../../src/ports/result-backend.ts";
import type { ResultBackend } from "../../../src/ports/result-backend.ts";
import type { RegisterExecution, StartedRuntime } from "../../../src/runtime/index.ts";
import { SHARDS, aWorld } from "../../support/node.ts";
import type { World } from "../../support/node.ts";
import { aDefinition, expectSound, gaplessEvents, reasonOf, stateOf, trigger } from "./given.ts";

interface Given extends World {
  readonly node: StartedRuntime;
}

async function given(resultBackend?: ResultBackend): Promise<Given> {
  const world = await aWorld();
  onTestFinished(() => world.stop());
  return {
    ...world,
    node: await world.start("a", {}, undefined, resultBackend === undefined ? {} : { resultBackend }),
  };
}

function aRegistration(changed: Partial<RegisterExecution> = {}): RegisterExecution {
  return {
    name: "cloud_billing.collect",
    module: "cloud_billing",
    createdBy: "u1",
    payload: { args: [1], kwargs: { a: 2 } },
    businessId: "",
    labels: {},
    report: {},
    ...changed,
  };
}

/** Celery's knowledge, as a test has it. */
function backend(known: Readonly<Record<string, Partial<CeleryResult>>>): ResultBackend {
  return {
    read: async (taskId) => {
      const told = known[taskId];
      return told === undefined ? null : { status: "PENDING", result: null, traceback: "", doneAt: null, ...told };
    },
  };
}

async function eventsOf(world: World, id: string): Promise<readonly string[]> {
  return (await gaplessEvents(world)).filter(({ resourceId }) => resourceId === id).map(({ name }) => name);
}

describe("executions", () => {
  it("R-124: registering makes one record, an instance with the task's own id", async () => {
    const world = await given();
    const { instance, existing } = await world.node.executions.register("celery-1", aRegistration());
    expect(existing).toBe(false);
    expect(instance).toMatchObject({
      id: "celery-1",
      state: "PENDING",
      spec: {
        definitionId: executionDefinitionId(shardOf("celery-1", SHARDS)),
        name: "cloud_billing.collect",
        userId: "u1",
        labels: { module: "cloud_billing" },
        payload: { args: [1], kwargs: { a: 2 } },
        action: { kind: "external" },
      },
    });
    expect(await world.store.queries.getInstance("celery-1")).toMatchObject({ state: "PENDING" });
    expect(await eventsOf(world, "celery-1")).toEqual(["created"]);
  });

  it("R-124: registering again gets the record as it is, whatever is said of it", async () => {
    const { node } = await given();
    await node.executions.register("celery-1", aRegistration({ report: { state: "RUNNING", metadata: { a: 1 } } }));
    const again = await node.executions.register(
      "celery-1",
      aRegistration({ name: "another", report: { state: "FAILED", metadata: { a: 2 } } }),
    );
    expect(again).toMatchObject({
      existing: true,
      instance: { state: "RUNNING", spec: { name: "cloud_billing.collect" }, life: { metadata: { a: 1 } } },
    });
  });

  it("R-124: many who register the same task at once make one record", async () => {
    const world = await given();
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        world.node.executions.register("t", aRegistration({ name: `n${index}` })),
      ),
    );
    expect(all.filter(({ existing }) => !existing)).toHaveLength(1);
    expect(new Set(all.map(({ instance }) => instance.spec.name)).size).toBe(1);
    expect(await eventsOf(world, "t")).toEqual(["created"]);
  });

  it("can be registered late, with its end", async () => {
    const world = await given();
    const { instance } = await world.node.executions.register(
      "t",
      aRegistration({ report: { state: "FAILED", error: { message: "no luck" }, metadata: { order_id: "42" } } }),
    );
    expect(instance).toMatchObject({ state: "FAILED", life: { metadata: { order_id: "42" } } });
    expect(await eventsOf(world, "t")).toEqual(["created", "failed"]);
    await expectSound(world, executionDefinitionId(shardOf("t", SHARDS)));
  });

  it("R-126, R-127, R-139: updates are kept, told as events, and merged", async () => {
    const world = await given();
    const { executions } = world.node;
    await executions.register("t", aRegistration());
    const { instance } = await executions.update("t", {
      report: { state: "RUNNING", workerId: "celery@a", metadata: { progress_percent: 10 } },
    });
    expect(instance.life).toMatchObject({ workerId: "celery@a", progress: { percent: 10 } });
    await world.clock.advance(1000);
    const { instance: failed, heeded } = await executions.update("t", {
      report: {
        state: "FAILED",
        error: { code: "ValueError", message: "no luck", traceback: "File …" },
        metadata: { step: 2 },
      },
    });
    expect(heeded).toBe(true);
    expect(failed.life.endedAt).toBe((failed.life.startedAt ?? 0) + 1000);
    expect(await world.store.queries.getInstance("t")).toMatchObject({
      state: "FAILED",
      life: {
        metadata: { progress_percent: 10, step: 2 },
        error: { code: "ValueError", message: "no luck", traceback: "File …" },
      },
    });
    expect(await eventsOf(world, "t")).toEqual(["created", "started", "progressed", "failed"]);
    await expectSound(world, executionDefinitionId(shardOf("t", SHARDS)));
  });

  it("R-126: a final state is never undone, which the answer says; metadata is merged all the same", async () => {
    const world = await given();
    const { executions } = world.node;
    await executions.register("t", aRegistration({ report: { state: "FAILED" } }));
    const { instance, heeded } = await executions.update("t", {
      report: { state: "COMPLETED", metadata: { late: 1 } },
    });
    expect(heeded).toBe(false);
    expect(instance).toMatchObject({ state: "FAILED", life: { metadata: { late: 1 }, result: null } });
    expect(await world.store.queries.getInstance("t")).toEqual(instance);
    expect(await executions.update("t", { report: { state: "FAILED" } })).toMatchObject({ heeded: true });
    expect(await eventsOf(world, "t")).toEqual(["created", "failed", "amended"]);
    await expectSound(world, executionDefinitionId(shardOf("t", SHARDS)));
  });

  it("an update that is meant for one state alone tells nothing in another", async () => {
    const world = await given();
    const { executions } = world.node;
    await executions.register("t", aRegistration({ report: { state: "FAILED" } }));
    const late = { report: { state: "FAILED", error: { message: "it took too long" } }, onlyIn: "RUNNING" } as const;
    const { instance, heeded } = await executions.update("t", late);
    expect(heeded).toBe(false);
    expect(instance.life.error?.message).not.toBe("it took too long");
    expect(await eventsOf(world, "t")).toEqual(["created", "failed"]);
    await executions.register("u", aRegistration({ report: { state: "RUNNING" } }));
    expect(await executions.update("u", late)).toMatchObject({ heeded: true, instance: { state: "FAILED" } });
  });

  it("what is added to a finished one outlives the node", async () => {
    const world = await given();
    await world.node.executions.register("t", aRegistration({ report: { state: "COMPLETED" } }));
    await world.clock.advance(60_000);
    await world.node.executions.update("t", { report: { metadata: { late: 1 } } });
    await world.node.drain();
    const next = await world.start("a");
    await world.clock.advance(5000);
    await next.ready();
    expect((await next.executions.update("t", { report: {} })).instance.life.metadata).toEqual({ late: 1 });
  });

  it("an unknown id is EXECUTION_NOT_FOUND, and one of another kind of instance is taken", async () => {
    const { node } = await given();
    const { id } = await trigger(node, await aDefinition(node));
    const results = await Promise.allSettled([
      node.executions.update("nobody", { report: {} }),
      node.executions.update(id, { report: { state: "COMPLETED" } }),
      node.executions.register(id, aRegistration()),
    ]);
    expect(results.map(reasonOf)).toEqual(["EXECUTION_NOT_FOUND", "EXECUTION_NOT_FOUND", "ID_TAKEN"]);
  });

  it("an instance that a definition lets run elsewhere is told of in the same way", async () => {
    const world = await given();
    const definitionId = await aDefinition(world.node, { action: { kind: "external" } });
    const { id } = await trigger(world.node, definitionId);
    await world.node.executions.update(id, { report: { state: "RUNNING" } });
    const { instance } = await world.node.executions.update(id, { report: { state: "COMPLETED", result: { sum: 3 } } });
    expect(instance).toMatchObject({ state: "COMPLETED", life: { result: { sum: 3 } } });
    await expectSound(world, definitionId);
  });

  it("R-137: the tracker never retries: a run that is started anew is another record", async () => {
    const { node } = await given();
    await node.executions.register("t", aRegistration({ report: { state: "FAILED" } }));
    await expect(node.instances.retry("t", {})).rejects.toMatchObject({ reason: "STATE_FORBIDS" });
  });

  it("can be called off, and what its worker tells later does not undo that", async () => {
    const world = await given();
    await world.node.executions.register("t", aRegistration({ report: { state: "RUNNING" } }));
    await world.node.instances.cancel("t", { reason: "no need", terminate: false });
    expect(await world.node.executions.update("t", { report: { state: "COMPLETED" } })).toMatchObject({
      heeded: false,
      instance: { state: "CANCELLED" },
    });
    expect(await stateOf(world, "t")).toBe("CANCELLED");
  });

  it("the same request id gives the same answer", async () => {
    const { node } = await given();
    const asked = aRegistration({ requestId: "r1" });
    expect((await node.executions.register("t", asked)).existing).toBe(false);
    expect((await node.executions.register("t", asked)).existing).toBe(false);
    const update = { report: { state: "FAILED" as const }, requestId: "r2" };
    await node.executions.update("t", update);
    expect(await node.executions.update("t", update)).toMatchObject({ heeded: true });
    await expect(node.executions.update("t", { ...update, report: { state: "COMPLETED" } })).rejects.toMatchObject({
      reason: "REQUEST_ID_REUSED",
    });
  });

  it("any node takes reports of any task", async () => {
    const world = await aWorld();
    onTestFinished(() => world.stop());
    const network = createInProcessNetwork();
    const nodes = [await world.start("a", {}, network), await world.start("b", {}, network)];
    await world.clock.advance(10_000);
    for (let index = 0; index < 8; index++) {
      const [one, other] = index % 2 === 0 ? nodes : nodes.toReversed();
      await one!.executions.register(`t${index}`, aRegistration());
      const { instance } = await other!.executions.update(`t${index}`, { report: { state: "COMPLETED" } });
      expect(instance.state).toBe("COMPLETED");
    }
    expect(nodes.map((node) => node.status().ownedShards.length)).toEqual([2, 2]);
  });
});

describe("what Celery itself knows", () => {
  it("R-125: is taken over when it is news", async () => {
    const world = await given(
      backend({
        done: { status: "SUCCESS", result: 42 },
        failed: { status: "FAILURE", result: { exc_type: "E", exc_message: ["no luck"] }, traceback: "File …" },
      }),
    );
    const { executions } = world.node;
    for (const id of ["done", "failed", "unknown"]) {
      await executions.register(id, aRegistration({ report: { state: "RUNNING" } }));
    }
    expect(await executions.sync("done")).toMatchObject({
      changed: true,
      instance: { state: "COMPLETED", life: { result: { $value: 42 } } },
    });
    expect(await executions.sync("failed")).toMatchObject({
      instance: { state: "FAILED", life: { error: { code: "E", message: "no luck", traceback: "File …" } } },
    });
    expect(await executions.sync("done")).toMatchObject({ changed: false });
    expect(await executions.sync("unknown")).toMatchObject({ changed: false, instance: { state: "RUNNING" } });
    expect(await eventsOf(world, "done")).toEqual(["created", "started", "completed"]);
  });

  it("R-125: changes nothing that has ended meanwhile", async () => {
    const asked = Promise.withResolvers<void>();
    const answered = Promise.withResolvers<CeleryResult>();
    const { node } = await given({
      read: () => {
        asked.resolve();
        return answered.promise;
      },
    });
    await node.executions.register("t", aRegistration({ report: { state: "RUNNING" } }));
    const syncing = node.executions.sync("t");
    await asked.promise;
    await node.executions.update("t", { report: { state: "CANCELLED" } });
    answered.resolve({ status: "SUCCESS", result: 1, traceback: "", doneAt: null });
    expect(await syncing).toMatchObject({ changed: false, instance: { state: "CANCELLED" } });
  });

  it("says what to set when there is no backend, and that it is away when it does not answer", async () => {
    const { node } = await given();
    await node.executions.register("t", aRegistration());
    await expect(node.executions.sync("t")).rejects.toMatchObject({
      reason: "RESULT_BACKEND_MISSING",
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("BELFRY_CELERY_RESULT_BACKEND"),
    });
    await expect(node.executions.sync("nobody")).rejects.toMatchObject({ reason: "EXECUTION_NOT_FOUND" });
    const away = await given({ read: () => Promise.reject(new Error("connection refused")) });
    await away.node.executions.register("t", aRegistration());
    await expect(away.node.executions.sync("t")).rejects.toMatchObject({ reason: "RESULT_BACKEND_UNAVAILABLE" });
  });

  it("says why the backend is away, and what of it cannot be read", async () => {
    let trouble = new ResultBackendError("unreachable", "redis://cache:6379/0: connection refused");
    const { node } = await given({ read: () => Promise.reject(trouble) });
    await node.executions.register("t", aRegistration());
    await expect(node.executions.sync("t")).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message:
        "Celery's result backend does not answer: redis://cache:6379/0: connection refused. Try again in a moment.",
    });
    trouble = new ResultBackendError("unreadable", "it is no JSON");
    await expect(node.executions.sync("t")).rejects.toMatchObject({
      reason: "RESULT_UNREADABLE",
      code: "FAILED_PRECONDITION",
      message: 'What Celery\'s result backend has of "t" cannot be read: it is no JSON.',
    });
  });

  it("leaves out a result that no store could hold, and replaces what no text can", async () => {
    const { node } = await given(
      backend({ t: { status: "SUCCESS", result: { a: "\0" } }, u: { status: "FAILURE", traceback: "a\0b\ud800" } }),
    );
    for (const id of ["t", "u"]) await node.executions.register(id, aRegistration({ report: { state: "RUNNING" } }));
    expect(await node.executions.sync("t")).toMatchObject({
      instance: {
        state: "COMPLETED",
        life: { result: null, metadata: { celery_result_left_out: "it has a NUL character" } },
      },
    });
    expect((await node.executions.sync("u")).instance.life.error?.traceback).toBe("a\u{FFFD}b\u{FFFD}");
  });

  it("leaves out what there is no room for in the metadata: state and progress count all the same", async () => {
    const pages = "y".repeat(100_000);
    const { node } = await given(
      backend({
        t: { status: "CRAWLING", result: { current: 30, total: 120, pages } },
        u: { status: "SUCCESS", leftOut: "it is too large" },
      }),
    );
    const full = { t: "x".repeat(200_000), u: "x".repeat(262_100) };
    for (const [id, load] of Object.entries(full)) {
      await node.executions.register(id, aRegistration({ report: { metadata: { load } } }));
    }
    expect((await node.executions.sync("t")).instance).toMatchObject({
      state: "RUNNING",
      life: { metadata: { load: full.t }, progress: { percent: 25, step: "CRAWLING" } },
    });
    expect((await node.executions.sync("u")).instance.state).toBe("COMPLETED");
  });
});
