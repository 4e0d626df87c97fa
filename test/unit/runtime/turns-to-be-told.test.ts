import { describe, expect, it } from "vitest";
import type { DefinitionSpec } from "../../../src/domain/definition/definition.ts";
import type { InstanceRecord } from "../../../src/domain/instance/instance.ts";
import type { TriggerOverrides } from "../../../src/runtime/index.ts";
import { aWorker } from "../../support/node.ts";
import type { TestWorker } from "../../support/node.ts";
import { aDefinition, expectSound, given, instancesOf, stateOf, trigger } from "./given.ts";
import type { Given } from "./given.ts";

interface Waiting extends Given {
  readonly id: string;
  readonly worker: TestWorker;
  readonly ids: readonly string[];
  update(spec: Partial<DefinitionSpec>): Promise<unknown>;
  /** How many are with the worker. */
  running(): Promise<number>;
}

/** A definition of which the first instance runs, and the others wait for it and have left the memory. */
async function waiting(spec: Partial<DefinitionSpec>, overrides: readonly TriggerOverrides[]): Promise<Waiting> {
  const world = await given();
  const { node, clock } = world;
  const id = await aDefinition(node, spec);
  const worker = await aWorker(node, { slots: 10 });
  const made: InstanceRecord[] = [];
  for (const each of overrides) {
    made.push(await trigger(node, id, each));
  }
  await clock.advance(60_000);
  expect(worker.assignments).toHaveLength(1);
  return {
    ...world,
    id,
    worker,
    ids: made.map((instance) => instance.id),
    update: (change) => node.definitions.update(id, { change: (before) => ({ ...before, ...change }) }),
    running: async () => (await instancesOf(world, id)).filter(({ state }) => state === "RUNNING").length,
  };
}

/** From now on those who wait are not told that their turn came: their rows cannot be read. @returns lets the rows be read. */
function holdTelling({ store, ids: [, ...others] }: Waiting): () => void {
  const { loadInstances } = store.actors;
  const { promise, resolve } = Promise.withResolvers<void>();
  Object.assign(store.actors, {
    loadInstances: async (...args: Parameters<typeof loadInstances>) => {
      await (args[0].some((id) => others.includes(id)) ? promise : undefined);
      return loadInstances(...args);
    },
  });
  return resolve;
}

const concurrency = { key: "k", limit: 1 };

/** After the first the turn is the third's, which is the next in line; to who finds all of them waiting it is the second's, the oldest. */
const IN_LINE = [{ concurrency, orderingKey: "line" }, { concurrency }, { concurrency, orderingKey: "line" }];

describe("instances whose turn came, when the rules change before they are told", () => {
  it("go no more when another one's turn comes by the new rules: a concurrency key is not broken", async () => {
    const world = await waiting({ overlapPolicy: "ALLOW_ALL" }, IN_LINE);
    const { node, clock, worker, ids } = world;
    const tell = holdTelling(world);
    await node.workers.complete(worker.assignments[0]?.token ?? "", null);
    await world.update({ overlapPolicy: "BUFFER_ONE" });
    tell();
    for (let ended = 1; ended < 3; ended++) {
      await clock.advance(0);
      expect(await world.running()).toBe(1);
      await node.workers.complete(worker.assignments[ended]?.token ?? "", null);
    }
    expect(worker.assignments.map(({ instance }) => instance.id).toSorted()).toEqual(ids.toSorted());
    await expectSound(world, world.id);
  });

  it("go one by one when overlap was allowed only for that long", async () => {
    for (const between of [0, 4]) {
      const world = await waiting({ overlapPolicy: "BUFFER_ALL" }, [{}, {}, {}]);
      const { node, clock, worker } = world;
      const tell = holdTelling(world);
      await world.update({ overlapPolicy: "ALLOW_ALL", maxConcurrent: between });
      await world.update({ overlapPolicy: "BUFFER_ALL" });
      tell();
      for (let ended = 0; ended < 3; ended++) {
        await clock.advance(0);
        expect(await world.running()).toBe(1);
        await node.workers.complete(worker.assignments[ended]?.token ?? "", null);
      }
      await expectSound(world, world.id);
    }
  });

  it("go one by one when a limit was lifted only for that long", async () => {
    for (const between of [0, 4]) {
      const world = await waiting({ overlapPolicy: "ALLOW_ALL", maxConcurrent: 1 }, [{}, {}, {}]);
      const { node, clock, worker } = world;
      const tell = holdTelling(world);
      await world.update({ maxConcurrent: between });
      await world.update({ maxConcurrent: 1 });
      tell();
      for (let ended = 0; ended < 3; ended++) {
        await clock.advance(0);
        expect(await world.running()).toBe(1);
        await node.workers.complete(worker.assignments[ended]?.token ?? "", null);
      }
      await expectSound(world, world.id);
    }
  });

  it("do not go beyond a lower limit, in whichever moment of the change their turn comes", async () => {
    for (let moment = 0; moment < 40; moment++) {
      const world = await waiting({ overlapPolicy: "ALLOW_ALL", maxConcurrent: 1 }, [{}, {}, {}]);
      const { node, clock, worker } = world;
      await world.update({ maxConcurrent: 2 });
      await clock.advance(60_000);
      expect(await world.running()).toBe(2);
      const tell = holdTelling(world);
      const completed = node.workers.complete(worker.assignments[0]?.token ?? "", null);
      for (let passed = 0; passed < moment; passed++) {
        await Promise.resolve();
      }
      await Promise.all([completed, world.update({ maxConcurrent: 1 })]);
      tell();
      await clock.advance(0);
      expect(await world.running()).toBe(1);
      await node.workers.complete(worker.assignments[1]?.token ?? "", null);
      await clock.advance(0);
      expect(await world.running()).toBe(1);
      await expectSound(world, world.id);
    }
  });

  it("count as under way when they are told while the new rules are being prepared", async () => {
    const world = await waiting({ overlapPolicy: "ALLOW_ALL" }, IN_LINE);
    const { node, clock, store, worker } = world;
    const [, second = "", third = ""] = world.ids;
    const tell = holdTelling(world);
    await node.workers.complete(worker.assignments[0]?.token ?? "", null);
    const { loadActiveOf } = store.actors;
    const { promise, resolve } = Promise.withResolvers<void>();
    let reads = 0;
    Object.assign(store.actors, {
      loadActiveOf: async (...args: Parameters<typeof loadActiveOf>) => {
        const rows = await loadActiveOf(...args);
        reads++;
        await promise;
        return rows;
      },
    });
    const updated = world.update({ overlapPolicy: "BUFFER_ONE" });
    await clock.advance(0);
    expect(reads).toBe(1);
    tell();
    await clock.advance(0);
    expect(await stateOf(world, third)).toBe("RUNNING");
    // It leaves the memory: then only its row says that it runs, and what was read of it says that it waits.
    await clock.advance(60_000);
    resolve();
    await updated;
    await clock.advance(0);
    expect([await stateOf(world, second), await stateOf(world, third)]).toEqual(["PENDING CONCURRENCY", "RUNNING"]);
    await node.workers.complete(worker.assignments[1]?.token ?? "", null);
    await clock.advance(0);
    expect(await stateOf(world, second)).toBe("RUNNING");
    await expectSound(world, world.id);
  });
});
