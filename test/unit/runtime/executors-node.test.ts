/** The `nats` executor on a real node: what it shares with workers, it gets from there. */
import { describe, expect, it } from "vitest";
import type { DefinitionSpec } from "../../../src/domain/definition/definition.ts";
import { DEFAULT_TIMEOUTS } from "../../../src/domain/policy/timeouts.ts";
import { natsExecutor } from "../../../src/runtime/executors/nats-executor.ts";
import { silentLog } from "../../support/log.ts";
import { aWorker } from "../../support/node.ts";
import { FakeRequester } from "./executors-given.ts";
import type { SentRequest } from "./executors-given.ts";
import { NO_TIMEOUTS, aDefinition, gaplessEvents, given, stateOf, trigger } from "./given.ts";
import type { Given } from "./given.ts";

async function aNetwork(world: Given, { connected = true, slots = 256 } = {}) {
  const requester = new FakeRequester(world.clock, connected);
  const executor = natsExecutor({
    requester,
    workers: world.node.workers,
    clock: world.clock,
    log: silentLog,
    nodeId: "a",
    slots,
  });
  executor.start();
  await world.clock.advance(0);
  return { requester, executor };
}

function aRequestDefinition(world: Given, spec: Partial<DefinitionSpec> = {}): Promise<string> {
  const action = { kind: "nats", subject: "orders.check", headers: {} } as const;
  return aDefinition(world.node, { action, payload: { order: 7 }, ...spec });
}

const idOf = ({ headers }: SentRequest): string => headers["Belfry-Instance-Id"] ?? "";
const DONE = { kind: "replied", payload: { ok: true } } as const;

