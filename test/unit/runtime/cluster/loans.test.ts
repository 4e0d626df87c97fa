import { describe, expect, it } from "vitest";
import type { StartedRuntime } from "../../../../src/runtime/index.ts";
import { aWorker } from "../../../support/node.ts";
import { expectSound, instancesOf, stateOf, trigger } from "../given.ts";
import { aCluster, aDefinitionOf } from "./given.ts";
import type { GivenCluster } from "./given.ts";
import { aBusyWorker } from "./busy-worker.ts";

interface Given extends GivenCluster {
  /** Has the workers. */
  readonly lender: StartedRuntime;
  /** Has the definition. */
  readonly owner: StartedRuntime;
  readonly id: string;
}

async function given(options = {}): Promise<Given> {
  const cluster = await aCluster(2, options);
  const [lender, owner] = cluster.nodes as [StartedRuntime, StartedRuntime];
  return { ...cluster, lender, owner, id: await aDefinitionOf(owner) };
}

const running = async (world: Given): Promise<number> =>
  (await instancesOf(world, world.id)).filter(({ state }) => state === "RUNNING").length;

/** After quiet, a worker with so many slots gets as many instances at once, from any node: none of them is taken for ever. */
async function expectAllFree(world: Given, slots: number): Promise<void> {
  for (const from of [world.owner, world.lender]) {
    const id = await aDefinitionOf(from);
    const made = await Promise.all(Array.from({ length: slots }, () => trigger(from, id)));
    await world.clock.advance(20);
    const states = await Promise.all(made.map((instance) => stateOf(world, instance.id)));
    expect(states).toEqual(Array(slots).fill("RUNNING"));
    await Promise.all(made.map((instance) => from.instances.cancel(instance.id, { reason: "", terminate: true })));
    await world.clock.advance(100);
  }
}

describe("slots that are lent", () => {
  it("are free again when the notice of the loan was lost, though others come and go all the time", async () => {
    const world = await given();
    const worker = await aBusyWorker(world.lender, { slots: 3, workMs: 50, clock: world.clock });
    world.network.lose({ says: "grant" }, 1);
    for (let count = 0; count < 80; count++) {
      await trigger(world.owner, world.id);
      await world.clock.advance(100);
    }
    await world.clock.advance(100);
    await worker.rest();
    await world.clock.advance(100);
    await expectAllFree(world, 3);
    await expectSound(world, world.id);
  });

  it("are free again when the notice of their return was lost", async () => {
    const world = await given();
    world.network.lose({ says: "giveBack" });
    await aWorker(world.lender, { slots: 4 });
    const instance = await trigger(world.owner, world.id);
    await world.owner.instances.cancel(instance.id, { reason: "", terminate: true });
    await world.clock.advance(6000);
    world.network.clear();
    await expectAllFree(world, 4);
  });

  it("that are told of too late, after the loan is over, are used only when there is room", async () => {
    const world = await given();
    const worker = await aWorker(world.lender, { slots: 1 });
    world.network.delay({ says: "grant" }, 6000, 1);
    const first = await trigger(world.owner, world.id);
    // The loan is over, and the slot is lent anew.
    await world.clock.advance(5900);
    expect(worker.assignments.map(({ instance }) => instance.id)).toEqual([first.id]);
    const second = await trigger(world.owner, world.id);
    await world.clock.advance(200);
    expect(worker.assignments).toHaveLength(1);
    expect(await stateOf(world, second.id)).toBe("PENDING NO_WORKER");
    expect((await world.store.queries.getInstance(second.id))?.life.attemptCount).toBe(0);
    await world.lender.workers.complete(worker.assignments[0]!.token, null);
    await world.clock.advance(100);
    expect(worker.assignments.map(({ instance }) => instance.id)).toEqual([first.id, second.id]);
    await expectSound(world, world.id);
  });

  it("of a worker that was lowered meanwhile are not used above what it has", async () => {
    const world = await given();
    const worker = await aWorker(world.lender, { slots: 4 });
    world.network.delay({ says: "ask assign" }, 200);
    for (let count = 0; count < 4; count++) await trigger(world.owner, world.id);
    await world.clock.advance(100);
    worker.session.setSlots(2);
    await world.clock.advance(2000);
    expect(worker.assignments).toHaveLength(2);
    expect(await running(world)).toBe(2);
    await expectSound(world, world.id);
  });

  it("that a node lends after it is gone are not used: nobody would run what comes", async () => {
    const world = await given();
    await aWorker(world.lender, { slots: 1 });
    const held = world.network.hold({ says: "grant" });
    const instance = await trigger(world.owner, world.id);
    await world.clock.advance(100);
    expect(held.waiting).toBe(1);
    await world.lender.crash();
    await world.clock.advance(4000);
    held.release();
    await world.clock.advance(3000);
    expect(await stateOf(world, instance.id)).toBe("PENDING NO_WORKER");
  });

  it("that nobody needs are given back at once", async () => {
    const world = await given();
    await aWorker(world.lender, { slots: 4 });
    for (let count = 0; count < 4; count++) {
      const instance = await trigger(world.owner, world.id);
      await world.owner.instances.cancel(instance.id, { reason: "", terminate: true });
    }
    await world.clock.advance(100);
    await expectAllFree(world, 4);
  });

  it("are never lent from queues with a $, which are the nodes' own", async () => {
    const world = await given();
    await aWorker(world.lender, { slots: 1, queue: "$nats" });
    const id = await aDefinitionOf(world.owner, {
      action: { kind: "worker", queue: "$nats", disconnectPolicy: "WAIT_FOR_HEARTBEAT" },
    });
    const instance = await trigger(world.owner, id);
    await world.clock.advance(5000);
    expect(await stateOf(world, instance.id)).toBe("PENDING NO_WORKER");
    expect(world.network.passed.filter(({ says }) => says.some((each) => /demand|grant|supply/u.test(each)))).toEqual(
      [],
    );
  });
});

