import { describe, expect, it } from "vitest";
import { SHARDS, aWorker } from "../../../support/node.ts";
import { aDefinition, aDiligentWorker, every, expectSound, instancesOf, ledger, stateOf, trigger } from "../given.ts";
import { aCluster, ownerOf, strangerTo } from "./given.ts";

describe("nodes that hear each other", () => {
  it("share the shards evenly, and each knows whose they are", async () => {
    const { nodes } = await aCluster(2);
    expect(nodes.map((node) => node.status().ownedShards.length)).toEqual([SHARDS / 2, SHARDS / 2]);
    for (const node of nodes) {
      expect(node.cluster.nodes().map(({ nodeId, shards, placedShards }) => [nodeId, shards, placedShards])).toEqual([
        ["a", 2, 2],
        ["b", 2, 2],
      ]);
      expect((await node.cluster.shards()).every(({ owner, placedOn }) => owner === placedOn)).toBe(true);
    }
  });

  it("answer any command on any node", async () => {
    const { nodes, ...world } = await aCluster(3);
    for (const node of nodes) {
      const id = await aDefinition(node);
      for (const other of nodes) {
        const instance = await trigger(other, id);
        expect(await stateOf(world, instance.id)).toBe("PENDING NO_WORKER");
        await other.definitions.update(id, { change: (spec) => ({ ...spec, content: other.status().nodeId }) });
        expect((await world.store.queries.getDefinition(id))?.definition.spec.content).toBe(other.status().nodeId);
        await other.definitions.pause(id, { reason: "r" });
        await other.definitions.resume(id, {});
        await other.instances.pause(instance.id, { reason: "" });
        await other.instances.resume(instance.id, {});
        await other.instances.cancel(instance.id, { reason: "enough", terminate: false });
        expect(await stateOf(world, instance.id)).toBe("CANCELLED");
        const batch = await other.definitions.batchTrigger(id, { items: [{ overrides: {} }], atomic: true });
        expect(batch).toHaveLength(1);
      }
      await expect(nodes[0]?.definitions.pause("unknown", { reason: "" })).rejects.toMatchObject({
        reason: "DEFINITION_NOT_FOUND",
      });
      await expectSound(world, id);
    }
  });

  it("carry a request id out once, whichever nodes it comes to", async () => {
    const { nodes, ...world } = await aCluster(3);
    const id = await aDefinition(nodes[0]!);
    const answers = await Promise.all(nodes.map((node) => trigger(node, id, {}, "same")));
    expect(new Set(answers.map((instance) => instance.id)).size).toBe(1);
    expect(await instancesOf(world, id)).toHaveLength(1);
    const asked = { method: "Many", requestId: "r1", asked: [1] };
    let carriedOut = 0;
    for (const node of nodes) {
      expect(await node.repeatable(asked, async () => ({ times: ++carriedOut }))).toEqual({ times: 1 });
    }
  });

  it("a change is made of what the definition is then, also when two nodes change it at once", async () => {
    const { nodes, ...world } = await aCluster(3);
    const id = await aDefinition(nodes[0]!, { content: "" });
    const changes = nodes.map((node) =>
      node.definitions.update(id, { change: (spec) => ({ ...spec, content: `${spec.content}+` }) }),
    );
    await world.clock.advance(1000);
    await Promise.all(changes);
    expect((await world.store.queries.getDefinition(id))?.definition.spec.content).toBe("+++");
  });
});

