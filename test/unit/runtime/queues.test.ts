import { describe, expect, it } from "vitest";
import type { Assignment, StartedRuntime } from "../../../src/runtime/index.ts";
import { aWorker } from "../../support/node.ts";
import {
  BOOM,
  aDefinition,
  aRetry,
  aDiligentWorker,
  expectSound,
  given,
  instancesOf,
  stateOf,
  trigger,
} from "./given.ts";
import type { Given } from "./given.ts";

/** Triggers so many instances at once, in order. @returns their ids. */
async function backlog(node: StartedRuntime, id: string, count: number): Promise<string[]> {
  const answers = await Promise.all(Array.from({ length: count }, () => trigger(node, id)));
  return answers.map((instance) => instance.id);
}

const idsOf = (assignments: readonly Assignment[]): string[] => assignments.map(({ instance }) => instance.id);

async function expectAllDone(world: Given, id: string): Promise<void> {
  expect(new Set((await instancesOf(world, id)).map(({ state }) => state))).toEqual(new Set(["COMPLETED"]));
  await expectSound(world, id);
}

describe("a queue longer than its front", () => {
  it("drains in order of age, each instance once", async () => {
    const world = await given({ queueFront: 10 });
    const id = await aDefinition(world.node);
    const ids = await backlog(world.node, id, 3000);
    expect(world.node.status().residents).toBeGreaterThan(0);
    await world.clock.advance(20_000);
    // Only the front stays in memory.
    expect(world.node.status().residents).toBeLessThan(20);
    const { done } = await aDiligentWorker(world.node, { slots: 7 });
    await world.clock.advance(1000);
    expect(idsOf(done)).toEqual(ids);
    await expectAllDone(world, id);
  });

  it("drains after a restart, with two definitions of which one has a long backlog, and loses neither's", async () => {
    const world = await given({ queueFront: 10 });
    const few = await aDefinition(world.node);
    const many = await aDefinition(world.node);
    await backlog(world.node, few, 5);
    await backlog(world.node, many, 2500);
    await world.node.crash();
    const next = await world.start("b", { queueFront: 10 });
    await world.clock.advance(5000);
    const { done } = await aDiligentWorker(next, { slots: 10 });
    await world.clock.advance(2000);
    expect(new Set(idsOf(done)).size).toBe(2505);
    await expectAllDone(world, few);
    await expectAllDone(world, many);
  });

  it("loses nobody who comes, comes back, pauses or leaves while it is read on", async () => {
    const world = await given({ queueFront: 5 });
    const { node } = world;
    const id = await aDefinition(node, { retry: aRetry({ initialDelayMs: 1, maxDelayMs: 1, maxRetries: 100 }) });
    const ids = await backlog(node, id, 60);
    const worker = await aWorker(node, { slots: 3 });
    let reported = 0;
    for (let round = 0; round < 60; round++) {
      const hold = round % 2 === 0 ? world.store.holdCommits() : null;
      const news = Promise.allSettled([
        trigger(node, id),
        node.instances.pause(ids[(round * 7) % 60] ?? "", { reason: "" }),
        node.instances.resume(ids[(round * 5) % 60] ?? "", {}),
        node.instances.resume(ids[(round * 7) % 60] ?? "", {}),
        ...worker.assignments
          .slice(reported)
          .map(({ token }, n) =>
            (round + n) % 2 === 0
              ? node.workers.complete(token, null)
              : node.workers.fail(token, { error: BOOM, retryable: true, retryDelayMs: 1 }),
          ),
      ]);
      reported = worker.assignments.length;
      await world.clock.advance(1);
      hold?.release();
      await news;
    }
    worker.session.setSlots(0);
    for (const instance of await instancesOf(world, id)) {
      if (instance.state === "PAUSED") await node.instances.resume(instance.id, {});
    }
    for (const { token } of worker.assignments.slice(reported))
      await node.workers.complete(token, null).catch(() => {});
    await aDiligentWorker(node, { slots: 5 });
    await world.clock.advance(5000);
    for (const { life } of await instancesOf(world, id)) {
      if (life.attempt?.workerId === "w1") await node.workers.complete(life.attempt.token, null);
    }
    await world.clock.advance(5000);
    await expectAllDone(world, id);
  });

  it("gives a retried instance its old place back, though the front is full", async () => {
    const world = await given({ queueFront: 2 });
    const { node } = world;
    const id = await aDefinition(node, { retry: aRetry({ initialDelayMs: 10, maxDelayMs: 10 }) });
    const worker = await aWorker(node);
    const [first] = await backlog(node, id, 6);
    await world.clock.advance(0);
    worker.session.setSlots(0);
    await node.workers.fail(worker.assignments[0]?.token ?? "", { error: BOOM, retryable: true });
    await world.clock.advance(10);
    const { done } = await aDiligentWorker(node);
    await world.clock.advance(1000);
    expect(idsOf(done)[0]).toBe(first);
    expect(done).toHaveLength(6);
    await expectAllDone(world, id);
  });

  it("is there for the next worker when its last one left while the shards were lost", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const worker = await aWorker(world.node);
    const [, waiting] = await backlog(world.node, id, 2);
    await world.clock.advance(0);
    world.store.goAway();
    await world.clock.advance(10_000);
    worker.session.close();
    world.store.comeBack();
    await world.clock.advance(2000);
    const { done } = await aDiligentWorker(world.node);
    await world.clock.advance(1000);
    expect(idsOf(done)).toEqual([waiting]);
    await expectSound(world, id);
  });

  it("is not disturbed by what is triggered while a new owner has not read it yet", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const old = await backlog(world.node, id, 20);
    await world.node.crash();
    const { queueLanes } = world.store.actors;
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    Object.assign(world.store.actors, {
      queueLanes: async (shards: readonly number[]) => {
        await held;
        return queueLanes(shards);
      },
    });
    const next = await world.start("b");
    await world.clock.advance(4000);
    const young = await backlog(next, id, 3);
    release();
    await world.clock.advance(0);
    const { done } = await aDiligentWorker(next, { slots: 1 });
    await world.clock.advance(1000);
    expect(new Set(idsOf(done))).toEqual(new Set([...old, ...young]));
    await expectAllDone(world, id);
  });
});

