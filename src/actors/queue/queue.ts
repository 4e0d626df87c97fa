/**
 * One worker queue: who waits, who has free slots, and which goes to whom.
 *
 * Higher priority first. Within a priority definitions take turns, so that one with a long backlog does not starve another; within a
 * definition the oldest goes first. Takers with free slots take turns too. Nothing here is durable: what waits is in the store.
 *
 * No priority starves. One that was passed over by more urgent ones `patience` times in a row, while it waited, is overdue and goes before them
 * once. Of several that are overdue the least urgent goes first: that passes over none of the others, so each is passed over at most `patience`
 * times, however many priorities wait (Q1). Nobody goes before a more urgent one without being overdue, which takes `patience` turns of others:
 * so at most 3 do so in a row (Q2). What waits in the store only is read on when it is overdue, before all else, and goes once it is in memory.
 */
import type { Waiting } from "./lane.ts";
import { Lane } from "./lane.ts";
import { Level } from "./level.ts";

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

export interface QueueBounds {
  /** How many entries of a queue may stand in memory. */
  readonly frontLimit: number;
  /** A lane with fewer entries in memory is to be read on. */
  readonly lowMark: number;
  /** How often a priority that waits is passed over by more urgent ones, at most; at least 3. Default 32. */
  readonly patience?: number;
}

/** LOW gets one slot in 33 at least. CRITICAL keeps 91 of 100 while all others wait, and a single more urgent one 97 of 100. */
export const PATIENCE = 32;

export class Queue {
  readonly #frontLimit: number;
  readonly #lanes = new Map<string, Lane>();
  /** By priority, the most urgent first. */
  readonly #levels: readonly Level[];
  readonly #free = new Map<string, number>();

  constructor({ frontLimit, lowMark, patience = PATIENCE }: QueueBounds) {
    if (patience < 3) {
      throw new RangeError(`Patience ${patience} would let priorities go in turns`);
    }
    this.#frontLimit = frontLimit;
    this.#levels = PRIORITIES.map(() => new Level({ lowMark, patience }));
  }

  /** Entries in memory. */
  get waiting(): number {
    return this.#levels.reduce((sum, level) => sum + level.waiting, 0);
  }

  /** Nothing waits, nobody asks. */
  get idle(): boolean {
    return this.waiting === 0 && this.#free.size === 0 && !this.hasTail;
  }

  get hasTail(): boolean {
    return this.#levels.some((level) => level.hasTail);
  }

