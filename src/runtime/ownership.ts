/**
 * Which shards this node may decide for.
 *
 * PostgreSQL has the truth: a lease a shard, with an epoch that grows with each owner. This node trusts a lease until the moment its renewal
 * was *sent* plus its length less a margin, on its own monotonic clock (O1): however long the process stalls, it wakes up knowing that it owns
 * nothing. Writes do not rest on this trust: each commit is fenced by epoch (O2). A shard is open for commands as soon
 * as it was acquired; what waits in its queues is read right after (O3). One that is about to be handed over is closed first: nothing new is
 * decided, what is staged is still committed (O4).
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
  #loop: Promise<void> = Promise.resolve();

  constructor(deps: { store: ShardStore; clock: Clock; log: Log; options: RuntimeOptions; events: OwnershipEvents }) {
    this.#store = deps.store;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#options = deps.options;
    this.#events = deps.events;
  }

  start(): void {
    this.#loop = this.#keepRenewing();
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

  get size(): number {
    return this.#owned.size;
  }

  shards(): readonly OwnedShard[] {
    return [...this.#owned.values()];
  }

  /**
   * Takes in shards that the store gave to this node.
   * @param sentAt monotonic time at which they were asked for (O1).
   */
  adopt(acquired: readonly AcquiredShard[], sentAt: number): void {
    const again = acquired.filter(({ shard }) => this.#owned.has(shard));
    if (again.length > 0) {
      this.lose(again.map(({ shard }) => shard));
    }
    const trusted = this.#trustFrom(sentAt);
    if (this.#clock.monotonic() >= trusted) {
      return; // The answer came too late. They are taken again, as of an earlier life.
    }
    // One trust counts for all: the shorter one, until the next renewal.
    this.#trustedUntil = this.#owned.size === 0 ? trusted : Math.min(this.#trustedUntil, trusted);
    const shards = acquired.map(({ shard, epoch, commit, lastSequence }): OwnedShard => {
      return { shard, epoch, commit, lastSequence, acquiredAt: this.#clock.now(), open: true };
    });
    for (const owned of shards) {
      this.#owned.set(owned.shard, owned);
    }
    if (shards.length > 0) {
      this.#log.info("shards acquired", { shards: shards.length });
      this.#events.opened(shards);
    }
  }

  /** O4. @returns those that were open. */
  close(shards: readonly number[]): readonly OwnedShard[] {
    return shards.flatMap((shard) => {
      const owned = this.#owned.get(shard);
      if (owned === undefined || !owned.open) {
        return [];
      }
      owned.open = false;
      return [owned];
    });
  }

  /** Forgets shards on purpose. @returns those that were still this node's by the same claim. */
  giveUp(closed: readonly OwnedShard[]): readonly OwnedShard[] {
    const held = closed.filter((owned) => this.#owned.get(owned.shard) === owned);
    for (const { shard } of held) {
      this.#owned.delete(shard);
    }
    if (held.length > 0) {
      this.#events.lost(new Set(held.map(({ shard }) => shard)));
    }
    return held;
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
    await this.abandon();
    const held = this.giveUp(this.shards());
    // When the store does not answer, the leases run out by themselves.
    await this.#attempt("releasing shards failed", () => this.#store.release(this.#options.nodeId, held));
  }

  /** Stops without giving anything up, as a crash would. */
  async abandon(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  async #keepRenewing(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#clock.sleep(Math.floor(this.#options.leaseTtlMs / 4), this.#stop.signal).catch(() => {});
      if (this.#owned.size > 0 && !this.#stop.signal.aborted) {
        // The answer may be long in coming: that the leases are over is noticed all the same.
        const over = this.#clock.schedule(this.#trustedUntil - this.#clock.monotonic(), () => this.#loseUntrusted());
        await this.#attempt("renewing leases failed", () => this.#renew());
        over.cancel();
        this.#loseUntrusted();
      }
    }
  }

  #loseUntrusted(): void {
    if (this.#clock.monotonic() >= this.#trustedUntil) {
      this.lose([...this.#owned.keys()]);
    }
  }

  async #renew(): Promise<void> {
    const held = this.shards();
    const sentAt = this.#clock.monotonic();
    const kept = new Set(await this.#store.renew(this.#options.nodeId, held, this.#options.leaseTtlMs));
    this.#trustedUntil = this.#trustFrom(sentAt);
    this.lose(
      held
        .filter((owned) => !kept.has(owned.shard) && this.#owned.get(owned.shard) === owned)
        .map(({ shard }) => shard),
    );
  }

  /** O1. */
  #trustFrom(sentAt: number): number {
    return sentAt + this.#options.leaseTtlMs - this.#options.leaseMarginMs;
  }

  async #attempt(what: string, run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      this.#log.warn(what, { error });
    }
  }
}
