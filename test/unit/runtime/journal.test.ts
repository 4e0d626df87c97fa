import { describe, expect, it } from "vitest";
import { aWorker, aWorkerSpec } from "../../support/node.ts";
import {
  RARELY,
  aDefinition,
  aDiligentWorker,
  every,
  expectSound,
  gaplessEvents,
  given,
  instancesOf,
  reasonOf,
  stateOf,
  trigger,
} from "./given.ts";

describe("a commit that fails", () => {
  it.each(["failBeforeCommit", "failAfterCommit"] as const)(
    "%s: is sent again until its fate is known; nothing is lost, nothing is twice",
    async (fault) => {
      const world = await given();
      const id = await aDefinition(world.node);
      const { done } = await aDiligentWorker(world.node);
      for (let round = 0; round < 10; round++) {
        world.store[fault](1 + (round % 3));
        const triggered = Promise.all([trigger(world.node, id), trigger(world.node, id)]);
        await world.clock.advance(500);
        await triggered;
      }
      await world.clock.advance(1000);
      expect(done).toHaveLength(20);
      expect((await instancesOf(world, id)).map(({ state }) => state)).toEqual(
        Array.from({ length: 20 }, () => "COMPLETED"),
      );
      await expectSound(world, id);
      const published = await gaplessEvents(world);
      expect(published.filter(({ name }) => name === "completed")).toHaveLength(20);
    },
  );

  it("is told to nobody before it is known: callers wait, events are published once, in order", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const heard: string[] = [];
    world.node.events.subscribe((events) => heard.push(...events.map(({ shard, sequence }) => `${shard}/${sequence}`)));
    world.store.failAfterCommit(2);
    let answered = false;
    const triggered = trigger(world.node, id).finally(() => {
      answered = true;
    });
    await world.clock.advance(0);
    expect([answered, heard]).toEqual([false, []]);
    await world.clock.advance(200);
    await triggered;
    expect(heard).toHaveLength(new Set(heard).size);
    expect(heard.length).toBeGreaterThan(0);
  });

  it("by a listener's or a worker's fault is not one: the others are told all the same", async () => {
    const world = await given();
    const heard: string[] = [];
    world.node.events.subscribe(() => {
      throw new Error("a listener that breaks");
    });
    world.node.events.subscribe((events) => heard.push(...events.map(({ name }) => name)));
    const id = await aDefinition(world.node);
    await trigger(world.node, id);
    expect(heard).toEqual(["created", "created"]);
    expect(world.node.status()).toMatchObject({ ready: true, ownedShards: [0, 1, 2, 3] });
  });
});

describe("while the store is away", () => {
  it("callers get STORE_UNAVAILABLE, what was accepted is written when it is back, and all goes on", async () => {
    const world = await given();
    const id = await aDefinition(world.node, { schedule: every(1000), overlapPolicy: "ALLOW_ALL" });
    world.store.goAway();
    const accepted = trigger(world.node, id);
    await world.clock.advance(500);
    expect(world.node.status().ready).toBe(false);
    await expect(trigger(world.node, id)).rejects.toMatchObject({ reason: "STORE_UNAVAILABLE", code: "UNAVAILABLE" });
    world.store.comeBack();
    await world.clock.advance(600);
    const instance = await accepted;
    expect(await stateOf(world, instance.id)).toBe("PENDING NO_WORKER");
    await trigger(world.node, id);
    await world.clock.advance(5000);
    await expectSound(world, id);
  });

  it("longer than the lease: what was not durable is refused, and the node decides again once the store is back, with nothing due", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const before = await trigger(world.node, id);
    world.store.goAway();
    const lost = trigger(world.node, id).catch((error: { reason: string }) => error.reason);
    await world.clock.advance(20_000);
    expect(await lost).toBe("OUTCOME_UNKNOWN");
    world.store.comeBack();
    await world.clock.advance(1000);
    expect(world.node.status()).toMatchObject({ ready: true });
    const after = await trigger(world.node, id);
    expect((await instancesOf(world, id)).map((instance) => instance.id)).toEqual([before.id, after.id]);
    await expectSound(world, id);
  });

  it("a worker's report is refused or durable, and the attempt goes on", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const worker = await aWorker(world.node);
    const instance = await trigger(world.node, id);
    await world.clock.advance(0);
    const token = worker.assignments[0]?.token ?? "";
    world.store.goAway();
    const first = world.node.workers.complete(token, null).catch((error: { reason: string }) => error.reason);
    await world.clock.advance(30_000);
    expect(await first).toBe("OUTCOME_UNKNOWN");
    world.store.comeBack();
    await world.clock.advance(2000);
    expect(await stateOf(world, instance.id)).toBe("RUNNING");
    expect(await world.node.workers.complete(token, { ok: true })).toBe("COMPLETED");
    await expectSound(world, id);
  });
});

