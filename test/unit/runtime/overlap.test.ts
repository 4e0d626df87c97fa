import { describe, expect, it } from "vitest";
import type { DefinitionSpec } from "../../../src/domain/definition/definition.ts";
import { DEFAULT_CATCH_UP } from "../../../src/domain/policy/catch-up.ts";
import { aWorker } from "../../support/node.ts";
import type { TestWorker } from "../../support/node.ts";
import { aDefinition, every, expectSound, given, instancesOf, ledger, stateOf, trigger } from "./given.ts";
import type { Given } from "./given.ts";

/** A definition due every 10 s, with a worker that takes two at a time and finishes nothing by itself. */
async function due(
  spec: Partial<DefinitionSpec>,
): Promise<Given & { readonly id: string; readonly worker: TestWorker }> {
  const world = await given();
  const id = await aDefinition(world.node, { schedule: every(10_000), ...spec });
  return { ...world, id, worker: await aWorker(world.node, { slots: 2 }) };
}

async function outcomes(world: Given, id: string): Promise<readonly string[]> {
  return (await ledger(world, id)).map(({ outcome }) => outcome);
}

const tokenOf = (worker: TestWorker, nth: number): string => worker.assignments[nth]?.token ?? "";

describe("BUFFER_ALL", () => {
  it("keeps occurrences until their turn: BUFFERED becomes FIRED in the ledger, one row per due time", async () => {
    const world = await due({ overlapPolicy: "BUFFER_ALL", bufferLimit: 2 });
    const { node, clock, id, worker } = world;
    await clock.advance(40_000);
    expect(await outcomes(world, id)).toEqual(["FIRED", "BUFFERED", "BUFFERED", "DROPPED"]);
    expect(worker.assignments).toHaveLength(1);
    await node.workers.complete(tokenOf(worker, 0), null);
    await clock.advance(0);
    expect(worker.assignments).toHaveLength(2);
    expect(await outcomes(world, id)).toEqual(["FIRED", "FIRED", "BUFFERED", "DROPPED"]);
    const [, second] = await ledger(world, id);
    expect(second).toMatchObject({
      reason: "waited for others to end",
      instanceId: worker.assignments[1]?.instance.id,
    });
    await expectSound(world, id);
  });

  it("says DROPPED of an occurrence whose instance was called off while it waited", async () => {
    const world = await due({ overlapPolicy: "BUFFER_ALL" });
    await world.clock.advance(20_000);
    const [, waiting] = await ledger(world, world.id);
    await world.node.instances.cancel(waiting?.instanceId ?? "", { reason: "not needed", terminate: false });
    expect((await ledger(world, world.id))[1]).toMatchObject({
      outcome: "DROPPED",
      reason: "ended while it waited for others to end",
      instanceId: waiting?.instanceId,
    });
    await expectSound(world, world.id);
  });

  it("goes on after a restart: those who waited keep their order, and none is fired twice", async () => {
    const world = await due({ overlapPolicy: "BUFFER_ALL" });
    await world.clock.advance(30_000);
    await world.node.crash();
    const next = await world.start("b");
    await world.clock.advance(5000);
    const worker = await aWorker(next, { workerId: "w2" });
    await next.workers.complete(tokenOf(world.worker, 0), null);
    for (let nth = 0; nth < 2; nth++) {
      await world.clock.advance(0);
      await next.workers.complete(tokenOf(worker, nth), null);
    }
    const instances = await instancesOf(world, world.id);
    expect(worker.assignments.slice(0, 2).map(({ instance }) => instance.id)).toEqual(
      instances.slice(1, 3).map(({ id }) => id),
    );
    expect((await outcomes(world, world.id)).slice(0, 3)).toEqual(["FIRED", "FIRED", "FIRED"]);
    await expectSound(world, world.id);
  });

  it("lets the next go when the one ahead is paused or cancelled while it waits", async () => {
    const world = await due({ overlapPolicy: "BUFFER_ALL" });
    const { node, clock, id, worker } = world;
    await clock.advance(30_000);
    const [, second, third] = await instancesOf(world, id);
    await node.instances.cancel(second?.id ?? "", { reason: "", terminate: false });
    await node.workers.complete(tokenOf(worker, 0), null);
    await clock.advance(0);
    expect(await stateOf(world, third?.id ?? "")).toBe("RUNNING");
    await expectSound(world, id);
  });
});