describe("an instance that is a request", () => {
  it("is sent when it is triggered, and completed by the reply", async () => {
    const world = await given();
    const { requester } = await aNetwork(world);
    const id = await aRequestDefinition(world);
    const instance = await trigger(world.node, id);
    expect(instance).toMatchObject({ state: "RUNNING", life: { workerId: "nats@a" } });
    await world.clock.advance(0);
    expect(requester.requests).toMatchObject([{ subject: "orders.check", payload: { order: 7 }, timeoutMs: 60_000 }]);
    requester.requests[0]?.reply(DONE);
    await world.clock.advance(0);
    expect(await world.store.queries.getInstance(instance.id)).toMatchObject({
      state: "COMPLETED",
      life: { result: { ok: true } },
    });
    await gaplessEvents(world);
  });

  it("waits while the network is away, durably, and goes when it is back", async () => {
    const world = await given();
    const { requester } = await aNetwork(world, { connected: false });
    const id = await aRequestDefinition(world);
    const instance = await trigger(world.node, id);
    await world.clock.advance(60_000);
    expect(await stateOf(world, instance.id)).toBe("PENDING NO_WORKER");
    const lanes = await world.store.actors.queueLanes([0, 1, 2, 3]);
    expect(lanes).toMatchObject([{ queue: "$nats", definitionId: id, count: 1 }]);
    requester.connect(true);
    await world.clock.advance(0);
    requester.requests[0]?.reply(DONE);
    await world.clock.advance(0);
    expect(await stateOf(world, instance.id)).toBe("COMPLETED");
    expect(await world.store.actors.queueLanes([0, 1, 2, 3])).toEqual([]);
  });

  it("waits for a free slot, higher priority first", async () => {
    const world = await given();
    const { requester } = await aNetwork(world, { slots: 2 });
    const id = await aRequestDefinition(world);
    const first = [await trigger(world.node, id), await trigger(world.node, id)];
    const low = await trigger(world.node, id, { priority: 4 });
    const high = await trigger(world.node, id, { priority: 1 });
    await world.clock.advance(0);
    expect(requester.requests.map(idOf)).toEqual(first.map((instance) => instance.id));
    for (const index of [0, 1]) {
      requester.requests[index]?.reply(DONE);
      await world.clock.advance(0);
    }
    expect(requester.requests.slice(2).map(idOf)).toEqual([high.id, low.id]);
  });

  it("is found again by the node that starts after a crash", async () => {
    const world = await given();
    const id = await aRequestDefinition(world);
    const instance = await trigger(world.node, id);
    await world.node.crash();
    const node = await world.start("a");
    await world.clock.advance(5000);
    const { requester } = await aNetwork({ ...world, node });
    await world.clock.advance(2000);
    expect(requester.requests.map(idOf)).toEqual([instance.id]);
  });

  it("leaves the queue when it is cancelled while it waits, also on a node that did not put it there", async () => {
    const world = await given();
    const instance = await trigger(world.node, await aRequestDefinition(world));
    await world.node.crash();
    const node = await world.start("a");
    await world.clock.advance(5000);
    await node.instances.cancel(instance.id, { reason: "", terminate: false });
    expect(await stateOf(world, instance.id)).toBe("CANCELLED");
    expect(await world.store.actors.queueLanes([0, 1, 2, 3])).toEqual([]);
  });

  it("is tried again after its backoff when nobody listens, and not when the service knows better", async () => {
    const world = await given();
    const { requester } = await aNetwork(world);
    const id = await aRequestDefinition(world);
    const instance = await trigger(world.node, id);
    await world.clock.advance(0);
    requester.requests[0]?.reply({ kind: "no-responders" });
    await world.clock.advance(999);
    expect(await stateOf(world, instance.id)).toBe("BACKING_OFF BACKOFF");
    await world.clock.advance(1);
    expect(requester.requests.map(({ headers }) => headers["Belfry-Attempt"])).toEqual(["1", "2"]);
    requester.requests[1]?.reply({ kind: "refused", code: "404", message: "no such order" });
    await world.clock.advance(0);
    expect(await world.store.queries.getInstance(instance.id)).toMatchObject({
      state: "FAILED",
      life: { error: { code: "SERVICE_ERROR", message: "404 no such order" } },
    });
  });

  it("that has no reply in time has failed with REQUEST_TIMEOUT, before its deadline", async () => {
    const world = await given();
    await aNetwork(world);
    const id = await aRequestDefinition(world, { timeouts: { ...DEFAULT_TIMEOUTS, startToCloseMs: 5000 } });
    const instance = await trigger(world.node, id);
    await world.clock.advance(4749);
    expect(await stateOf(world, instance.id)).toBe("RUNNING");
    await world.clock.advance(1);
    expect(await world.store.queries.getInstance(instance.id)).toMatchObject({
      state: "BACKING_OFF",
      life: { error: { code: "REQUEST_TIMEOUT" } },
    });
  });

  it("is CANCELLED when a cancel comes in flight, and the request given up", async () => {
    const world = await given();
    const { requester } = await aNetwork(world);
    const instance = await trigger(world.node, await aRequestDefinition(world));
    await world.clock.advance(0);
    await world.node.instances.cancel(instance.id, { reason: "enough", terminate: false });
    await world.clock.advance(0);
    expect(requester.requests[0]?.signal.aborted).toBe(true);
    expect(await world.store.queries.getInstance(instance.id)).toMatchObject({
      state: "CANCELLED",
      life: { stateReason: "enough" },
    });
  });

  it("that is terminated is given up too, and its slot is free", async () => {
    const world = await given();
    const { requester, executor } = await aNetwork(world, { slots: 1 });
    const id = await aRequestDefinition(world);
    const first = await trigger(world.node, id);
    const second = await trigger(world.node, id);
    await world.clock.advance(0);
    await world.node.instances.cancel(first.id, { reason: "", terminate: true });
    await world.clock.advance(0);
    expect(requester.requests[0]?.signal.aborted).toBe(true);
    expect(requester.requests.map(idOf)).toEqual([first.id, second.id]);
    expect(executor.underWay).toBe(1);
  });

  it("runs on under pause, and completes", async () => {
    const world = await given();
    const { requester } = await aNetwork(world);
    const instance = await trigger(world.node, await aRequestDefinition(world));
    await world.clock.advance(0);
    await world.node.instances.pause(instance.id, { reason: "" });
    requester.requests[0]?.reply(DONE);
    await world.clock.advance(0);
    expect(await stateOf(world, instance.id)).toBe("COMPLETED");
  });
});

