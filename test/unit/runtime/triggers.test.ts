import { describe, expect, it } from "vitest";
import { BelfryError } from "../../../src/domain/error.ts";
import type { UniqueConflict } from "../../../src/domain/policy/keys.ts";
import type { TriggerItem } from "../../../src/runtime/index.ts";
import { aWorker } from "../../support/node.ts";
import {
  BOOM,
  aDefinition,
  aDiligentWorker,
  expectSound,
  given,
  instancesOf,
  reasonOf,
  stateOf,
  trigger,
} from "./given.ts";

const unique = (key: string, onConflict: UniqueConflict = "REJECT"): TriggerItem => ({
  overrides: { uniqueKey: { key, onConflict } },
});

describe("a batch of triggers", () => {
  it("each on its own: what is refused stands in its place, the others are made", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const answers = await world.node.definitions.batchTrigger(id, {
      items: [unique("k"), unique("k"), { overrides: {} }],
      atomic: false,
    });
    expect(answers.map((answer) => (answer instanceof BelfryError ? answer.reason : "made"))).toEqual([
      "made",
      "UNIQUE_KEY_TAKEN",
      "made",
    ]);
    expect(await instancesOf(world, id)).toHaveLength(2);
    await expectSound(world, id);
  });

  it("all or none: one that would be refused keeps all from being made", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    await trigger(world.node, id, { uniqueKey: { key: "held", onConflict: "REJECT" } });
    for (const items of [
      [unique("a"), unique("held")],
      [unique("a"), unique("a")],
      [unique("a", "USE_EXISTING"), unique("a")],
    ]) {
      await expect(world.node.definitions.batchTrigger(id, { items, atomic: true })).rejects.toMatchObject({
        reason: "UNIQUE_KEY_TAKEN",
      });
    }
    expect(await instancesOf(world, id)).toHaveLength(1);
  });

  it("all or none holds for a request id that was used for something else, too", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    await world.node.definitions.batchTrigger(id, { items: [{ overrides: {}, requestId: "r1" }], atomic: true });
    const items = [
      { overrides: {}, requestId: "r0" },
      { overrides: { content: "other" }, requestId: "r1" },
    ];
    await expect(world.node.definitions.batchTrigger(id, { items, atomic: true })).rejects.toMatchObject({
      reason: "REQUEST_ID_REUSED",
    });
    expect(await instancesOf(world, id)).toHaveLength(1);
  });

  it("all or none is one commit: a crash leaves all or none", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const items = Array.from({ length: 50 }, () => ({ overrides: {} }));
    const before = world.store.sent.length;
    await world.node.definitions.batchTrigger(id, { items, atomic: true });
    expect(world.store.sent.slice(before).map(({ createdInstances }) => createdInstances.length)).toEqual([50]);
  });

  it("takes the place of one that was started anew in the same moment, and stays one commit", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const worker = await aWorker(world.node);
    const held = await trigger(world.node, id, { uniqueKey: { key: "k", onConflict: "REJECT" } });
    await world.clock.advance(0);
    await world.node.workers.complete(worker.assignments[0]?.token ?? "", null);
    const retried = world.node.instances.retry(held.id, {});
    const batch = world.node.definitions.batchTrigger(id, {
      items: [{ overrides: {} }, unique("k", "CANCEL_EXISTING")],
      atomic: true,
    });
    const results = await Promise.allSettled([retried, batch]);
    expect(results.map(reasonOf)).toEqual(["ok", "ok"]);
    expect(await stateOf(world, held.id)).toBe("CANCELLED");
    await expectSound(world, id);
  });

  it("is answered again under its request ids", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const items = [
      { overrides: {}, requestId: "r1" },
      { overrides: {}, requestId: "r2" },
      { overrides: {}, requestId: "r1" },
    ];
    const ids = async () =>
      (await world.node.definitions.batchTrigger(id, { items, atomic: false })).map((answer) =>
        answer instanceof BelfryError ? answer.reason : answer.instance.id,
      );
    const first = await ids();
    expect(first[2]).toBe(first[0]);
    expect(await ids()).toEqual(first);
    expect(await instancesOf(world, id)).toHaveLength(2);
  });
});

