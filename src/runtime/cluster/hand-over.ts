/**
 * Giving shards to the nodes they are meant for, a few at a time, so that a shard stands still for no longer than a commit and an acquisition
 * take: close it, commit what is staged, release it, tell the next owner, who acquires it at once and reads what is due.
 *
 * When the next owner does not hear of it, it finds the shard free at its next look. When this node dies in between, the lease is released
 * already, or runs out. When the next owner cannot take it, this node takes it back, and offers that one nothing for a while.
 *
 * Nodes that do not hear the same others disagree on who shall have a shard. So that it does not go to and fro between them, a shard stays for a
 * while where it was handed to, and longer each time.
 */
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { ShardStore } from "../../ports/store/shards.ts";
import type { Journal } from "../journal.ts";
import type { RuntimeOptions } from "../options.ts";
import type { OwnedShard, Ownership } from "../ownership.ts";
import type { Link } from "./link.ts";
import type { Membership } from "./membership.ts";
import type { Placement } from "./placement.ts";
import type { ShardMap } from "./shard-map.ts";

const AT_ONCE = 8;
const TAKE_TIMEOUT_MS = 2000;
/** To a node that took nothing, nothing is given for so long. */
const DECLINED_MS = 5000;
/** A shard that was handed to this node again within so long stays longer. */
const REPEATED_MS = 60_000;
const STAY_MS = 1000;
const LONGEST_STAY_MS = 60_000;

