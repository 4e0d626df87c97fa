import { placeShards } from "../../domain/cluster/placement.ts";
import type { Membership } from "./membership.ts";

/** Who shall have each shard, among the nodes that are alive and not draining; computed anew when these are others. */
export class Placement {
  readonly #membership: () => Membership;
  readonly #shardCount: number;
  #nodes: readonly string[] = [];
  #owners: readonly string[] = [];

  constructor(membership: () => Membership, shardCount: number) {
    this.#membership = membership;
    this.#shardCount = shardCount;
  }

  /** Null: there is nobody. */
  ownerOf(shard: number): string | null {
    const nodes = this.#membership().active();
    if (nodes.length !== this.#nodes.length || nodes.some((node, index) => node !== this.#nodes[index])) {
      this.#nodes = nodes;
      this.#owners = placeShards(this.#shardCount, nodes);
    }
    return this.#owners[shard] ?? null;
  }
}
