import type { Clock } from "../../ports/clock.ts";
import type { ShardLease, ShardStore } from "../../ports/store/shards.ts";
import type { Runtime } from "../../runtime/index.ts";

/**
 * Whether a node that has just started decides, or waits for another that does. Over NATS nodes share the shards, and commands find their way. A
 * node that hears nobody and finds all shards in other hands, as without NATS, stands by: it serves reads, and takes over what becomes free.
 */
export type Standing =
  /** `shards`: those it has so far; when it joined others they give it its part soon. `others`: the nodes it works with. */
  | { readonly kind: "deciding"; readonly shards: number; readonly others: readonly string[] }
  /** Others hold all shards, and are not heard. `nodes`: how many shards each of them has. */
  | { readonly kind: "standingBy"; readonly nodes: ReadonlyMap<string, number> };

/** How long a node waits for its first shard before it looks who has them. */
const PATIENCE_MS = 1_000;

/**
 * Resolves once it is clear, with undefined when the node is to stop before. While nobody holds the shards (say, the lease of a killed node runs out) it waits for them.
 */
export async function standingOf(
  runtime: Runtime,
  shards: ShardStore,
  clock: Clock,
  isStopping: () => boolean = () => false,
): Promise<Standing | undefined> {
  const { nodeId, shardCount } = runtime.status();
  while (!isStopping()) {
    if (await isReadyWithin(runtime, PATIENCE_MS, clock)) return decidingWith(runtime);
    // When the database does not answer, the runtime's own tries say so in the log.
    const leases = await shards.list().catch(() => []);
    const others = [...ownersOf(leases)].filter(([owner]) => owner !== nodeId);
    const held = others.reduce((sum, [, count]) => sum + count, 0);
    if (held === shardCount) return { kind: "standingBy", nodes: new Map(others) };
  }
  return undefined;
}

/** How a node that decides stands at this moment. */
export function decidingWith(runtime: Runtime): Standing & { readonly kind: "deciding" } {
  const { nodeId, ownedShards } = runtime.status();
  const others = runtime.cluster.nodes().filter((node) => node.nodeId !== nodeId);
  return { kind: "deciding", shards: ownedShards.length, others: others.map((node) => node.nodeId) };
}

/** How many shards each node has. */
export function ownersOf(leases: readonly ShardLease[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { owner, remainingMs } of leases) {
    if (owner !== null && remainingMs > 0) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  }
  return counts;
}

async function isReadyWithin(runtime: Runtime, ms: number, clock: Clock): Promise<boolean> {
  const enough = new AbortController();
  const late = clock.sleep(ms, enough.signal).then(
    () => false,
    () => true,
  );
  try {
    return await Promise.race([runtime.ready().then(() => true), late]);
  } finally {
    enough.abort();
  }
}
