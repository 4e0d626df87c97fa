import { describe, expect, it } from "vitest";
import { BOOM, RARELY, aDefinition, expectSound, given, instancesOf, reasonOf, trigger } from "./given.ts";
import { aWorker, aWorkerSpec } from "../../support/node.ts";

describe("a command with a request id", () => {
  it("is carried out once when it comes many times at once, and everyone gets the same answer", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const answers = await Promise.all(Array.from({ length: 20 }, () => trigger(world.node, id, {}, "r1")));
    expect(new Set(answers.map((instance) => instance.id)).size).toBe(1);
    expect(await instancesOf(world, id)).toHaveLength(1);
    const specs = Array.from({ length: 5 }, () =>
      world.node.definitions.create({ spec: aWorkerSpec({ schedule: RARELY }), startPaused: false, requestId: "c1" }),
    );
    expect(new Set((await Promise.all(specs)).map(({ definition }) => definition.id)).size).toBe(1);
  });

  it("gives the first answer again later, after a restart, and on another node", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const first = await trigger(world.node, id, {}, "r1");
    expect((await trigger(world.node, id, {}, "r1")).id).toBe(first.id);
    await world.node.crash();
    const next = await world.start("b");
    await world.clock.advance(5000);
    expect((await trigger(next, id, {}, "r1")).id).toBe(first.id);
    expect(await instancesOf(world, id)).toHaveLength(1);
  });

  it("is refused when another request was made under the same id, at once or later", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const results = await Promise.allSettled([
      trigger(world.node, id, {}, "r1"),
      trigger(world.node, id, { content: "other" }, "r1"),
    ]);
    expect(results.map(reasonOf)).toEqual(["ok", "REQUEST_ID_REUSED"]);
    await expect(trigger(world.node, id, { content: "other" }, "r1")).rejects.toMatchObject({
      reason: "REQUEST_ID_REUSED",
      code: "ALREADY_EXISTS",
    });
  });

  it("is carried out anew after 24 hours", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const first = await trigger(world.node, id, {}, "r1");
    world.clock.setWall(world.clock.now() + 24 * 3_600_000);
    expect((await trigger(world.node, id, {}, "r1")).id).not.toBe(first.id);
  });

  it("may be tried again under the same id when it was refused", async () => {
    const world = await given();
    const id = await aDefinition(world.node, { overlapPolicy: "SKIP" });
    const running = await trigger(world.node, id);
    await expect(trigger(world.node, id, {}, "r1")).rejects.toMatchObject({ reason: "OVERLAP" });
    await world.node.instances.cancel(running.id, { reason: "", terminate: true });
    expect((await trigger(world.node, id, {}, "r1")).id).not.toBe(running.id);
    expect(await world.store.actors.findRequests(["TriggerDefinition/r1"])).toHaveLength(1);
  });

  it("is durable together with what it did: neither is there without the other", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const hold = world.store.holdCommits();
    const answered = trigger(world.node, id, {}, "r1").catch((error: unknown) => error);
    await hold.arrived();
    expect(await world.store.actors.findRequests(["TriggerDefinition/r1"])).toEqual([]);
    world.store.failAfterCommit();
    hold.release();
    await world.clock.advance(100);
    const instance = await answered;
    expect(await instancesOf(world, id)).toEqual([expect.objectContaining({ id: (instance as { id: string }).id })]);
    expect(await world.store.actors.findRequests(["TriggerDefinition/r1"])).toHaveLength(1);
    await expectSound(world, id);
  });

  it("works for commands on instances too", async () => {
    const world = await given();
    const id = await aDefinition(world.node, {
      retry: { initialDelayMs: 1, factor: 1, maxDelayMs: 1, jitterMs: 0, maxRetries: 0, nonRetryableCodes: [] },
    });
    const worker = await aWorker(world.node);
    const instance = await trigger(world.node, id);
    await world.clock.advance(0);
    await world.node.workers.fail(worker.assignments[0]?.token ?? "", { error: BOOM, retryable: false });
    const first = await world.node.instances.retry(instance.id, { requestId: "again" });
    await world.clock.advance(0);
    await world.node.workers.fail(worker.assignments[1]?.token ?? "", { error: BOOM, retryable: false });
    const second = await world.node.instances.retry(instance.id, { requestId: "again" });
    expect(first.life.series).toBe(1);
    expect(second.life.series).toBe(1);
    expect(second.state).toBe("FAILED");
    await expectSound(world, id);
  });

  it("repeated, answers with what is durable, not with what was decided a moment ago", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const instance = await trigger(world.node, id);
    await world.node.instances.pause(instance.id, { reason: "", requestId: "p1" });
    const hold = world.store.holdCommits();
    const cancelled = world.node.instances.cancel(instance.id, { reason: "", terminate: true });
    let answered = false;
    const again = world.node.instances.pause(instance.id, { reason: "", requestId: "p1" }).finally(() => {
      answered = true;
    });
    await world.clock.advance(100);
    expect(answered).toBe(false);
    hold.release();
    expect((await cancelled).state).toBe("CANCELLED");
    expect((await again).state).toBe("CANCELLED");
  });
});

