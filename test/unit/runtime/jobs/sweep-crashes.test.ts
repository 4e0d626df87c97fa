import { describe, expect, it } from "vitest";
import { answered } from "../../../support/fake-webhooks.ts";
import { aPlatform, facts, pushesOf, pushing, pushingCluster, received, report } from "../approvals/given.ts";
import { nameOf } from "../cluster/given.ts";
import { breakOffAtTell } from "./break-off.ts";
import { driftOf, recordOf, sessionsWithItems, untilEnded } from "./given.ts";

describe("a sweep goes on after its node was killed", () => {
  const places = [1, 2, 3].flatMap((at) => (["before", "after"] as const).map((when) => ({ at, when })));
  it.each(places)("$when it told $at times how far it is: nothing is left, nothing doubled", async ({ at, when }) => {
    const world = await pushing();
    const { node, clock, platforms, join } = world;
    await sessionsWithItems(node, 250);
    // Of each of these the platform takes the first item before the node is killed, and so what is due changes.
    for (let n = 0; n < 5; n++) {
      for (let item = 0; item < 3; item++) await report(node, `many${n}`, facts(`m${n}-${item}`, item));
    }
    const platformId = await aPlatform(node);
    const line = breakOffAtTell(world, at, when);
    const { instance } = await node.taskCenters.pushes.reconcile({ platformId: null });
    for (let n = 0; n < 300 && !line.isBroken(); n++) await clock.advance(10);
    expect(line.isBroken()).toBe(true);
    await node.crash();
    line.mend();
    const after = await join("b");
    const ended = await untilEnded(world, instance.id, 120_000);
    expect(ended.life.error).toBeNull();
    expect(ended.state).toBe("COMPLETED");
    await clock.advance(60_000);
    expect(await driftOf(after, platformId)).toEqual([]);
    expect(platforms.beliefs.size).toBe(265);
    expect(await pushesOf(world)).toHaveLength(265);
    expect(new Set(platforms.calls.map(({ key }) => key)).size).toBe(265);
  });

  it("when what was due has changed since the page that it looks at again", async () => {
    const world = await pushing();
    const { node, clock, platforms, join } = world;
    for (let item = 0; item < 3; item++) await report(node, "s1", facts(`t${item}`, item));
    await aPlatform(node, "https://one.example.com", { retryIntervalMs: 0, maxRetries: 100, maxConcurrent: 1 });
    platforms.answers(({ thirdId }) => answered(thirdId === "s1_t1" ? 422 : 200));
    const line = breakOffAtTell(world, 1, "before");
    const { instance } = await node.taskCenters.pushes.reconcile({ platformId: null });
    for (let n = 0; n < 300 && !line.isBroken(); n++) await clock.advance(10);
    expect(line.isBroken()).toBe(true);
    await node.crash();
    line.mend();
    await join("b");
    const ended = await untilEnded(world, instance.id, 120_000);
    expect(ended.life.error).toBeNull();
    expect(ended.state).toBe("COMPLETED");
    platforms.answers(() => answered(200));
    await clock.advance(6 * 60_000);
    expect(platforms.beliefs.size).toBe(3);
  });

  it("in a cluster, elsewhere", async () => {
    const world = await pushingCluster(3);
    const { nodes, clock, platforms } = world;
    const [first] = nodes;
    if (first === undefined) throw new Error("nodes began");
    await sessionsWithItems(first, 500);
    const platformId = await aPlatform(first, "https://one.example.com", { rate: { perSecond: 20, burst: 1 } });
    const { instance } = await first.taskCenters.pushes.reconcile({ platformId: null });
    await clock.advance(3000);
    const worker = (await recordOf(world, instance.id)).life.attempt?.workerId;
    const killed = nodes.find((node) => worker === `belfry@${nameOf(node)}`);
    expect(killed).toBeDefined();
    await killed?.crash();
    await untilEnded(world, instance.id, 120_000);
    await clock.advance(60_000);
    const living = nodes.find((node) => node !== killed);
    expect(living === undefined ? null : await driftOf(living, platformId)).toEqual([]);
    expect(platforms.beliefs.size).toBe(500);
    expect(await pushesOf(world)).toHaveLength(500);
  });
});

describe("drift", () => {
  it("is complete and names nothing twice, however it is paged, also of sessions whose items are far apart", async () => {
    const world = await pushing();
    const { node } = world;
    const all: string[] = [];
    for (let n = 0; n < 40; n++) {
      await report(node, `s${n % 7}`, facts(`t${n}`, n));
      all.push(`s${n % 7}_t${n}`);
    }
    await report(node, "bare", { ...facts(null), session: { title: "without items" } });
    const platformId = await aPlatform(node);
    for (const limit of [1, 2, 3, 7, 40, 500]) {
      const drift = await driftOf(node, platformId, { limit });
      expect(drift.map(({ thirdId }) => thirdId).toSorted(), `pages of ${limit}`).toEqual([...all, "bare"].toSorted());
    }
  });

  it("of a platform that is disabled, or that another stands for, lists nothing", async () => {
    const world = await pushing();
    const { node } = world;
    await report(node, "s1", received("t1"));
    const platformId = await aPlatform(node);
    expect(await driftOf(node, platformId)).toHaveLength(1);
    await node.taskCenters.platforms.disable(platformId, { changedBy: "test" });
    expect(await driftOf(node, platformId)).toEqual([]);
    await expect(driftOf(node, "none")).rejects.toMatchObject({ reason: "PLATFORM_NOT_FOUND" });
  });
});
