/** Nodes that hear each other over a network, and reach the one store each over a line of its own: both as faulty as a test wants them. */
import { expect, onTestFinished } from "vitest";
import { shardOf } from "../../../../src/domain/routing.ts";
import type { Clock, Timer } from "../../../../src/ports/clock.ts";
import type { JournalBatch } from "../../../../src/ports/store/journal.ts";
import { StoreUnavailable } from "../../../../src/ports/store/journal.ts";
import type { Store } from "../../../../src/ports/store/store.ts";
import { DEFAULT_RUNTIME_OPTIONS, startRuntime } from "../../../../src/runtime/index.ts";
import type { RuntimeDeps, RuntimeOptions, StartedRuntime } from "../../../../src/runtime/index.ts";
import { createMemoryStore } from "../../../../src/store/memory/memory-store.ts";
import type { FaultyStore } from "../../../support/faulty-store.ts";
import { faultyStore } from "../../../support/faulty-store.ts";
import { recordingLog } from "../../../support/log.ts";
import type { RecordingLog } from "../../../support/log.ts";
import { ManualClock, seededRandom, sequentialIds } from "../../../support/manual-clock.ts";
import { SHARDS } from "../../../support/node.ts";
import type { World } from "../../../support/node.ts";
import { aDefinition } from "../given.ts";
import { LossyNetwork } from "./lossy-network.ts";

export interface GivenCluster extends World {
  /** Those it began with, in the order of their names. */
  readonly nodes: readonly StartedRuntime[];
  readonly network: LossyNetwork;
  /** What every node logged. */
  readonly log: RecordingLog;
  /** Starts one more node on the same network. */
  join(nodeId: string, options?: Partial<RuntimeOptions>): Promise<StartedRuntime>;
  /** The line between a node and the store. */
  lineOf(nodeId: string): FaultyStore & Troubles;
  /** The process of a node stands still for so long, while the world goes on. */
  stall(nodeId: string, ms: number): Promise<void>;
}

/** What can befall single methods of the store, named like "shards.release". */
export interface Troubles {
  /** The next so many calls fail; all when left out. Before anything is done, unless they shall be carried out first. */
  breakOff(method: string, options?: { readonly times?: number; readonly afterwards?: boolean }): void;
  /** Calls stand still from now on, until all is well: before they are carried out, or afterwards. */
  hang(method: string, options?: { readonly afterwards?: boolean }): void;
  /** No troubles any more. */
  mend(): void;
}

/** So many nodes, "a", "b" and so on, each with its share of the shards. Fails when a node writes what the store must refuse. */
export async function aCluster(count: number, options: Partial<RuntimeOptions> = {}): Promise<GivenCluster> {
  const { cluster, end } = await makeCluster(count, options);
  onTestFinished(end);
  return cluster;
}

/** The same for a test that makes many of them. */
export async function makeCluster(
  count: number,
  options: Partial<RuntimeOptions> = {},
  parts: Pick<RuntimeDeps, "webhooks" | "maintenance"> = {},
): Promise<{ readonly cluster: GivenCluster; readonly end: () => Promise<void> }> {
  const clock = new ManualClock();
  const network = new LossyNetwork(clock);
  const shardCount = options.shardCount ?? SHARDS;
  const memory = createMemoryStore({ clock });
  await memory.shards.prepare(shardCount);
  const ids = sequentialIds();
  const random = seededRandom(7);
  const log = recordingLog();
  const living: StartedRuntime[] = [];
  const lines = new Map<string, FaultyStore & Troubles>();
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
    const troubles = new LineTroubles();
    const line = Object.assign(faultyStore(troubled(memory, troubles)), {
      breakOff: troubles.breakOff.bind(troubles),
      hang: troubles.hang.bind(troubles),
      mend: troubles.mend.bind(troubles),
    });
    const process = new Process(clock);
    lines.set(nodeId, line);
    processes.set(nodeId, process);
    const bus = network.endpoint(nodeId);
    const { listen } = bus;
    bus.listen = ({ heard, changed }) =>
      listen.call(bus, { heard: (text) => process.run(() => heard(text)), changed: (is) => changed(is) });
    const node = startRuntime({
      ...parts,
      store: line,
      bus,
      clock: process,
      ids,
      random,
      log: log.child({ node: nodeId }),
      options: { ...DEFAULT_RUNTIME_OPTIONS, nodeId, shardCount, ...options, ...more },
    });
    living.push(node);
    await clock.advance(0);
    return node;
  }

  async function stop(): Promise<void> {
    for (const line of lines.values()) line.mend();
    await Promise.all(living.map((node) => node.crash()));
  }

  const nodes: StartedRuntime[] = [];
  for (let index = 0; index < count; index++) nodes.push(await join("abcdefgh"[index] ?? ""));
  await clock.advance(5000);
  const cluster: GivenCluster = {
    clock,
    store: faultyStore(memory),
    nodes,
    network,
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
  };
  return {
    cluster,
    end: async () => {
      await stop();
      expect(broken).toEqual([]);
    },
  };
}

