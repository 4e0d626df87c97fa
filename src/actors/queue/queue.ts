/**
 * One worker queue: who waits, who has free slots, and which goes to whom.
 *
 * Higher priority first. Within a priority definitions take turns, so that one with a long backlog does not starve another; within a
 * definition the oldest goes first. Takers with free slots take turns too. Nothing here is durable: what waits is in the store.
 */
import { Heap } from "../../domain/heap.ts";
import type { Waiting } from "./lane.ts";
import { Lane } from "./lane.ts";

export interface QueueItem extends Waiting {
  readonly priority: number;
  readonly definitionId: string;
}

export interface Match {
  readonly takerId: string;
  readonly item: QueueItem;
}

/** A lane whose front runs low while the store has more of it. */
export interface LaneShortage {
  readonly priority: number;
  readonly definitionId: string;
}

export interface Refill extends LaneShortage {
  readonly entries: readonly Waiting[];
  /** The last id that was read, of entries that wait no more too; null: the store had no more of the lane. */
  readonly readTo: string | null;
}

/** `kept`: it stands in memory, maybe instead of a younger one. `tail`: it is left to the store. */
export type Place = { readonly kind: "kept"; readonly displaced: string | null } | { readonly kind: "tail" };

const PRIORITIES = [1, 2, 3, 4];

export class Queue {
  readonly #frontLimit: number;
  readonly #lanes = new Map<string, Lane>();
  readonly #ranks = new Map<number, Heap<Lane>>(PRIORITIES.map((priority) => [priority, new Heap<Lane>(goesBefore)]));
  readonly #free = new Map<string, number>();
  /** Virtual time per priority: turns that the lane served last has had. */
  readonly #clocks = new Map<number, number>();
  #waiting = 0;

  /** @param frontLimit how many entries of this queue may stand in memory. */
  constructor(frontLimit: number) {
    this.#frontLimit = frontLimit;
  }

  /** Entries in memory. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Takers with free slots. */
  get takers(): number {
    return this.#free.size;
  }

  /** Nothing waits, nobody asks. */
  get idle(): boolean {
    return this.#waiting === 0 && this.#free.size === 0 && !this.hasTail;
  }

  get hasTail(): boolean {
    for (const lane of this.#lanes.values()) {
      if (lane.tail > 0) {
        return true;
      }
    }
    return false;
  }

  /** Takes an entry in. */
  offer(item: QueueItem): Place {
    const lane = this.#lane(item.priority, item.definitionId);
    if (!lane.isFront(item.instanceId)) {
      lane.leave(item.instanceId);
      return { kind: "tail" };
    }
    if (this.#waiting < this.#frontLimit) {
      this.#keep(lane, item);
      return { kind: "kept", displaced: null };
    }
    if (item.instanceId > lane.lastId) {
      lane.leave(item.instanceId);
      return { kind: "tail" };
    }
    const displaced = lane.displace();
    this.#waiting--;
    this.#keep(lane, item);
    return { kind: "kept", displaced: displaced?.instanceId ?? null };
  }

  /** Lets an entry go that no longer waits. */
  withdraw(item: QueueItem): void {
    const lane = this.#lanes.get(keyOf(item.priority, item.definitionId));
    if (lane?.remove(item.instanceId) === true) {
      this.#waiting--;
      this.#dropIfEmpty(lane);
    }
  }

  /** What the store says waits in a lane, of a shard that was just acquired. */
  addTail(priority: number, definitionId: string, count: number): void {
    this.#lane(priority, definitionId).addTail(count);
  }

  /** Lanes to be refilled from the store, most urgent first. */
  shortages(lowMark: number): readonly LaneShortage[] {
    const short: LaneShortage[] = [];
    for (const lane of this.#lanes.values()) {
      if (lane.tail > 0 && lane.length < lowMark) {
        short.push({ priority: lane.priority, definitionId: lane.definitionId });
      }
    }
    return short.toSorted((a, b) => a.priority - b.priority);
  }

