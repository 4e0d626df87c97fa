/**
 * A PostgreSQL as a process of ours, that can be killed and started again while those that use it live on: the programs of the embedded one,
 * or those of `BELFRY_TEST_POSTGRES_BIN` (say `/usr/lib/postgresql/15/bin`).
 *
 * Nothing outlives the test process, not even when that is killed: a shell waits for the end of its own input, and then ends what is left.
 */
import { spawn } from "node:child_process";
import { chmod, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { binariesIn, installedBinaries } from "../../src/store/embedded/binaries.ts";
import { configureCluster, createCluster } from "../../src/store/embedded/cluster.ts";
import { clearLeftovers } from "../../src/store/embedded/leftover-processes.ts";
import { startPostmaster } from "../../src/store/embedded/postmaster.ts";
import { accessRules } from "../../src/store/embedded/server-settings.ts";
import { chooseServerUser } from "../../src/store/embedded/server-user.ts";
import { databaseUrl, socketAddress } from "../../src/store/embedded/socket-address.ts";
import { systemClock } from "../../src/system/clock.ts";
import { silentLog } from "./log.ts";

export interface PostgresServer extends AsyncDisposable {
  /** Of one of its databases, the same across restarts. */
  urlOf(database: string): string;
  /** Of the server process, in its present life. */
  readonly pid: number;
  /** Makes an empty database and gives its URL. It goes with the server. */
  createDatabase(): Promise<string>;
  /** Ends the server process as a crash would (SIGKILL), and waits. Its backends notice by themselves, a moment later. */
  kill(): Promise<void>;
  /** Starts it after a kill, on the same data. */
  start(): Promise<void>;
}

export interface PostgresServerOptions {
  /** Lines for its postgresql.conf that win over the usual ones. */
  readonly settings?: string;
  /** Where it listens. Unset: on a socket in its own folder. `clients`: whom it lets in, such as `198.18.4.0/24`. */
  readonly tcp?: { readonly host: string; readonly port: number; readonly clients: string };
}

/**
 * Nothing here outlives the test, so nothing is made to: no fsync. What was answered survives the kill of any process all the same, for the
 * system has it.
 */
const SETTINGS = `
listen_addresses = ''
unix_socket_directories = '.'
max_connections = 100
shared_buffers = 32MB
fsync = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
autovacuum_naptime = 15s
jit = off
max_parallel_workers_per_gather = 0
timezone = 'UTC'
`;

/** Resolves when it takes connections. */
export async function startPostgresServer({ settings = "", tcp }: PostgresServerOptions = {}): Promise<PostgresServer> {
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
    const [more, rules] = tcp === undefined ? ["", ""] : overTcp(tcp);
    const files = {
      "postgresql.conf": [SETTINGS, more, settings].join("\n"),
      "pg_hba.conf": `${hba}${rules}`,
      "pg_ident.conf": ident,
    };
    await configureCluster({ cluster, unfinished, user }, files);
    const start = () =>
      startPostmaster({ cluster, binaries, user, logPath: join(root, "server.log"), clock: systemClock });
    let postmaster = await start();

    const address = await socketAddress(cluster);
    const urlOf = (database: string): string =>
      tcp === undefined
        ? databaseUrl(address.folder, database)
        : `postgres://postgres@${tcp.host}:${tcp.port}/${encodeURIComponent(database)}`;
    let databases = 0;
    return {
      urlOf,
      get pid() {
        return postmaster.pid;
      },
      async createDatabase() {
        const name = `test_${++databases}`;
        await run(urlOf("postgres"), `create database ${name}`);
        return urlOf(name);
      },
      async kill() {
        process.kill(postmaster.pid, "SIGKILL");
        await postmaster.exited;
      },
      async start() {
        await clearLeftovers({ cluster, user, clock: systemClock, log: silentLog });
        postmaster = await start();
      },
      async [Symbol.asyncDispose]() {
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

function overTcp({
  host,
  port,
  clients,
}: NonNullable<PostgresServerOptions["tcp"]>): [settings: string, rules: string] {
  const settings = `listen_addresses = '${host}'\nport = ${port}\nunix_socket_directories = ''`;
  return [settings, `host all postgres ${clients} trust\n`];
}

/** Ends the server and removes the folder when this process is gone, also by SIGKILL: the shell's input ends with us, whatever our end. */
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

/** One statement on a connection of its own. */
export async function run(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
