/** Who owns which shard, as far as this node knows. The store has the truth; what is wrong here costs a refusal and another try. */
import type { Clock } from "../../ports/clock.ts";
import type { ShardLease } from "../../ports/store/shards.ts";

interface Place {
  readonly owner: string | null;
  readonly epoch: number;
}

export class ShardMap {
  readonly #clock: Clock;
  readonly #places: Place[];
  #waiting: (() => void)[] = [];

  constructor(clock: Clock, shardCount: number) {
    this.#clock = clock;
    this.#places = Array.from({ length: shardCount }, () => ({ owner: null, epoch: -1 }));
  }

  /** Null: nobody, or not known. */
  ownerOf(shard: number): string | null {
    return this.#places[shard]?.owner ?? null;
  }

  epochOf(shard: number): number {
    return this.#places[shard]?.epoch ?? -1;
  }

  /** What the store says. */
  read(leases: readonly ShardLease[]): void {
    for (const { shard, owner, epoch, remainingMs } of leases) {
      this.learn(shard, owner !== null && remainingMs > 0 ? owner : null, epoch);
    }
  }

  /** What somebody says: an older epoch is no news. */
  learn(shard: number, owner: string | null, epoch: number): void {
    const known = this.#places[shard];
    if (known === undefined || epoch < known.epoch || (epoch === known.epoch && owner === known.owner)) {
      return;
    }
    this.#places[shard] = { owner, epoch };
    for (const wake of this.#waiting.splice(0)) {
      wake();
    }
  }

  /** The owner turned out not to have it any more. */
  doubt(shard: number, owner: string): void {
    const known = this.#places[shard];
    if (known?.owner === owner) {
      this.#places[shard] = { owner: null, epoch: known.epoch };
    }
  }

  /** Resolves when anything was learned, or after so long. */
  async news(withinMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    const timer = this.#clock.schedule(withinMs, resolve);
    await promise;
    timer.cancel();
    const index = this.#waiting.indexOf(resolve);
    if (index >= 0) {
      this.#waiting.splice(index, 1);
    }
  }
}
