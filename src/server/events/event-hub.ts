/**
 * Live events for any number of watchers.
 *
 * The runtime's feed has the events of the shards this node owns, and tells which logs have grown when other nodes commit. Such a notice may
 * get lost, and nodes that do not hear each other send none: so, while there are watchers and shards of others, the log is asked how far it has
 * come, too. A watcher holds a tap: a bounded buffer of live events. A tap that runs over is emptied and says so, and its watcher reads the log
 * instead; so a slow reader costs a bounded amount of memory and misses nothing.
 */
import type { StatusEvent } from "../../domain/event/status-event.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { QueryStore } from "../../ports/store/queries.ts";
import type { Runtime } from "../../runtime/index.ts";

export interface EventHubOptions {
  readonly runtime: Pick<Runtime, "events" | "status" | "cluster">;
  readonly queries: Pick<QueryStore, "eventBounds">;
  readonly clock: Clock;
  readonly log: Log;
  /** How often the log is asked while no other node is heard. */
  readonly pollMs: number;
  /** Events one tap holds. */
  readonly tapLimit: number;
}

/** While other nodes are heard, which tell of their commits, the log is asked so many times more rarely. */
const RARELY = 4;

/** What has come since the last time. */
export interface Taken {
  readonly events: readonly StatusEvent[];
  /** Shards of which the log has, or may have, more than the events say. */
  readonly behind: ReadonlySet<number> | "all";
}

export interface Tap {
  /** Waits until there is something. Rejects with the signal's reason when it aborts. */
  take(signal: AbortSignal): Promise<Taken>;
  close(): void;
}

export class EventHub {
  readonly #options: EventHubOptions;
  readonly #taps = new Set<EventTap>();
  #feed: { unsubscribe(): void } | undefined;
  #timer: Timer | undefined;
  #lastSeen = new Map<number, number>();

  constructor(options: EventHubOptions) {
    this.#options = options;
  }

  /** From this call on nothing is missed. @param shards only these; null: all. */
  tap(shards: ReadonlySet<number> | null): Tap {
    const tap = new EventTap(shards, this.#options.tapLimit, () => this.#leave(tap));
    this.#taps.add(tap);
    this.#feed ??= this.#options.runtime.events.subscribe(
      (events) => {
        for (const each of this.#taps) each.offer(events);
      },
      (moved) => this.#markBehind(new Set(moved)),
    );
    // Soon: other nodes have yet to hear that somebody watches here.
    this.#timer ??= this.#schedulePoll(this.#options.pollMs);
    return tap;
  }

  #leave(tap: EventTap): void {
    this.#taps.delete(tap);
    if (this.#taps.size > 0) return;
    this.#feed?.unsubscribe();
    this.#feed = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#lastSeen.clear();
  }

  #markBehind(shards: ReadonlySet<number>): void {
    for (const tap of this.#taps) tap.markBehind(shards);
  }

  #schedulePoll(delayMs: number): Timer {
    const timer = this.#options.clock.schedule(delayMs, () => {
      void this.#poll().finally(() => {
        if (this.#timer === timer) this.#timer = this.#schedulePoll(this.#restMs());
      });
    });
    return timer;
  }

  #restMs(): number {
    const { runtime, pollMs } = this.#options;
    return runtime.cluster.nodes().length > 1 ? pollMs * RARELY : pollMs;
  }

  /** Looks how far the shards of others have come. */
  async #poll(): Promise<void> {
    const { runtime, queries, log } = this.#options;
    const { ownedShards, shardCount } = runtime.status();
    if (ownedShards.length === shardCount) return;
    try {
      const owned = new Set(ownedShards);
      const moved = new Set<number>();
      for (const { shard, last } of await queries.eventBounds()) {
        if (!owned.has(shard) && this.#lastSeen.get(shard) !== last) moved.add(shard);
        this.#lastSeen.set(shard, last);
      }
      if (moved.size > 0) this.#markBehind(moved);
    } catch (error) {
      log.warn("The event log could not be looked at; trying again", { error });
    }
  }
}

class EventTap implements Tap {
  readonly #shards: ReadonlySet<number> | null;
  readonly #limit: number;
  readonly #onClose: () => void;
  #events: StatusEvent[] = [];
  #behind: Set<number> | "all" = new Set();
  #wake: (() => void) | undefined;

  constructor(shards: ReadonlySet<number> | null, limit: number, onClose: () => void) {
    this.#shards = shards;
    this.#limit = limit;
    this.#onClose = onClose;
  }

  offer(events: readonly StatusEvent[]): void {
    const wanted = this.#shards === null ? events : events.filter(({ shard }) => this.#shards?.has(shard));
    if (wanted.length === 0) return;
    if (this.#events.length + wanted.length > this.#limit) {
      this.#events = [];
      this.#behind = "all";
    } else if (this.#behind !== "all") {
      for (const event of wanted) this.#events.push(event);
    }
    this.#wake?.();
  }

  markBehind(shards: ReadonlySet<number>): void {
    if (this.#behind === "all") return;
    for (const shard of shards) if (this.#shards === null || this.#shards.has(shard)) this.#behind.add(shard);
    if (this.#behind.size > 0) this.#wake?.();
  }

  async take(signal: AbortSignal): Promise<Taken> {
    signal.throwIfAborted();
    if (this.#events.length === 0 && this.#behind !== "all" && this.#behind.size === 0) await this.#something(signal);
    const taken = { events: this.#events, behind: this.#behind };
    this.#events = [];
    this.#behind = new Set();
    return taken;
  }

  close(): void {
    this.#onClose();
  }

  #something(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#wake = undefined;
        reject(signal.reason);
      };
      this.#wake = () => {
        this.#wake = undefined;
        signal.removeEventListener("abort", onAbort);
        resolve();
      };
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }
}
