/**
 * Deadlines are read from the store in windows ahead of time, and their actors are brought to life, so that what is due next is in memory and
 * what is due later costs rows. A row's wake time may be too early, never too late; one that a decision sets inside the window that was read
 * already belongs to an actor in memory, which has its own timer.
 */
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { ActorStore, Wakeup } from "../ports/store/actors.ts";
import type { RuntimeOptions } from "./options.ts";
import type { OwnedShard, Ownership } from "./ownership.ts";

export class ReadAhead {
  readonly #store: ActorStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #ownership: Ownership;
  readonly #options: RuntimeOptions;
  readonly #activate: (wakeups: readonly Wakeup[]) => Promise<ReadonlySet<number>>;
  /** Up to when each shard was read. */
  readonly #horizons = new Map<number, { readonly shard: OwnedShard; until: number }>();
  readonly #stop = new AbortController();
  /** Ends the rest between two readings, also when it comes before the rest has begun. */
  #pause = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(deps: {
    store: ActorStore;
    clock: Clock;
    log: Log;
    ownership: Ownership;
    options: RuntimeOptions;
    /** @returns shards that are to be read again. */
    activate: (wakeups: readonly Wakeup[]) => Promise<ReadonlySet<number>>;
  }) {
    this.#store = deps.store;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#ownership = deps.ownership;
    this.#options = deps.options;
    this.#activate = deps.activate;
  }

  /** Up to when the deadlines of a shard are in memory. An actor may leave it only when its row wakes later. */
  horizonOf(shard: number): number {
    return this.#horizons.get(shard)?.until ?? Number.POSITIVE_INFINITY;
  }

  start(): void {
    this.#loop = this.#keepReading();
  }

  /** Looks at once: shards have come that were never read, and much in them may be due. */
  look(): void {
    this.#pause.abort();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#pause.abort();
    await this.#loop;
  }

  async #keepReading(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#pause = new AbortController();
      let more = false;
      try {
        more = await this.#readAll();
      } catch (error) {
        this.#log.warn("reading deadlines failed", { error });
      }
      await this.#clock.sleep(more ? 10 : this.#options.readAheadMs / 5, this.#pause.signal).catch(() => {});
    }
  }

  /** @returns whether there was more than was read. */
  async #readAll(): Promise<boolean> {
    const owned = this.#ownership.shards().filter(({ open }) => open);
    for (const [shard, horizon] of this.#horizons) {
      if (this.#ownership.claim(shard) !== horizon.shard) {
        this.#horizons.delete(shard);
      }
    }
    const until = this.#clock.now() + this.#options.readAheadMs;
    let more = false;
    for (const [after, shards] of this.#byHorizon(owned, until)) {
      // Already while reading: who leaves the memory now may have been written too late to be read.
      this.#setHorizon(shards, until);
      let readUntil = until;
      try {
        const read = await this.#read(shards, after, until);
        ({ readUntil } = read);
        this.#setHorizon(shards, readUntil);
        const again = await this.#activate(read.wakeups.filter(({ shard }) => this.#ownership.owns(shard)));
        for (const shard of again) {
          this.#horizons.delete(shard);
        }
        more ||= [...again].some((shard) => this.#ownership.open(shard) !== null);
      } catch (error) {
        this.#forget(shards, after);
        throw error;
      }
      more ||= readUntil < until;
    }
    return more;
  }

  async #read(
    shards: readonly OwnedShard[],
    after: number | null,
    until: number,
  ): Promise<{ wakeups: readonly Wakeup[]; readUntil: number }> {
    const ids = shards.map(({ shard }) => shard);
    for (let limit = this.#options.readAheadLimit; ; limit *= 2) {
      const wakeups = await this.#store.dueWakeups(ids, after, until, limit);
      const last = wakeups.at(-1);
      if (wakeups.length < limit || last === undefined) {
        return { wakeups, readUntil: until };
      }
      // Others may wake at the same time as the last one: they are read from the time before it on.
      const readUntil = last.wakeAt - 1;
      const first = wakeups[0];
      if (first !== undefined && first.wakeAt <= readUntil) {
        return { wakeups: wakeups.filter(({ wakeAt }) => wakeAt <= readUntil), readUntil };
      }
    }
  }

  #setHorizon(shards: readonly OwnedShard[], until: number): void {
    for (const shard of shards) {
      this.#horizons.set(shard.shard, { shard, until });
    }
  }

  /** These shards are to be read again from there. */
  #forget(shards: readonly OwnedShard[], after: number | null): void {
    if (after === null) {
      for (const { shard } of shards) {
        this.#horizons.delete(shard);
      }
    } else {
      this.#setHorizon(shards, after);
    }
  }

  /** Shards that were read up to the same time are read together. */
  #byHorizon(owned: readonly OwnedShard[], until: number): Map<number | null, OwnedShard[]> {
    const groups = new Map<number | null, OwnedShard[]>();
    for (const shard of owned) {
      const after = this.#horizons.get(shard.shard)?.until ?? null;
      // A window shorter than a fifth of its length is not worth a query.
      if (after === null || until - after >= this.#options.readAheadMs / 5) {
        groups.set(after, [...(groups.get(after) ?? []), shard]);
      }
    }
    return groups;
  }
}