describe("the signs of life of a node", () => {
  it("keep a slow request running", async () => {
    const world = await given();
    const { requester } = await aNetwork(world);
    const id = await aRequestDefinition(world, { timeouts: { ...DEFAULT_TIMEOUTS, startToCloseMs: 3_600_000 } });
    const instance = await trigger(world.node, id);
    await world.clock.advance(600_000);
    expect(await stateOf(world, instance.id)).toBe("RUNNING");
    requester.requests[0]?.reply(DONE);
    await world.clock.advance(0);
    expect(requester.requests).toHaveLength(1);
    expect(await stateOf(world, instance.id)).toBe("COMPLETED");
  });

  it("end with it: its attempts are tried elsewhere after 10 s", async () => {
    const world = await given();
    const { executor } = await aNetwork(world);
    const id = await aRequestDefinition(world, { timeouts: DEFAULT_TIMEOUTS });
    const instance = await trigger(world.node, id);
    await world.clock.advance(0);
    executor.abandon();
    await world.clock.advance(9999);
    expect(await stateOf(world, instance.id)).toBe("RUNNING");
    await world.clock.advance(1);
    expect(await world.store.queries.getInstance(instance.id)).toMatchObject({
      state: "BACKING_OFF",
      life: { error: { code: "HEARTBEAT_TIMEOUT" } },
    });
  });

  it("come in time for a definition that has a shorter heartbeat timeout", async () => {
    const world = await given();
    await aNetwork(world);
    const id = await aRequestDefinition(world, { timeouts: { ...DEFAULT_TIMEOUTS, heartbeatMs: 1000 } });
    const instance = await trigger(world.node, id);
    await world.clock.advance(30_000);
    expect(await stateOf(world, instance.id)).toBe("RUNNING");
  });
});

describe("a reply that comes", () => {
  it("while the store is away counts when it is back, and nothing is sent twice", async () => {
    const world = await given();
    const { requester, executor } = await aNetwork(world);
    const id = await aRequestDefinition(world, { timeouts: { ...NO_TIMEOUTS, heartbeatMs: 60_000 } });
    const instance = await trigger(world.node, id);
    await world.clock.advance(0);
    world.store.goAway();
    requester.requests[0]?.reply(DONE);
    await world.clock.advance(10_000);
    expect(executor.underWay).toBe(1);
    world.store.comeBack();
    await world.clock.advance(5000);
    expect(await stateOf(world, instance.id)).toBe("COMPLETED");
    expect([requester.requests.length, executor.underWay]).toEqual([1, 0]);
  });

  it("after the attempt was over changes nothing", async () => {
    const world = await given();
    const { requester, executor } = await aNetwork(world);
    const id = await aRequestDefinition(world, { timeouts: { ...NO_TIMEOUTS, scheduleToCloseMs: 1 } });
    const instance = await trigger(world.node, id);
    await world.clock.advance(1);
    requester.requests[0]?.reply(DONE);
    await world.clock.advance(60_000);
    expect(await stateOf(world, instance.id)).toBe("TIMED_OUT");
    expect(executor.underWay).toBe(0);
  });
});

describe("a node that drains", () => {
  it("sends nothing more, and takes the replies that come in time", async () => {
    const world = await given();
    const { requester, executor } = await aNetwork(world, { slots: 1 });
    const id = await aRequestDefinition(world);
    const running = await trigger(world.node, id);
    const waiting = await trigger(world.node, id);
    await world.clock.advance(0);
    world.node.quiesce();
    requester.requests[0]?.reply(DONE);
    await world.clock.advance(0);
    await executor.stop();
    await world.node.drain();
    expect([await stateOf(world, running.id), await stateOf(world, waiting.id)]).toEqual([
      "COMPLETED",
      "PENDING NO_WORKER",
    ]);
    expect(requester.requests).toHaveLength(1);
  });

  it("gives up what takes longer than 3 s; another one may try at once", async () => {
    const world = await given();
    const { requester, executor } = await aNetwork(world);
    const instance = await trigger(world.node, await aRequestDefinition(world));
    await world.clock.advance(0);
    world.node.quiesce();
    await world.clock.advance(3000);
    await executor.stop();
    expect(requester.requests[0]?.signal.aborted).toBe(true);
    expect((await world.store.queries.listAttempts(instance.id, null, 10))[0]).toMatchObject({
      outcome: "FAILED",
      error: { code: "WORKER_STOPPED" },
    });
    await world.clock.advance(0);
    expect(await stateOf(world, instance.id)).toBe("PENDING NO_WORKER");
  });

  it("gives back what was decided and not yet durable when it left its queue", async () => {
    const world = await given();
    const { requester, executor } = await aNetwork(world);
    const id = await aRequestDefinition(world);
    const hold = world.store.holdCommits();
    const triggered = trigger(world.node, id);
    await hold.arrived();
    await executor.stop();
    hold.release();
    const instance = await triggered;
    await world.clock.advance(0);
    expect(requester.requests).toEqual([]);
    expect(await stateOf(world, instance.id)).toBe("PENDING NO_WORKER");
  });
});

describe("a worker", () => {
  it("of a queue with the name of a subject gets none of it", async () => {
    const world = await given();
    const worker = await aWorker(world.node, { queue: "orders.check" });
    await trigger(world.node, await aRequestDefinition(world));
    await world.clock.advance(0);
    expect(worker.assignments).toEqual([]);
  });
});
