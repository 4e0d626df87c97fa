import type { Clock } from "../../ports/clock.ts";
import type { AcquiredShard, ShardLease, ShardStore } from "../../ports/store/shards.ts";
import type { ShardRow, Tables } from "./tables.ts";

type Held = readonly { readonly shard: number; readonly epoch: number }[];

/** Leases by the monotonic reading of one clock, which is the store's: steps of a node's wall clock are nothing to it. */
export class MemoryShards implements ShardStore {
  readonly #tables: Tables;
  readonly #clock: Clock;

  constructor(tables: Tables, clock: Clock) {
    this.#tables = tables;
    this.#clock = clock;
  }

  async prepare(count: number): Promise<number> {
    const { shards } = this.#tables;
    if (shards.length === 0) {
      for (let shard = 0; shard < count; shard++) {
        shards.push({ shard, owner: null, epoch: 0, expiresAt: -Infinity, commit: 0, lastSequence: 0, events: [] });
      }
    }
    return shards.length;
  }

  async list(): Promise<readonly ShardLease[]> {
    const now = this.#clock.monotonic();
    return this.#tables.shards.map(({ shard, owner, epoch, expiresAt }) => {
      return { shard, owner, epoch, remainingMs: owner === null ? 0 : expiresAt - now };
    });
  }

  async acquire(node: string, ttlMs: number, wanted: readonly number[]): Promise<readonly AcquiredShard[]> {
    const now = this.#clock.monotonic();
    const free = this.#tables.shards.filter(
      ({ shard, owner, expiresAt }) => wanted.includes(shard) && (owner === null || owner === node || expiresAt <= now),
    );
    return free.map((row) => {
      row.owner = node;
      row.epoch += 1;
      row.expiresAt = now + ttlMs;
      return { shard: row.shard, epoch: row.epoch, commit: row.commit, lastSequence: row.lastSequence };
    });
  }

  async renew(node: string, held: Held, ttlMs: number): Promise<readonly number[]> {
    const rows = this.#stillHeld(node, held);
    for (const row of rows) row.expiresAt = this.#clock.monotonic() + ttlMs;
    return rows.map(({ shard }) => shard);
  }

  async release(node: string, held: Held): Promise<void> {
    for (const row of this.#stillHeld(node, held)) row.owner = null;
  }

  #stillHeld(node: string, held: Held): ShardRow[] {
    return held
      .map(({ shard, epoch }) => ({ row: this.#tables.shards[shard], epoch }))
      .filter(({ row, epoch }) => row?.owner === node && row.epoch === epoch)
      .flatMap(({ row }) => row ?? []);
  }
}
