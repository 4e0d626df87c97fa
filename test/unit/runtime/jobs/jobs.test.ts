import { describe, expect, it, vi } from "vitest";
import { RECONCILE_DEFINITION_ID } from "../../../../src/domain/approval/push-definition.ts";
import { StoreUnavailable } from "../../../../src/ports/store/journal.ts";
import { aPlatform, facts, pushesOf, pushing, pushingCluster, report } from "../approvals/given.ts";
import { nameOf } from "../cluster/given.ts";
import { aDefinition, instancesOf, ledger, trigger } from "../given.ts";
import { batchOf, recordOf, sessionsWithItems, startBatch, untilEnded } from "./given.ts";

const MINUTE_MS = 60_000;

describe("a job", () => {
  it("that this version does not know fails at once, and says so", async () => {
    const world = await pushing();
    const { node } = world;
    const definition = await aDefinition(node, { action: { kind: "job", job: "of-the-future" } });
    const { id } = await trigger(node, definition);
    const ended = await untilEnded(world, id);
    expect(ended).toMatchObject({ state: "FAILED", life: { attemptCount: 1, error: { code: "UNKNOWN_JOB" } } });
  });

  it("that has a defect is tried again, and goes on where it was", async () => {
    const world = await pushing();
    const { node, store } = world;
    await sessionsWithItems(node, 70);
    const platformId = await aPlatform(node);
    const { pageWorkItems } = store.approvals;
    vi.spyOn(store.approvals, "pageWorkItems")
      .mockImplementationOnce((...asked) => pageWorkItems(...asked))
      .mockRejectedValueOnce(new TypeError("a defect"));
    const id = await startBatch(node, platformId);
    const ended = await untilEnded(world, id);
    expect(ended.life.attemptCount).toBe(2);
    expect(await batchOf(world, id)).toMatchObject({ state: "COMPLETED", submitted: 70, succeeded: 70, skipped: 0 });
    expect((await store.queries.listAttempts(id, null, 10)).map(({ error }) => error?.code)).toContain(
      "EXECUTOR_ERROR",
    );
    expect(await pushesOf(world, { batch: id })).toHaveLength(70);
  });

  it("that the store breaks off says that, and blames no defect", async () => {
    const world = await pushing();
    const { node, store } = world;
    await sessionsWithItems(node, 70);
    const platformId = await aPlatform(node);
    const { pageWorkItems } = store.approvals;
    vi.spyOn(store.approvals, "pageWorkItems")
      .mockImplementationOnce((...asked) => pageWorkItems(...asked))
      .mockRejectedValueOnce(new StoreUnavailable("it restarts"));
    const id = await startBatch(node, platformId);
    await untilEnded(world, id);
    expect(await batchOf(world, id)).toMatchObject({ state: "COMPLETED", submitted: 70, succeeded: 70 });
    const attempts = await store.queries.listAttempts(id, null, 10);
    expect(attempts.map(({ error }) => error?.code)).toEqual([undefined, "STORE_UNAVAILABLE"]);
  });

  it("has its turn however many batches wait for platforms that take nothing", async () => {
    const world = await pushing();
    const { node, clock } = world;
    await sessionsWithItems(node, 1);
    const hosts = Array.from({ length: 6 }, (_, n) => `https://p${n}.example.com`);
    const ids = await Promise.all(hosts.map((host) => aPlatform(node, host, { actions: ["archive"] })));
    await Promise.all(ids.map((id) => node.taskCenters.platforms.isolate(id, { changedBy: "test" })));
    await Promise.all(ids.map((id) => startBatch(node, id)));
    await clock.advance(16 * MINUTE_MS);
    const sweeps = await instancesOf(world, RECONCILE_DEFINITION_ID);
    expect(sweeps.map(({ state }) => state)).toEqual(["COMPLETED", "COMPLETED", "COMPLETED"]);
  });

  it("goes on when the store was away for a while", async () => {
    const world = await pushing();
    const { node, clock, store, platforms } = world;
    await sessionsWithItems(node, 100);
    const platformId = await aPlatform(node, "https://one.example.com", { rate: { perSecond: 10, burst: 1 } });
    const id = await startBatch(node, platformId);
    await clock.advance(2000);
    store.goAway();
    await clock.advance(30_000);
    store.comeBack();
    await untilEnded(world, id);
    expect(await batchOf(world, id)).toMatchObject({ state: "COMPLETED", submitted: 100, succeeded: 100, skipped: 0 });
    expect(platforms.beliefs.size).toBe(100);
    expect(await pushesOf(world, { batch: id })).toHaveLength(100);
  });

  it("of a killed node is tried elsewhere when its heartbeat has been missing for so long, not before", async () => {
    const world = await pushingCluster(2);
    const { nodes, clock, platforms } = world;
    const [first] = nodes;
    if (first === undefined) throw new Error("nodes began");
    await report(first, "s1", facts("t1"));
    const platformId = await aPlatform(first);
    platforms.answers(() => null);
    const id = await startBatch(first, platformId);
    await clock.advance(3000);
    const { life } = await recordOf(world, id);
    const worker = life.attempt?.workerId;
    await nodes.find((node) => worker === `belfry@${nameOf(node)}`)?.crash();
    platforms.answerAll();
    await clock.advance(6000);
    expect((await recordOf(world, id)).life.attemptCount).toBe(1);
    const ended = await untilEnded(world, id, MINUTE_MS);
    expect(ended).toMatchObject({ state: "COMPLETED", life: { attemptCount: 2 } });
    expect(ended.life.result).toMatchObject({ submitted: 1, succeeded: 1 });
  });
});