describe("a unique key", () => {
  it("keeps a second instance away while one is unfinished, and no longer", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const overrides = { uniqueKey: { key: "k", onConflict: "REJECT" } } as const;
    const holder = await trigger(world.node, id, overrides);
    await expect(trigger(world.node, id, overrides)).rejects.toMatchObject({
      reason: "UNIQUE_KEY_TAKEN",
      metadata: { instance_id: holder.id },
    });
    await world.node.instances.cancel(holder.id, { reason: "", terminate: false });
    expect((await trigger(world.node, id, overrides)).id).not.toBe(holder.id);
    // And the first cannot come back while the second has the key.
    await expect(world.node.instances.retry(holder.id, {})).rejects.toMatchObject({ reason: "UNIQUE_KEY_TAKEN" });
  });

  it("is still held after a restart, by an instance that left the memory", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const overrides = { uniqueKey: { key: "k", onConflict: "CANCEL_EXISTING" } } as const;
    const holder = await trigger(world.node, id, overrides);
    await world.node.crash();
    const next = await world.start("b");
    await world.clock.advance(30_000);
    expect(next.status().residents).toBe(0);
    await expect(trigger(next, id, { uniqueKey: { key: "k", onConflict: "REJECT" } })).rejects.toMatchObject({
      reason: "UNIQUE_KEY_TAKEN",
    });
    const successor = await trigger(next, id, overrides);
    expect(await stateOf(world, holder.id)).toBe("CANCELLED");
    expect(await stateOf(world, successor.id)).toBe("PENDING NO_WORKER");
    await expectSound(world, id);
  });

  it("with USE_EXISTING answers with the holder, only when that one is durable", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const overrides = { uniqueKey: { key: "k", onConflict: "USE_EXISTING" } } as const;
    const hold = world.store.holdCommits();
    let answered = 0;
    const both = [1, 2].map(async () => {
      const triggered = await world.node.definitions.trigger(id, { overrides, ignoreOverlap: false });
      answered++;
      return triggered;
    });
    await hold.arrived();
    await world.clock.advance(0);
    expect(answered).toBe(0);
    hold.release();
    const [first, second] = await Promise.all(both);
    expect([first?.existing, second?.existing]).toEqual([false, true]);
    expect(second?.instance.id).toBe(first?.instance.id);
  });
});

describe("an ordering key and a concurrency key", () => {
  it("let instances with one ordering key go one after the other, through retries", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const worker = await aWorker(world.node, { slots: 5 });
    const [first, second] = [
      await trigger(world.node, id, { orderingKey: "k" }),
      await trigger(world.node, id, { orderingKey: "k" }),
    ];
    await world.clock.advance(0);
    expect(await stateOf(world, second.id)).toBe("PENDING CONCURRENCY");
    await world.node.workers.fail(worker.assignments[0]?.token ?? "", { error: BOOM, retryable: true });
    await world.clock.advance(500);
    expect(await stateOf(world, second.id)).toBe("PENDING CONCURRENCY");
    await world.clock.advance(500);
    expect(worker.assignments.map(({ instance }) => instance.id)).toEqual([first.id, first.id]);
    await world.node.workers.complete(worker.assignments[1]?.token ?? "", null);
    await world.clock.advance(0);
    expect(await stateOf(world, second.id)).toBe("RUNNING");
    await expectSound(world, id);
  });

  it("keep their word after a restart", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const worker = await aWorker(world.node, { slots: 1 });
    const limited = { concurrency: { key: "c", limit: 1 } };
    const [first, second] = [await trigger(world.node, id, limited), await trigger(world.node, id, limited)];
    await world.clock.advance(0);
    const next = await restarted(world);
    await aWorker(next, { slots: 5, workerId: "w2" });
    expect(await stateOf(world, second.id)).toBe("PENDING CONCURRENCY");
    await expect(trigger(next, id, limited)).resolves.toMatchObject({ life: { waitingReason: "CONCURRENCY" } });
    expect(worker.assignments.map(({ instance }) => instance.id)).toEqual([first.id]);
    await next.workers.complete(worker.assignments[0]?.token ?? "", null);
    await world.clock.advance(0);
    expect(await stateOf(world, second.id)).toBe("RUNNING");
    await expectSound(world, id);
  });

  it("let go of those whose turn came while nobody could tell them", async () => {
    const world = await given();
    const id = await aDefinition(world.node, { overlapPolicy: "BUFFER_ALL" });
    await trigger(world.node, id);
    await trigger(world.node, id);
    const next = await restarted(world);
    const { done } = await aDiligentWorker(next);
    await world.clock.advance(1000);
    expect(done).toHaveLength(2);
    await expectSound(world, id);
  });
});

async function restarted(world: Awaited<ReturnType<typeof given>>) {
  await world.node.crash();
  const next = await world.start("b");
  await world.clock.advance(5000);
  return next;
}
