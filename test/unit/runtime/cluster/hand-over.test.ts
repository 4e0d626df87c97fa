import { describe, expect, it } from "vitest";
import type { StartedRuntime } from "../../../../src/runtime/index.ts";
import { SHARDS } from "../../../support/node.ts";
import { aDefinition, every, expectSound, ledger, reasonOf, trigger } from "../given.ts";
import { aCluster, aDefinitionOf } from "./given.ts";
import type { GivenCluster } from "./given.ts";

const owned = (node: StartedRuntime): number => node.status().ownedShards.length;

async function moves({ store }: GivenCluster): Promise<number> {
  return (await store.shards.list()).reduce((sum, { epoch }) => sum + epoch, 0);
}

/** How late the occurrences of a definition were decided, those from a moment on. */
async function lateness(world: GivenCluster, id: string, from = 0): Promise<number[]> {
  return (await ledger(world, id))
    .filter(({ scheduledAt }) => scheduledAt >= from)
    .map(({ scheduledAt, decidedAt }) => decidedAt - scheduledAt);
}

/** A definition in each shard, due every 100 ms. */
async function everywhere(world: GivenCluster): Promise<string[]> {
  const ids: string[] = [];
  for (const node of world.nodes) {
    for (let count = 0; count < 3; count++) {
      ids.push(await aDefinitionOf(node, { schedule: every(100), overlapPolicy: "ALLOW_ALL" }));
    }
  }
  return ids;
}

async function expectAllSound(world: GivenCluster, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    if (world.nodes[0]?.status().shardCount === SHARDS) await expectSound(world, id);
    const outcomes = new Set((await ledger(world, id)).map(({ outcome }) => outcome));
    expect([...outcomes]).toEqual(["FIRED"]);
  }
}

describe("a node that reaches the others, not the store", () => {
  it.each(["breaks off", "hangs"])(
    "loses its shards to them, which keep them while its line %s, and takes commands on",
    async (kind) => {
      const world = await aCluster(2);
      const [a, b] = world.nodes as [StartedRuntime, StartedRuntime];
      const ids = await everywhere(world);
      await world.clock.advance(1000);
      if (kind === "hangs") {
        for (const method of ["shards.list", "shards.acquire", "shards.renew", "journal.commit"]) {
          world.lineOf("a").hang(method);
        }
      } else {
        world.lineOf("a").goAway();
      }
      await world.clock.advance(5000);
      expect(owned(b)).toBe(SHARDS);
      const before = await moves(world);
      const from = world.clock.now();
      await world.clock.advance(20_000);
      expect(await moves(world)).toBe(before);
      for (const id of ids) expect(Math.max(...(await lateness(world, id, from)))).toBeLessThanOrEqual(20);
      await trigger(a, ids[0]!);
      world.lineOf("a").comeBack();
      world.lineOf("a").mend();
      await world.clock.advance(5000);
      expect([owned(a), owned(b)]).toEqual([SHARDS / 2, SHARDS / 2]);
      await expectAllSound(world, ids);
    },
  );

  it("does not keep the others from sharing what it had", async () => {
    const world = await aCluster(3, { shardCount: 30 });
    world.lineOf("a").goAway();
    await world.clock.advance(8000);
    expect(world.nodes.map(owned)).toEqual([0, 15, 15]);
    world.lineOf("a").comeBack();
    await world.clock.advance(5000);
    expect(world.nodes.map(owned)).toEqual([10, 10, 10]);
  });
});

describe("a store that is away for all", () => {
  it("costs no shard when it is back soon, and everything runs on after a long time too", async () => {
    const world = await aCluster(2);
    const ids = await everywhere(world);
    await world.clock.advance(1000);
    const before = await moves(world);
    const away = async (ms: number): Promise<void> => {
      for (const name of ["a", "b"]) world.lineOf(name).goAway();
      await world.clock.advance(ms);
      for (const name of ["a", "b"]) world.lineOf(name).comeBack();
      await world.clock.advance(3000);
    };
    await away(1500);
    expect(await moves(world)).toBe(before);
    await away(20_000);
    expect(world.nodes.map(owned)).toEqual([SHARDS / 2, SHARDS / 2]);
    // Each went back to who had it.
    expect((await moves(world)) - before).toBe(SHARDS);
    for (const id of ids) await expectSound(world, id);
  });
});

