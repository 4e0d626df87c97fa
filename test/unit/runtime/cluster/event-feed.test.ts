import { describe, expect, it } from "vitest";
import type { StartedRuntime } from "../../../../src/runtime/index.ts";
import { shardOf } from "../../../../src/domain/routing.ts";
import { SHARDS } from "../../../support/node.ts";
import { trigger } from "../given.ts";
import { aCluster, aDefinitionOf } from "./given.ts";

async function given() {
  const world = await aCluster(2);
  const [here, other] = world.nodes as [StartedRuntime, StartedRuntime];
  const moved: number[][] = [];
  const committed: string[] = [];
  const watch = () =>
    here.events.subscribe(
      (events) => committed.push(...events.map(({ name }) => name)),
      (shards) => moved.push([...shards]),
    );
  const id = await aDefinitionOf(other);
  return { ...world, here, other, id, shard: shardOf(id, SHARDS), moved, committed, watch };
}

describe("who watches events on one node", () => {
  it("is told which logs of other nodes have grown, and gets this node's own events as they are", async () => {
    const world = await given();
    world.watch();
    await world.clock.advance(10);
    await trigger(world.other, world.id);
    await world.clock.advance(20);
    expect(world.moved).toEqual([[world.shard]]);
    await trigger(world.here, await aDefinitionOf(world.here));
    expect(world.committed).toContain("created");
  });

  it("is told of commits of the same moments once", async () => {
    const world = await given();
    world.watch();
    await world.clock.advance(10);
    for (let count = 0; count < 20; count++) await trigger(world.other, world.id);
    await world.clock.advance(20);
    expect(world.moved).toEqual([[world.shard]]);
  });

  it("costs the others nothing when nobody watches any more", async () => {
    const world = await given();
    const one = world.watch();
    const two = world.watch();
    one.unsubscribe();
    await world.clock.advance(2000);
    await trigger(world.other, world.id);
    await world.clock.advance(20);
    expect(world.moved).toHaveLength(1);
    two.unsubscribe();
    await world.clock.advance(4000);
    const before = world.network.count({ says: "moved" });
    await trigger(world.other, world.id);
    await world.clock.advance(1000);
    await trigger(world.other, world.id);
    await world.clock.advance(1000);
    expect(world.network.count({ says: "moved" })).toBe(before);
    expect(world.network.count({ says: "watch" })).toBeLessThan(10);
  });

  it("is told by nodes that join, and by those that missed that somebody watches, a second later", async () => {
    const world = await given();
    world.network.lose({ says: "watch" }, 1);
    world.watch();
    const c = await world.join("c");
    await world.clock.advance(4000);
    const id = await aDefinitionOf(c);
    await world.clock.advance(20);
    world.moved.splice(0);
    await trigger(c, id);
    await trigger(world.other, await aDefinitionOf(world.other));
    await world.clock.advance(20);
    expect(world.moved.flat()).toContain(shardOf(id, SHARDS));
    expect(new Set(world.moved.flat()).size).toBe(2);
  });

  it("is told of a shard's new owner's commits when the shard has moved", async () => {
    const world = await given();
    const c = await world.join("c");
    await world.clock.advance(4000);
    const id = await aDefinitionOf(c);
    world.watch();
    await world.here.cluster.drain("c", true);
    await world.clock.advance(3000);
    expect(c.status().ownedShards).toEqual([]);
    world.moved.splice(0);
    world.committed.splice(0);
    await trigger(world.here, id);
    await world.clock.advance(20);
    expect(world.moved.flat().includes(shardOf(id, SHARDS)) || world.committed.length > 0).toBe(true);
  });
});
