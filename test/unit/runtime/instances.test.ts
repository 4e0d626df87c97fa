import { describe, expect, it } from "vitest";
import { aWorker } from "../../support/node.ts";
import {
  BOOM,
  NO_TIMEOUTS,
  aDefinition,
  aRetry,
  expectSound,
  gaplessEvents,
  given,
  stateOf,
  trigger,
} from "./given.ts";

describe("pausing an instance", () => {
  it("that runs is told to its worker, by signal and with its next heartbeat, and so is the resume", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const worker = await aWorker(world.node);
    const instance = await trigger(world.node, id);
    await world.clock.advance(0);
    const token = worker.assignments[0]?.token ?? "";
    await world.node.instances.pause(instance.id, { reason: "lunch" });
    expect(await world.node.workers.heartbeat(token, {})).toEqual({ cancelRequested: false, pauseRequested: true });
    await world.node.instances.resume(instance.id, {});
    await world.clock.advance(0);
    expect(worker.signals.map(({ pauseRequested }) => pauseRequested)).toEqual([true, false]);
    expect(await world.node.workers.complete(token, null)).toBe("COMPLETED");
    await expectSound(world, id);
  });

  it("stops its clocks, through a restart", async () => {
    const world = await given();
    const timeouts = { ...NO_TIMEOUTS, startToCloseMs: 20_000, heartbeatMs: 15_000 };
    const id = await aDefinition(world.node, { timeouts });
    const worker = await aWorker(world.node);
    const instance = await trigger(world.node, id);
    await world.clock.advance(10_000);
    await world.node.workers.heartbeat(worker.assignments[0]?.token ?? "", {});
    await world.node.instances.pause(instance.id, { reason: "" });
    await world.clock.advance(60_000);
    await world.node.crash();
    const next = await world.start("b");
    await world.clock.advance(60_000);
    expect(await stateOf(world, instance.id)).toBe("PAUSED PAUSED");
    await next.instances.resume(instance.id, {});
    await world.clock.advance(9999);
    expect(await stateOf(world, instance.id)).toBe("RUNNING");
    await world.clock.advance(1);
    expect((await world.store.queries.getInstance(instance.id))?.life.error?.code).toBe("START_TO_CLOSE_TIMEOUT");
    await expectSound(world, id);
  });

  it("that waits takes it out of its queue, and puts it back by its age when it is resumed", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const [first, second] = [await trigger(world.node, id), await trigger(world.node, id)];
    await world.node.instances.pause(first.id, { reason: "" });
    await expectSound(world, id);
    await world.node.instances.resume(first.id, {});
    const worker = await aWorker(world.node, { slots: 2 });
    await world.clock.advance(0);
    expect(worker.assignments.map(({ instance }) => instance.id)).toEqual([first.id, second.id]);
  });

  it("while its attempt fails leaves the retry to the resume", async () => {
    const world = await given();
    const id = await aDefinition(world.node, { retry: aRetry({ initialDelayMs: 5000, maxDelayMs: 5000 }) });
    const worker = await aWorker(world.node);
    const instance = await trigger(world.node, id);
    await world.clock.advance(0);
    await world.node.instances.pause(instance.id, { reason: "" });
    const failure = { error: BOOM, retryable: true };
    expect(await world.node.workers.fail(worker.assignments[0]?.token ?? "", failure)).toBe("PAUSED");
    await world.clock.advance(60_000);
    await world.node.instances.resume(instance.id, {});
    await world.clock.advance(4999);
    expect(worker.assignments).toHaveLength(1);
    await world.clock.advance(1);
    expect(worker.assignments).toHaveLength(2);
    await expectSound(world, id);
  });
});

describe("cancelling an instance", () => {
  it("asks its worker, and takes the attempt away after the grace; both are told once each", async () => {
    const world = await given();
    const id = await aDefinition(world.node, { timeouts: { ...NO_TIMEOUTS, cancelGraceMs: 3000 } });
    const worker = await aWorker(world.node);
    const instance = await trigger(world.node, id);
    await world.clock.advance(0);
    await world.node.instances.cancel(instance.id, { reason: "over", terminate: false });
    await world.node.instances.cancel(instance.id, { reason: "over again", terminate: false });
    await world.clock.advance(3000);
    expect(worker.signals).toMatchObject([{ cancelRequested: true }, { stale: true }]);
    expect(await world.store.queries.getInstance(instance.id)).toMatchObject({
      state: "CANCELLED",
      life: { stateReason: "over" },
    });
    const names = (await gaplessEvents(world)).flatMap((event) => (event.resourceId === instance.id ? event.name : []));
    expect(names).toEqual(["created", "started", "cancel_requested", "cancelled"]);
    await expectSound(world, id);
  });
});
