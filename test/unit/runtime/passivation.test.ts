import { describe, expect, it } from "vitest";
import { aWorker } from "../../support/node.ts";
import {
  BOOM,
  NO_TIMEOUTS,
  RARELY,
  aDefinition,
  aRetry,
  every,
  expectSound,
  given,
  instancesOf,
  ledger,
  stateOf,
  trigger,
} from "./given.ts";

const MINUTE = 60_000;

describe("an actor that does nothing leaves the memory", () => {
  it("and its deadline still fires on time, near or far (R-090)", async () => {
    for (const intervalMs of [3000, 7000, 16_000, 21_000, 5 * MINUTE, 90 * MINUTE]) {
      const world = await given();
      const startAt = world.clock.now();
      const id = await aDefinition(world.node, {
        schedule: every(intervalMs, { maxOccurrences: 3 }),
        overlapPolicy: "ALLOW_ALL",
      });
      await world.clock.advance(3 * intervalMs);
      const rows = await ledger(world, id);
      expect(rows.map(({ scheduledAt, decidedAt }) => [scheduledAt - startAt, decidedAt - startAt])).toEqual(
        [1, 2, 3].map((n) => [n * intervalMs, n * intervalMs]),
      );
      await expectSound(world, id);
    }
  });

  it("an instance that waits for its retry, for a timeout, or paused, leaves too and comes back for it", async () => {
    const world = await given();
    const { node, clock } = world;
    const spec = {
      retry: aRetry({ initialDelayMs: 10 * MINUTE, maxDelayMs: 10 * MINUTE }),
      timeouts: { ...NO_TIMEOUTS, scheduleToCloseMs: 30 * MINUTE },
    };
    const id = await aDefinition(node, spec);
    const worker = await aWorker(node);
    const [first, second, third] = [await trigger(node, id), await trigger(node, id), await trigger(node, id)];
    await clock.advance(0);
    await node.workers.fail(worker.assignments[0]?.token ?? "", { error: BOOM, retryable: true });
    await node.instances.pause(third.id, { reason: "" });
    worker.session.close();
    await clock.advance(MINUTE);
    // The second is with the worker that went away without a heartbeat to miss: nothing to do before schedule-to-close.
    expect(await stateOf(world, second.id)).toBe("RUNNING");
    expect(node.status().residents).toBe(0);
    await clock.advance(9 * MINUTE);
    expect(await stateOf(world, first.id)).toBe("PENDING NO_WORKER");
    await clock.advance(20 * MINUTE);
    expect([await stateOf(world, first.id), await stateOf(world, second.id), await stateOf(world, third.id)]).toEqual([
      "TIMED_OUT",
      "TIMED_OUT",
      "PAUSED PAUSED",
    ]);
    await node.instances.resume(third.id, {});
    await clock.advance(31 * MINUTE);
    expect(await stateOf(world, third.id)).toBe("TIMED_OUT");
    await expectSound(world, id);
  });

  it("so thousands of definitions that are due far away cost rows, not memory", async () => {
    const world = await given();
    for (let round = 0; round < 4; round++) {
      await Promise.all(Array.from({ length: 500 }, () => aDefinition(world.node, { schedule: RARELY })));
      await world.clock.advance(20_000);
      expect(world.node.status().residents).toBe(0);
    }
    await world.clock.advance(10 * MINUTE);
    expect(world.node.status().residents).toBe(0);
  });

  it("sooner when the memory is crowded, with deadlines that fire all the same", async () => {
    const world = await given({ residentLimit: 10, readAheadMs: 1000 });
    const startAt = world.clock.now();
    const ids = await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        aDefinition(world.node, { schedule: every(5000 + 100 * n, { maxOccurrences: 4 }), overlapPolicy: "ALLOW_ALL" }),
      ),
    );
    await world.clock.advance(3000);
    expect(world.node.status().residents).toBeLessThanOrEqual(10);
    await world.clock.advance(40_000);
    for (const [n, id] of ids.entries()) {
      const rows = await ledger(world, id);
      expect(rows.map(({ decidedAt }) => decidedAt - startAt)).toEqual([1, 2, 3, 4].map((k) => k * (5000 + 100 * n)));
    }
  });

  it("not while its deadline may be missed by a reading that is under way", async () => {
    const world = await given({ residentLimit: 0, idleMs: 100_000, readAheadMs: 4000 });
    const { dueWakeups } = world.store.actors;
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let slow = false;
    let reading = false;
    Object.assign(world.store.actors, {
      dueWakeups: async (...args: Parameters<typeof dueWakeups>) => {
        const rows = await dueWakeups(...args);
        if (slow && !reading) {
          reading = true;
          await held;
        }
        return rows;
      },
    });
    slow = true;
    while (!reading) await world.clock.advance(100);
    // Its row comes after the reading saw the store, and its deadline lies within what was read.
    const id = await aDefinition(world.node, { schedule: every(3900, { maxOccurrences: 1 }) });
    await world.clock.advance(2500);
    release();
    await world.clock.advance(10_000);
    expect((await ledger(world, id)).map(({ outcome }) => outcome)).toEqual(["FIRED"]);
  });

  it("not while it is needed: one that waits in a queue, or that others wait for, stays", async () => {
    const world = await given();
    const id = await aDefinition(world.node, { overlapPolicy: "BUFFER_ALL" });
    await trigger(world.node, id);
    await trigger(world.node, id);
    await world.clock.advance(10 * MINUTE);
    expect(world.node.status().residents).toBeGreaterThan(0);
    const worker = await aWorker(world.node);
    await world.clock.advance(0);
    await world.node.workers.complete(worker.assignments[0]?.token ?? "", null);
    await world.clock.advance(0);
    expect(worker.assignments).toHaveLength(2);
    expect((await instancesOf(world, id)).map(({ state }) => state)).toEqual(["COMPLETED", "RUNNING"]);
    await expectSound(world, id);
  });

  it("with finished instances gone at once, whatever comes for them reads them again", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const worker = await aWorker(world.node);
    const instance = await trigger(world.node, id);
    await world.clock.advance(0);
    await world.node.workers.complete(worker.assignments[0]?.token ?? "", null);
    await world.clock.advance(2000);
    await expect(world.node.workers.complete(worker.assignments[0]?.token ?? "", null)).rejects.toMatchObject({
      reason: "STALE_ATTEMPT",
    });
    expect(await world.node.instances.retry(instance.id, {})).toMatchObject({
      state: "RUNNING",
      life: { series: 1, attemptCount: 2 },
    });
    await expectSound(world, id);
  });
});
