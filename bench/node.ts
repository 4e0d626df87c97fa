/** A node on an embedded PostgreSQL of its own, with fsync on, in a temporary folder. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInProcessNetwork } from "../src/bus/in-process/network.ts";
import type { DefinitionSpec } from "../src/domain/definition/definition.ts";
import { DEFAULT_CATCH_UP } from "../src/domain/policy/catch-up.ts";
import { DEFAULT_BUFFER_LIMIT } from "../src/domain/policy/overlap.ts";
import { DEFAULT_PRIORITY } from "../src/domain/policy/priority.ts";
import { DEFAULT_RETRY_POLICY } from "../src/domain/policy/retry.ts";
import { DEFAULT_TIMEOUTS } from "../src/domain/policy/timeouts.ts";
import type { Timing } from "../src/domain/schedule/schedule.ts";
import type { Log } from "../src/ports/log.ts";
import type { Store } from "../src/ports/store/store.ts";
import type { RuntimeOptions, StartedRuntime } from "../src/runtime/index.ts";
import { DEFAULT_RUNTIME_OPTIONS, startRuntime } from "../src/runtime/index.ts";
import { openEmbeddedPostgres } from "../src/store/embedded/embedded-postgres.ts";
import { migrate, openPostgresStore } from "../src/store/index.ts";
import { systemClock } from "../src/system/clock.ts";
import { createIds } from "../src/system/ids.ts";
import { createLog } from "../src/system/log.ts";
import { systemRandom } from "../src/system/random.ts";

export interface BenchNode {
  readonly node: StartedRuntime;
  readonly store: Store;
  readonly url: string;
  close(): Promise<void>;
}

/** @param prepare fills the tables before the node begins; shards are prepared. */
export async function openBenchNode({
  prepare = async () => {},
  options = {},
}: {
  readonly prepare?: (url: string) => Promise<void>;
  readonly options?: Partial<RuntimeOptions>;
} = {}): Promise<BenchNode> {
  const dataDir = await mkdtemp(join(tmpdir(), "belfry-bench-"));
  const log: Log = createLog({ level: "warn", clock: systemClock });
  const database = await openEmbeddedPostgres({ dataDir, log, clock: systemClock });
  await migrate(database.url, log);
  const store = await openPostgresStore({ url: database.url, log });
  await store.shards.prepare(DEFAULT_RUNTIME_OPTIONS.shardCount);
  await prepare(database.url);
  const node = startRuntime({
    bus: createInProcessNetwork().endpoint("bench"),
    store,
    clock: systemClock,
    ids: createIds(systemClock),
    random: systemRandom,
    log,
    options: { ...DEFAULT_RUNTIME_OPTIONS, nodeId: "bench", ...options },
  });
  await node.ready();
  return {
    node,
    store,
    url: database.url,
    close: async () => {
      await node.drain();
      await store.close();
      await database.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** A definition whose instances run side by side in the queue "bench". */
export function benchSpec(timing: Timing, given: Partial<DefinitionSpec> = {}): DefinitionSpec {
  return {
    name: "bench",
    userId: "bench",
    content: "does nothing",
    payload: { text: "x".repeat(180) },
    schedule: {
      timing,
      timeZone: "UTC",
      anchorAt: Number.NaN,
      jitterMs: 0,
      excludedDates: [],
      exclusions: [],
      gapPolicy: "SKIP",
      foldPolicy: "ONCE",
    },
    action: { kind: "worker", queue: "bench", disconnectPolicy: "WAIT_FOR_HEARTBEAT" },
    overlapPolicy: "ALLOW_ALL",
    maxConcurrent: 0,
    bufferLimit: DEFAULT_BUFFER_LIMIT,
    catchUp: DEFAULT_CATCH_UP,
    retry: DEFAULT_RETRY_POLICY,
    timeouts: DEFAULT_TIMEOUTS,
    priority: DEFAULT_PRIORITY,
    labels: {},
    businessId: "",
    orderingKey: "",
    concurrency: null,
    pauseOnFailures: 0,
    ...given,
  };
}

export function megabytes(): number {
  return Math.round(process.memoryUsage.rss() / 1_048_576);
}