describe("a worker on one node", () => {
  it("gets instances of another's shards, completes them there, and is free again", async () => {
    const { nodes, ...world } = await aCluster(2);
    const id = await aDefinition(nodes[0]!);
    const other = strangerTo(nodes, id);
    const worker = await aDiligentWorker(other, { slots: 2 });
    for (let count = 0; count < 20; count++) await trigger(other, id);
    await world.clock.advance(1000);
    expect(worker.done).toHaveLength(20);
    expect((await instancesOf(world, id)).map(({ state }) => state)).toEqual(Array(20).fill("COMPLETED"));
    await expectSound(world, id);
  });

  it("is told of a cancel, and its slot is free when the attempt is over", async () => {
    const { nodes, ...world } = await aCluster(2);
    const id = await aDefinition(nodes[0]!);
    const other = strangerTo(nodes, id);
    const worker = await aWorker(other);
    const first = await trigger(other, id);
    await world.clock.advance(100);
    expect(await stateOf(world, first.id)).toBe("RUNNING");
    const second = await trigger(other, id);
    await ownerOf(nodes, id).instances.cancel(first.id, { reason: "enough", terminate: false });
    await world.clock.advance(100);
    expect(worker.signals).toMatchObject([{ cancelRequested: true }]);
    await ownerOf(nodes, id).instances.cancel(first.id, { reason: "enough", terminate: true });
    await world.clock.advance(100);
    expect(await stateOf(world, second.id)).toBe("RUNNING");
    expect(worker.assignments.map(({ instance }) => instance.id)).toEqual([first.id, second.id]);
  });

  it("gives the more urgent first, whoever has it, and equals in turn", async () => {
    const { nodes, ...world } = await aCluster(2);
    const [a, b] = nodes as [(typeof nodes)[0], (typeof nodes)[0]];
    const ids: string[] = [];
    while (new Set(ids.map((id) => ownerOf(nodes, id))).size < 2) ids.push(await aDefinition(a));
    const here = ids.find((id) => ownerOf(nodes, id) === a) ?? "";
    const there = ids.find((id) => ownerOf(nodes, id) === b) ?? "";
    for (let count = 0; count < 3; count++) {
      await trigger(a, here, { priority: 3 });
      await trigger(b, there, { priority: 3 });
    }
    await trigger(b, there, { priority: 1 });
    const worker = await aWorker(a, { slots: 0 });
    await world.clock.advance(1000);
    worker.session.setSlots(1);
    const order: string[] = [];
    for (let count = 0; count < 7; count++) {
      await world.clock.advance(100);
      const assignment = worker.assignments.at(-1);
      order.push(
        `${assignment?.instance.spec.definitionId === here ? "here" : "there"} ${assignment?.instance.spec.priority}`,
      );
      await a.workers.complete(assignment?.token ?? "", null);
    }
    expect(order[0]).toBe("there 1");
    expect(order.slice(1).filter((each) => each === "here 3")).toHaveLength(3);
    expect(order.slice(1, 5)).toEqual(expect.arrayContaining(["here 3", "there 3"]));
  });

  it("a poll takes an instance of another node's shard", async () => {
    const { nodes, ...world } = await aCluster(2);
    const id = await aDefinition(nodes[0]!);
    const other = strangerTo(nodes, id);
    const poll = other.workers.poll({ queue: "agents", workerId: "p", waitMs: 5000 });
    await world.clock.advance(10);
    const instance = await trigger(other, id);
    await world.clock.advance(100);
    const assignment = await poll;
    expect(assignment?.instance.id).toBe(instance.id);
    await ownerOf(nodes, id).workers.complete(assignment?.token ?? "", { ok: true });
    expect(await stateOf(world, instance.id)).toBe("COMPLETED");
  });

  it("goes on with what it runs while its instance's shard moves, and the next owner can tell it of a cancel", async () => {
    const { nodes, ...world } = await aCluster(2);
    const id = await aDefinition(nodes[0]!);
    const owner = ownerOf(nodes, id);
    const other = strangerTo(nodes, id);
    const worker = await aWorker(other, { slots: 1 });
    const instance = await trigger(other, id);
    await world.clock.advance(100);
    await other.cluster.drain(owner.status().nodeId, true);
    await world.clock.advance(3000);
    expect(owner.status().ownedShards).toEqual([]);
    await owner.instances.cancel(instance.id, { reason: "enough", terminate: false });
    await world.clock.advance(100);
    expect(worker.signals).toMatchObject([{ cancelRequested: true, stale: false }]);
    await other.workers.complete(worker.assignments[0]?.token ?? "", null);
    expect(await stateOf(world, instance.id)).toBe("COMPLETED");
  });

  it("when its node dies, its attempts are tried again as their timeouts say, and nothing runs twice at once", async () => {
    const { nodes, ...world } = await aCluster(2);
    const id = await aDefinition(nodes[0]!, {
      timeouts: {
        scheduleToStartMs: null,
        startToCloseMs: null,
        scheduleToCloseMs: null,
        heartbeatMs: 5000,
        cancelGraceMs: 1000,
      },
    });
    const owner = ownerOf(nodes, id);
    const other = strangerTo(nodes, id);
    await aWorker(other, { slots: 1 });
    const instance = await trigger(other, id);
    await world.clock.advance(100);
    expect(await stateOf(world, instance.id)).toBe("RUNNING");
    await other.crash();
    const good = await aDiligentWorker(owner);
    await world.clock.advance(15_000);
    expect(await stateOf(world, instance.id)).toBe("COMPLETED");
    expect(good.done).toHaveLength(1);
    await expectSound(world, id);
  });
});