describe("a node that reaches the store, not the others", () => {
  it("keeps its shards, and answers for them", async () => {
    const world = await aCluster(2);
    const [a, b] = world.nodes as [StartedRuntime, StartedRuntime];
    const ids = [await aDefinitionOf(a), await aDefinitionOf(b)] as [string, string];
    const before = await moves(world);
    world.network.part("a", "b");
    await world.clock.advance(20_000);
    expect(await moves(world)).toBe(before);
    await trigger(a, ids[0]);
    await trigger(b, ids[1]);
    await expect(trigger(a, ids[1])).rejects.toMatchObject({ reason: "SHARD_UNAVAILABLE" });
    world.network.clear();
    await world.clock.advance(1000);
    await trigger(a, ids[1]);
    expect(await moves(world)).toBe(before);
  });

  it("takes what is given up meanwhile by a node that drains, and shares it when all hear each other again", async () => {
    const world = await aCluster(3, { shardCount: 12 });
    const [a, b, c] = world.nodes as [StartedRuntime, StartedRuntime, StartedRuntime];
    world.network.part("a", "b");
    world.network.part("a", "c");
    await world.clock.advance(3000);
    const drained = c.drain();
    await world.clock.advance(5000);
    await drained;
    expect(owned(a) + owned(b)).toBe(12);
    world.network.clear();
    await world.clock.advance(4000);
    expect([owned(a), owned(b)]).toEqual([6, 6]);
  });
});

