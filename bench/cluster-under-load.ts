/**
 * Some nodes, each a process of its own with the flags of `npm start`, on an embedded PostgreSQL (fsync on) in a temporary folder, with or
 * without a NATS; and what each of them costs.
 */
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BelfryClient, Shard } from "../src/client/index.ts";
import { createBelfryClient } from "../src/client/index.ts";
import { shardOf } from "../src/domain/routing.ts";
import { openEmbeddedPostgres } from "../src/store/embedded/embedded-postgres.ts";
import { systemClock } from "../src/system/clock.ts";
import { createLog } from "../src/system/log.ts";
import { startNatsServer } from "../test/support/nats-server.ts";
import type { ServerProcess } from "../test/support/server-process.ts";
import { startServerProcess } from "../test/support/server-process.ts";
import { until } from "../test/support/until.ts";
import { processorTime } from "./processor-time.ts";
import { RawConnection } from "./raw-grpc.ts";

export interface SetUp {
  readonly name: string;
  readonly nodes: number;
  /** Whether they have a NATS. Without one there can be only one node, which publishes nothing. */
  readonly nats: boolean;
}

export interface NodeUnderLoad {
  readonly id: string;
  readonly client: BelfryClient;
  /** For calls. */
  readonly calls: RawConnection;
  /** For streams of workers. */
  readonly work: RawConnection;
}

export interface ClusterUnderLoad extends AsyncDisposable {
  readonly nodes: readonly NodeUnderLoad[];
  /** The node that decides for a definition. */
  ownerOf(definitionId: string): NodeUnderLoad;
  usage(): Usage;
  /** How many shards another node, or the same one anew, has acquired since the start: none, unless a node was too busy to renew its leases. */
  moved(): Promise<number>;
  /** Resolves when no worker is there, and all that was decided is committed and published. */
  settled(): Promise<void>;
}

/** Milliseconds of processor time so far. */
export interface Usage {
  /** By node, in their order. */
  readonly nodes: readonly number[];
  readonly postgres: number;
  readonly nats: number;
  /** Of this process, which makes the load. */
  readonly load: number;
  /** Of everything that runs on this machine. */
  readonly machine: number;
}

const SHARE_WITHIN_MS = 60_000;
const SETTLE_WITHIN_MS = 120_000;
const CALL_WITHIN_MS = 60_000;
const SHARDS_AT_MOST = 500;
/** A line of the log that tells of a trouble. */
const TROUBLE = /"level":"(warn|error)"/;