describe("the definition of the sweep", () => {
  it("is there from the first platform on, once, and is due every five minutes", async () => {
    const world = await pushing();
    const { node, clock, store, platforms } = world;
    expect(await store.queries.getDefinition(RECONCILE_DEFINITION_ID)).toBeNull();
    await report(node, "s1", facts("t1"));
    await aPlatform(node);
    await aPlatform(node, "https://two.example.com");
    expect(await store.queries.getDefinition(RECONCILE_DEFINITION_ID)).toMatchObject({
      definition: { spec: { overlapPolicy: "SKIP", schedule: { timing: { kind: "cron" } } } },
    });
    await clock.advance(15 * MINUTE_MS + 1000);
    const sweeps = await instancesOf(world, RECONCILE_DEFINITION_ID);
    expect(sweeps.map(({ state }) => state)).toEqual(["COMPLETED", "COMPLETED", "COMPLETED"]);
    expect(
      (await ledger(world, RECONCILE_DEFINITION_ID)).map(({ outcome, scheduledAt }) => [
        outcome,
        scheduledAt % (5 * MINUTE_MS),
      ]),
    ).toEqual(Array.from({ length: 3 }, () => ["FIRED", 0]));
    expect(platforms.thirdIds).toEqual(["s1_t1", "s1_t1"]);
  });

  it("fires not while a sweep is under way", async () => {
    const world = await pushing();
    const { node, clock, store } = world;
    await aPlatform(node);
    await clock.advance(1000);
    const never = Promise.withResolvers<never>();
    const page = vi.spyOn(store.approvals, "pageWorkItems").mockReturnValue(never.promise);
    await clock.advance(15 * MINUTE_MS);
    const sweeps = await instancesOf(world, RECONCILE_DEFINITION_ID);
    expect(sweeps.map(({ state }) => state)).toEqual(["RUNNING"]);
    expect((await ledger(world, RECONCILE_DEFINITION_ID)).map(({ outcome }) => outcome)).toEqual([
      "FIRED",
      "SKIPPED_OVERLAP",
      "SKIPPED_OVERLAP",
    ]);
    page.mockRestore();
    never.reject(new TypeError("a defect"));
    await clock.advance(10 * MINUTE_MS);
    expect((await instancesOf(world, RECONCILE_DEFINITION_ID)).at(-1)?.state).toBe("COMPLETED");
  });

  it("is one for the cluster, and goes on when its node is killed", async () => {
    const world = await pushingCluster(3);
    const { nodes, clock, platforms } = world;
    const [one, two, three] = nodes;
    if (one === undefined || two === undefined || three === undefined) throw new Error("nodes began");
    await Promise.all([
      aPlatform(one),
      aPlatform(two, "https://two.example.com"),
      aPlatform(three, "https://three.example.com"),
    ]);
    await clock.advance(5 * MINUTE_MS);
    const count = (await instancesOf(world, RECONCILE_DEFINITION_ID)).length;
    expect(count).toBeLessThanOrEqual(2);
    await report(two, "s1", facts("t1"));
    await one.crash();
    await clock.advance(6 * MINUTE_MS);
    expect([...platforms.beliefs.keys()].toSorted()).toEqual(
      ["one", "three", "two"].map((host) => `${host}.example.com s1_t1`),
    );
  });
});
