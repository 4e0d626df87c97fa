import { describe, expect, it } from "vitest";
import type { DisconnectPolicy } from "../../../src/domain/action.ts";
import { aWorker } from "../../support/node.ts";
import { BOOM, NO_TIMEOUTS, aDefinition, aDiligentWorker, expectSound, given, stateOf, trigger } from "./given.ts";

const worker = (disconnectPolicy: DisconnectPolicy) => ({ kind: "worker", queue: "agents", disconnectPolicy }) as const;

describe("a worker whose stream breaks", () => {
  it("FAIL_AT_ONCE: its attempts have failed, and others get another one", async () => {
    const world = await given();
    const id = await aDefinition(world.node, { action: worker("FAIL_AT_ONCE") });
    const first = await aWorker(world.node);
    const instance = await trigger(world.node, id);
    await world.clock.advance(0);
    first.session.close();
    first.session.close();
    await world.clock.advance(0);
    expect(await stateOf(world, instance.id)).toBe("BACKING_OFF BACKOFF");
    expect((await world.store.queries.listAttempts(instance.id, null, 10))[0]).toMatchObject({
      outcome: "LOST",
      error: { code: "WORKER_LOST" },
    });
    await expect(world.node.workers.complete(first.assignments[0]?.token ?? "", null)).rejects.toMatchObject({
      reason: "STALE_ATTEMPT",
    });
    await expectSound(world, id);
  });

  it("WAIT_FOR_HEARTBEAT: its attempts go on, and it may come back with them", async () => {
    const world = await given();
    const id = await aDefinition(world.node, {
      action: worker("WAIT_FOR_HEARTBEAT"),
      timeouts: { ...NO_TIMEOUTS, heartbeatMs: 20_000 },
    });
    const first = await aWorker(world.node, { slots: 2 });
    const instance = await trigger(world.node, id);
    await world.clock.advance(0);
    const token = first.assignments[0]?.token ?? "";
    first.session.close();
    await world.clock.advance(10_000);
    const again = await aWorker(world.node, { slots: 1, running: [token, "made-up-token-0123456789.1.no-instance"] });
    expect(again.session.stale).toEqual(["made-up-token-0123456789.1.no-instance"]);
    // The attempt it has takes its one slot.
    const other = await trigger(world.node, id);
    await world.clock.advance(0);
    expect(await stateOf(world, other.id)).toBe("PENDING NO_WORKER");
    await world.node.instances.cancel(instance.id, { reason: "", terminate: false });
    await world.clock.advance(0);
    expect(again.signals).toMatchObject([{ token, cancelRequested: true }]);
    expect(await world.node.workers.complete(token, null)).toBe("COMPLETED");
    await world.clock.advance(0);
    expect(again.assignments).toMatchObject([{ instance: { id: other.id } }]);
    await expectSound(world, id);
  });

  it("and comes back before its old stream is known to be broken keeps its attempts", async () => {
    const world = await given();
    const id = await aDefinition(world.node, { action: worker("FAIL_AT_ONCE") });
    const old = await aWorker(world.node);
    const instance = await trigger(world.node, id);
    await world.clock.advance(0);
    const token = old.assignments[0]?.token ?? "";
    await aWorker(world.node, { running: [token] });
    old.session.close();
    await world.clock.advance(0);
    expect(await stateOf(world, instance.id)).toBe("RUNNING");
    expect(await world.node.workers.complete(token, null)).toBe("COMPLETED");
    await expectSound(world, id);
  });

  it("before it heard of an attempt: another worker gets the instance, and nothing is counted", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const gone = await aWorker(world.node);
    const hold = world.store.holdCommits();
    const triggered = trigger(world.node, id);
    await hold.arrived();
    gone.session.close();
    hold.release();
    const instance = await triggered;
    await world.clock.advance(0);
    expect(gone.assignments).toEqual([]);
    expect(await stateOf(world, instance.id)).toBe("PENDING NO_WORKER");
    const { done } = await aDiligentWorker(world.node);
    await world.clock.advance(0);
    expect(done).toMatchObject([{ number: 1, instance: { id: instance.id } }]);
    await expectSound(world, id);
  });

  it("with a token of an attempt that is over is told so", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const first = await aWorker(world.node);
    const instance = await trigger(world.node, id);
    await world.clock.advance(0);
    const token = first.assignments[0]?.token ?? "";
    await world.node.instances.cancel(instance.id, { reason: "", terminate: true });
    const again = await aWorker(world.node, { running: [token] });
    expect(again.session.stale).toEqual([token]);
  });
});