/** @param profileTo a folder for a CPU profile of each node, written when it ends. */
export async function startClusterUnderLoad(setUp: SetUp, profileTo?: string): Promise<ClusterUnderLoad> {
  const stack = new AsyncDisposableStack();
  try {
    const dataDir = await mkdtemp(join(tmpdir(), "belfry-bench-"));
    stack.defer(() => rm(dataDir, { recursive: true, force: true }));
    const log = createLog({ level: "warn", clock: systemClock });
    const postgres = await openEmbeddedPostgres({ dataDir, log, clock: systemClock });
    stack.defer(() => postgres.close());
    const nats = setUp.nats ? stack.use(await startNatsServer()) : undefined;
    const natsPid = nats === undefined ? undefined : processorTime().child(process.pid, "nats-server");

    const env = {
      BELFRY_DATABASE_URL: postgres.url,
      BELFRY_DATA_DIR: undefined,
      BELFRY_NATS_URL: nats?.url,
      BELFRY_LOG_LEVEL: "warn",
    };
    const processes: ServerProcess[] = [];
    const nodes: NodeUnderLoad[] = [];
    // One after the other: the first one prepares the database.
    for (let number = 1; number <= setUp.nodes; number++) {
      const id = `n${number}`;
      const server = await startNode(id, env, profileTo === undefined ? [] : profileFlags(profileTo, setUp, id), stack);
      processes.push(server);
      nodes.push(await connected(id, server.url, stack));
    }
    await until(() => isEvenlyShared(nodes), "the nodes share all shards evenly", SHARE_WITHIN_MS);
    const shards = await shardsOf(nodes);
    const owners = shards.map(({ number, ownerNodeId }) => {
      const owner = nodes.find(({ id }) => id === ownerNodeId);
      if (owner === undefined) throw new Error(`Shard ${number} is owned by "${ownerNodeId}"`);
      return owner;
    });

    const parts = stack.move();
    return {
      nodes,
      ownerOf: (definitionId) => owners[shardOf(definitionId, owners.length)]!,
      usage: () => {
        const now = processorTime();
        const postgresPid = postgres.pid();
        if (postgresPid === undefined) throw new Error("PostgreSQL has ended: what it cost cannot be told");
        return {
          nodes: processes.map(({ pid }) => now.of(pid)),
          postgres: now.ofTree(postgresPid),
          nats: natsPid === undefined ? 0 : now.of(natsPid),
          load: now.of(process.pid),
          machine: now.machine,
        };
      },
      moved: async () => {
        const now = await shardsOf(nodes);
        return now.filter(({ epoch }, number) => epoch !== shards[number]?.epoch).length;
      },
      settled: () => until(() => isSettled(nodes), "all is committed and published", SETTLE_WITHIN_MS),
      [Symbol.asyncDispose]: () => parts.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function startNode(
  id: string,
  env: Readonly<Record<string, string | undefined>>,
  flags: readonly string[],
  stack: AsyncDisposableStack,
): Promise<ServerProcess> {
  const server = await startServerProcess({
    env: { ...env, BELFRY_NODE_ID: id },
    // The shell becomes Node, which gets the flags before the program.
    through: ["/bin/sh", "-c", `exec "$0" ${[...startFlags(), ...flags].map(quoted).join(" ")} "$@"`],
  });
  stack.defer(async () => {
    const { code } = await server.stop();
    const troubles = server
      .output()
      .split("\n")
      .filter((line) => TROUBLE.test(line));
    if (troubles.length > 0 || code !== 0) {
      console.error(`Node ${id} ended with ${code}, and had said:\n${troubles.join("\n")}`);
    }
    await server[Symbol.asyncDispose]();
  });
  return server;
}

/** What `npm start` gives Node. */
function startFlags(): string[] {
  const { scripts } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    scripts: { start: string };
  };
  return scripts.start.split(" ").filter((word) => word.startsWith("--"));
}

function profileFlags(folder: string, { name }: SetUp, id: string): string[] {
  const file = `${name.replaceAll(/\W+/g, "-")}-${id}-${Date.now()}.cpuprofile`;
  return ["--cpu-prof", `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${file}`];
}

/** As one word of a shell. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

async function connected(id: string, url: string, stack: AsyncDisposableStack): Promise<NodeUnderLoad> {
  const client = createBelfryClient(url, { deadlineMs: CALL_WITHIN_MS });
  stack.defer(() => client.close());
  const calls = await RawConnection.open(url);
  stack.defer(() => calls.close());
  const work = await RawConnection.open(url);
  stack.defer(() => work.close());
  return { id, client, calls, work };
}

/** Whether each node knows of all, and each has the shards that are meant for it. */
async function isEvenlyShared(nodes: readonly NodeUnderLoad[]): Promise<boolean> {
  for (const { client } of nodes) {
    const { nodes: heard } = await client.cluster.listNodes({});
    const counts = heard.map(({ shardCount }) => shardCount);
    if (heard.length !== nodes.length || heard.some((node) => node.shardCount !== node.placedShardCount)) return false;
    if (Math.min(...counts) === 0 || Math.max(...counts) - Math.min(...counts) > 1) return false;
  }
  return true;
}

/** By number. */
async function shardsOf([node]: readonly NodeUnderLoad[]): Promise<readonly Shard[]> {
  const { shards = [], nextPageToken } = (await node?.client.cluster.listShards({ pageSize: SHARDS_AT_MOST })) ?? {};
  if (nextPageToken !== "") throw new Error(`There are more than ${SHARDS_AT_MOST} shards`);
  return shards;
}

/** Each node knows of itself at once, and of others half a second later. */
async function isSettled(nodes: readonly NodeUnderLoad[]): Promise<boolean> {
  for (const { id, client } of nodes) {
    const { nodes: heard } = await client.cluster.listNodes({});
    const self = heard.find((node) => node.id === id);
    if (self === undefined || self.queues.length > 0) return false;
    if (self.uncommittedDecisionCount > 0 || self.unpublishedEventCount > 0n) return false;
  }
  return true;
}
