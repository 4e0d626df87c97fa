/** What is done to a cluster that works: each of these ends with a cluster that is whole again, or throws when it does not become so. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ClusterNode, NodeCluster } from "../../support/node-cluster.ts";
import { until } from "../../support/until.ts";

export interface Adversity {
  readonly what: string;
  /** Whether shards are without an owner until their leases are over. */
  readonly orphans: boolean;
  /** @returns when it struck, in epoch milliseconds. */
  run(cluster: NodeCluster, victims: Victims): Promise<number>;
}

export interface Victims {
  /** Nodes in an order of chance. */
  readonly nodes: readonly [ClusterNode, ClusterNode, ClusterNode];
  /** A time up to this one, by chance. */
  upTo(ms: number): number;
}

/** Past the lease of 3 s, and past the time after which a node counts as gone. */
const HANG_MS = 5000;
const AWAY_MS = 1500;

export const ADVERSITIES: readonly Adversity[] = [
  {
    what: "a node is killed",
    orphans: true,
    run: async (cluster, { nodes: [victim, ...others] }) => {
      const at = Date.now();
      victim.kill();
      await victim.exited;
      await cluster.shared(others);
      await back(cluster, [victim]);
      return at;
    },
  },
  {
    what: "a node hangs past its lease and wakes",
    orphans: true,
    run: async (cluster, { nodes: [victim, ...others], upTo }) => {
      const at = Date.now();
      const before = victim.output().length;
      victim.kill("SIGSTOP");
      await Promise.all([cluster.shared(others), sleep(HANG_MS + upTo(1000))]);
      victim.kill("SIGCONT");
      await until(() => victim.output().includes("shards lost", before), "the node that woke gives its shards up");
      await cluster.shared();
      return at;
    },
  },
  {
    what: "NATS is killed and comes back",
    orphans: false,
    run: async (cluster, { upTo }) => {
      const at = Date.now();
      await cluster.nats.kill();
      await sleep(upTo(AWAY_MS));
      await cluster.nats.restart();
      await together(cluster);
      return at;
    },
  },
  {
    what: "PostgreSQL is killed and comes back",
    orphans: false,
    run: async (cluster, { upTo }) => {
      const at = Date.now();
      await cluster.postgres.kill();
      await sleep(upTo(AWAY_MS));
      await cluster.postgres.start();
      await cluster.shared();
      return at;
    },
  },
  {
    what: "the nodes are drained one by one, and come back",
    orphans: false,
    run: async (cluster, { nodes }) => {
      const at = Date.now();
      for (const victim of nodes) {
        await drained(victim);
        await cluster.shared(nodes.filter((node) => node !== victim));
        await back(cluster, [victim]);
      }
      return at;
    },
  },
  {
    what: "two nodes are killed at once",
    orphans: true,
    run: async (cluster, { nodes: [one, two, other] }) => {
      const at = Date.now();
      one.kill();
      two.kill();
      await Promise.all([one.exited, two.exited]);
      await cluster.shared([other]);
      await back(cluster, [one, two]);
      return at;
    },
  },
  {
    what: "a node is killed while another one drains",
    orphans: true,
    run: async (cluster, { nodes: [drains, killed, other], upTo }) => {
      const drain = drained(drains);
      await sleep(upTo(400));
      const at = Date.now();
      killed.kill();
      await Promise.all([killed.exited, drain]);
      await cluster.shared([other]);
      await back(cluster, [drains, killed]);
      return at;
    },
  },
];

async function drained(node: ClusterNode): Promise<void> {
  node.kill("SIGTERM");
  const { code, signal } = await node.exited;
  if (code !== 0) throw new Error(`Node ${node.id} did not drain well: it ended with ${code ?? signal}`);
}

/** Starts nodes again and waits until each has its part. */
async function back(cluster: NodeCluster, nodes: readonly ClusterNode[]): Promise<void> {
  await Promise.all(nodes.map((node) => node.start()));
  await cluster.shared();
}

/** Resolves when each node hears of all others and has its part, and nothing is left to move. */
export async function together(cluster: NodeCluster): Promise<void> {
  for (const { id, cluster: view } of cluster.nodes) {
    const isSettled = async (): Promise<boolean> => {
      const { nodes } = await view.listNodes({});
      const { shards } = await view.listShards({ misplacedOnly: true });
      return nodes.length === cluster.nodes.length && shards.length === 0;
    };
    await until(isSettled, `node ${id} hears all others, and every shard is where it belongs`);
  }
  await cluster.shared();
}