  /** Before what is staged is made durable and a lane is read. @returns the id after which to read. */
  beginRefill({ priority, definitionId }: LaneShortage): string {
    return this.#lane(priority, definitionId).beginReading();
  }

  /** Entries read from the store. */
  refill({ priority, definitionId, entries, readTo }: Refill): void {
    const lane = this.#lane(priority, definitionId);
    for (const entry of entries) {
      this.#keep(lane, entry);
    }
    lane.endReading(entries.length, readTo);
    this.#dropIfEmpty(lane);
  }

  /** Forgets what belongs to shards that are no longer this node's. */
  keepShards(isOurs: (shard: number) => boolean): void {
    this.#waiting = 0;
    for (const lane of this.#lanes.values()) {
      lane.keep(isOurs);
      this.#waiting += lane.length;
      this.#dropIfEmpty(lane);
    }
  }

  /** Sets how many more a taker can take; 0 takes it out of the turn. */
  setFree(takerId: string, slots: number): void {
    if (slots > 0) {
      this.#free.set(takerId, slots);
    } else {
      this.#free.delete(takerId);
    }
  }

  freeOf(takerId: string): number {
    return this.#free.get(takerId) ?? 0;
  }

  /** Whether an entry offered now would go to a taker at once. */
  get wouldMatch(): boolean {
    return this.#waiting === 0 && this.#free.size > 0 && !this.hasTail;
  }

  /** Takes one free slot, in turn. */
  takeSlot(): string | null {
    const next = this.#free.entries().next().value;
    if (next === undefined) {
      return null;
    }
    const [takerId, slots] = next;
    this.#free.delete(takerId);
    if (slots > 1) {
      this.#free.set(takerId, slots - 1);
    }
    return takerId;
  }

  /** Pairs the next waiting entry with a free slot; null when there is none of either. */
  match(): Match | null {
    if (this.#free.size === 0) {
      return null;
    }
    const item = this.#take();
    if (item === null) {
      return null;
    }
    const takerId = this.takeSlot();
    return takerId === null ? null : { takerId, item };
  }

  #take(): QueueItem | null {
    for (const priority of PRIORITIES) {
      const rank = this.#ranks.get(priority) as Heap<Lane>;
      for (let lane = rank.pop(); lane !== undefined; lane = rank.pop()) {
        lane.ranked = false;
        const entry = lane.shift();
        if (entry === undefined) {
          this.#dropIfEmpty(lane);
          continue;
        }
        this.#waiting--;
        this.#clocks.set(priority, lane.served);
        lane.served++;
        this.#rank(lane);
        this.#dropIfEmpty(lane);
        return { ...entry, priority, definitionId: lane.definitionId };
      }
    }
    return null;
  }

  #keep(lane: Lane, entry: Waiting): void {
    const before = lane.length;
    lane.push({ instanceId: entry.instanceId, shard: entry.shard });
    this.#waiting += lane.length - before;
    this.#rank(lane);
  }

  #rank(lane: Lane): void {
    if (!lane.ranked && lane.length > 0) {
      // A lane that was empty does not get back the turns it did not use.
      lane.served = Math.max(lane.served, this.#clocks.get(lane.priority) ?? 0);
      lane.ranked = true;
      (this.#ranks.get(lane.priority) as Heap<Lane>).push(lane);
    }
  }

  #lane(priority: number, definitionId: string): Lane {
    const key = keyOf(priority, definitionId);
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = new Lane(priority, definitionId);
      lane.served = this.#clocks.get(priority) ?? 0;
      this.#lanes.set(key, lane);
    }
    return lane;
  }

  #dropIfEmpty(lane: Lane): void {
    if (lane.length === 0 && lane.tail === 0 && !lane.ranked) {
      this.#lanes.delete(keyOf(lane.priority, lane.definitionId));
    }
  }
}

function keyOf(priority: number, definitionId: string): string {
  return `${priority}/${definitionId}`;
}

function goesBefore(a: Lane, b: Lane): boolean {
  return a.served !== b.served ? a.served < b.served : (a.head?.instanceId ?? "") < (b.head?.instanceId ?? "");
}