describe("the slots of a worker", () => {
  it("are never taken twice, and free when an attempt ends however it ends", async () => {
    const world = await given();
    const { node, clock } = world;
    const id = await aDefinition(node, { timeouts: { ...NO_TIMEOUTS, startToCloseMs: 5000, cancelGraceMs: 1000 } });
    const stream = await aWorker(node, { slots: 2 });
    const instances = await Promise.all(Array.from({ length: 8 }, () => trigger(node, id)));
    await clock.advance(0);
    const tokens = () => stream.assignments.map(({ token }) => token);
    expect(tokens()).toHaveLength(2);
    await node.workers.complete(tokens()[0] ?? "", null);
    await node.workers.fail(tokens()[1] ?? "", { error: BOOM, retryable: false });
    await clock.advance(0);
    expect(tokens()).toHaveLength(4);
    await node.instances.cancel(stream.assignments[2]?.instance.id ?? "", { reason: "", terminate: true });
    await clock.advance(0);
    expect(tokens()).toHaveLength(5);
    await clock.advance(5000);
    expect(tokens()).toHaveLength(7);
    stream.session.setSlots(3);
    await clock.advance(0);
    expect(tokens()).toHaveLength(8);
    expect(new Set(stream.assignments.map(({ instance }) => instance.id))).toEqual(
      new Set(instances.map((instance) => instance.id)),
    );
    await expectSound(world, id);
  });

  it("are free again when the shard of an attempt was lost before it was durable", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const stream = await aWorker(world.node, { slots: 1 });
    world.store.goAway();
    const lost = trigger(world.node, id).catch((error: { reason: string }) => error.reason);
    await world.clock.advance(10_000);
    expect(await lost).toBe("OUTCOME_UNKNOWN");
    world.store.comeBack();
    await world.clock.advance(2000);
    const instance = await trigger(world.node, id);
    await world.clock.advance(0);
    expect(stream.assignments.map((assignment) => assignment.instance.id)).toEqual([instance.id]);
  });
});

describe("a poll", () => {
  const poll = { queue: "agents", workerId: "p", waitMs: 5000 };

  it("takes one instance that waits, or the next that comes, or nothing when its time is up", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const first = await trigger(world.node, id);
    expect((await world.node.workers.poll(poll))?.instance.id).toBe(first.id);
    const waiting = world.node.workers.poll(poll);
    await world.clock.advance(4999);
    const second = await trigger(world.node, id);
    expect((await waiting)?.instance.id).toBe(second.id);
    const nothing = world.node.workers.poll(poll);
    await world.clock.advance(5000);
    expect(await nothing).toBeNull();
    expect(await stateOf(world, (await trigger(world.node, id)).id)).toBe("PENDING NO_WORKER");
    await expectSound(world, id);
  });

  it("takes none when it was aborted, before or while it waits", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    expect(await world.node.workers.poll(poll, AbortSignal.abort())).toBeNull();
    const abort = new AbortController();
    const waiting = world.node.workers.poll(poll, abort.signal);
    await world.clock.advance(1000);
    abort.abort();
    expect(await waiting).toBeNull();
    expect(await stateOf(world, (await trigger(world.node, id)).id)).toBe("PENDING NO_WORKER");
  });

  it("aborted between the decision and its commit gives its instance back", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const abort = new AbortController();
    const waiting = world.node.workers.poll(poll, abort.signal);
    await world.clock.advance(0);
    const hold = world.store.holdCommits();
    const triggered = trigger(world.node, id);
    await hold.arrived();
    abort.abort();
    expect(await waiting).toBeNull();
    hold.release();
    const instance = await triggered;
    await world.clock.advance(0);
    expect(await stateOf(world, instance.id)).toBe("PENDING NO_WORKER");
    expect((await world.node.workers.poll(poll))?.instance.id).toBe(instance.id);
    await expectSound(world, id);
  });

  it("whose time is up during the commit still gets its instance", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const waiting = world.node.workers.poll(poll);
    await world.clock.advance(4000);
    const hold = world.store.holdCommits();
    const triggered = trigger(world.node, id);
    await hold.arrived();
    await world.clock.advance(2000);
    hold.release();
    await triggered;
    expect(await waiting).not.toBeNull();
  });

  it("is answered though what it was about to get was lost with its shard", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const waiting = world.node.workers.poll(poll);
    await world.clock.advance(0);
    world.store.goAway();
    const lost = trigger(world.node, id).catch(() => "lost");
    await world.clock.advance(20_000);
    expect([await lost, await waiting]).toEqual(["lost", null]);
  });

  it("is answered though what it was about to get was called off in the same moment", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const waiting = world.node.workers.poll(poll);
    await world.clock.advance(0);
    const hold = world.store.holdCommits();
    const other = aDefinition(world.node);
    await hold.arrived();
    const overrides = { uniqueKey: { key: "k", onConflict: "CANCEL_EXISTING" } } as const;
    const both = Promise.all([trigger(world.node, id, overrides), trigger(world.node, id, overrides)]);
    await world.clock.advance(6000);
    hold.release();
    const [, second] = await both;
    await other;
    await world.clock.advance(0);
    const assignment = await waiting;
    expect(assignment === null || assignment.instance.id === second.id).toBe(true);
    await expectSound(world, id);
  });
});
