/** Nodes that deliver webhooks to receivers that do what a test says, on a network that loses what a test says. */
import { expect, onTestFinished } from "vitest";
import type { Clock, Timer } from "../../../../src/ports/clock.ts";
import { shardOf } from "../../../../src/domain/routing.ts";
import type { JournalBatch } from "../../../../src/ports/store/journal.ts";
import { StoreUnavailable } from "../../../../src/ports/store/journal.ts";
import { DEFAULT_RUNTIME_OPTIONS, startRuntime } from "../../../../src/runtime/index.ts";
import type { RuntimeOptions, StartedRuntime } from "../../../../src/runtime/index.ts";
import { createMemoryStore } from "../../../../src/store/memory/memory-store.ts";
import { FakeSecretBox } from "../../../support/fake-secret-box.ts";
import { FakeWebhooks } from "../../../support/fake-webhooks.ts";
import type { FaultyStore } from "../../../support/faulty-store.ts";
import { faultyStore } from "../../../support/faulty-store.ts";
import type { RecordingLog } from "../../../support/log.ts";
import { recordingLog } from "../../../support/log.ts";
import { ManualClock, seededRandom, sequentialIds } from "../../../support/manual-clock.ts";
import { SHARDS } from "../../../support/node.ts";
import type { World } from "../../../support/node.ts";
import { LossyNetwork } from "./lossy-network.ts";

export interface DispatchingCluster extends World {
  readonly nodes: readonly StartedRuntime[];
  readonly network: LossyNetwork;
  readonly webhooks: FakeWebhooks;
  readonly log: RecordingLog;
  join(nodeId: string, options?: Partial<RuntimeOptions>): Promise<StartedRuntime>;
  /** The line between a node and the store. */
  lineOf(nodeId: string): FaultyStore;
  /** The process of a node stands still for so long, while the world goes on. */
  stall(nodeId: string, ms: number): Promise<void>;
}

/** So many nodes, "a", "b" and so on, each with its share of the shards. It ends with the test. */
export async function aDispatchingCluster(
  count: number,
  options: Partial<RuntimeOptions> = {},
): Promise<DispatchingCluster> {
  const { cluster, end } = await makeDispatchingCluster(count, options);
  onTestFinished(end);
  return cluster;
}

/** The same for a test that makes many of them. `end` fails when a node wrote what the store must refuse. */
export async function makeDispatchingCluster(
  count: number,
  options: Partial<RuntimeOptions> = {},
): Promise<{ readonly cluster: DispatchingCluster; readonly end: () => Promise<void> }> {
  const clock = new ManualClock();
  const network = new LossyNetwork(clock);
  const memory = createMemoryStore({ clock });
  await memory.shards.prepare(SHARDS);
  const ids = sequentialIds();
  const random = seededRandom(7);
  const log = recordingLog();
  const webhooks = new FakeWebhooks();
  const living: StartedRuntime[] = [];
  const lines = new Map<string, FaultyStore>();
  const processes = new Map<string, Process>();
  const broken: unknown[] = [];
  const written = memory.journal.commit.bind(memory.journal);
  Object.assign(memory.journal, {
    commit: (batch: JournalBatch) =>
      written(batch).catch((error: unknown) => {
        if (!(error instanceof StoreUnavailable)) broken.push(error);
        throw error;
      }),
  });

  async function join(nodeId: string, more: Partial<RuntimeOptions> = {}): Promise<StartedRuntime> {
    const line = faultyStore(memory);
    const process = new Process(clock);
    const bus = network.endpoint(nodeId);
    const { listen } = bus;
    bus.listen = ({ heard, changed }) =>
      listen.call(bus, { heard: (text) => process.run(() => heard(text)), changed: (is) => changed(is) });
    lines.set(nodeId, line);
    processes.set(nodeId, process);
    const node = startRuntime({
      store: line,
      bus,
      clock: process,
      ids,
      random,
      log: log.child({ node: nodeId }),
      webhooks: { client: webhooks, box: new FakeSecretBox(), publicUrl: () => "https://belfry.test", version: "1" },
      options: { ...DEFAULT_RUNTIME_OPTIONS, nodeId, shardCount: SHARDS, ...options, ...more },
    });
    living.push(node);
    await clock.advance(0);
    return node;
  }

  async function stop(): Promise<void> {
    for (const line of lines.values()) line.comeBack();
    await Promise.all(living.map((node) => node.crash()));
  }

  const nodes: StartedRuntime[] = [];
  for (let index = 0; index < count; index++) nodes.push(await join("abcdefgh"[index] ?? ""));
  await clock.advance(10_000);
  return {
    cluster: {
      clock,
      store: faultyStore(memory),
      nodes,
      network,
      webhooks,
      log,
      join,
      start: join,
      stop,
      lineOf: (nodeId) => lines.get(nodeId) ?? absent(nodeId),
      stall: async (nodeId, ms) => {
        const process = processes.get(nodeId) ?? absent(nodeId);
        process.stop();
        await clock.advance(ms);
        process.goOn();
        await clock.advance(0);
      },
    },
    end: async () => {
      await stop();
      expect(broken).toEqual([]);
    },
  };
}

/** An origin whose destination is in a shard of this node. */
export function originOn(node: StartedRuntime, otherThan?: string): string {
  const { ownedShards } = node.status();
  for (let number = 0; ; number++) {
    const origin = `https://r${number}.example.com`;
    if (origin !== otherThan && ownedShards.includes(shardOf(origin, SHARDS))) return origin;
  }
}

/** A process that can stand still: what comes to it waits until it goes on. */
class Process implements Clock {
  readonly #clock: ManualClock;
  readonly #waiting: (() => void)[] = [];
  #stopped = false;

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  stop(): void {
    this.#stopped = true;
  }

  goOn(): void {
    this.#stopped = false;
    for (const run of this.#waiting.splice(0)) run();
  }

  run(run: () => void): void {
    if (this.#stopped) this.#waiting.push(run);
    else run();
  }

  now(): number {
    return this.#clock.now();
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }

  schedule(delayMs: number, run: () => void): Timer {
    let cancelled = false;
    const timer = this.#clock.schedule(delayMs, () =>
      this.run(() => {
        if (!cancelled) run();
      }),
    );
    return {
      cancel: () => {
        cancelled = true;
        timer.cancel();
      },
    };
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    await this.#clock.sleep(ms, signal);
    if (this.#stopped) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.push(resolve);
      await promise;
    }
  }
}

function absent(what: string): never {
  throw new Error(`there is no ${what}`);
}
