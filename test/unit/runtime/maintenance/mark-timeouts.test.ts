import { describe, expect, it, vi } from "vitest";
import type { CeleryResult } from "../../../../src/domain/execution/celery-result.ts";
import type { ReportedState } from "../../../../src/domain/execution/celery-status.ts";
import { executionDefinitionId } from "../../../../src/domain/execution/execution-definition.ts";
import { shardOf } from "../../../../src/domain/routing.ts";
import { StoreUnavailable } from "../../../../src/ports/store/journal.ts";
import { ResultBackendError } from "../../../../src/ports/result-backend.ts";
import type { ResultBackend } from "../../../../src/ports/result-backend.ts";
import { MANUAL_START_AT } from "../../../support/manual-clock.ts";
import { SHARDS } from "../../../support/node.ts";
import { aDefinition, expectSound, trigger } from "../given.ts";
import { MINUTE_MS, aTask, maintained, set, sweep } from "./given.ts";
import type { Maintained } from "./given.ts";

const DAY_MS = 86_400_000;
/** No sweep but those of the test. */
const BY_HAND = { mark_timeout_enabled: false } as const;

interface Backend extends ResultBackend {
  readonly asked: string[];
  /** What is wrong with it. */
  trouble: Error | null;
}

/** Celery's knowledge, as a test has it. */
function backend(known: Readonly<Record<string, Partial<CeleryResult>>>): Backend {
  const asked: string[] = [];
  const made: Backend = {
    asked,
    trouble: null,
    read: async (taskId) => {
      asked.push(taskId);
      if (made.trouble !== null) throw made.trouble;
      const told = known[taskId];
      return told === undefined ? null : { status: "PENDING", result: null, traceback: "", doneAt: null, ...told };
    },
  };
  return made;
}

async function given(resultBackend?: ResultBackend): Promise<Maintained> {
  return maintained({ configEnvironment: BY_HAND, ...(resultBackend === undefined ? {} : { resultBackend }) });
}

async function stateOf({ store }: Maintained, id: string): Promise<string> {
  const record = await store.queries.getInstance(id);
  const message = record?.life.error?.message ?? "";
  return message === "" ? (record?.state ?? "absent") : `${record?.state}: ${message}`;
}