  /** Takes an entry in. */
  offer(item: QueueItem): Place {
    return this.#change(this.#lane(item.priority, item.definitionId), (lane) => {
      const full = this.waiting >= this.#frontLimit;
      if (!lane.isFront(item.instanceId) || (full && item.instanceId > lane.lastId)) {
        lane.leave(item.instanceId);
        return { kind: "tail" };
      }
      const displaced = full ? lane.displace() : undefined;
      lane.push({ instanceId: item.instanceId, shard: item.shard });
      return { kind: "kept", displaced: displaced?.instanceId ?? null };
    });
  }

  /** Lets an entry go that no longer waits. */
  withdraw(item: QueueItem): void {
    const known = this.#lanes.get(keyOf(item.priority, item.definitionId));
    if (known !== undefined) {
      this.#change(known, (lane) => lane.remove(item.instanceId));
    }
  }

  /** What the store says waits in a lane, of a shard that was just acquired. */
  addTail(priority: number, definitionId: string, count: number): void {
    this.#change(this.#lane(priority, definitionId), (lane) => lane.addTail(count));
  }

  /**
   * The lane to be read on next; null when none runs short. One that is overdue and has nothing in memory comes first, then the most urgent.
   * While the memory is full, only these, and one that is more urgent than all that is in it.
   */
  shortage(): LaneShortage | null {
    const overdue = this.#levels.findLast((level) => level.isOverdue && level.waiting === 0)?.short;
    if (overdue !== undefined) {
      return { priority: overdue.priority, definitionId: overdue.definitionId };
    }
    const full = this.waiting >= this.#frontLimit;
    for (const level of this.#levels) {
      if (full && level.waiting > 0) {
        return null;
      }
      const { short } = level;
      if (short !== undefined) {
        return { priority: short.priority, definitionId: short.definitionId };
      }
    }
    return null;
  }

  /** Before what is staged is made durable and a lane is read. @returns the id after which to read. */
  beginRefill({ priority, definitionId }: LaneShortage): string {
    return this.#lane(priority, definitionId).beginReading();
  }

  /** Entries read from the store. */
  refill({ priority, definitionId, entries, readTo }: Refill): void {
    this.#change(this.#lane(priority, definitionId), (lane) => {
      for (const { instanceId, shard } of entries) {
        lane.push({ instanceId, shard });
      }
      lane.endReading(entries.length, readTo);
    });
  }

  /** Forgets what belongs to shards that are no longer this node's. */
  keepShards(isOurs: (shard: number) => boolean): void {
    for (const known of this.#lanes.values()) {
      this.#change(known, (lane) => lane.keep(isOurs));
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

  /** Free slots of all takers. */
  get freeSlots(): number {
    return [...this.#free.values()].reduce((sum, slots) => sum + slots, 0);
  }

  hasFree(mayTake: (takerId: string) => boolean): boolean {
    for (const takerId of this.#free.keys()) {
      if (mayTake(takerId)) {
        return true;
      }
    }
    return false;
  }

  /** How urgent what goes next is: its priority, or the highest when it is overdue. Null when nothing waits, in memory or in the store. */
  get mostUrgent(): number | null {
    const index = this.#levels.findIndex((level) => level.waits);
    return index < 0 ? null : this.#levels.some((level) => level.isOverdue) ? 1 : index + 1;
  }

  /** A slot that those who wait here could have had went elsewhere, to something of this priority. */
  passOver(priority: number): void {
    for (const level of this.#levels.slice(priority)) {
      level.passOver();
    }
  }

  /** Whether an entry offered now would go to a taker at once. */
  get wouldMatch(): boolean {
    return this.waiting === 0 && this.#free.size > 0 && !this.hasTail;
  }

  /** Takes one free slot, in turn, of those that `mayTake` allows. */
  takeSlot(mayTake: (takerId: string) => boolean = () => true): string | null {
    for (const [takerId, slots] of this.#free) {
      if (mayTake(takerId)) {
        this.#free.delete(takerId);
        if (slots > 1) {
          this.#free.set(takerId, slots - 1);
        }
        return takerId;
      }
    }
    return null;
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
    for (const level of this.#inTurn()) {
      const taken = level.take((lane) => this.#dropIfEmpty(lane));
      if (taken !== null) {
        const { lane, entry } = taken;
        this.passOver(lane.priority);
        this.#dropIfEmpty(lane);
        return { ...entry, priority: lane.priority, definitionId: lane.definitionId };
      }
    }
    return null;
  }

  /** Q1. */
  #inTurn(): readonly Level[] {
    const overdue = this.#levels.filter((level) => level.isOverdue);
    return overdue.length === 0 ? this.#levels : [...overdue.toReversed(), ...this.#levels];
  }

  /** Each change of a lane goes through here, so that its level knows of it. */
  #change<Value>(lane: Lane, change: (lane: Lane) => Value): Value {
    const before = lane.length;
    const value = change(lane);
    this.#levelOf(lane.priority).note(lane, before);
    this.#dropIfEmpty(lane);
    return value;
  }

  #levelOf(priority: number): Level {
    const level = this.#levels[priority - 1];
    if (level === undefined) {
      throw new RangeError(`There is no priority ${priority}`);
    }
    return level;
  }

  #lane(priority: number, definitionId: string): Lane {
    const key = keyOf(priority, definitionId);
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = new Lane(priority, definitionId);
      this.#levelOf(priority).welcome(lane);
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