export class HandOver {
  readonly #store: ShardStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #options: RuntimeOptions;
  readonly #ownership: Ownership;
  readonly #journal: Journal;
  readonly #membership: Membership;
  readonly #placement: Placement;
  readonly #map: ShardMap;
  readonly #link: Link;
  readonly #leaving: (shards: readonly number[]) => Promise<void>;
  readonly #reclaim: (shards: readonly number[]) => Promise<void>;
  readonly #giving = new Set<number>();
  /** Nodes that took nothing, and until when they are left alone. Monotonic. */
  readonly #declined = new Map<string, number>();
  /** Shards that were handed to this node, when, and how long they stay. */
  readonly #stays = new Map<number, { readonly cameAt: number; readonly forMs: number }>();
  /** How many each node has been given, since it was out of hearing last. */
  readonly #given = new Map<string, number>();
  readonly #stop = new AbortController();
  #pause = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(deps: {
    store: ShardStore;
    clock: Clock;
    log: Log;
    options: RuntimeOptions;
    ownership: Ownership;
    journal: Journal;
    membership: Membership;
    placement: Placement;
    map: ShardMap;
    link: Link;
    leaving: (shards: readonly number[]) => Promise<void>;
    /** Takes shards back that nobody took. */
    reclaim: (shards: readonly number[]) => Promise<void>;
  }) {
    this.#store = deps.store;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#options = deps.options;
    this.#ownership = deps.ownership;
    this.#journal = deps.journal;
    this.#membership = deps.membership;
    this.#placement = deps.placement;
    this.#map = deps.map;
    this.#link = deps.link;
    this.#leaving = deps.leaving;
    this.#reclaim = deps.reclaim;
  }

  start(): void {
    this.#loop = this.#keepGiving();
  }

  /** Begins at once: something has changed. */
  look(): void {
    this.#pause.abort();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#pause.abort();
    await this.#loop;
  }

  /** The node is gone: it comes back cold. */
  left(node: string): void {
    this.#given.delete(node);
  }

  isGiving(shard: number): boolean {
    return this.#giving.has(shard);
  }

  /** Shards that another node has handed to this one. */
  came(shards: readonly number[]): void {
    const now = this.#clock.monotonic();
    for (const shard of shards) {
      const last = this.#stays.get(shard);
      const isRepeated = last !== undefined && now - last.cameAt < REPEATED_MS;
      this.#stays.set(shard, { cameAt: now, forMs: isRepeated ? Math.min(2 * last.forMs, LONGEST_STAY_MS) : STAY_MS });
    }
  }

  /** Gives away what is meant for others, until nothing is left that anybody takes. */
  async giveAway(): Promise<void> {
    for (let next = this.#next(); next !== null; next = this.#next()) {
      await this.#give(next.to, next.shards);
    }
  }

  async #keepGiving(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#pause = new AbortController();
      let restMs = this.#options.acquireEveryMs;
      // Nodes that come and go in these moments would make shards move to and fro. Who drains goes anyway.
      const unsteadyMs = this.#options.settleMs - this.#membership.steadyForMs;
      if (this.#membership.state === "active" && unsteadyMs > 0) {
        restMs = Math.min(restMs, unsteadyMs);
      } else {
        const next = this.#next();
        if (next !== null && (await this.#give(next.to, next.shards))) {
          continue;
        }
      }
      await this.#clock.sleep(restMs, this.#pause.signal).catch(() => {});
    }
  }

  #next(): { readonly to: string; readonly shards: readonly number[] } | null {
    const { nodeId } = this.#options;
    const now = this.#clock.monotonic();
    let to: string | null = null;
    const shards: number[] = [];
    for (const { shard, open } of this.#ownership.shards()) {
      const owner = open && !this.#mustStay(shard, now) ? this.#placement.ownerOf(shard) : null;
      const isOffered = owner !== null && owner !== nodeId && now >= (this.#declined.get(owner) ?? 0);
      if (isOffered && (to === null || to === owner)) {
        to = owner;
        if (shards.push(shard) >= this.#atOnce(owner)) {
          break;
        }
      }
    }
    return to === null ? null : { to, shards };
  }

  /** A node that has few is cold: it reads its first ones slowly, and what waits for it stands still meanwhile. */
  #atOnce(to: string): number {
    const has = Math.max(
      this.#given.get(to) ?? 0,
      this.#membership.others.find(({ node }) => node === to)?.shards ?? 0,
    );
    return Math.min(AT_ONCE, Math.max(1, 2 * has));
  }

  #mustStay(shard: number, now: number): boolean {
    const stay = this.#stays.get(shard);
    return stay !== undefined && this.#membership.state === "active" && now - stay.cameAt < stay.forMs;
  }

  /** @returns whether the other has them. */
  async #give(to: string, shards: readonly number[]): Promise<boolean> {
    await this.#leaving(shards);
    const closed = this.#ownership.close(shards);
    for (const { shard } of closed) {
      this.#giving.add(shard);
    }
    try {
      const isTaken = await this.#giveClosed(to, closed);
      if (!isTaken) {
        this.#declined.set(to, this.#clock.monotonic() + DECLINED_MS);
        await this.#takeBack(closed);
      }
      return isTaken;
    } finally {
      for (const { shard } of closed) {
        this.#giving.delete(shard);
      }
    }
  }

  async #giveClosed(to: string, closed: readonly OwnedShard[]): Promise<boolean> {
    const { nodeId } = this.#options;
    try {
      await this.#journal.barrier();
      const held = this.#ownership.giveUp(closed);
      if (held.length === 0) {
        return true; // They were lost meanwhile.
      }
      for (const { shard } of held) {
        this.#map.doubt(shard, nodeId);
      }
      await this.#store.release(nodeId, held);
      const taken = await this.#link.ask(to, "take", { shards: held.map(({ shard }) => shard) }, TAKE_TIMEOUT_MS);
      this.#given.set(to, (this.#given.get(to) ?? 0) + taken.length);
      this.#log.info("shards handed over", { to, shards: taken.length });
      return taken.length > 0;
    } catch (error) {
      // They are free, or their leases run out: who they are meant for finds them.
      this.#log.warn("handing shards over failed", { to, shards: closed.length, error });
      return false;
    }
  }

  async #takeBack(closed: readonly OwnedShard[]): Promise<void> {
    if (this.#membership.state === "active" && !this.#stop.signal.aborted) {
      try {
        await this.#reclaim(closed.map(({ shard }) => shard));
      } catch (error) {
        this.#log.warn("taking shards back failed", { shards: closed.length, error });
      }
    }
  }
}