describe("bounds", () => {
  it("refuse with BUSY when too many decisions wait for their commit, and nothing accepted is lost", async () => {
    const world = await given({ maxUncommitted: 50 });
    const id = await aDefinition(world.node);
    const hold = world.store.holdCommits();
    const all = Array.from({ length: 200 }, () => trigger(world.node, id));
    const first = Promise.allSettled(all);
    await hold.arrived();
    await expect(trigger(world.node, id)).rejects.toMatchObject({ reason: "BUSY", code: "RESOURCE_EXHAUSTED" });
    hold.release();
    const reasons = (await first).map(reasonOf);
    const made = reasons.filter((reason) => reason === "ok").length;
    expect(new Set(reasons)).toEqual(new Set(["ok", "BUSY"]));
    expect(made).toBeLessThanOrEqual(50);
    expect(await instancesOf(world, id)).toHaveLength(made);
    await trigger(world.node, id);
    await expectSound(world, id);
  });

  it("refuse with BUSY when too many wait for one actor to come to life", async () => {
    const world = await given({ mailboxLimit: 10, idleMs: 1000 });
    const id = await aDefinition(world.node);
    await world.clock.advance(5000);
    expect(world.node.status().residents).toBe(0);
    const reasons = (await Promise.allSettled(Array.from({ length: 30 }, () => trigger(world.node, id)))).map(reasonOf);
    expect(reasons.filter((reason) => reason === "ok")).toHaveLength(10);
    expect(reasons.filter((reason) => reason === "BUSY")).toHaveLength(20);
    await expectSound(world, id);
  });

  it("hold due times back while the journal is full, and take them afterwards", async () => {
    const world = await given({ maxUncommitted: 20 });
    const ids = await Promise.all(
      Array.from({ length: 15 }, () =>
        aDefinition(world.node, { schedule: every(60_000), overlapPolicy: "ALLOW_ALL" }),
      ),
    );
    const hold = world.store.holdCommits();
    const turned = world.clock.advance(60_000);
    await hold.arrived();
    hold.release();
    await turned;
    await world.clock.advance(1000);
    for (const id of ids) {
      expect(await instancesOf(world, id)).toHaveLength(1);
      await expectSound(world, id);
    }
  });
});

describe("one batch", () => {
  it("carries what many actors decide in the same turn", async () => {
    const world = await given();
    const before = world.store.sent.length;
    await Promise.all(
      Array.from({ length: 100 }, () =>
        world.node.definitions.create({ spec: aWorkerSpec({ schedule: RARELY }), startPaused: false }),
      ),
    );
    expect(world.store.sent.length - before).toBeLessThanOrEqual(2);
  });

  it("names each row once, whatever happened to it in between: made, started, cancelled and tried anew", async () => {
    const world = await given();
    const { node } = world;
    const id = await aDefinition(node);
    await aWorker(node);
    const hold = world.store.holdCommits();
    const other = trigger(node, id);
    await hold.arrived();
    // All of this waits for the commit under way, and is one batch after it.
    const made = trigger(node, id, { uniqueKey: { key: "k", onConflict: "REJECT" } });
    const again = node.definitions.trigger(id, {
      overrides: { uniqueKey: { key: "k", onConflict: "CANCEL_EXISTING" } },
      ignoreOverlap: true,
    });
    await world.clock.advance(0);
    hold.release();
    const [, first, second] = await Promise.all([other, made, again]);
    const ended = node.instances.cancel(second.instance.id, { reason: "", terminate: true });
    await Promise.all([ended, node.instances.retry(second.instance.id, {})]);
    await world.clock.advance(0);
    expect(await stateOf(world, first.id)).toBe("CANCELLED");
    expect(node.status().ownedShards).toHaveLength(4);
    await expectSound(world, id);
  });

  it("may revive an instance and end it again at once: those are two commits", async () => {
    const world = await given();
    const { node } = world;
    const id = await aDefinition(node);
    const instance = await trigger(node, id);
    await node.instances.cancel(instance.id, { reason: "", terminate: false });
    for (let round = 0; round < 3; round++) {
      const results = await Promise.allSettled([
        node.instances.retry(instance.id, {}),
        node.instances.cancel(instance.id, { reason: "", terminate: true }),
        node.instances.retry(instance.id, {}),
        node.instances.cancel(instance.id, { reason: "", terminate: true }),
      ]);
      expect(results.map(reasonOf)).toEqual(["ok", "ok", "ok", "ok"]);
    }
    expect(await stateOf(world, instance.id)).toBe("CANCELLED");
    expect((await world.store.queries.getInstance(instance.id))?.life.series).toBe(6);
    await expectSound(world, id);
  });
});
