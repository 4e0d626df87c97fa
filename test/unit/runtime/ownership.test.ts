import { createInProcessNetwork } from "../../../src/bus/in-process/network.ts";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Clock, Timer } from "../../../src/ports/clock.ts";
import { DEFAULT_RUNTIME_OPTIONS, startRuntime } from "../../../src/runtime/index.ts";
import type { StartedRuntime } from "../../../src/runtime/index.ts";
import { sleepOn } from "../../../src/system/sleep.ts";
import { silentLog } from "../../support/log.ts";
import { seededRandom, sequentialIds } from "../../support/manual-clock.ts";
import { SHARDS, aWorker } from "../../support/node.ts";
import {
  aDefinition,
  aDiligentWorker,
  every,
  expectSound,
  given,
  instancesOf,
  ledger,
  stateOf,
  trigger,
} from "./given.ts";
import type { Given } from "./given.ts";

/** A node whose process can stand still while time goes on: its timers run when it wakes, all at once. */
class Stalling implements Clock {
  readonly #clock: Clock;
  #held: (() => void)[] | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }

  schedule(delayMs: number, run: () => void): Timer {
    let cancelled = false;
    const timer = this.#clock.schedule(delayMs, () => {
      const due = (): void => void (cancelled || run());
      if (this.#held === null) due();
      else this.#held.push(due);
    });
    return {
      cancel: () => {
        cancelled = true;
        timer.cancel();
      },
    };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn((delayMs, run) => this.schedule(delayMs, run), ms, signal);
  }

  stall(): void {
    this.#held = [];
  }

  wake(): void {
    const held = this.#held ?? [];
    this.#held = null;
    held.forEach((run) => run());
  }
}

function aStallingNode(world: Given, nodeId: string): { readonly node: StartedRuntime; readonly process: Stalling } {
  const process = new Stalling(world.clock);
  const { store } = world;
  const node = startRuntime({
    bus: createInProcessNetwork().endpoint(nodeId),
    store,
    clock: process,
    ids: sequentialIds(),
    random: seededRandom(3),
    log: silentLog,
    options: { ...DEFAULT_RUNTIME_OPTIONS, nodeId, shardCount: SHARDS },
  });
  onTestFinished(() => {
    process.wake();
    return node.crash();
  });
  return { node, process };
}

describe("a node that stood still past its lease", () => {
  it("decides nothing when it wakes, not even what was due, and what it had under way is fenced", async () => {
    const world = await given();
    await world.node.drain();
    const { node: a, process } = aStallingNode(world, "stalling");
    await world.clock.advance(1000);
    const id = await aDefinition(a, {
      schedule: every(10_000, { anchorAt: world.clock.now() }),
      overlapPolicy: "ALLOW_ALL",
    });
    const hold = world.store.holdCommits();
    const late = trigger(a, id).catch((error: { reason: string }) => error.reason);
    await hold.arrived();
    process.stall();
    const b = await world.start("b");
    await world.clock.advance(4500);
    // Its commands reach it before its timers do.
    await expect(trigger(a, id)).rejects.toMatchObject({ reason: "SHARD_UNAVAILABLE" });
    expect(b.status().ownedShards).toHaveLength(SHARDS);
    hold.release();
    await world.clock.advance(10_000);
    process.wake();
    await world.clock.advance(1000);
    expect(await late).toBe("SHARD_UNAVAILABLE");
    expect(a.status()).toMatchObject({ ownedShards: [], ready: false });
    // The other node fired what was due, once; the late trigger left nothing.
    expect((await ledger(world, id)).map(({ outcome }) => outcome)).toEqual(["FIRED"]);
    expect(await instancesOf(world, id)).toHaveLength(1);
    await expectSound(world, id);
  });

  it("goes on with its shards at once when nobody took them, and forgets nobody who waits in a queue", async () => {
    const world = await given();
    await world.node.drain();
    const { node, process } = aStallingNode(world, "stalling");
    await world.clock.advance(1000);
    const id = await aDefinition(node);
    const waiting = await trigger(node, id);
    const { done } = await aDiligentWorker(node, { slots: 0 });
    const short = await aDefinition(node, {
      schedule: every(2700, { anchorAt: world.clock.now() }),
      overlapPolicy: "ALLOW_ALL",
    });
    process.stall();
    await world.clock.advance(2700);
    process.wake();
    const worker = await aDiligentWorker(node);
    await world.clock.advance(3000);
    expect(done).toHaveLength(0);
    expect(worker.done.map(({ instance }) => instance.id)).toContain(waiting.id);
    expect((await ledger(world, short)).length).toBeGreaterThanOrEqual(1);
    await expectSound(world, id);
    await expectSound(world, short);
  });
});

describe("when a node dies", () => {
  it("another takes its shards over and fires what is due within 5 s", async () => {
    const world = await given();
    const id = await aDefinition(world.node, { schedule: every(1000), overlapPolicy: "ALLOW_ALL" });
    const b = await world.start("b");
    await world.clock.advance(10_500);
    await world.node.crash();
    const before = (await ledger(world, id)).length;
    await world.clock.advance(5000);
    expect(b.status().ownedShards).toHaveLength(SHARDS);
    expect((await ledger(world, id)).length).toBe(before + 5);
    await trigger(b, id);
    await expectSound(world, id);
  });

  it("its workers' running attempts are heard by the next, and a silent one counts from the takeover", async () => {
    const world = await given();
    const id = await aDefinition(world.node, {
      timeouts: {
        scheduleToStartMs: null,
        startToCloseMs: null,
        scheduleToCloseMs: null,
        heartbeatMs: 10_000,
        cancelGraceMs: 1000,
      },
    });
    const worker = await aWorker(world.node, { slots: 2 });
    const [loud, silent] = [await trigger(world.node, id), await trigger(world.node, id)];
    await world.clock.advance(9000);
    await world.node.crash();
    const next = await world.start("b");
    await world.clock.advance(9000);
    expect(await stateOf(world, silent.id)).toBe("RUNNING");
    await next.workers.heartbeat(worker.assignments[0]?.token ?? "", {});
    await world.clock.advance(6000);
    expect(await stateOf(world, silent.id)).toBe("PENDING NO_WORKER");
    expect(await stateOf(world, loud.id)).toBe("RUNNING");
    await expectSound(world, id);
  });

  it("an event sequence goes on where the dead one's last commit left it", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    await trigger(world.node, id);
    const hold = world.store.holdCommits();
    void trigger(world.node, id).catch(() => {});
    await hold.arrived();
    await world.node.crash();
    hold.release();
    const next = await world.start("b");
    await world.clock.advance(5000);
    await trigger(next, id);
    // The commit that was under way when it died arrived; what it had not sent did not.
    expect(await instancesOf(world, id)).toHaveLength(3);
    await expectSound(world, id);
  });
});

describe("when two nodes live", () => {
  it("commands for the other's shards are refused with SHARD_UNAVAILABLE, and nobody decides twice (R-094)", async () => {
    const world = await given();
    const b = await world.start("b");
    await world.clock.advance(5000);
    const id = await aDefinition(world.node);
    await expect(trigger(b, id)).rejects.toMatchObject({ reason: "SHARD_UNAVAILABLE", code: "UNAVAILABLE" });
    expect(b.status()).toMatchObject({ ownedShards: [], ready: false });
  });

  it("a restarted node has its own shards back without waiting for its lease", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    await world.node.crash();
    const again = await world.start("a");
    await world.clock.advance(0);
    await again.ready();
    await trigger(again, id);
    await expectSound(world, id);
  });
});
