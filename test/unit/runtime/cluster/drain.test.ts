import { describe, expect, it } from "vitest";
import type { StartedRuntime } from "../../../../src/runtime/index.ts";
import { SHARDS, aWorker } from "../../../support/node.ts";
import {
  aDefinition,
  aDiligentWorker,
  every,
  expectSound,
  instancesOf,
  ledger,
  reasonOf,
  stateOf,
  trigger,
} from "../given.ts";
import { aBusyWorker } from "./busy-worker.ts";
import { aCluster, aDefinitionOf, nameOf } from "./given.ts";
import type { GivenCluster } from "./given.ts";

const owned = (node: StartedRuntime): number => node.status().ownedShards.length;

async function lateness(world: GivenCluster, id: string): Promise<number> {
  return Math.max(...(await ledger(world, id)).map(({ scheduledAt, decidedAt }) => decidedAt - scheduledAt));
}

/** As at SIGTERM: no new attempts, then some time to hand in what workers have, then the drain. @returns how long the last step took. */
async function terminate(world: GivenCluster, node: StartedRuntime, graceMs = 500): Promise<number> {
  node.quiesce();
  await world.clock.advance(graceMs);
  const startedAt = world.clock.monotonic();
  let endedAt = Number.POSITIVE_INFINITY;
  void node.drain().finally(() => {
    endedAt = world.clock.monotonic();
  });
  await world.clock.advance(15_000);
  return endedAt - startedAt;
}

describe("a node that goes away", () => {
  it("takes the results of its workers until it is gone, and nothing is lost or late", async () => {
    const world = await aCluster(3);
    const [a] = world.nodes as [StartedRuntime];
    const ids = [
      await aDefinitionOf(a, { schedule: every(100), overlapPolicy: "ALLOW_ALL" }),
      await aDefinitionOf(world.nodes[1]!, { schedule: every(100), overlapPolicy: "ALLOW_ALL" }),
    ] as const;
    const worker = await aBusyWorker(a, { clock: world.clock, workMs: 300, slots: 20 });
    await aDiligentWorker(world.nodes[1]!);
    await world.clock.advance(1000);
    const had = [...worker.has];
    expect(had.length).toBeGreaterThan(0);
    expect(await terminate(world, a)).toBeLessThanOrEqual(100);
    expect(worker.has.size).toBe(0);
    const handedIn = await Promise.all(worker.given.map(({ instance }) => stateOf(world, instance.id)));
    expect(new Set(handedIn)).toEqual(new Set(["COMPLETED"]));
    for (const id of ids) {
      expect(await lateness(world, id)).toBeLessThanOrEqual(250);
      expect((await instancesOf(world, id)).every(({ life }) => life.attemptCount <= 1)).toBe(true);
      await expectSound(world, id);
    }
  });

  it("hands over at once when it is told to, not when its workers are done", async () => {
    const world = await aCluster(2);
    const [a, b] = world.nodes as [StartedRuntime, StartedRuntime];
    const worker = await aWorker(a);
    const id = await aDefinitionOf(a);
    const instance = await trigger(a, id);
    await world.clock.advance(100);
    a.quiesce();
    await world.clock.advance(300);
    expect([owned(a), owned(b)]).toEqual([0, SHARDS]);
    // Its worker still reports through it, to the new owner.
    expect(await a.workers.complete(worker.assignments[0]!.token, null)).toBe("COMPLETED");
    expect(await stateOf(world, instance.id)).toBe("COMPLETED");
    await trigger(a, id);
  });

  it("goes on to answer for what the others do not take, until it is gone", async () => {
    const world = await aCluster(2);
    const [a, b] = world.nodes as [StartedRuntime, StartedRuntime];
    const id = await aDefinitionOf(a);
    world.lineOf("b").goAway();
    a.quiesce();
    const answer = Promise.allSettled([trigger(b, id)]);
    await world.clock.advance(7000);
    expect([owned(a), owned(b)]).toEqual([SHARDS, 0]);
    expect(reasonOf((await answer)[0])).toBe("ok");
    world.lineOf("b").comeBack();
    await world.clock.advance(5000);
    expect([owned(a), owned(b)]).toEqual([0, SHARDS]);
  });

  it("is not told to have shards again while it goes", async () => {
    const world = await aCluster(2);
    const [a, b] = world.nodes as [StartedRuntime, StartedRuntime];
    a.quiesce();
    await expect(b.cluster.drain("a", false)).rejects.toMatchObject({ reason: "DRAINING" });
    await expect(a.cluster.drain("a", false)).rejects.toMatchObject({ reason: "DRAINING" });
    await world.clock.advance(1000);
    expect([owned(a), owned(b)]).toEqual([0, SHARDS]);
  });

  it("waits no longer than two questions for one that does not hear it, and the rest goes to the others", async () => {
    const world = await aCluster(3, { shardCount: 30 });
    const [a, b, c] = world.nodes as [StartedRuntime, StartedRuntime, StartedRuntime];
    world.network.lose({ says: "ask take", to: "b" });
    const tookMs = await terminate(world, a, 0);
    expect(tookMs).toBeLessThanOrEqual(4500);
    expect([owned(b), owned(c)]).toEqual([15, 15]);
  });

  it("goes also when the store is away: the leases run out by themselves", async () => {
    const world = await aCluster(2);
    const [a, b] = world.nodes as [StartedRuntime, StartedRuntime];
    const id = await aDefinition(a, { schedule: every(100), overlapPolicy: "ALLOW_ALL" });
    await world.clock.advance(500);
    world.lineOf("a").goAway();
    world.lineOf("b").goAway();
    expect(await terminate(world, a, 100)).toBeLessThanOrEqual(5000);
    world.lineOf("b").comeBack();
    await world.clock.advance(5000);
    expect(owned(b)).toBe(SHARDS);
    await expectSound(world, id);
  });
});