describe("the sweep of timeouts (R-128)", () => {
  it.each<[ReportedState | undefined, number, string]>([
    ["RUNNING", 11, "FAILED"],
    // To the millisecond: it began a second after the node.
    ["RUNNING", 10, "RUNNING"],
    ["RUNNING", 9, "RUNNING"],
    [undefined, 11, "PENDING"],
    ["BACKING_OFF", 11, "BACKING_OFF"],
    ["COMPLETED", 11, "COMPLETED"],
    ["CANCELLED", 11, "CANCELLED"],
    ["FAILED", 11, "FAILED"],
  ])("R-128: one that is %s for %i minutes becomes %s", async (state, minutes, expected) => {
    const world = await given();
    await world.node.executions.register("t", aTask({ report: state === undefined ? {} : { state } }));
    await world.clock.advance(minutes * MINUTE_MS);
    const { life } = await sweep(world, world.node);
    const isOver = state === "RUNNING" && expected === "FAILED";
    expect(await stateOf(world, "t")).toBe(isOver ? timeoutAt(minutes) : expected);
    expect(life.result).toMatchObject({ timedOut: isOver ? 1 : 0, failed: 0 });
    expect(life.progress).toMatchObject({ percent: 100, step: "sweep" });
    await expectSound(world, executionDefinitionId(shardOf("t", SHARDS)));
  });

  it("R-128, R-137: one that was retried has the time for the attempt that runs now", async () => {
    const world = await given();
    const { node, clock } = world;
    await node.executions.register("t", aTask());
    await node.executions.update("t", { report: { state: "BACKING_OFF" } });
    await clock.advance(30 * MINUTE_MS);
    await node.executions.update("t", { report: { state: "RUNNING" } });
    await clock.advance(9 * MINUTE_MS);
    await sweep(world, node);
    expect(await stateOf(world, "t")).toBe("RUNNING");
    await clock.advance(2 * MINUTE_MS);
    await sweep(world, node);
    expect(await stateOf(world, "t")).toMatch(/^FAILED: Task timeout \(exceeded 10 minutes/);
  });

  it("says with a code, the words of the source and the end of it that the time was up", async () => {
    const world = await given();
    await world.node.executions.register("t", aTask());
    await world.clock.advance(11 * MINUTE_MS);
    await sweep(world, world.node);
    const at = MANUAL_START_AT + 11 * MINUTE_MS + 1000;
    expect(await world.store.queries.getInstance("t")).toMatchObject({
      state: "FAILED",
      life: {
        endedAt: at,
        error: {
          code: "TIMEOUT",
          message: "Task timeout (exceeded 10 minutes, started before 2026-01-01 00:01:01.000+00:00)",
        },
      },
    });
  });

  it("R-128, R-131: goes by the creator's own timeout above the one for all", async () => {
    const world = await given();
    const { node, clock } = world;
    await set(node, "timeout_minutes", 30);
    for (const [userId, value] of [
      ["quick", 5],
      ["slow", 60],
    ] as const) {
      await node.configs.set({ scope: "USER", userId, key: "timeout_minutes" }, { changedBy: "li", value });
    }
    const left = async (): Promise<readonly string[]> => {
      await sweep(world, node);
      const running = await world.store.queries.listInstances({ execution: {}, states: ["RUNNING"] }, null, 10);
      return running.map(({ id }) => id).toSorted();
    };
    for (const createdBy of ["", "li", "quick", "slow"]) {
      await node.executions.register(`by-${createdBy}`, aTask({ createdBy }));
    }
    await clock.advance(4 * MINUTE_MS);
    expect(await left()).toEqual(["by-", "by-li", "by-quick", "by-slow"]);
    await clock.advance(2 * MINUTE_MS);
    expect(await left()).toEqual(["by-", "by-li", "by-slow"]);
    await clock.advance(25 * MINUTE_MS);
    expect(await left()).toEqual(["by-slow"]);
    await clock.advance(30 * MINUTE_MS);
    expect(await left()).toEqual([]);
  });

  it("touches nothing but executions", async () => {
    const world = await given();
    const { node, clock } = world;
    const elsewhere = await trigger(node, await aDefinition(node, { action: { kind: "external" } }));
    await node.executions.update(elsewhere.id, { report: { state: "RUNNING" } });
    const worker = await node.workers.open(
      { queue: "agents", workerId: "w", slots: 1, running: [] },
      { assign: () => {}, signal: () => {}, drain: () => {} },
    );
    const working = await trigger(node, await aDefinition(node));
    await node.executions.register("t", aTask());
    await clock.advance(11 * MINUTE_MS);
    const { life } = await sweep(world, node);
    expect(life.result).toEqual({ looked: 1, timedOut: 1, synced: 0, failed: 0 });
    expect([await stateOf(world, elsewhere.id), await stateOf(world, working.id)]).toEqual(["RUNNING", "RUNNING"]);
    worker.close();
  });

  it("asks Celery's result backend first, so that what has ended there is recorded as it ended", async () => {
    const results = backend({
      ended: { status: "SUCCESS", result: { sum: 3 } },
      failed: { status: "FAILURE", result: { exc_type: "ValueError", exc_message: ["no luck"] } },
      lost: { status: "SUCCESS" },
      waits: { status: "RETRY" },
      stuck: { status: "STARTED" },
    });
    const world = await given(results);
    const { node, clock } = world;
    for (const id of ["ended", "failed", "waits", "stuck", "unknown"]) await node.executions.register(id, aTask());
    // Its signals were lost altogether.
    await node.executions.register("lost", aTask({ report: {} }));
    await clock.advance(10 * MINUTE_MS);
    await node.executions.register("young", aTask());
    await clock.advance(MINUTE_MS);
    const { life } = await sweep(world, node);
    expect(life.result).toEqual({ looked: 7, timedOut: 2, synced: 4, failed: 0 });
    const states = ["ended", "failed", "lost", "waits", "stuck", "unknown", "young"];
    expect(await Promise.all(states.map((id) => stateOf(world, id)))).toEqual([
      "COMPLETED",
      "FAILED: no luck",
      "COMPLETED",
      "BACKING_OFF",
      timeoutAt(11),
      timeoutAt(11),
      "RUNNING",
    ]);
  });

  it("leaves what is over its time while the backend does not answer, for a day", async () => {
    const results = backend({ ended: { status: "SUCCESS" } });
    const world = await given(results);
    const { node, clock } = world;
    await node.executions.register("ended", aTask());
    await node.executions.register("stuck", aTask());
    results.trouble = new Error("it is away");
    await clock.advance(11 * MINUTE_MS);
    expect((await sweep(world, node)).life.result).toEqual({ looked: 2, timedOut: 0, synced: 0, failed: 2 });
    results.trouble = null;
    expect((await sweep(world, node)).life.result).toEqual({ looked: 2, timedOut: 1, synced: 1, failed: 0 });
    expect(await stateOf(world, "ended")).toBe("COMPLETED");
  });

  it.each([
    { what: "is away", trouble: new Error("it is away") },
    { what: "has what cannot be read", trouble: new ResultBackendError("unreadable", "it is compressed") },
  ])("ends after a day what no backend will ever tell of, for it $what", async ({ trouble }) => {
    const results = backend({});
    const world = await given(results);
    await world.node.executions.register("stuck", aTask({ report: { state: "RUNNING" } }));
    results.trouble = trouble;
    world.clock.setWall(MANUAL_START_AT + DAY_MS + 9 * MINUTE_MS);
    expect((await sweep(world, world.node)).life.result).toMatchObject({ timedOut: 0, failed: 1 });
    world.clock.setWall(MANUAL_START_AT + DAY_MS + 11 * MINUTE_MS);
    expect((await sweep(world, world.node)).life.result).toMatchObject({ timedOut: 1, failed: 0 });
    expect(await stateOf(world, "stuck")).toContain("Task timeout");
  });

  it("does not end what was told of at the last moment", async () => {
    const world = await given();
    const { node, clock } = world;
    const told = { failed: "FAILED", retried: "BACKING_OFF", succeeded: "COMPLETED" } as const;
    const ids = Object.keys(told) as (keyof typeof told)[];
    for (const id of ids) await node.executions.register(id, aTask());
    await clock.advance(11 * MINUTE_MS);
    const { update } = node.executions;
    vi.spyOn(node.executions, "update").mockImplementation(async (id, command) => {
      await update(id, { report: { state: told[id as keyof typeof told] } });
      return update(id, command);
    });
    expect((await sweep(world, node)).life.result).toEqual({ looked: 3, timedOut: 0, synced: 0, failed: 0 });
    expect(await Promise.all(ids.map((id) => stateOf(world, id)))).toEqual(["FAILED", "BACKING_OFF", "COMPLETED"]);
  });

  it("is final: what is told of the end afterwards changes no state", async () => {
    const world = await given();
    const { node, clock } = world;
    await node.executions.register("t", aTask());
    await clock.advance(11 * MINUTE_MS);
    await sweep(world, node);
    const late = await node.executions.update("t", { report: { state: "COMPLETED", metadata: { order_id: "42" } } });
    expect(late).toMatchObject({
      heeded: false,
      instance: { state: "FAILED", life: { metadata: { order_id: "42" } } },
    });
  });

  it("goes on though some cannot be updated, and meets them again", async () => {
    const world = await given();
    const { node, clock, store } = world;
    for (let n = 0; n < 30; n++) await node.executions.register(`t${n}`, aTask());
    // Nothing of them is in memory.
    await clock.advance(11 * MINUTE_MS);
    const { loadInstances } = store.actors;
    const unreadable = new Set(["t3", "t17"]);
    Object.assign(store.actors, {
      loadInstances: (ids: readonly string[]) =>
        ids.some((id) => unreadable.has(id))
          ? Promise.reject(new TypeError("a defect"))
          : loadInstances.call(store.actors, ids),
    });
    const first = (await sweep(world, node)).life.result as { timedOut: number; failed: number };
    expect(first.failed).toBeGreaterThanOrEqual(2);
    expect(first.timedOut + first.failed).toBe(30);
    Object.assign(store.actors, { loadInstances });
    expect((await sweep(world, node)).life.result).toMatchObject({ timedOut: first.failed, failed: 0 });
  });

  it("looks at more than it reads at a time, and tells how far it is", async () => {
    const world = await given();
    const { node, clock } = world;
    await Promise.all(Array.from({ length: 450 }, (_, n) => node.executions.register(`t${n}`, aTask())));
    await clock.advance(11 * MINUTE_MS);
    const pages = vi.spyOn(world.store.queries, "listInstances");
    const { life } = await sweep(world, node);
    expect(life.result).toEqual({ looked: 450, timedOut: 450, synced: 0, failed: 0 });
    expect(pages.mock.calls.filter(([{ execution }]) => execution !== undefined).map((call) => call[2])).toEqual([
      200, 200, 200,
    ]);
    expect(life.progress?.message).toBe("450 executions looked at, 450 of them over their time");
    for (let shard = 0; shard < SHARDS; shard++) await expectSound(world, executionDefinitionId(shard));
  });

  it("goes on where it was when the store breaks off, or its node is killed", async () => {
    const world = await given();
    const { node, clock, store } = world;
    await Promise.all(Array.from({ length: 450 }, (_, n) => node.executions.register(`t${n}`, aTask())));
    await clock.advance(11 * MINUTE_MS);
    const listInstances = store.queries.listInstances.bind(store.queries);
    const after: unknown[] = [];
    let toFail = 1;
    vi.spyOn(store.queries, "listInstances").mockImplementation(async (filter, cursor, limit) => {
      if (filter.execution === undefined) return listInstances(filter, cursor, limit);
      after.push(cursor?.id ?? null);
      if (after.length === 2) throw new StoreUnavailable("it broke off");
      // The third page of this life never comes.
      if (after.length === 4 && toFail-- > 0) return new Promise(() => {});
      return listInstances(filter, cursor, limit);
    });
    const { instance } = await node.definitions.trigger("$belfry/mark-timeouts", {
      ignoreOverlap: true,
      overrides: {},
    });
    await clock.advance(10_000);
    expect(after).toHaveLength(4);
    await node.crash();
    await world.join("b");
    await clock.advance(60_000);
    expect(after[2]).toBe(after[1]);
    expect(after[4]).toBe(after[3]);
    const ended = await store.queries.getInstance(instance.id);
    expect(ended).toMatchObject({
      state: "COMPLETED",
      life: { attemptCount: 3, result: { looked: 450, timedOut: 450, synced: 0, failed: 0 } },
    });
  });
});

/** What one says that ran from the start of the node on, and was swept so many minutes later. */
function timeoutAt(minutes: number): string {
  const before = new Date(MANUAL_START_AT + 1000 + (minutes - 10) * MINUTE_MS);
  const text = before.toISOString().replace("T", " ").replace("Z", "+00:00");
  return `FAILED: Task timeout (exceeded 10 minutes, started before ${text})`;
}
