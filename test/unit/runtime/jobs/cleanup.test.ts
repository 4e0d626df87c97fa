import { describe, expect, it, vi } from "vitest";
import type { ConfigKey, ConfigValue } from "../../../../src/domain/config/config-key.ts";
import { aDefinition, expectSound, given, ledger, every, reasonOf, stateOf, trigger } from "../given.ts";
import type { Given } from "../given.ts";
import { aWorker } from "../../../support/node.ts";
import { aRegistration, aWorkingNode, cleanedUp, daysLater, idsIn, keep, startCleanup, untilDone } from "./cleaning.ts";

async function set({ node }: Given, key: ConfigKey, value: ConfigValue): Promise<void> {
  await node.configs.set({ scope: "GLOBAL", userId: "", key }, { value, changedBy: "test" });
}

describe("the cleanup", () => {
  it("R-130: removes instances that finished longer ago than they are kept, with their attempts, and no others", async () => {
    const world = await aWorkingNode();
    const { node, store, run } = world;
    const old = await run(7);
    const other = await aDefinition(node, {
      action: { kind: "worker", queue: "nobody", disconnectPolicy: "WAIT_FOR_HEARTBEAT" },
    });
    const waiting = await trigger(node, other);
    daysLater(world, 29);
    const recent = await run(3);
    daysLater(world, 2);

    expect(await cleanedUp(world)).toMatchObject({ instances: 7, executions: 0 });

    expect(await idsIn(world)).toEqual([...recent, waiting.id].toSorted());
    const attempts = await Promise.all([...old, ...recent].map((id) => store.queries.listAttempts(id, null, 10)));
    expect(attempts.map(({ length }) => length)).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 1, 1]);
    expect(await cleanedUp(world)).toMatchObject({ instances: 0 });
  });

  it("R-131: keeps what is a user's own for as long as that user wants, be it longer or shorter than for everybody", async () => {
    const world = await aWorkingNode();
    const { node, run } = world;
    await keep(node, 60, "long");
    await keep(node, 5, "short");
    await keep(node, 30, "same");
    const ancient = await run(2, "long");
    daysLater(world, 55);
    const middle = { long: await run(2, "long"), short: await run(2, "short"), same: await run(2, "same") };
    daysLater(world, 10);
    expect(await cleanedUp(world)).toMatchObject({ instances: 4 });
    expect(await idsIn(world)).toEqual([...middle.long, ...middle.same].toSorted());
    expect(await idsIn(world)).not.toContain(ancient[0]);
    await keep(node, 9);
    expect(await cleanedUp(world)).toMatchObject({ instances: 0 });
    daysLater(world, 30);
    expect(await cleanedUp(world)).toMatchObject({ instances: 2 });
    expect(await idsIn(world)).toEqual(middle.long.toSorted());
  });

  it("R-130: leaves executions that never ended alone, unless it shall not; then ends and removes those of which nothing was told for so long", async () => {
    const world = await given();
    const { node, clock } = world;
    await keep(node, 90, "patient");
    for (const id of ["silent", "still told of", "progresses"]) await node.executions.register(id, aRegistration());
    await node.executions.register("of the patient", aRegistration({ createdBy: "patient" }));
    await node.executions.register("ended", aRegistration({ report: { state: "COMPLETED" } }));
    const own = await aDefinition(node);
    const waiting = await trigger(node, own);
    daysLater(world, 29);
    await node.executions.update("still told of", { report: { state: "RUNNING" } });
    await node.executions.update("progresses", { report: { progress: { percent: 10 } } });
    await node.executions.register("young", aRegistration());
    daysLater(world, 2);

    expect(await cleanedUp(world)).toMatchObject({ instances: 1, executions: 0 });
    expect(await stateOf(world, "silent")).toBe("PENDING NO_WORKER");
    await set(world, "cleanup_only_completed", false);
    expect(await cleanedUp(world)).toMatchObject({ instances: 0, executions: 1 });
    await clock.advance(0);
    expect(await idsIn(world)).toEqual(
      ["of the patient", "progresses", "still told of", waiting.id, "young"].toSorted(),
    );
    const told = (
      await Promise.all([0, 1, 2, 3].map((shard) => world.store.queries.readEvents(shard, 0, 1000)))
    ).flat();
    expect(told.filter(({ resourceId }) => resourceId === "silent").map(({ name }) => name)).toEqual(
      expect.arrayContaining(["cancelled"]),
    );
  });

  it("removes what the ledger says of that time, and nothing that a caller may still wait for", async () => {
    const world = await given();
    const { node, clock } = world;
    const id = await aDefinition(node, {
      schedule: every(3_600_000),
      overlapPolicy: "BUFFER_ONE",
      action: { kind: "worker", queue: "nobody", disconnectPolicy: "WAIT_FOR_HEARTBEAT" },
    });
    await clock.advance(3 * 3_600_000);
    const until = clock.now();
    const outcomes = async () =>
      (await ledger(world, id)).filter(({ scheduledAt }) => scheduledAt <= until).map(({ outcome }) => outcome);
    expect(await outcomes()).toEqual(["FIRED", "BUFFERED", "SKIPPED_OVERLAP"]);
    await node.definitions.pause(id, { reason: "" });
    daysLater(world, 31);
    expect(await cleanedUp(world)).toMatchObject({ occurrences: 1, instances: 0 });
    expect(await outcomes()).toEqual(["FIRED", "BUFFERED"]);
  });

  it("changes nothing that a definition counts", async () => {
    const world = await aWorkingNode();
    const { definitionId, run, store } = world;
    await run(3);
    await expectSound(world, definitionId);
    daysLater(world, 31);
    await run(2);
    const before = (await store.queries.getDefinition(definitionId))?.supervisor.supervision.counters;
    await cleanedUp(world);
    expect((await store.queries.getDefinition(definitionId))?.supervisor.supervision.counters).toEqual(before);
    expect(before).toMatchObject({ created: 5, completed: 5, active: 0 });
  });

  it("removes events of that time, and the log goes on", async () => {
    const world = await aWorkingNode();
    const { store, run } = world;
    await run(5);
    daysLater(world, 31);
    const before = await store.queries.eventBounds();
    const old = before.reduce((sum, { last }) => sum + last, 0);
    expect(await cleanedUp(world)).toMatchObject({ events: old });
    expect(await store.queries.eventBounds()).toEqual(before.map(({ shard, last }) => ({ shard, first: 0, last })));
    await run(1);
    const grown = (await store.queries.eventBounds()).filter(({ first }) => first > 0);
    expect(grown).toHaveLength(1);
    expect(grown[0]?.first).toBe((before.find(({ shard }) => shard === grown[0]?.shard)?.last ?? 0) + 1);
  });

  it("keeps events that are not on the stream yet, however old they are, where events are published", async () => {
    const world = await aWorkingNode();
    const { store, run } = world;
    await run(5);
    const bounds = await store.queries.eventBounds();
    const busy = bounds.find(({ last }) => last > 4) ?? { shard: 0, last: 0 };
    const lease = (await store.shards.list()).find(({ shard }) => shard === busy.shard);
    await store.cursors.write([{ shard: busy.shard, sequence: 2, stream: "s", epoch: lease?.epoch ?? 0 }]);
    daysLater(world, 31);
    await cleanedUp(world, { publishes: true });
    const first = async () => (await store.queries.eventBounds()).find(({ shard }) => shard === busy.shard)?.first;
    expect(await first()).toBe(3);
    // Of the other shards nothing was published yet.
    const others = ({ shard }: { readonly shard: number }): boolean => shard !== busy.shard;
    expect((await store.queries.eventBounds()).filter(others)).toEqual(bounds.filter(others));
    await cleanedUp(world);
    expect(await first()).toBe(0);
  });
});

