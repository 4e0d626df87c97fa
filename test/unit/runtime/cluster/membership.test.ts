import { describe, expect, it } from "vitest";
import type { StartedRuntime } from "../../../../src/runtime/index.ts";
import { SHARDS } from "../../../support/node.ts";
import { aDefinition, every, expectSound, ledger } from "../given.ts";
import { aCluster, nameOf } from "./given.ts";
import type { GivenCluster } from "./given.ts";

const known = (node: StartedRuntime): string[] => node.cluster.nodes().map(({ nodeId }) => nodeId);

async function epochs({ store }: GivenCluster): Promise<number[]> {
  return (await store.shards.list()).map(({ epoch }) => epoch);
}

describe("who is alive", () => {
  it("a node that says goodbye is gone at once, and not back for what it said before", async () => {
    const { nodes, network, clock } = await aCluster(2);
    const [a, b] = nodes as [StartedRuntime, StartedRuntime];
    const late = network.hold({ from: "b", says: "alive" }, 1);
    await clock.advance(500);
    expect(late.waiting).toBe(1);
    const leaving = b.drain();
    await clock.advance(300);
    await leaving;
    expect(known(a)).toEqual(["a"]);
    late.release();
    await clock.advance(0);
    expect(known(a)).toEqual(["a"]);
  });

  it("a node of that name that starts again is known at once", async () => {
    const { nodes, clock, join } = await aCluster(2);
    const [a, b] = nodes as [StartedRuntime, StartedRuntime];
    const leaving = b.drain();
    await clock.advance(300);
    await leaving;
    await join("b");
    expect(known(a)).toEqual(["a", "b"]);
  });

  it("a node that is not heard is gone after 2.5 s, and back when it is heard again", async () => {
    const { nodes, network, clock } = await aCluster(2);
    const [a, b] = nodes as [StartedRuntime, StartedRuntime];
    network.part("a", "b");
    await clock.advance(2000);
    expect(known(a)).toEqual(["a", "b"]);
    await clock.advance(1500);
    expect([known(a), known(b)]).toEqual([["a"], ["b"]]);
    network.clear();
    await clock.advance(600);
    expect([known(a), known(b)]).toEqual([
      ["a", "b"],
      ["a", "b"],
    ]);
  });

  it("a network that comes back brings all nodes back at once", async () => {
    const { nodes, network, clock } = await aCluster(3);
    network.disconnect("a");
    await clock.advance(4000);
    expect(nodes.map(known)).toEqual([["a"], ["b", "c"], ["b", "c"]]);
    network.reconnect("a");
    await clock.advance(10);
    expect(nodes.map(known)).toEqual(nodes.map(() => ["a", "b", "c"]));
  });

  it("a process that stood still takes nobody for gone when it goes on", async () => {
    const { nodes, clock, stall, network, ...world } = await aCluster(3);
    const id = await aDefinition(nodes[0]!, { schedule: every(1000), overlapPolicy: "ALLOW_ALL" });
    await clock.advance(1000);
    network.cut("b", "a");
    network.cut("c", "a");
    await stall("a", 10_000);
    network.clear();
    expect(known(nodes[0]!)).toEqual(["a", "b", "c"]);
    expect(nodes[0]?.status().ownedShards).toEqual([]);
    await clock.advance(5000);
    expect(nodes.map(known)).toEqual(nodes.map(() => ["a", "b", "c"]));
    expect(nodes.map((node) => node.status().ownedShards.length).toSorted((one, other) => one - other)).toEqual([
      1, 1, 2,
    ]);
    const missed = (await ledger({ clock, ...world }, id)).filter(({ outcome }) => outcome !== "FIRED");
    expect(missed).toEqual([]);
    await expectSound({ clock, ...world }, id);
  });
});

describe("nodes that come and go", () => {
  it("out of hearing for moments make no shard move", async () => {
    const world = await aCluster(3);
    const before = await epochs(world);
    for (let count = 0; count < 10; count++) {
      world.network.part("a", "b");
      world.network.part("a", "c");
      await world.clock.advance(3000);
      world.network.clear();
      await world.clock.advance(700);
    }
    await world.clock.advance(5000);
    expect(await epochs(world)).toEqual(before);
  });

  it("with two that do not hear each other, and a third that hears both, shards do not go to and fro", async () => {
    const world = await aCluster(3, { shardCount: 64 });
    const before = (await epochs(world)).reduce((sum, epoch) => sum + epoch, 0);
    world.network.part("a", "b");
    await world.clock.advance(30_000);
    const moved = (await epochs(world)).reduce((sum, epoch) => sum + epoch, 0) - before;
    expect(moved).toBeLessThanOrEqual(64);
    world.network.clear();
    await world.clock.advance(10_000);
    const owned = world.nodes.map((node) => node.status().ownedShards.length);
    expect(owned.toSorted((one, other) => one - other)).toEqual([21, 21, 22]);
  });

  it("one that is told to stop having shards says so, and has none", async () => {
    const world = await aCluster(2);
    const [a, b] = world.nodes as [StartedRuntime, StartedRuntime];
    await a.cluster.drain(nameOf(b), true);
    await world.clock.advance(2000);
    expect(a.status().ownedShards).toHaveLength(SHARDS);
    expect(b.cluster.nodes().map(({ state }) => state)).toEqual(["active", "draining"]);
  });
});
