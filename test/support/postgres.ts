import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { binariesIn, installedBinaries } from "../../src/store/embedded/binaries.ts";
import { configureCluster, createCluster } from "../../src/store/embedded/cluster.ts";
import { startPostmaster } from "../../src/store/embedded/postmaster.ts";
import { accessRules } from "../../src/store/embedded/server-settings.ts";
import { chooseServerUser } from "../../src/store/embedded/server-user.ts";
import { databaseUrl, socketAddress } from "../../src/store/embedded/socket-address.ts";
import { systemClock } from "../../src/system/clock.ts";

/** A PostgreSQL for integration tests. */
export interface TestPostgres {
  /** Its database `postgres`, for looking around; tests work in databases of their own. */
  url: string;
  /** Makes an empty database and gives its URL. It goes with the server, or at `stop`. */
  createDatabase(): Promise<string>;
  /** Ends it and removes everything. It is shared by a test process, so only the last stop does. */
  stop(): Promise<void>;
}

/** Nothing here outlives the test, so nothing is made to: no fsync, no log worth keeping. */
const TEST_SETTINGS = `
listen_addresses = ''
unix_socket_directories = '.'
max_connections = 100
shared_buffers = 32MB
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
autovacuum_naptime = 15s
jit = off
max_parallel_workers_per_gather = 0
timezone = 'UTC'
`;

let shared: Promise<TestPostgres> | undefined;
let users = 0;

/**
 * Starts the PostgreSQL of this test process, or shares the one that runs already.
 *
 * - `BELFRY_TEST_DATABASE_URL`: use that server; its user must be allowed to create databases.
 * - `BELFRY_TEST_POSTGRES_BIN`: start the programs of that folder (say `/usr/lib/postgresql/15/bin`) instead of the embedded
 *   ones.
 */
export async function startTestPostgres(): Promise<TestPostgres> {
  users += 1;
  const existing = process.env["BELFRY_TEST_DATABASE_URL"];
  shared ??= existing ? useServer(existing) : startServer();
  const server = await shared;
  let stopped = false;
  return {
    ...server,
    async stop() {
      if (stopped) return;
      stopped = true;
      users -= 1;
      if (users > 0) return;
      shared = undefined;
      await server.stop();
    },
  };
}

async function useServer(url: string): Promise<TestPostgres> {
  const made: string[] = [];
  return {
    url,
    async createDatabase() {
      const name = `belfry_test_${randomBytes(8).toString("hex")}`;
      await query(url, `create database ${name}`);
      made.push(name);
      const own = new URL(url);
      own.pathname = `/${name}`;
      return own.href;
    },
    async stop() {
      for (const name of made.splice(0)) await query(url, `drop database if exists ${name} with (force)`);
    },
  };
}

async function startServer(): Promise<TestPostgres> {
  const root = await realpath(await mkdtemp(join(tmpdir(), "belfry-test-postgres-")));
  const cluster = join(root, "cluster");
  const unfinished = join(root, "unfinished-");
  const watchdog = startWatchdog(root, cluster);
  try {
    const user = await chooseServerUser(cluster);
    if (user.switched) await chmod(root, 0o711);
    const folder = process.env["BELFRY_TEST_POSTGRES_BIN"];
    const binaries = folder ? await binariesIn(folder, user) : await installedBinaries(user);
    await createCluster({ cluster, unfinished, binaries, user, durable: false });
    const { hba, ident } = accessRules(user.clientName);
    const files = { "postgresql.conf": TEST_SETTINGS, "pg_hba.conf": hba, "pg_ident.conf": ident };
    await configureCluster({ cluster, unfinished, user }, files);
    const logPath = join(root, "server.log");
    const postmaster = await startPostmaster({ cluster, binaries, user, logPath, clock: systemClock });

    const address = await socketAddress(cluster);
    const url = databaseUrl(address.folder, "postgres");
    let databases = 0;
    return {
      url,
      async createDatabase() {
        const name = `test_${++databases}`;
        await query(url, `create database ${name}`);
        return databaseUrl(address.folder, name);
      },
      async stop() {
        await postmaster.stop("immediate");
        await address.remove();
        await watchdog.finish();
      },
    };
  } catch (error) {
    await watchdog.finish();
    throw error;
  }
}

/**
 * Ends the server and removes the folder when this process is gone, also by SIGKILL: a shell that waits for the end of its
 * input, which comes with our end whatever its kind.
 */
function startWatchdog(root: string, cluster: string): { finish(): Promise<void> } {
  const script = `cat >/dev/null
    if read -r pid <"$2/postmaster.pid" && kill -QUIT "$pid"; then
      tries=0
      while [ -e "$2/postmaster.pid" ] && [ $tries -lt 100 ]; do sleep 0.05; tries=$((tries + 1)); done
    fi
    rm -rf -- "$1"`;
  const shell = spawn("/bin/sh", ["-c", script, "sh", root, cluster], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  shell.unref();
  const done = new Promise<void>((resolve) => shell.once("exit", () => resolve()));
  return {
    async finish() {
      shell.ref();
      shell.stdin.end();
      await done;
      await rm(root, { recursive: true, force: true });
    },
  };
}

async function query(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