describe("a hand-over", () => {
  it("that the next owner does not hear of costs half a second", async () => {
    const world = await aCluster(2);
    const [a, b] = world.nodes as [StartedRuntime, StartedRuntime];
    const ids = await everywhere(world);
    await world.clock.advance(1000);
    world.network.lose({ says: "ask take" });
    await a.cluster.drain("a", true);
    await world.clock.advance(5000);
    expect(owned(b)).toBe(SHARDS);
    for (const id of ids) expect(Math.max(...(await lateness(world, id)))).toBeLessThanOrEqual(700);
    await expectAllSound(world, ids);
  });

  it("whose answer is lost is done all the same", async () => {
    const world = await aCluster(2);
    const [a, b] = world.nodes as [StartedRuntime, StartedRuntime];
    const ids = await everywhere(world);
    world.network.lose({ says: "answer take" });
    await a.cluster.drain("a", true);
    await world.clock.advance(5000);
    expect(owned(b)).toBe(SHARDS);
    for (const id of ids) expect(Math.max(...(await lateness(world, id)))).toBeLessThanOrEqual(250);
    await expectAllSound(world, ids);
  });

  it("that is heard twice, or late, is taken once", async () => {
    const world = await aCluster(2);
    const [a, b] = world.nodes as [StartedRuntime, StartedRuntime];
    const before = await moves(world);
    world.network.double({ says: "ask take" });
    await a.cluster.drain("a", true);
    await world.clock.advance(3000);
    expect(owned(b)).toBe(SHARDS);
    expect((await moves(world)) - before).toBe(SHARDS / 2);
  });

  it("in which the owner dies, with a commit on its way, gives nothing up, and does not keep it from dying", async () => {
    const world = await aCluster(2);
    const [a, b] = world.nodes as [StartedRuntime, StartedRuntime];
    const ids = await everywhere(world);
    world.lineOf("a").hang("journal.commit", { afterwards: true });
    await world.clock.advance(300);
    await a.cluster.drain("a", true);
    await world.clock.advance(100);
    const before = await moves(world);
    const died = a.crash();
    world.lineOf("a").mend();
    await world.clock.advance(200);
    await died;
    expect((await world.store.shards.list()).filter(({ owner }) => owner === "a")).not.toEqual([]);
    expect(await moves(world)).toBe(before);
    await world.clock.advance(6000);
    expect(owned(b)).toBe(SHARDS);
    await expectAllSound(world, ids);
  });

  it("whose next owner dies before it acquires ends with the others within 5 s", async () => {
    const world = await aCluster(3);
    const [a, b, c] = world.nodes as [StartedRuntime, StartedRuntime, StartedRuntime];
    const ids = await everywhere(world);
    world.network.hold({ says: "ask take", to: "b" });
    world.lineOf("b").breakOff("shards.acquire");
    const drained = a.drain();
    await world.clock.advance(200);
    await b.crash();
    await world.clock.advance(6000);
    await drained;
    expect(owned(c)).toBe(SHARDS);
    for (const id of ids) expect(Math.max(...(await lateness(world, id)))).toBeLessThanOrEqual(5000);
    await expectAllSound(world, ids);
  });

  it("whose next owner dies after it acquired ends with the others within 5 s", async () => {
    const world = await aCluster(3);
    const [a, b, c] = world.nodes as [StartedRuntime, StartedRuntime, StartedRuntime];
    const ids = await everywhere(world);
    const drained = a.drain();
    await world.clock.advance(300);
    await drained;
    await b.crash();
    await world.clock.advance(5000);
    expect(owned(c)).toBe(SHARDS);
    for (const id of ids) expect(Math.max(...(await lateness(world, id)))).toBeLessThanOrEqual(5000);
    await expectAllSound(world, ids);
  });

  it.each([true, false])(
    "whose release fails costs no longer than a lease (written before it failed: %s)",
    async (afterwards) => {
      const world = await aCluster(2);
      const [a, b] = world.nodes as [StartedRuntime, StartedRuntime];
      const ids = await everywhere(world);
      world.lineOf("a").breakOff("shards.release", { afterwards, times: 1 });
      await a.cluster.drain("a", true);
      await world.clock.advance(6000);
      expect(owned(b)).toBe(SHARDS);
      for (const id of ids) expect(Math.max(...(await lateness(world, id)))).toBeLessThanOrEqual(3700);
      await expectAllSound(world, ids);
    },
  );

  it("to which another node joins ends evenly, and nothing is late", async () => {
    const world = await aCluster(1, { shardCount: 48 });
    const ids = await everywhere(world);
    await world.join("b");
    await world.clock.advance(1150);
    const c = await world.join("c");
    const d = await world.join("d");
    await world.clock.advance(5000);
    expect([world.nodes[0]!, c, d].map(owned)).toEqual([12, 12, 12]);
    for (const id of ids) expect(Math.max(...(await lateness(world, id)))).toBeLessThanOrEqual(250);
    await expectAllSound(world, ids);
  });

  it("loses no command that comes while shards move, nor does any twice", async () => {
    const world = await aCluster(3);
    const id = await aDefinition(world.nodes[0]!);
    const answers: Promise<unknown>[] = [];
    for (let round = 0; round < 4; round++) {
      const name = ["a", "b", "c", "a"][round] ?? "";
      await world.nodes[0]!.cluster.drain(name, true);
      for (let count = 0; count < 20; count++) {
        await world.clock.advance(50);
        for (const node of world.nodes) answers.push(trigger(node, id));
      }
      await world.nodes[0]!.cluster.drain(name, false);
      await world.clock.advance(1500);
    }
    await world.clock.advance(3000);
    expect(new Set((await Promise.allSettled(answers)).map(reasonOf))).toEqual(new Set(["ok"]));
    const instances = await world.store.queries.listInstances({ definitionId: id }, null, 10_000);
    expect(instances).toHaveLength(answers.length);
    await expectSound(world, id);
  });
});

describe("a commit whose answer comes when its shard was lost and acquired anew", () => {
  it("is no commit of the new claim", async () => {
    const world = await aCluster(1);
    const [a] = world.nodes as [StartedRuntime];
    const id = await aDefinitionOf(a);
    const before = await moves(world);
    world.lineOf("a").hang("journal.commit", { afterwards: true });
    const answer = Promise.allSettled([trigger(a, id)]);
    world.lineOf("a").breakOff("shards.renew");
    await world.clock.advance(3500);
    expect((await moves(world)) - before).toBe(SHARDS);
    world.lineOf("a").mend();
    await world.clock.advance(10);
    for (let count = 0; count < 3; count++) await trigger(a, id);
    await world.clock.advance(2000);
    expect((await moves(world)) - before).toBe(SHARDS);
    await answer;
    await expectSound(world, id);
  });
});
