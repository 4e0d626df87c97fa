/**
 * Which node each shard belongs to, by rendezvous hashing with a bound: a shard goes to the node that scores highest for it among those that
 * have not their fair share yet. Every node that knows of the same nodes comes to the same answer without asking; a node that comes or goes
 * moves little more than its own share; and no node has more than one shard above another.
 */

/** @returns the node of each shard; empty when there are no nodes. */
export function placeShards(shardCount: number, nodes: readonly string[]): readonly string[] {
  const all = [...new Set(nodes)].toSorted();
  if (all.length === 0) {
    return [];
  }
  const room = sharesOf(shardCount, all);
  const seeds = all.map((node) => hashOf(node));
  return Array.from({ length: shardCount }, (_, shard) => {
    let best = -1;
    let bestScore = -1;
    for (let index = 0; index < all.length; index++) {
      const score = scoreOf(seeds[index] ?? 0, shard);
      if ((room[index] ?? 0) > 0 && score > bestScore) {
        best = index;
        bestScore = score;
      }
    }
    room[best] = (room[best] ?? 0) - 1;
    return all[best] ?? "";
  });
}

/** Equal shares; what is left over goes to the first nodes, so that all of it has a place. */
function sharesOf(shardCount: number, nodes: readonly string[]): number[] {
  const share = Math.floor(shardCount / nodes.length);
  const left = shardCount % nodes.length;
  return nodes.map((_, index) => share + (index < left ? 1 : 0));
}

/** 32-bit FNV-1a of a text's UTF-16 units. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/** A node's score for a shard: the two mixed until every bit depends on every other (the finalizer of MurmurHash3). */
function scoreOf(seed: number, shard: number): number {
  let mixed = seed ^ Math.imul(shard + 1, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