describe("CANCEL_OTHER and TERMINATE_OTHER", () => {
  it("CANCEL_OTHER: the older one is asked to cancel, and the newer starts when it has ended", async () => {
    const world = await due({ overlapPolicy: "CANCEL_OTHER" });
    const { node, clock, id, worker } = world;
    await clock.advance(20_000);
    const [first, second] = await instancesOf(world, id);
    expect(await stateOf(world, first?.id ?? "")).toBe("RUNNING");
    expect(worker.signals).toMatchObject([{ cancelRequested: true }]);
    expect(await stateOf(world, second?.id ?? "")).toBe("PENDING BUFFERED");
    await node.workers.fail(tokenOf(worker, 0), {
      error: { code: "CANCELLED", message: "", traceback: "" },
      retryable: false,
    });
    await clock.advance(0);
    expect(await stateOf(world, first?.id ?? "")).toBe("CANCELLED");
    expect(await stateOf(world, second?.id ?? "")).toBe("RUNNING");
    expect(await outcomes(world, id)).toEqual(["FIRED", "FIRED"]);
    await expectSound(world, id);
  });

  it("CANCEL_OTHER: a worker that does not answer loses its attempt after the grace", async () => {
    const world = await due({ overlapPolicy: "CANCEL_OTHER" });
    await world.clock.advance(20_000 + 30_000);
    const [first] = await instancesOf(world, world.id);
    expect(await stateOf(world, first?.id ?? "")).toBe("CANCELLED");
    await expectSound(world, world.id);
  });

  it("TERMINATE_OTHER: the older ones end at once, and the newer runs", async () => {
    const world = await due({ overlapPolicy: "TERMINATE_OTHER" });
    await world.clock.advance(30_000);
    const instances = await instancesOf(world, world.id);
    expect(instances.map(({ state }) => state)).toEqual(["CANCELLED", "CANCELLED", "RUNNING"]);
    await expect(world.node.workers.complete(tokenOf(world.worker, 0), null)).rejects.toMatchObject({
      reason: "STALE_ATTEMPT",
    });
    await expectSound(world, world.id);
  });

  it("the order outlives a crash: it was durable with the newer occurrence", async () => {
    const world = await due({ overlapPolicy: "TERMINATE_OTHER" });
    await world.clock.advance(19_999);
    const hold = world.store.holdCommits();
    const turned = world.clock.advance(1);
    await hold.arrived();
    await world.node.crash();
    hold.release();
    await turned;
    expect((await instancesOf(world, world.id)).map(({ state }) => state)).toEqual(["RUNNING", "RUNNING"]);
    expect((await world.store.queries.getDefinition(world.id))?.supervisor.supervision.cancelling).toBeDefined();
    await world.start("b");
    await world.clock.advance(5000);
    expect((await instancesOf(world, world.id)).map(({ state }) => state)).toEqual(["CANCELLED", "RUNNING"]);
    expect((await world.store.queries.getDefinition(world.id))?.supervisor.supervision.cancelling).toBeUndefined();
    await expectSound(world, world.id);
  });
});