describe("a cleanup under way", () => {
  it("R-130: removes in batches no larger than configured, and rests three times as long as each took", async () => {
    const world = await aWorkingNode();
    const { store, clock, run } = world;
    await set(world, "cleanup_batch_size", 100);
    await run(250);
    daysLater(world, 31);
    const begun: number[] = [];
    const { removeInstances } = store.retention;
    const remove = vi.spyOn(store.retention, "removeInstances").mockImplementation(async (...asked) => {
      begun.push(clock.monotonic());
      await clock.sleep(40);
      return removeInstances(...asked);
    });
    expect(await cleanedUp(world)).toMatchObject({ instances: 250 });
    expect(remove.mock.calls.map(([, , rows]) => rows)).toEqual([100, 100, 100]);
    expect(begun.map((at) => at - (begun[0] ?? 0))).toEqual([0, 160, 320]);
  });

  it("makes its batches smaller when they take long, and larger again when they do not", async () => {
    const world = await aWorkingNode();
    const { store, clock, run } = world;
    await run(2);
    daysLater(world, 31);
    const { removeInstances } = store.retention;
    const waits = [200, 200, 200, 30, 1, 1];
    const sizes: number[] = [];
    vi.spyOn(store.retention, "removeInstances").mockImplementation(async (which, after, rows) => {
      sizes.push(rows);
      await clock.sleep(waits[sizes.length - 1] ?? 0);
      const removal = await removeInstances(which, after, 1);
      return sizes.length < waits.length ? { ...removal, next: { at: 0, id: "" } } : { ...removal, next: null };
    });
    await cleanedUp(world);
    expect(sizes).toEqual([1000, 500, 500, 500, 500, 625]);
  });

  it("that is broken off removes nothing more, and the next attempt goes on where it was and counts on", async () => {
    const world = await aWorkingNode();
    const { store, clock, run } = world;
    await set(world, "cleanup_batch_size", 100);
    await run(500);
    daysLater(world, 31);
    const abort = new AbortController();
    const { removeInstances } = store.retention;
    const slow = vi.spyOn(store.retention, "removeInstances").mockImplementation(async (...asked) => {
      await clock.sleep(1500);
      return removeInstances(...asked);
    });
    const first = startCleanup(world, { signal: abort.signal });
    await clock.advance(14_000);
    abort.abort(new Error("the node stops"));
    await expect(untilDone(world, first)).rejects.toThrow("the node stops");
    const left = (await idsIn(world)).length;
    await clock.advance(60_000);
    expect((await idsIn(world)).length).toBe(left);
    expect(first.told()).toMatchObject({ cleanup: { step: "instances", removed: { instances: 300 } } });

    slow.mockRestore();
    const cursors: unknown[] = [];
    const again = vi.spyOn(store.retention, "removeInstances").mockImplementation((which, after, rows) => {
      cursors.push(after);
      return removeInstances(which, after, rows);
    });
    const { instances } = await cleanedUp(world, { told: first.told() });
    expect(await idsIn(world)).toEqual([]);
    expect(cursors[0]).not.toBeNull();
    expect(instances).toBe(300 + left);
    again.mockRestore();
  });

  it("takes things to be as old as they were when it began", async () => {
    const world = await aWorkingNode();
    const { run, clock } = world;
    const begun = clock.now();
    const [id = ""] = await run(1);
    daysLater(world, 100);
    const told = {
      cleanup: {
        startedAt: begun + 1000,
        step: "instances",
        user: "",
        cursor: null,
        removed: { instances: 5, executions: 0, occurrences: 0, events: 0 },
      },
    };
    expect(await cleanedUp(world, { told })).toMatchObject({ instances: 5 });
    expect(await idsIn(world)).toEqual([id]);
  });

  it("fails when the store is away, and can be tried again", async () => {
    const world = await aWorkingNode();
    const { store, run } = world;
    await run(3);
    daysLater(world, 31);
    const remove = vi.spyOn(store.retention, "removeInstances").mockRejectedValueOnce(new Error("away"));
    await expect(cleanedUp(world)).rejects.toThrow("away");
    remove.mockRestore();
    expect(await cleanedUp(world)).toMatchObject({ instances: 3 });
  });
});

