/**
 * How this node comes by shards: it looks who owns what, and takes what is free and meant for it.
 *
 * A free shard is one whose lease is over or was given up. It is meant for the node that placement names; for this one when it had it in an
 * earlier life; and for any node when nobody has taken it for a while, as when the node it is meant for cannot reach the store.
 */
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { ShardLease, ShardStore } from "../../ports/store/shards.ts";
import type { RuntimeOptions } from "../options.ts";
import type { Ownership } from "../ownership.ts";
import type { Link } from "./link.ts";
import type { Membership } from "./membership.ts";
import type { Placement } from "./placement.ts";
import type { ShardMap } from "./shard-map.ts";

/** After the end of a lease, before asking for the shard: clocks and networks are not that exact. */
const AFTER_EXPIRY_MS = 5;
/** A store that has not answered a look for so long is away. */
const UNANSWERED_MS = 1500;

export class Acquisition {
  readonly #store: ShardStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #options: RuntimeOptions;
  readonly #ownership: Ownership;
  readonly #membership: Membership;
  readonly #placement: Placement;
  readonly #map: ShardMap;
  readonly #link: Link;
  readonly #isGiving: (shard: number) => boolean;
  readonly #came: (shards: readonly number[]) => void;
  /** Since when, by the monotonic clock, a shard has been seen without an owner. */
  readonly #freeSince = new Map<number, number>();
  readonly #stop = new AbortController();
  readonly #established = Promise.withResolvers<void>();
  #acquiring: Promise<void> = Promise.resolve();
  /** Since when the store has answered every look; null: it did not answer the last one. Monotonic. */
  #reachedSince: number | null;
  /** When the look that is under way began. */
  #lookingSince: number | null = null;
  #pause = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(deps: {
    store: ShardStore;
    clock: Clock;
    log: Log;
    options: RuntimeOptions;
    ownership: Ownership;
    membership: Membership;
    placement: Placement;
    map: ShardMap;
    link: Link;
    /** Whether this node is handing the shard over right now. */
    isGiving: (shard: number) => boolean;
    /** Other nodes have handed these over. */
    came: (shards: readonly number[]) => void;
  }) {
    this.#store = deps.store;
    this.#clock = deps.clock;
    this.#reachedSince = deps.clock.monotonic();
    this.#isGiving = deps.isGiving;
    this.#came = deps.came;
    this.#log = deps.log;
    this.#options = deps.options;
    this.#ownership = deps.ownership;
    this.#membership = deps.membership;
    this.#placement = deps.placement;
    this.#map = deps.map;
    this.#link = deps.link;
    this.#link.answer("take", async (_, { shards }) => this.#take(shards));
    this.#link.hear("owned", (from, { shards }) => {
      for (const [shard, epoch] of shards) {
        this.#map.learn(shard, from, epoch);
      }
    });
  }

  start(): void {
    this.#loop = this.#keepLooking();
  }

  /** Resolves when this node owns shards, or knows who does, for the first time. */
  get established(): Promise<void> {
    return this.#established.promise;
  }

  /** Looks at once: something has changed. */
  look(): void {
    this.#pause.abort();
  }

  /** Whether the store answers this node. */
  get reachesStore(): boolean {
    const isUnanswered = this.#lookingSince !== null && this.#clock.monotonic() - this.#lookingSince > UNANSWERED_MS;
    return !isUnanswered && this.#reachedSince !== null;
  }

  /** How long it has done so without a break. */
  get reachedForMs(): number {
    return this.reachesStore ? this.#clock.monotonic() - (this.#reachedSince ?? 0) : 0;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#pause.abort();
    await this.#loop;
  }

  async #keepLooking(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#pause = new AbortController();
      let restMs = this.#options.acquireEveryMs;
      const reached = this.reachesStore;
      this.#lookingSince = this.#clock.monotonic();
      try {
        restMs = await this.#lookAround();
        this.#reachedSince = this.reachesStore ? this.#reachedSince : this.#clock.monotonic();
      } catch (error) {
        this.#reachedSince = null;
        this.#log.warn("acquiring shards failed", { error });
      }
      this.#lookingSince = null;
      if (this.reachesStore !== reached && !this.#stop.signal.aborted) {
        this.#membership.say();
      }
      await this.#clock.sleep(restMs, this.#pause.signal).catch(() => {});
    }
  }

  /** @returns after how long to look again. */
  async #lookAround(): Promise<number> {
    const { acquireEveryMs, shardCount } = this.#options;
    if (this.#ownership.size < shardCount) {
      const leases = await this.#store.list();
      this.#map.read(leases.filter(({ shard }) => !this.#ownership.owns(shard)));
      const wanted = this.#wantedOf(leases);
      if (wanted.length > 0 && !this.#stop.signal.aborted) {
        await this.acquire(wanted);
      }
      if (this.#ownership.size > 0 || !this.#membership.alone) {
        this.#established.resolve();
      }
      return Math.min(acquireEveryMs, this.#nextExpiryMs(leases));
    }
    return acquireEveryMs;
  }

  /** Shards that another node gives up for this one. @returns those that it has then, also when it found them by itself. */
  async #take(shards: readonly number[]): Promise<readonly number[]> {
    if (this.#membership.state === "active" && !this.#stop.signal.aborted) {
      await this.acquire(shards);
    }
    const here = shards.filter((shard) => this.#ownership.open(shard) !== null);
    this.#came(here);
    return here;
  }

  /**
   * Takes those that are free.
   *
   * One after the other: a second one would find the shards of the first to be this node's, of an earlier life, and take them anew.
   */
  acquire(wanted: readonly number[]): Promise<void> {
    const acquired = this.#acquireAfter(this.#acquiring, wanted);
    this.#acquiring = acquired.catch(() => {});
    return acquired;
  }

  async #acquireAfter(others: Promise<void>, wanted: readonly number[]): Promise<void> {
    await others;
    const missing = wanted.filter((shard) => !this.#ownership.owns(shard));
    if (missing.length > 0) {
      await this.#acquireNow(missing);
    }
  }

  async #acquireNow(wanted: readonly number[]): Promise<void> {
    const { nodeId, leaseTtlMs } = this.#options;
    const sentAt = this.#clock.monotonic();
    const acquired = await this.#store.acquire(nodeId, leaseTtlMs, wanted);
    for (const { shard, epoch } of acquired) {
      this.#freeSince.delete(shard);
      this.#map.learn(shard, nodeId, epoch);
    }
    this.#ownership.adopt(acquired, sentAt);
    if (acquired.length > 0) {
      this.#link.tellAll("owned", { shards: acquired.map(({ shard, epoch }) => [shard, epoch] as const) });
    }
  }

  #wantedOf(leases: readonly ShardLease[]): number[] {
    const { nodeId, orphanAfterMs } = this.#options;
    const now = this.#clock.monotonic();
    const { state } = this.#membership;
    // When nobody else shall have shards, one that drains keeps what it can: somebody must answer.
    const mayHave = state === "active" || (state === "draining" && this.#membership.active().length === 0);
    const wanted: number[] = [];
    for (const { shard, owner, remainingMs } of leases) {
      const earlierLife = owner === nodeId;
      if (this.#ownership.owns(shard) || (owner !== null && remainingMs > 0 && !earlierLife)) {
        this.#freeSince.delete(shard);
        continue;
      }
      const since = this.#freeSince.get(shard) ?? now;
      this.#freeSince.set(shard, since);
      // What it is handing over is its own in a list that is a moment old.
      const isMeant =
        (earlierLife && !this.#isGiving(shard)) ||
        this.#placement.ownerOf(shard) === nodeId ||
        now - since >= orphanAfterMs;
      if (mayHave && isMeant) {
        wanted.push(shard);
      }
    }
    return wanted;
  }

  /** Until the next lease runs out of a node that is gone, or cannot renew it. */
  #nextExpiryMs(leases: readonly ShardLease[]): number {
    const active = new Set(this.#membership.active());
    let next = Number.POSITIVE_INFINITY;
    for (const { owner, remainingMs } of leases) {
      if (owner !== null && remainingMs > 0 && !active.has(owner)) {
        next = Math.min(next, remainingMs + AFTER_EXPIRY_MS);
      }
    }
    return next;
  }
}