describe("a slot whose attempt ended at the owner", () => {
  it("is free after a while though the notice was lost, and the worker is told that it is over", async () => {
    const world = await given();
    const worker = await aWorker(world.lender, { slots: 2 });
    const two = [await trigger(world.owner, world.id), await trigger(world.owner, world.id)];
    await world.clock.advance(2000);
    expect(await running(world)).toBe(2);
    world.network.lose({ says: "released" });
    for (const { id } of two) await world.owner.instances.cancel(id, { reason: "", terminate: true });
    await world.clock.advance(1000);
    expect(worker.signals).toEqual([]);
    world.network.clear();
    await world.clock.advance(60_000);
    expect(worker.signals).toMatchObject([{ stale: true }, { stale: true }]);
    await expectAllFree(world, 2);
  });

  it("is free at once, and its worker is told that it is over", async () => {
    const world = await given();
    const worker = await aWorker(world.lender, { slots: 1 });
    const instance = await trigger(world.owner, world.id);
    await world.clock.advance(100);
    await world.owner.instances.cancel(instance.id, { reason: "", terminate: true });
    await world.clock.advance(10);
    expect(worker.signals).toMatchObject([{ token: worker.assignments[0]?.token, stale: true }]);
    await expectAllFree(world, 1);
  });

  it("is free at once when the worker hears with its next sign of life that it is over", async () => {
    const world = await given();
    const worker = await aWorker(world.lender, { slots: 1 });
    const instance = await trigger(world.owner, world.id);
    await world.clock.advance(2000);
    world.network.lose({ from: "b" });
    const cancelled = world.owner.instances.cancel(instance.id, { reason: "", terminate: true });
    await world.clock.advance(1000);
    await cancelled;
    world.network.clear();
    await world.clock.advance(100);
    await expect(world.lender.workers.heartbeat(worker.assignments[0]!.token, {})).rejects.toMatchObject({
      reason: "STALE_ATTEMPT",
    });
    await expectAllFree(world, 1);
  });

  it("is free only when the end is durable", async () => {
    const world = await given();
    const worker = await aWorker(world.lender, { slots: 1 });
    const instance = await trigger(world.owner, world.id);
    await world.clock.advance(2000);
    const hold = world.lineOf("b").holdCommits();
    const cancelled = world.owner.instances.cancel(instance.id, { reason: "", terminate: true });
    const mine = await aDefinitionOf(world.lender);
    const next = await trigger(world.lender, mine);
    await world.clock.advance(300);
    expect(worker.assignments).toHaveLength(1);
    hold.release();
    await world.clock.advance(100);
    await cancelled;
    expect(worker.assignments.map(({ instance: each }) => each.id)).toEqual([instance.id, next.id]);
  });
});
