/**
 * The composition root: one node, wired from its parts. Whoever wants to know what runs in a Belfry process begins here.
 *
 *     database → migrations → store → shards prepared → network → webhooks → Celery's results → runtime → server
 *
 * It ends in the opposite order (`stopping.ts`), and so does a start that fails half-way.
 */
import { openCeleryResults } from "../../celery/index.ts";
import type { Config } from "../../config/index.ts";
import { publicUrl } from "../../config/index.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { Store } from "../../ports/store/store.ts";
import { connectors } from "../../platforms/index.ts";
import { DEFAULT_RUNTIME_OPTIONS, startRuntime } from "../../runtime/index.ts";
import type { Runtime, RuntimeOptions } from "../../runtime/index.ts";
import { startServer } from "../../server/index.ts";
import { databaseIdentity, migrate, openPostgresStore, pendingMigrations } from "../../store/index.ts";
import { createIds } from "../../system/ids.ts";
import { systemRandom } from "../../system/random.ts";
import { Failure, sentenceOf } from "../failure.ts";
import { ownVersion } from "../version.ts";
import { openDatabase, reached } from "./database.ts";
import type { OpenedDatabase } from "./database.ts";
import { openNetwork } from "./network.ts";
import { openWebhooks } from "./webhooks.ts";
import { stopStep, stopSteps } from "./stopping.ts";
import type { StopStep } from "./stopping.ts";

export interface NodeOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether to bring the database up to this version; else a start on an older one is refused. */
  readonly migrates: boolean;
  /** Told of the database as soon as it is open, before the rest has started. */
  readonly opened?: (database: OpenedDatabase) => void;
}

export interface RunningNode {
  /** `http://127.0.0.1:8980`, with the real port. */
  readonly url: string;
  readonly database: OpenedDatabase;
  readonly store: Store;
  readonly runtime: Runtime;
  /** What ends the node, in this order. */
  readonly stopSteps: readonly StopStep[];
}

/** Calls under way, and workers that finish what they run, get so long before the node gives its shards up. */
const SERVER_GRACE_MS = 3_000;

/** @throws Failure when it cannot start, with the reason on one line; nothing is left running then. */
export async function startNode({ config, clock, log, migrates, opened }: NodeOptions): Promise<RunningNode> {
  /** What runs already; the last one ends first. */
  const undo: StopStep[] = [];
  try {
    const database = await openDatabase(config.database, clock, log);
    undo.unshift(stopStep("the embedded PostgreSQL", 20_000, () => database.close()));
    opened?.(database);
    await prepareSchema(database, migrates, log);

    const store = await reached(database.place, () => openPostgresStore({ url: database.url, log }));
    undo.unshift(stopStep("the database connections", 3_000, () => store.close()));
    await prepareShards(store, database, config.shardCount);

    const network = await openNetwork(config, clock, log);
    undo.unshift(stopStep("the connection to NATS", 3_000, () => network.close()));

    const webhooks = await openWebhooks(config, clock);
    undo.unshift(stopStep("the connections to receivers", 3_000, () => webhooks.client.close()));

    const celery = config.celery === undefined ? undefined : openCeleryResults(config.celery, clock);
    undo.unshift(stopStep("the connections to Celery's results", 4_000, async () => celery?.close()));

    const ids = createIds(clock);
    /** Of the API; undefined until it listens, when the system chooses it. */
    let port = config.port === 0 ? undefined : config.port;
    const { bus, eventStream, requester } = network;
    const runtime = startRuntime({
      store,
      realm: await reached(database.place, () => databaseIdentity(database.url)),
      bus,
      eventStream,
      requester,
      webhooks: { ...webhooks, publicUrl: () => publicUrl(config, port ?? config.port), version: ownVersion() },
      connectors,
      resultBackend: celery,
      configEnvironment: config.runtime,
      maintenance: true,
      clock,
      ids,
      random: systemRandom,
      log,
      options: runtimeOptions(config),
      about: { address: () => advertisedAddress(config, port), version: ownVersion() },
    });
    const draining = new AbortController();
    undo.unshift(stopStep("the work under way", 10_000, () => runtime.drain()));

    const { listen, tls } = config;
    const server = await listening(config, () =>
      startServer({
        listen,
        tls,
        runtime,
        queries: store.queries,
        actorStates: store.actorStates,
        approvals: store.approvals,
        webhooks: { box: webhooks.box, refusal: (url) => webhooks.client.refusal(url) },
        clock,
        ids,
        log,
        drainSignal: draining.signal,
      }),
    );
    port = portOf(server.address);
    undo.unshift(
      stopStep("the API", SERVER_GRACE_MS + 2_000, async () => {
        // Health says NOT_SERVING before anything else, so that nobody sends new calls here; no attempt begins any more,
        // and the shards begin to move to other nodes.
        draining.abort();
        runtime.quiesce();
        // Until they have hung up, workers may hand in what they have: this node still decides, or asks who does.
        await server.close(SERVER_GRACE_MS);
      }),
    );

    const scheme = tls === undefined ? "http" : "https";
    return { url: `${scheme}://${server.address}`, database, store, runtime, stopSteps: undo };
  } catch (error) {
    await stopSteps(undo, clock, log);
    throw error;
  }
}

