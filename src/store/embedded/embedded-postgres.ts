import { Client } from "pg";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import { installedBinaries } from "./binaries.ts";
import { configureCluster, createCluster, inspectCluster, removeUnfinished } from "./cluster.ts";
import { prepareDataFolder } from "./data-folder.ts";
import type { DataFolder } from "./data-folder.ts";
import { EmbeddedPostgresError } from "./embedded-postgres-error.ts";
import { lockFolder } from "./folder-lock.ts";
import { clearLeftovers } from "./leftover-processes.ts";
import { startPostmaster } from "./postmaster.ts";
import type { Postmaster } from "./postmaster.ts";
import { accessRules, CUSTOM_SETTINGS, SERVER_SETTINGS } from "./server-settings.ts";
import { chooseServerUser } from "./server-user.ts";
import { databaseUrl, socketAddress } from "./socket-address.ts";
import { supervise } from "./supervision.ts";

/**
 * A real PostgreSQL for a machine that has nothing but Node and npm: the programs come from an npm package, the data lies
 * in Belfry's data folder, and the server lives as long as the Belfry that opened it.
 *
 * E1. One Belfry a data folder. A kernel lock is taken before anything else and given back last; it ends with its holder
 *     (folder-lock.ts). Everything below happens under it.
 * E2. A cluster is whole or absent (cluster.ts).
 * E3. Whatever an earlier life left running or lying about is cleared before a server starts (leftover-processes.ts).
 * E4. The server we hand out is a child of ours that said "ready" itself (postmaster.ts). When it dies, it is started
 *     again (supervision.ts); the address stays the same.
 * E5. Only the user that Belfry runs as, and root, can connect: the socket lies in a closed folder, and the kernel tells the
 *     server who is calling (server-settings.ts). No port is opened and no password kept.
 */
export interface EmbeddedPostgres {
  /** A `postgres://` URL of the database `belfry`. It stays valid until close, across restarts of the server. */
  url: string;
  /** The server's process; absent while it is being started again. */
  pid(): number | undefined;
  /** Stops the server, waits for its end (15 s at most, then it is killed) and frees the folder. Never rejects. */
  close(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** `BELFRY_DATA_DIR`; created when missing. PostgreSQL's part is `<dataDir>/postgres`. */
  dataDir: string;
  log: Log;
  clock: Clock;
}

const DATABASE = "belfry";
/** The first start is tried again: without /proc, the last orphans of a killed server are seen only by PostgreSQL. */
const START_ATTEMPTS = 3;
const START_AGAIN_MS = 1_000;
const CONNECT_LIMIT_MS = 10_000;

/**
 * Opens the PostgreSQL of a data folder, making it first when there is none.
 *
 * @throws EmbeddedPostgresError see {@link import("./embedded-postgres-error.ts").EmbeddedPostgresErrorCode}.
 */
export async function openEmbeddedPostgres({
  dataDir,
  log,
  clock,
}: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const folder = await prepareDataFolder(dataDir);
  if (folder.isOpenToAll) {
    log.warn("Every user of this machine can change the data folder; take the others' right to write", {
      folder: folder.root,
    });
  }
  const lock = await lockFolder(folder, clock); // E1
  if (lock.kind === "held") {
    const holder = lock.holderPid === undefined ? "another process" : `the process with pid ${lock.holderPid}`;
    throw new EmbeddedPostgresError("IN_USE", `The data folder ${folder.root} is in use by ${holder}.`);
  }
  const undo = [() => lock.release()];
  try {
    const address = await socketAddress(folder.cluster);
    undo.push(() => address.remove());
    const server = await prepareStart(folder, clock, log);
    const first = await firstStart(server, clock, log);
    const supervision = supervise(first, (signal) => server.start(signal), clock, log);
    // A server that had to be killed leaves backends, which go too.
    undo.push(
      () => server.clear(),
      () => supervision.close(),
    );
    await ensureDatabase(databaseUrl(address.folder, "postgres"));
    log.info("The embedded PostgreSQL is ready", { folder: folder.cluster, pid: first.pid });

    let closed: Promise<void> | undefined;
    return {
      url: databaseUrl(address.folder, DATABASE),
      pid: () => supervision.pid(),
      close: () => (closed ??= runBackwards(undo, log)),
    };
  } catch (error) {
    await runBackwards(undo, log);
    throw error;
  }
}

interface StartableServer {
  clear(): Promise<void>;
  start(signal?: AbortSignal): Promise<Postmaster>;
}

async function prepareStart(folder: DataFolder, clock: Clock, log: Log): Promise<StartableServer> {
  const { cluster, unfinished, serverLog: logPath } = folder;
  const user = await chooseServerUser(cluster);
  const binaries = await installedBinaries(user);
  await removeUnfinished(unfinished);

  const state = await inspectCluster(cluster);
  if (state.kind === "foreign") {
    throw new EmbeddedPostgresError(
      "FOLDER_UNUSABLE",
      `${cluster} holds something that is not a PostgreSQL cluster: move it away, or choose another BELFRY_DATA_DIR.`,
    );
  }
  if (state.kind === "present" && state.major !== binaries.major) {
    throw new EmbeddedPostgresError(
      "OTHER_VERSION",
      `The data in ${cluster} was made by PostgreSQL ${state.major}, and this Belfry brings PostgreSQL ${binaries.major}: ` +
        `dump it with the Belfry that made it (pg_dump) and restore it into a new BELFRY_DATA_DIR, ` +
        `or run PostgreSQL ${state.major} on it and set BELFRY_DATABASE_URL.`,
    );
  }
  if (state.kind === "absent") {
    log.info("Creating the embedded PostgreSQL", { folder: cluster });
    await createCluster({ cluster, unfinished, binaries, user }); // E2
    await configureCluster({ cluster, unfinished, user }, { "custom.conf": CUSTOM_SETTINGS });
  }
  const { hba, ident } = accessRules(user.clientName); // E5
  await configureCluster(
    { cluster, unfinished, user },
    { "postgresql.conf": SERVER_SETTINGS, "pg_hba.conf": hba, "pg_ident.conf": ident },
  );
  const clear = () => clearLeftovers({ cluster, user, clock, log });
  return {
    clear,
    async start(signal) {
      await clear(); // E3
      return await startPostmaster({ cluster, binaries, user, logPath, clock, signal }); // E4
    },
  };
}

async function firstStart(server: StartableServer, clock: Clock, log: Log): Promise<Postmaster> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await server.start();
    } catch (error) {
      if (attempt === START_ATTEMPTS) throw error;
      log.warn("The embedded PostgreSQL did not start; trying again", { attempt, error });
      await clock.sleep(START_AGAIN_MS);
    }
  }
}

async function ensureDatabase(url: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: CONNECT_LIMIT_MS });
  // A server that dies just now also fails the query, which tells the caller; without a listener it would end the process.
  client.on("error", () => {});
  await client.connect();
  try {
    const { rowCount } = await client.query("select from pg_database where datname = $1", [DATABASE]);
    if (rowCount === 0) await client.query(`create database ${client.escapeIdentifier(DATABASE)}`);
  } finally {
    await client.end();
  }
}

/** What was opened last is closed first, and one failure does not keep the rest open. */
async function runBackwards(steps: readonly (() => Promise<void>)[], log: Log): Promise<void> {
  for (const step of steps.toReversed()) {
    try {
      await step();
    } catch (error) {
      log.error("Closing the embedded PostgreSQL did not go smoothly", { error });
    }
  }
}