describe("shards that move", () => {
  it("a node that joins gets its share while everything fires on time", async () => {
    const { nodes, ...world } = await aCluster(1);
    const id = await aDefinition(nodes[0]!, { schedule: every(1000), overlapPolicy: "ALLOW_ALL" });
    const b = await world.join("b");
    await world.clock.advance(10_000);
    expect(b.status().ownedShards).toHaveLength(SHARDS / 2);
    const late = (await ledger(world, id)).map(({ scheduledAt, decidedAt }) => decidedAt - scheduledAt);
    expect(late.length).toBeGreaterThanOrEqual(9);
    expect(Math.max(...late)).toBeLessThanOrEqual(250);
    await expectSound(world, id);
  });

  it("a node that drains gives all it has away, answers on, and takes its share again when asked", async () => {
    const { nodes, ...world } = await aCluster(2);
    const [a, b] = nodes as [(typeof nodes)[0], (typeof nodes)[0]];
    const id = await aDefinition(a, { schedule: every(100), overlapPolicy: "ALLOW_ALL" });
    await b.cluster.drain("a", true);
    await world.clock.advance(3000);
    expect(a.status().ownedShards).toEqual([]);
    expect(b.cluster.nodes()).toMatchObject([
      { nodeId: "a", state: "draining", shards: 0, placedShards: 0 },
      { nodeId: "b", state: "active", shards: SHARDS },
    ]);
    await trigger(a, id);
    await a.cluster.drain("a", false);
    await world.clock.advance(3000);
    expect(a.status().ownedShards).toHaveLength(SHARDS / 2);
    const late = (await ledger(world, id)).map(({ scheduledAt, decidedAt }) => decidedAt - scheduledAt);
    expect(Math.max(...late)).toBeLessThanOrEqual(250);
    await expectSound(world, id);
    await expect(a.cluster.drain("nobody", true)).rejects.toMatchObject({ reason: "NODE_NOT_FOUND" });
  });

  it("a command that comes while its shard moves waits for the next owner", async () => {
    const { nodes, ...world } = await aCluster(2);
    const [a, b] = nodes as [(typeof nodes)[0], (typeof nodes)[0]];
    const id = await aDefinition(a);
    const owner = ownerOf(nodes, id);
    const leaving = owner.drain();
    const answers = Array.from({ length: 10 }, () => trigger(owner === a ? b : a, id));
    await world.clock.advance(3000);
    await leaving;
    expect(await Promise.all(answers)).toHaveLength(10);
    expect(await instancesOf(world, id)).toHaveLength(10);
  });

  it("the shards of a node that dies are shared by the others within 5 s", async () => {
    const { nodes, ...world } = await aCluster(3);
    const [a, b, c] = nodes as [(typeof nodes)[0], (typeof nodes)[0], (typeof nodes)[0]];
    const id = await aDefinition(a, { schedule: every(1000), overlapPolicy: "ALLOW_ALL" });
    await world.clock.advance(3000);
    await ownerOf(nodes, id).crash();
    await world.clock.advance(5000);
    const living = nodes.filter((node) => node !== a).length;
    expect(living).toBe(2);
    const owned = [a, b, c].map((node) => node.status().ownedShards.length);
    expect(Math.max(...owned)).toBeLessThanOrEqual(SHARDS / 2);
    expect((await ledger(world, id)).length).toBeGreaterThanOrEqual(7);
    await expectSound(world, id);
  });

  it("a shard that its node does not take is taken by another", async () => {
    const { nodes, ...world } = await aCluster(2, {});
    const [a, b] = nodes as [(typeof nodes)[0], (typeof nodes)[0]];
    const id = await aDefinition(a);
    const owner = ownerOf(nodes, id);
    const other = owner === a ? b : a;
    await owner.crash();
    await world.clock.advance(8000);
    expect(other.status().ownedShards).toHaveLength(SHARDS);
    await trigger(other, id);
  });
});