async function prepareSchema(database: OpenedDatabase, migrates: boolean, log: Log): Promise<void> {
  if (migrates) {
    await reached(database.place, () => migrate(database.url, log));
    return;
  }
  const pending = await reached(database.place, () => pendingMigrations(database.url));
  if (pending.length === 0) return;
  throw new Failure(
    `The database ${database.place} lacks ${pending.length} migrations (${pending.join(", ")}): run "belfry migrate", or start without --no-migrate.`,
  );
}

async function prepareShards(store: Store, database: OpenedDatabase, wanted: number): Promise<void> {
  const count = await reached(database.place, () => store.shards.prepare(wanted));
  if (count === wanted) return;
  throw new Failure(
    `The database ${database.place} is divided into ${count} shards, which cannot change any more, and BELFRY_SHARDS says ${wanted}: set BELFRY_SHARDS=${count}.`,
  );
}

function runtimeOptions({ nodeId, shardCount, leaseTtlMs }: Config): RuntimeOptions {
  const { leaseMarginMs, acquireEveryMs } = DEFAULT_RUNTIME_OPTIONS;
  return {
    ...DEFAULT_RUNTIME_OPTIONS,
    nodeId,
    shardCount,
    leaseTtlMs,
    // A short lease leaves less to spare.
    leaseMarginMs: Math.min(leaseMarginMs, Math.floor(leaseTtlMs / 4)),
    acquireEveryMs: Math.min(acquireEveryMs, Math.floor(leaseTtlMs / 4)),
  };
}

/** Where others find the API; empty while that is not known. */
function advertisedAddress({ advertise }: Config, listenPort: number | undefined): string {
  const { host } = advertise;
  const port = advertise.port === 0 ? listenPort : advertise.port;
  return port === undefined ? "" : `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Of `host:port`. */
function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(":") + 1));
}

const LISTEN_HINTS: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program, or another Belfry, listens there; choose another BELFRY_LISTEN",
  EACCES: "this user may not; choose a port above 1023 in BELFRY_LISTEN",
  EADDRNOTAVAIL: "this machine has no such address; choose another BELFRY_LISTEN",
  ENOTFOUND: "there is no such host; choose another BELFRY_LISTEN",
};

async function listening<Server>({ listen }: Config, start: () => Promise<Server>): Promise<Server> {
  try {
    return await start();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    throw new Failure(`The API cannot listen on ${listen}: ${LISTEN_HINTS[code] ?? sentenceOf(error)}.`, {
      cause: error,
    });
  }
}
