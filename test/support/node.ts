/** A node on the in-memory store and a clock that stands still until a test turns it. */
import type { DefinitionSpec } from "../../src/domain/definition/definition.ts";
import { createInProcessNetwork } from "../../src/bus/in-process/network.ts";
import type { InProcessNetwork } from "../../src/bus/in-process/network.ts";
import type { Store } from "../../src/ports/store/store.ts";
import type {
  Assignment,
  RuntimeDeps,
  RuntimeOptions,
  StartedRuntime,
  WorkerSession,
  WorkerSignal,
} from "../../src/runtime/index.ts";
import { DEFAULT_RUNTIME_OPTIONS, startRuntime } from "../../src/runtime/index.ts";
import { createMemoryStore } from "../../src/store/memory/memory-store.ts";
import type { FaultyStore } from "./faulty-store.ts";
import { faultyStore } from "./faulty-store.ts";
import { silentLog } from "./log.ts";
import { ManualClock, seededRandom, sequentialIds } from "./manual-clock.ts";
import { aDefinitionSpec, aSchedule } from "./records.ts";

export const SHARDS = 4;

export interface World {
  readonly clock: ManualClock;
  readonly store: FaultyStore;
  /** Starts another node on the same store. It hears of the others when they share a network. */
  start(
    nodeId: string,
    options?: Partial<RuntimeOptions>,
    network?: InProcessNetwork,
    parts?: Pick<RuntimeDeps, "webhooks" | "configEnvironment" | "resultBackend" | "maintenance">,
  ): Promise<StartedRuntime>;
  stop(): Promise<void>;
}

/** A store, a clock, and no node yet. */
export async function aWorld(): Promise<World> {
  const clock = new ManualClock();
  const memory: Store = createMemoryStore({ clock });
  await memory.shards.prepare(SHARDS);
  const store = faultyStore(memory);
  const ids = sequentialIds();
  const random = seededRandom(7);
  const nodes: StartedRuntime[] = [];
  return {
    clock,
    store,
    start: async (nodeId, options = {}, network = createInProcessNetwork(), parts = {}) => {
      const node = startRuntime({
        ...parts,
        store,
        bus: network.endpoint(nodeId),
        clock,
        ids,
        random,
        log: silentLog,
        options: { ...DEFAULT_RUNTIME_OPTIONS, nodeId, shardCount: SHARDS, ...options },
      });
      nodes.push(node);
      await clock.advance(0);
      return node;
    },
    stop: async () => {
      await Promise.all(nodes.map((node) => node.crash()));
    },
  };
}

/** A definition whose instances go to the queue "agents", side by side, when triggered. */
export function aWorkerSpec(given: Partial<DefinitionSpec> = {}): DefinitionSpec {
  return aDefinitionSpec({
    action: { kind: "worker", queue: "agents", disconnectPolicy: "WAIT_FOR_HEARTBEAT" },
    overlapPolicy: "ALLOW_ALL",
    schedule: aSchedule({ timing: { kind: "every", intervalMs: 3_600_000, fixedDelay: false }, anchorAt: Number.NaN }),
    ...given,
  });
}

/** A worker on a stream that remembers what it was given. */
export interface TestWorker {
  readonly session: WorkerSession;
  readonly assignments: Assignment[];
  readonly signals: WorkerSignal[];
  drained: boolean;
}

export async function aWorker(
  node: StartedRuntime,
  { queue = "agents", workerId = "w1", slots = 1, running = [] as readonly string[] } = {},
): Promise<TestWorker> {
  const worker: { -readonly [Key in keyof TestWorker]: TestWorker[Key] } = {
    session: undefined as never,
    assignments: [],
    signals: [],
    drained: false,
  };
  worker.session = await node.workers.open(
    { queue, workerId, slots, running },
    {
      assign: (assignments) => worker.assignments.push(...assignments),
      signal: (signals) => worker.signals.push(...signals),
      drain: () => {
        worker.drained = true;
      },
    },
  );
  return worker;
}
