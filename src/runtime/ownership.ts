/**
 * Which shards this node may decide for.
 *
 * PostgreSQL has the truth: a lease a shard, with an epoch that grows with each owner. This node trusts a lease until the moment its renewal
 * was *sent* plus its length less a margin, on its own monotonic clock (O1): however long the process stalls, it wakes up knowing that it owns
 * nothing. Writes do not rest on this trust: each commit is fenced by epoch (O2). A shard is open for commands as soon
 * as it was acquired; what waits in its queues is read right after (O3).
 *
 * When renewing fails the leases run out here before they run out there; then the shards are dropped and acquired anew, at a new epoch.
 */
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { AcquiredShard, ShardStore } from "../ports/store/shards.ts";
import type { ShardClaim } from "./batch.ts";
import type { RuntimeOptions } from "./options.ts";

export interface OwnedShard extends ShardClaim {
  readonly shard: number;
  epoch: number;
  commit: number;
  lastSequence: number;
  /** Wall time of the acquisition: workers could not be heard before. */
  readonly acquiredAt: number;
  /** Whether commands may come. */
  open: boolean;
}

export interface OwnershipEvents {
  /** Commands may come; what waits in the shards is to be read. */
  opened(shards: readonly OwnedShard[]): void;
  lost(shards: ReadonlySet<number>): void;
}

export class Ownership {
  readonly #store: ShardStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #options: RuntimeOptions;
  readonly #events: OwnershipEvents;
  readonly #owned = new Map<number, OwnedShard>();
  readonly #stop = new AbortController();
  #trustedUntil = Number.NEGATIVE_INFINITY;
  #loops: readonly Promise<void>[] = [];
  #firstRound = Promise.withResolvers<void>();

  constructor(deps: { store: ShardStore; clock: Clock; log: Log; options: RuntimeOptions; events: OwnershipEvents }) {
    this.#store = deps.store;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#options = deps.options;
    this.#events = deps.events;
  }

  start(): void {
    this.#loops = [this.#keepAcquiring(), this.#keepRenewing()];
  }

  /** Resolves when this node owns shards for the first time. */
  get established(): Promise<void> {
    return this.#firstRound.promise;
  }

  /** The shard, when this node may decide for it now. */
  open(shard: number): OwnedShard | null {
    const owned = this.#owned.get(shard);
    return owned !== undefined && owned.open && this.#clock.monotonic() < this.#trustedUntil ? owned : null;
  }

  claim(shard: number): OwnedShard | undefined {
    return this.#owned.get(shard);
  }

  owns(shard: number): boolean {
    return this.#owned.has(shard);
  }

  shards(): readonly OwnedShard[] {
    return [...this.#owned.values()];
  }

  /** Forgets shards that a commit or a renewal found to be another node's. */
  lose(shards: readonly number[]): void {
    const gone = new Set(shards.filter((shard) => this.#owned.delete(shard)));
    if (gone.size > 0) {
      this.#log.warn("shards lost", { shards: gone.size });
      this.#events.lost(gone);
    }
  }

  /** Stops renewing and gives every shard up. */
  async release(): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled(this.#loops);
    const held = this.shards();
    this.#owned.clear();
    this.#events.lost(new Set(held.map(({ shard }) => shard)));
    // When the store does not answer, the leases run out by themselves.
    await this.#attempt("releasing shards failed", () => this.#store.release(this.#options.nodeId, held));
  }

  /** Stops without giving anything up, as a crash would. */
  async abandon(): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled(this.#loops);
  }

  async #keepAcquiring(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#attempt("acquiring shards failed", async () => {
        const missing = this.#options.shardCount - this.#owned.size;
        if (missing > 0) {
          await this.#acquire(missing);
        }
      });
      await this.#pause(this.#options.acquireEveryMs);
    }
  }

  async #acquire(missing: number): Promise<void> {
    const sentAt = this.#clock.monotonic();
    const acquired = await this.#store.acquire(this.#options.nodeId, this.#options.leaseTtlMs, missing, [
      ...this.#owned.keys(),
    ]);
    if (acquired.length === 0) {
      return;
    }
    if (this.#owned.size === 0) {
      this.#trust(sentAt);
    }
    const shards = acquired.map((shard) => this.#adopt(shard));
    for (const shard of shards) {
      shard.open = true;
    }
    this.#events.opened(shards);
    this.#log.info("shards acquired", { shards: shards.length });
    this.#firstRound.resolve();
  }

  #adopt({ shard, epoch, commit, lastSequence }: AcquiredShard): OwnedShard {
    if (this.#owned.has(shard)) {
      this.lose([shard]);
    }
    const owned: OwnedShard = { shard, epoch, commit, lastSequence, acquiredAt: this.#clock.now(), open: false };
    this.#owned.set(shard, owned);
    return owned;
  }

  async #keepRenewing(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#pause(Math.floor(this.#options.leaseTtlMs / 4));
      if (this.#owned.size > 0 && !this.#stop.signal.aborted) {
        await this.#attempt("renewing leases failed", () => this.#renew());
        if (this.#clock.monotonic() >= this.#trustedUntil) {
          this.lose([...this.#owned.keys()]);
        }
      }
    }
  }

  async #renew(): Promise<void> {
    const held = this.shards();
    const sentAt = this.#clock.monotonic();
    const kept = new Set(await this.#store.renew(this.#options.nodeId, held, this.#options.leaseTtlMs));
    this.#trust(sentAt);
    this.lose(
      held
        .filter((owned) => !kept.has(owned.shard) && this.#owned.get(owned.shard) === owned)
        .map(({ shard }) => shard),
    );
  }

  /** O1. */
  #trust(sentAt: number): void {
    this.#trustedUntil = sentAt + this.#options.leaseTtlMs - this.#options.leaseMarginMs;
  }

  async #attempt(what: string, run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      this.#log.warn(what, { error });
    }
  }

  async #pause(ms: number): Promise<void> {
    await this.#clock.sleep(ms, this.#stop.signal).catch(() => {});
  }
}