describe("a batch of commands with request ids", () => {
  it("is carried out once when it is repeated while its first try is being committed", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const items = [
      { overrides: {}, requestId: "r1" },
      { overrides: {}, requestId: "r2" },
    ];
    // The second try is told what the store knew before the first one was committed, and only after that.
    const { actors } = world.store;
    const { findRequests } = actors;
    const firstIsDone = Promise.withResolvers<void>();
    let asked = 0;
    Object.assign(actors, {
      findRequests: async (keys: readonly string[]) => {
        const found = await findRequests(keys);
        if (++asked === 2) await firstIsDone.promise;
        return found;
      },
    });
    const first = world.node.definitions.batchTrigger(id, { items, atomic: false });
    const second = world.node.definitions.batchTrigger(id, { items, atomic: false });
    const answers = await first;
    firstIsDone.resolve();
    const idsOf = (batch: Awaited<typeof first>) => batch.map((one) => ("instance" in one ? one.instance.id : one));
    expect(idsOf(await second)).toEqual(idsOf(answers));
    expect(asked).toBe(2);
    expect(await instancesOf(world, id)).toHaveLength(2);
  });
});

describe("creating a definition with an id of one's own", () => {
  it("succeeds once, however many try at once", async () => {
    const world = await given();
    const create = (content: string) =>
      world.node.definitions.create({
        id: "mine",
        spec: aWorkerSpec({ schedule: RARELY, content }),
        startPaused: false,
      });
    const results = await Promise.allSettled([create("one"), create("two"), create("three")]);
    expect(results.map(reasonOf)).toEqual(["ok", "ID_TAKEN", "ID_TAKEN"]);
    expect((await world.store.queries.getDefinition("mine"))?.definition.spec.content).toBe("one");
    await expect(create("later")).rejects.toMatchObject({ reason: "ID_TAKEN" });
  });

  it("has completed at once when its schedule has nothing to fire", async () => {
    const world = await given();
    const { definition } = await world.node.definitions.create({
      spec: aWorkerSpec({ schedule: { ...RARELY, endAt: world.clock.now() } }),
      startPaused: false,
    });
    expect(definition.state).toBe("COMPLETED");
    expect((await world.store.queries.getDefinition(definition.id))?.definition.state).toBe("COMPLETED");
  });
});

describe("a trigger repeated when its definition is gone", () => {
  it("gets its first answer, alone and in a batch; a new one is refused", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const first = await trigger(world.node, id, {}, "r1");
    const items = [{ overrides: {}, requestId: "b1" }];
    const [batched] = await world.node.definitions.batchTrigger(id, { items, atomic: true });
    for (const instance of await instancesOf(world, id)) {
      await world.node.instances.cancel(instance.id, { reason: "", terminate: true });
    }
    await world.node.definitions.delete(id, {});
    expect((await trigger(world.node, id, {}, "r1")).id).toBe(first.id);
    for (const atomic of [true, false]) {
      const [again] = await world.node.definitions.batchTrigger(id, { items, atomic });
      expect(again).toMatchObject({ instance: { id: (batched as { instance: { id: string } }).instance.id } });
    }
    await expect(trigger(world.node, id, {}, "r2")).rejects.toMatchObject({ reason: "DEFINITION_NOT_FOUND" });
  });
});