describe("priorities", () => {
  it("let the more urgent go first, whoever came first", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const ids: string[] = [];
    for (const priority of [4, 3, 2, 1] as const) ids.unshift((await trigger(world.node, id, { priority })).id);
    const { done } = await aDiligentWorker(world.node, { slots: 1 });
    await world.clock.advance(10);
    expect(idsOf(done)).toEqual(ids);
  });

  it("let the least urgent have a turn after 32 others, however many more urgent ones come", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const low = await trigger(world.node, id, { priority: 4 });
    const urgent = Array.from({ length: 50 }, () => ({ overrides: { priority: 1 } as const }));
    await world.node.definitions.batchTrigger(id, { items: urgent, atomic: true });
    const { done } = await aDiligentWorker(world.node, { slots: 1 });
    await world.clock.advance(10);
    expect(done).toHaveLength(51);
    expect(idsOf(done).indexOf(low.id)).toBe(32);
  });
});

describe("an instance that is run elsewhere", () => {
  it("waits without a queue, can be paused, resumed and cancelled, and takes nobody's slot", async () => {
    const world = await given();
    const id = await aDefinition(world.node, { action: { kind: "external" } });
    const worker = await aWorker(world.node);
    const [one, two] = [await trigger(world.node, id), await trigger(world.node, id)];
    await world.clock.advance(1000);
    expect(worker.assignments).toEqual([]);
    await world.node.instances.pause(one.id, { reason: "" });
    await world.node.instances.resume(one.id, {});
    await world.node.instances.cancel(two.id, { reason: "", terminate: false });
    expect([await stateOf(world, one.id), await stateOf(world, two.id)]).toEqual(["PENDING NO_WORKER", "CANCELLED"]);
    expect(await world.store.actors.queueLanes([0, 1, 2, 3])).toEqual([]);
    await expectSound(world, id);
  });
});