describe("an instance that was removed", () => {
  it("is not found, and what comes late for it is refused as for any that is not there", async () => {
    const world = await aWorkingNode();
    const { node, clock, run, definitionId } = world;
    const [id = ""] = await run(1);
    const slow = await aDefinition(node, {
      action: { kind: "worker", queue: "slow", disconnectPolicy: "WAIT_FOR_HEARTBEAT" },
    });
    const worker = await aWorker(node, { queue: "slow" });
    await trigger(node, slow, {}, "made once");
    await clock.advance(0);
    const { token = "" } = worker.assignments[0] ?? {};
    await node.workers.complete(token, null);
    daysLater(world, 31);
    await cleanedUp(world);

    const late = await Promise.allSettled([
      node.instances.retry(id, {}),
      node.instances.cancel(id, { reason: "", terminate: true }),
      node.workers.heartbeat(token, {}),
      node.workers.complete(token, null),
    ]);
    expect(late.map(reasonOf)).toEqual(["INSTANCE_NOT_FOUND", "INSTANCE_NOT_FOUND", "STALE_ATTEMPT", "STALE_ATTEMPT"]);
    expect(await run(1)).toHaveLength(1);
    await expectSoundBut(world, definitionId);
  });

  it("may have been an execution: the same task id is registered anew", async () => {
    const world = await given();
    const { node } = world;
    await node.executions.register("celery-1", aRegistration({ report: { state: "COMPLETED" } }));
    daysLater(world, 31);
    await cleanedUp(world);
    const late = await Promise.allSettled([node.executions.update("celery-1", { report: { state: "RUNNING" } })]);
    expect(late.map(reasonOf)).toEqual(["EXECUTION_NOT_FOUND"]);
    const { existing, instance } = await node.executions.register("celery-1", aRegistration());
    expect(existing).toBe(false);
    expect(instance).toMatchObject({ state: "PENDING", createdAt: world.clock.now() });
  });

  it("and is retried at the same moment lives again, and its shard is not lost", async () => {
    const world = await aWorkingNode();
    const { node, store, clock, run } = world;
    const [id = ""] = await run(1);
    daysLater(world, 31);
    const hold = store.holdCommits();
    const retried = node.instances.retry(id, {});
    await clock.advance(0);
    expect(await store.retention.removeFinished([id])).toBe(1);
    hold.release();
    await clock.advance(10);
    expect(await retried).toMatchObject({ id });
    expect(await stateOf(world, id)).toBe("COMPLETED");
    expect((await store.queries.getInstance(id))?.life).toMatchObject({ series: 1, attemptCount: 2 });
    expect(node.status().ownedShards).toHaveLength(4);
  });

  it("and is told more of at the same moment stays removed, and its shard is not lost", async () => {
    const world = await given();
    const { node, store, clock } = world;
    await node.executions.register("celery-1", aRegistration({ report: { state: "COMPLETED" } }));
    daysLater(world, 31);
    const hold = store.holdCommits();
    const updated = node.executions.update("celery-1", { report: { metadata: { order_id: "42" } } });
    await clock.advance(0);
    expect(await store.retention.removeFinished(["celery-1"])).toBe(1);
    hold.release();
    await clock.advance(2000);
    await updated;
    expect(await stateOf(world, "celery-1")).toBe("absent");
    expect(node.status().ownedShards).toHaveLength(4);
  });
});

/** Its counters count what was removed, too. */
async function expectSoundBut({ store }: Given, definitionId: string): Promise<void> {
  const found = await store.queries.getDefinition(definitionId);
  expect(found?.supervisor.supervision.counters).toMatchObject({ created: 2, completed: 2, active: 0 });
}