describe("changing the limits while instances run", () => {
  it("lets waiting instances go when overlap is allowed, also after a restart in the middle", async () => {
    const world = await due({ overlapPolicy: "BUFFER_ALL" });
    await world.clock.advance(30_000);
    await world.node.definitions.update(world.id, { change: (spec) => ({ ...spec, overlapPolicy: "ALLOW_ALL" }) });
    await world.clock.advance(0);
    expect((await instancesOf(world, world.id)).map(({ life }) => life.waitingReason)).toEqual([
      null,
      null,
      "NO_WORKER",
    ]);
    expect(await outcomes(world, world.id)).toEqual(["FIRED", "FIRED", "FIRED"]);
    await expectSound(world, world.id);
  });

  it("lets them go though the node dies before it could tell those that had left its memory", async () => {
    const world = await due({ overlapPolicy: "BUFFER_ALL", catchUp: { ...DEFAULT_CATCH_UP, windowMs: 0 } });
    await world.clock.advance(30_000);
    await world.node.definitions.pause(world.id, { reason: "" });
    await world.clock.advance(60_000);
    const { loadInstances } = world.store.actors;
    Object.assign(world.store.actors, { loadInstances: () => new Promise(() => {}) });
    await world.node.definitions.update(world.id, { change: (spec) => ({ ...spec, overlapPolicy: "ALLOW_ALL" }) });
    await world.node.crash();
    Object.assign(world.store.actors, { loadInstances });
    await world.start("b");
    await world.clock.advance(6000);
    expect((await instancesOf(world, world.id)).map(({ life }) => life.waitingReason)).toEqual([
      null,
      "NO_WORKER",
      "NO_WORKER",
    ]);
    await expectSound(world, world.id);
  });

  it("lets more run when the limit is raised, and waits for the end of those too many when it is lowered", async () => {
    const world = await given();
    const id = await aDefinition(world.node, { overlapPolicy: "ALLOW_ALL", maxConcurrent: 1 });
    const worker = await aWorker(world.node, { slots: 10 });
    for (let i = 0; i < 4; i++) await trigger(world.node, id);
    await world.clock.advance(0);
    expect(worker.assignments).toHaveLength(1);
    const update = (maxConcurrent: number) =>
      world.node.definitions.update(id, { change: (spec) => ({ ...spec, maxConcurrent }) });
    await update(3);
    await world.clock.advance(0);
    expect(worker.assignments).toHaveLength(3);
    await update(1);
    await world.node.workers.complete(tokenOf(worker, 0), null);
    await world.node.workers.complete(tokenOf(worker, 1), null);
    await world.clock.advance(0);
    expect(worker.assignments).toHaveLength(3);
    await world.node.workers.complete(tokenOf(worker, 2), null);
    await world.clock.advance(0);
    expect(worker.assignments).toHaveLength(4);
    await expectSound(world, id);
  });

  it("knows those who ran without a limit before there was one", async () => {
    const world = await given();
    const id = await aDefinition(world.node, { overlapPolicy: "ALLOW_ALL" });
    const worker = await aWorker(world.node, { slots: 10 });
    await Promise.all([trigger(world.node, id), trigger(world.node, id)]);
    await world.node.definitions.update(id, { change: (spec) => ({ ...spec, maxConcurrent: 2 }) });
    const third = await trigger(world.node, id);
    expect(third.life.waitingReason).toBe("CONCURRENCY");
    await world.node.workers.complete(tokenOf(worker, 0), null);
    await world.clock.advance(0);
    expect(await stateOf(world, third.id)).toBe("RUNNING");
    await expectSound(world, id);
  });

  it("lets none of those go that wait for a free place when overlap is forbidden, and then one by one", async () => {
    const world = await given();
    const id = await aDefinition(world.node, { overlapPolicy: "ALLOW_ALL", maxConcurrent: 1 });
    const worker = await aWorker(world.node, { slots: 10 });
    for (let i = 0; i < 3; i++) await trigger(world.node, id);
    await world.node.definitions.update(id, {
      change: (spec) => ({ ...spec, overlapPolicy: "SKIP", maxConcurrent: 0 }),
    });
    for (let nth = 0; nth < 3; nth++) {
      await world.clock.advance(0);
      expect(worker.assignments).toHaveLength(nth + 1);
      await world.node.workers.complete(tokenOf(worker, nth), null);
    }
    await expectSound(world, id);
  });

  it("does not undo what another update changed at the same time", async () => {
    const world = await given();
    const id = await aDefinition(world.node, { overlapPolicy: "ALLOW_ALL" });
    await trigger(world.node, id);
    await Promise.all([
      world.node.definitions.update(id, { change: (spec) => ({ ...spec, maxConcurrent: 2 }) }),
      world.node.definitions.update(id, { change: (spec) => ({ ...spec, content: "new" }) }),
      world.node.definitions.update(id, { change: (spec) => ({ ...spec, priority: 1 }) }),
    ]);
    expect((await world.store.queries.getDefinition(id))?.definition).toMatchObject({
      revision: 4,
      spec: { maxConcurrent: 2, content: "new", priority: 1 },
    });
  });
});