class LineTroubles implements Troubles {
  readonly #broken = new Map<string, { times: number; readonly afterwards: boolean }>();
  readonly #hanging = new Map<string, PromiseWithResolvers<void> & { readonly afterwards: boolean }>();

  breakOff(method: string, { times = Number.POSITIVE_INFINITY, afterwards = false } = {}): void {
    this.#broken.set(method, { times, afterwards });
  }

  hang(method: string, { afterwards = false } = {}): void {
    this.#hanging.set(method, { ...Promise.withResolvers<void>(), afterwards });
  }

  mend(): void {
    this.#broken.clear();
    for (const { resolve } of this.#hanging.values()) resolve();
    this.#hanging.clear();
  }

  async call(method: string, carryOut: () => Promise<unknown>): Promise<unknown> {
    const hanging = this.#hanging.get(method);
    if (hanging?.afterwards === true) {
      const value = await carryOut();
      await hanging.promise;
      return value;
    }
    await hanging?.promise;
    const broken = this.#broken.get(method);
    if (broken === undefined || broken.times === 0) return carryOut();
    broken.times--;
    if (broken.afterwards) await carryOut();
    throw new StoreUnavailable(`${method} broke off, as the test asked for`);
  }
}

function troubled(store: Store, troubles: LineTroubles): Store {
  const part = <Part extends object>(name: string, methods: Part): Part =>
    new Proxy(methods, {
      get(target, method) {
        const member: unknown = Reflect.get(target, method, target);
        if (typeof member !== "function") return member;
        return (...given: readonly unknown[]) =>
          troubles.call(
            `${name}.${String(method)}`,
            async () => (await Reflect.apply(member, target, given)) as unknown,
          );
      },
    });
  return {
    journal: part("journal", store.journal),
    shards: part("shards", store.shards),
    actors: part("actors", store.actors),
    queries: part("queries", store.queries),
    cursors: part("cursors", store.cursors),
    actorStates: part("actorStates", store.actorStates),
    approvals: part("approvals", store.approvals),
    retention: part("retention", store.retention),
    ping: () => store.ping(),
    close: () => store.close(),
  };
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

/** The node that owns the shard of an id. */
export function ownerOf(nodes: readonly StartedRuntime[], id: string): StartedRuntime {
  const owner = nodes.find((node) => owns(node, id));
  if (owner === undefined) throw new Error(`nobody owns the shard of ${id}`);
  return owner;
}

/** Another one. */
export function strangerTo(nodes: readonly StartedRuntime[], id: string): StartedRuntime {
  const owner = ownerOf(nodes, id);
  const other = nodes.find((node) => node !== owner);
  if (other === undefined) throw new Error("there is no other node");
  return other;
}

export function owns(node: StartedRuntime, id: string): boolean {
  const { ownedShards, shardCount } = node.status();
  return ownedShards.includes(shardOf(id, shardCount));
}

/** A definition in a shard of this node. */
export async function aDefinitionOf(
  node: StartedRuntime,
  spec: Parameters<typeof aDefinition>[1] = {},
): Promise<string> {
  for (;;) {
    const id = await aDefinition(node, spec);
    if (owns(node, id)) return id;
  }
}

export function nameOf(node: StartedRuntime): string {
  return node.status().nodeId;
}

function absent(what: string): never {
  throw new Error(`there is no ${what}`);
}