describe("several nodes that go away", () => {
  it("two at once leave all to the third", async () => {
    const world = await aCluster(3);
    const [a, b, c] = world.nodes as [StartedRuntime, StartedRuntime, StartedRuntime];
    const id = await aDefinition(a, { schedule: every(100), overlapPolicy: "ALLOW_ALL" });
    await world.clock.advance(500);
    const both = Promise.all([terminateSoon(a), terminateSoon(b)]);
    await world.clock.advance(3000);
    await both;
    expect(owned(c)).toBe(SHARDS);
    expect(await lateness(world, id)).toBeLessThanOrEqual(600);
    await expectSound(world, id);
  });

  it("all of them leave the shards free, and the first that starts again has them at once", async () => {
    const world = await aCluster(2);
    const [a, b] = world.nodes as [StartedRuntime, StartedRuntime];
    const id = await aDefinition(a);
    const both = Promise.all([terminateSoon(a), terminateSoon(b)]);
    await world.clock.advance(3000);
    await both;
    expect((await world.store.shards.list()).map(({ owner }) => owner)).toEqual(Array(SHARDS).fill(null));
    const next = await world.join("c");
    await world.clock.advance(100);
    expect(owned(next)).toBe(SHARDS);
    await trigger(next, id);
    await expectSound(world, id);
  });

  it("one after the other, in a rolling restart, while commands and due times come all the time", async () => {
    const world = await aCluster(3);
    const scheduled = await aDefinition(world.nodes[0]!, { schedule: every(100), overlapPolicy: "ALLOW_ALL" });
    const triggered = await aDefinition(world.nodes[0]!);
    const nodes = [...world.nodes];
    const answers: Promise<unknown>[] = [];
    for (let index = 0; index < nodes.length; index++) {
      const node = nodes[index]!;
      node.quiesce();
      const drained = world.clock.advance(300).then(() => node.drain());
      for (let count = 0; count < 30; count++) {
        await new Promise((resolve) => setImmediate(resolve));
        answers.push(trigger(nodes[(index + 1) % 3]!, triggered, {}, `${index}/${count}`));
        answers.push(trigger(nodes[(index + 2) % 3]!, triggered));
      }
      await settle(drained, world);
      nodes[index] = await world.join(nameOf(node));
      await world.clock.advance(3000);
    }
    expect(new Set((await Promise.allSettled(answers)).map(reasonOf))).toEqual(new Set(["ok"]));
    expect(await instancesOf(world, triggered)).toHaveLength(answers.length);
    expect(await lateness(world, scheduled)).toBeLessThanOrEqual(600);
    expect(nodes.map(owned).toSorted((one, other) => one - other)).toEqual([1, 1, 2]);
    for (const id of [scheduled, triggered]) await expectSound(world, id);
  });

  it("the last that has shards keeps them while it only drains, and gets them back after a moment without the store", async () => {
    const world = await aCluster(1);
    const [a] = world.nodes as [StartedRuntime];
    const id = await aDefinition(a);
    await a.cluster.drain("a", true);
    await world.clock.advance(2000);
    expect(owned(a)).toBe(SHARDS);
    world.lineOf("a").goAway();
    await world.clock.advance(6000);
    expect(owned(a)).toBe(0);
    world.lineOf("a").comeBack();
    await world.clock.advance(2000);
    expect(owned(a)).toBe(SHARDS);
    await trigger(a, id);
  });
});

async function terminateSoon(node: StartedRuntime): Promise<void> {
  node.quiesce();
  await node.drain();
}

async function settle(ended: Promise<unknown>, world: GivenCluster): Promise<void> {
  let isOver = false;
  void ended.finally(() => {
    isOver = true;
  });
  for (let count = 0; !isOver && count < 100; count++) {
    await new Promise((resolve) => setImmediate(resolve));
    await world.clock.advance(100).catch(() => {});
  }
}
