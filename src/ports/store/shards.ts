/** One shard's lease, as the store has it. */
export interface ShardLease {
  readonly shard: number;
  /** The node that owns it; null when nobody does. */
  readonly owner: string | null;
  readonly epoch: number;
  /** Remaining time of the lease by the store's own clock, in milliseconds; not positive when it is over. */
  readonly remainingMs: number;
}

/** A shard that was just acquired: what its writer must go on from. */
export interface AcquiredShard {
  readonly shard: number;
  readonly epoch: number;
  readonly commit: number;
  readonly lastSequence: number;
}

/** Leases. Expiry is judged by the store's clock alone. */
export interface ShardStore {
  /**
   * Makes the shard rows at the first start; later checks their number.
   * @returns how many shards there are: when it is not `count`, the caller must not go on.
   */
  prepare(count: number): Promise<number>;
  list(): Promise<readonly ShardLease[]>;
  /**
   * Takes those of `wanted` that nobody owns, or whose lease is over, or that `node` already owned in an earlier life. Raises their epoch.
   * Shards that this life of the node has must not be among them.
   */
  acquire(node: string, ttlMs: number, wanted: readonly number[]): Promise<readonly AcquiredShard[]>;
  /** Extends the leases that are still this node's at these epochs. @returns the shards that are: others are lost. */
  renew(
    node: string,
    held: readonly { readonly shard: number; readonly epoch: number }[],
    ttlMs: number,
  ): Promise<readonly number[]>;
  /** Gives shards up at once, so that another node need not wait for the lease to end. */
  release(node: string, held: readonly { readonly shard: number; readonly epoch: number }[]): Promise<void>;
}
