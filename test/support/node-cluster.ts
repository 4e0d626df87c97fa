/**
 * A cluster as users run it: a PostgreSQL, a NATS with JetStream, and nodes that are processes of their own. Each of them can be killed, stopped
 * where it is and started again; the addresses stay.
 */
import { createClient } from "@connectrpc/connect";
import type { Client } from "@connectrpc/connect";
import { openConnection } from "../../src/client/connection.ts";
import type { BelfryClient } from "../../src/client/index.ts";
import { createBelfryClient } from "../../src/client/index.ts";
import { ClusterService } from "../../src/gen/belfry/v1/cluster_service_pb.ts";
import { query } from "./ledger-checks.ts";
import type { NatsServer } from "./nats-server.ts";
import { startNatsServer } from "./nats-server.ts";
import type { PostgresServer, PostgresServerOptions } from "./postgres-server.ts";
import { startPostgresServer } from "./postgres-server.ts";
import { putFirst } from "./priority.ts";
import type { ServerExit, ServerProcess } from "./server-process.ts";
import { startServerProcess } from "./server-process.ts";
import { until } from "./until.ts";

export interface NodeCluster extends AsyncDisposable {
  readonly postgres: PostgresServer;
  readonly nats: NatsServer;
  readonly databaseUrl: string;
  readonly nodes: readonly ClusterNode[];
  /** Starts one more. */
  join(id: string): Promise<ClusterNode>;
  /** Who has a lease on which shard just now, by shard. */
  leases(): Promise<readonly Lease[]>;
  /** Resolves when these nodes have all shards, each its fair part, with how long that took. Default: all nodes. */
  shared(among?: readonly ClusterNode[]): Promise<number>;
}

export interface Lease {
  readonly shard: number;
  /** Null: nobody has it. */
  readonly owner: string | null;
  readonly epoch: number;
}

export interface ClusterNode {
  readonly id: string;
  /** Of its API, in all its lives. */
  readonly url: string;
  /** Makes every call once, and has patience with each. */
  readonly client: BelfryClient;
  readonly cluster: Client<typeof ClusterService>;
  readonly pid: number;
  /** The next life, after the end of the one before. */
  start(): Promise<void>;
  /** Sends a signal and does not wait. Default SIGKILL. */
  kill(signal?: NodeJS.Signals): void;
  /** The end of the present life. */
  readonly exited: Promise<ServerExit>;
  /** What it has printed, in all its lives. */
  output(): string;
}

/** Where a node runs: a host address of its own, behind a command that puts it there. */
export interface Place {
  readonly host: string;
  readonly through: readonly string[];
}

export interface NodeClusterOptions {
  readonly nodes: number;
  /** Where the nodes run, in order. Default: all on 127.0.0.1. */
  readonly places?: readonly Place[];
  /** Where NATS and PostgreSQL listen. Default: 127.0.0.1, and a socket. */
  readonly natsHost?: string;
  readonly postgresTcp?: PostgresServerOptions["tcp"];
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Puts the nodes, once they serve, the database and NATS before all else that runs on this machine, where that is allowed (root): for claims about
   * time, which are about them and not about what else runs.
   */
  readonly favoured?: boolean;
}

export const SHARDS = 128;
const SHARE_WITHIN_MS = 30_000;
const CALL_WITHIN_MS = 30_000;

export async function startNodeCluster(options: NodeClusterOptions): Promise<NodeCluster> {
  const stack = new AsyncDisposableStack();
  try {
    const postgres = stack.use(await startPostgresServer({ tcp: options.postgresTcp }));
    const favour = options.favoured === true ? putFirst : () => {};
    // Its backends inherit it.
    favour(postgres.pid);
    const nats = stack.use(await startNatsServer({ host: options.natsHost }));
    favour(nats.pid);
    const databaseUrl = await postgres.createDatabase();
    const env = {
      BELFRY_DATABASE_URL: databaseUrl,
      BELFRY_NATS_URL: nats.url,
      BELFRY_SHARDS: String(SHARDS),
      // Of the embedded database, which these do not have.
      BELFRY_DATA_DIR: undefined,
      ...options.env,
    };
    const nodes: ClusterNode[] = [];
    const join = async (id: string): Promise<ClusterNode> => {
      const place = options.places?.[nodes.length];
      const node = await openNode({ id, env, place, favour, stack });
      nodes.push(node);
      return node;
    };
    // One after the other: the first one prepares the database.
    for (let number = 1; number <= options.nodes; number++) await join(`n${number}`);

    const leases = (): Promise<Lease[]> =>
      query(
        databaseUrl,
        `select id as shard, case when expires_at > clock_timestamp() then owner end as owner, epoch::int as epoch
           from belfry.shard order by id`,
      );
    return {
      postgres,
      nats,
      databaseUrl,
      nodes,
      join,
      leases,
      shared: async (among = nodes) => {
        const from = performance.now();
        const least = Math.floor(SHARDS / among.length);
        await until(
          async () => {
            const counts = sharesOf(await leases());
            const all = among.map(({ id }) => counts.get(id) ?? 0);
            return all.every((count) => count >= least) && all.reduce((sum, count) => sum + count) === SHARDS;
          },
          `${among.map(({ id }) => id).join(", ")} share all shards`,
          SHARE_WITHIN_MS,
        );
        return performance.now() - from;
      },
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** How many shards each node has. */
export function sharesOf(leases: readonly Lease[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { owner } of leases) if (owner !== null) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  return counts;
}

async function openNode(given: {
  readonly id: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly place: Place | undefined;
  readonly favour: (pid: number) => void;
  readonly stack: AsyncDisposableStack;
}): Promise<ClusterNode> {
  const { id, env, place, favour, stack } = given;
  const earlier: string[] = [];
  const start = async (listen: string): Promise<ServerProcess> => {
    const own = { ...env, BELFRY_NODE_ID: id, BELFRY_LISTEN: listen };
    const process = await startServerProcess({ env: own, through: place?.through });
    favour(process.pid);
    return process;
  };
  let life = await start(`${place?.host ?? "127.0.0.1"}:0`);
  const { url, address } = life;
  const client = createBelfryClient(url, { retry: false, deadlineMs: CALL_WITHIN_MS });
  const connection = openConnection(url, { tls: undefined, headers: undefined, compression: false });
  stack.defer(async () => {
    client.close();
    connection.close();
    await life[Symbol.asyncDispose]();
  });
  return {
    id,
    url,
    client,
    cluster: createClient(ClusterService, connection.transport),
    get pid() {
      return life.pid;
    },
    start: async () => {
      earlier.push(life.output());
      await life[Symbol.asyncDispose]();
      life = await start(address);
    },
    kill: (signal = "SIGKILL") => life.kill(signal),
    get exited() {
      return life.exited;
    },
    output: () => [...earlier, life.output()].join("\n"),
  };
}
