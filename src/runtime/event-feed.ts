/**
 * Committed events for who watches them here. This node's own come as they are; of those of other nodes it is told only which logs have grown,
 * and only while somebody watches, so that watching costs the others a notice now and then.
 */
import type { StatusEvent } from "../domain/event/status-event.ts";
import type { Clock, Timer } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { EventFeed } from "./api.ts";
import type { Link } from "./cluster/link.ts";

/** Who watches says so this often; who has not said so for three times as long does not. */
const WATCH_MS = 1000;
/** Notices of the same moments go together. */
const GATHER_MS = 10;

interface Watcher {
  readonly committed: (events: readonly StatusEvent[]) => void;
  readonly moved: (shards: readonly number[]) => void;
}

export class SharedEventFeed implements EventFeed {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #link: Link;
  readonly #watchers = new Set<Watcher>();
  /** Nodes that watch, and when they last said so. */
  readonly #watching = new Map<string, number>();
  readonly #moved = new Map<number, number>();
  #timer: Timer | null = null;
  #gathering: Timer | null = null;

  constructor(deps: { clock: Clock; log: Log; link: Link }) {
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#link = deps.link;
    this.#link.hear("watch", (from) => this.#watching.set(from, this.#clock.monotonic()));
    this.#link.hear("moved", (_, { shards }) => {
      for (const { moved } of this.#watchers) {
        this.#guarded(() => moved(shards.map(([shard]) => shard)));
      }
    });
  }

  subscribe(
    committed: (events: readonly StatusEvent[]) => void,
    moved: (shards: readonly number[]) => void = () => {},
  ): { unsubscribe(): void } {
    const watcher = { committed, moved };
    this.#watchers.add(watcher);
    if (this.#timer === null) {
      this.#keepWatching();
    }
    return {
      unsubscribe: () => {
        this.#watchers.delete(watcher);
        if (this.#watchers.size === 0) {
          this.#timer?.cancel();
          this.#timer = null;
        }
      },
    };
  }

  /** Events of one commit of this node. */
  committed(events: readonly StatusEvent[]): void {
    for (const watcher of this.#watchers) {
      this.#guarded(() => watcher.committed(events));
    }
    if (this.#watching.size > 0) {
      for (const { shard, sequence } of events) {
        this.#moved.set(shard, sequence);
      }
      this.#gathering ??= this.#clock.schedule(GATHER_MS, () => this.#tellMoved());
    }
  }

  stop(): void {
    this.#timer?.cancel();
    this.#gathering?.cancel();
  }

  #keepWatching(): void {
    this.#link.tellAll("watch", {});
    this.#timer = this.#clock.schedule(WATCH_MS, () => this.#keepWatching());
  }

  #tellMoved(): void {
    this.#gathering = null;
    const now = this.#clock.monotonic();
    for (const [node, saidAt] of this.#watching) {
      if (now - saidAt > 3 * WATCH_MS) {
        this.#watching.delete(node);
      } else {
        this.#link.tell(node, "moved", { shards: [...this.#moved] });
      }
    }
    this.#moved.clear();
  }

  #guarded(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.#log.error("a listener to events failed", { error });
    }
  }
}
