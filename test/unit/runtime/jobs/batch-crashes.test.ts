import { describe, expect, it } from "vitest";
import { aPlatform, expectPushesSound, facts, pushesOf, pushing, pushingCluster, report } from "../approvals/given.ts";
import { nameOf, ownerOf } from "../cluster/given.ts";
import { breakOffAtTell } from "./break-off.ts";
import { batchOf, recordOf, sessionsWithItems, startBatch, thirdIdOf, untilEnded } from "./given.ts";

describe("a batch of pushes goes on after its node was killed", () => {
  const places = [1, 2, 3, 4].flatMap((at) => (["before", "after"] as const).map((when) => ({ at, when })));
  it.each(places)("$when it told $at times how far it is: every item once, counts exact", async ({ at, when }) => {
    const world = await pushing();
    const { node, clock, platforms, join } = world;
    const ids = await sessionsWithItems(node, 100);
    const platformId = await aPlatform(node);
    const line = breakOffAtTell(world, at, when);
    const id = await startBatch(node, platformId);
    for (let n = 0; n < 200 && !line.isBroken(); n++) await clock.advance(10);
    expect(line.isBroken()).toBe(true);
    await node.crash();
    line.mend();
    await join("b");
    const ended = await untilEnded(world, id, 120_000);
    expect(await batchOf(world, id)).toEqual({
      state: "COMPLETED",
      total: 100,
      submitted: 100,
      succeeded: 100,
      failed: 0,
      skipped: 0,
      superseded: 0,
    });
    expect(ended.life.progress?.percent).toBe(100);
    expect(await pushesOf(world, { batch: id })).toHaveLength(100);
    expect([...platforms.beliefs.keys()].toSorted()).toEqual(
      ids.map((each) => `one.example.com ${thirdIdOf(each)}`).toSorted(),
    );
    expect(new Set(platforms.calls.map(({ key }) => key)).size).toBe(100);
    await expectPushesSound(world);
  });

  it("again and again", async () => {
    const world = await pushing();
    const { clock, platforms, join } = world;
    let { node } = world;
    await sessionsWithItems(node, 600);
    const platformId = await aPlatform(node, "https://one.example.com", { rate: { perSecond: 10, burst: 1 } });
    const id = await startBatch(node, platformId);
    for (const name of ["b", "c", "d"]) {
      await clock.advance(4000);
      expect((await recordOf(world, id)).state).not.toBe("COMPLETED");
      await node.crash();
      node = await join(name);
      await clock.advance(13_000);
    }
    await untilEnded(world, id);
    expect(await batchOf(world, id)).toMatchObject({ state: "COMPLETED", submitted: 600, succeeded: 600, skipped: 0 });
    expect(await pushesOf(world, { batch: id })).toHaveLength(600);
    expect(platforms.beliefs.size).toBe(600);
    await expectPushesSound(world);
  });
});

describe("a batch of pushes in a cluster", () => {
  it("goes on elsewhere when the node that runs it is killed", async () => {
    const world = await pushingCluster(3);
    const { nodes, clock, platforms } = world;
    const [first] = nodes;
    if (first === undefined) throw new Error("nodes began");
    await sessionsWithItems(first, 200);
    const platformId = await aPlatform(first, "https://one.example.com", { rate: { perSecond: 10, burst: 1 } });
    const id = await startBatch(first, platformId);
    await clock.advance(5000);
    const worker = (await recordOf(world, id)).life.attempt?.workerId ?? "";
    const killed = nodes.find((node) => worker === `belfry@${nameOf(node)}`);
    expect(killed).toBeDefined();
    await killed?.crash();
    await untilEnded(world, id);
    expect(await batchOf(world, id)).toMatchObject({ state: "COMPLETED", submitted: 200, succeeded: 200, skipped: 0 });
    expect(await pushesOf(world, { batch: id })).toHaveLength(200);
    expect(platforms.beliefs.size).toBe(200);
    await expectPushesSound(world);
  });

  it("goes on elsewhere, without losing time, when its node drains", async () => {
    const world = await pushingCluster(2);
    const { nodes, clock, platforms } = world;
    const [first] = nodes;
    if (first === undefined) throw new Error("nodes began");
    await sessionsWithItems(first, 200);
    const platformId = await aPlatform(first, "https://one.example.com", { rate: { perSecond: 10, burst: 1 } });
    const id = await startBatch(first, platformId);
    await clock.advance(5000);
    const owner = ownerOf(nodes, id);
    await Promise.all([owner.drain(), clock.advance(20_000)]);
    await owner.crash();
    await untilEnded(world, id);
    expect(await batchOf(world, id)).toMatchObject({ state: "COMPLETED", submitted: 200, succeeded: 200, skipped: 0 });
    expect(platforms.beliefs.size).toBe(200);
    expect(await pushesOf(world, { batch: id })).toHaveLength(200);
    expect(world.log.lines.filter(({ level }) => level === "error")).toEqual([]);
    await expectPushesSound(world);
  });

  it("that is cancelled logs no defect", async () => {
    const world = await pushingCluster(2);
    const { nodes, clock, platforms } = world;
    const [first] = nodes;
    if (first === undefined) throw new Error("nodes began");
    await sessionsWithItems(first, 400);
    const platformId = await aPlatform(first);
    platforms.answers(() => null);
    const id = await startBatch(first, platformId);
    await clock.advance(5000);
    await first.instances.cancel(id, { reason: "enough", terminate: false });
    await clock.advance(5000);
    expect((await recordOf(world, id)).state).toBe("CANCELLED");
    expect(world.log.lines.filter(({ level }) => level === "error")).toEqual([]);
  });

  it("answers BATCH_RUNNING on every node", async () => {
    const world = await pushingCluster(2);
    const [one, two] = world.nodes;
    if (one === undefined || two === undefined) throw new Error("nodes began");
    await report(one, "s1", facts("t1"));
    const platformId = await aPlatform(one);
    world.platforms.answers(() => null);
    const id = await startBatch(one, platformId);
    await expect(startBatch(two, platformId)).rejects.toMatchObject({
      reason: "BATCH_RUNNING",
      metadata: { batch_id: id },
    });
  });
});
