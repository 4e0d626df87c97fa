import { describe, expect, it } from "vitest";
import { SHARDS, aWorker } from "../../support/node.ts";
import {
  NO_TIMEOUTS,
  RARELY,
  aDefinition,
  every,
  expectSound,
  given,
  instancesOf,
  ledger,
  reasonOf,
  stateOf,
  trigger,
} from "./given.ts";

describe("draining a node", () => {
  it("commits what is in flight, gives its shards up, and the next node goes on at once", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const b = await world.start("b");
    const hold = world.store.holdCommits();
    const accepted = Promise.all(Array.from({ length: 10 }, () => trigger(world.node, id)));
    await hold.arrived();
    const drained = world.node.drain();
    await expect(trigger(world.node, id)).rejects.toMatchObject({ reason: "DRAINING", code: "UNAVAILABLE" });
    expect(world.node.status()).toMatchObject({ draining: true, ready: false });
    hold.release();
    await world.clock.advance(0);
    await drained;
    expect(await accepted).toHaveLength(10);
    expect((await world.store.shards.list()).every(({ owner }) => owner === null || owner === "b")).toBe(true);
    await world.clock.advance(500);
    expect(b.status().ownedShards).toHaveLength(SHARDS);
    await trigger(b, id);
    expect(await instancesOf(world, id)).toHaveLength(11);
    await expectSound(world, id);
  });

  it("starts no new attempts, tells workers to go elsewhere, and answers polls that wait", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const stream = await aWorker(world.node, { slots: 1 });
    const poll = world.node.workers.poll({ queue: "other", workerId: "p", waitMs: 60_000 });
    const running = await trigger(world.node, id);
    const waiting = await trigger(world.node, id);
    await world.clock.advance(0);
    world.node.quiesce();
    expect(stream.drained).toBe(true);
    // What runs may still be reported; the slot that is free then takes nothing new.
    expect(await world.node.workers.complete(stream.assignments[0]?.token ?? "", null)).toBe("COMPLETED");
    await world.clock.advance(0);
    expect(await poll).toBeNull();
    expect([await stateOf(world, running.id), await stateOf(world, waiting.id)]).toEqual([
      "COMPLETED",
      "PENDING NO_WORKER",
    ]);
    await world.node.drain();
    await expectSound(world, id);
  });

  it("leaves running attempts running: their workers report to the next owner", async () => {
    const world = await given();
    const id = await aDefinition(world.node, { timeouts: { ...NO_TIMEOUTS, heartbeatMs: 10_000 } });
    const stream = await aWorker(world.node);
    const instance = await trigger(world.node, id);
    await world.clock.advance(0);
    await world.node.drain();
    const b = await world.start("b");
    await world.clock.advance(9000);
    expect(await stateOf(world, instance.id)).toBe("RUNNING");
    expect(await b.workers.complete(stream.assignments[0]?.token ?? "", null)).toBe("COMPLETED");
    await expectSound(world, id);
  });

  it("misses no due time, back and forth between two nodes", async () => {
    const world = await given();
    const id = await aDefinition(world.node, { schedule: every(1000), overlapPolicy: "ALLOW_ALL" });
    let node = world.node;
    for (let round = 0; round < 10; round++) {
      await world.clock.advance(1300);
      const next = await world.start(`n${round}`);
      await node.drain();
      node = next;
    }
    await world.clock.advance(1500);
    const rows = await ledger(world, id);
    expect(rows).toHaveLength(14);
    expect(rows.every(({ outcome }) => outcome === "FIRED")).toBe(true);
    await expectSound(world, id);
  });

  it("refuses what comes too late rather than losing it silently", async () => {
    const world = await given();
    const ids = await Promise.all(Array.from({ length: 4 }, () => aDefinition(world.node, { schedule: RARELY })));
    const commands = ids.map((id) => trigger(world.node, id, {}, `r-${id}`));
    const drained = world.node.drain();
    const reasons = (await Promise.allSettled(commands)).map(reasonOf);
    await drained;
    const b = await world.start("b");
    await world.clock.advance(500);
    for (const [index, id] of ids.entries()) {
      expect(await instancesOf(world, id)).toHaveLength(reasons[index] === "ok" ? 1 : 0);
      await trigger(b, id, {}, `r-${id}`);
      expect(await instancesOf(world, id)).toHaveLength(1);
    }
  });

  it("ends also when the store is away: the leases run out by themselves", async () => {
    const world = await given();
    world.store.goAway();
    await world.node.drain();
    world.store.comeBack();
    const b = await world.start("b");
    await world.clock.advance(5000);
    expect(b.status().ownedShards).toHaveLength(SHARDS);
  });
});
