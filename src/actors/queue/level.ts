/**
 * The lanes of one priority in a queue: how many wait in memory, whose turn it is, which lane is to be read on, and how often more urgent ones
 * were served since it was, while something of it waited.
 */
import { Heap } from "../../domain/heap.ts";
import type { Lane, Waiting } from "./lane.ts";

export class Level {
  readonly #lowMark: number;
  readonly #patience: number;
  readonly #turns = new Heap<Lane>(goesBefore);
  readonly #tailed = new Set<Lane>();
  /** Lanes of which little is in memory and more in the store, longest so first. */
  readonly #short = new Set<Lane>();
  /** Virtual time: turns that the lane served last has had. */
  #clock = 0;
  #waiting = 0;
  #passedOver = 0;

  /**
   * @param bounds.lowMark a lane with fewer entries in memory runs short.
   * @param bounds.patience passed over so often, it is overdue.
   */
  constructor({ lowMark, patience }: { readonly lowMark: number; readonly patience: number }) {
    this.#lowMark = lowMark;
    this.#patience = patience;
  }

  /** Entries in memory. */
  get waiting(): number {
    return this.#waiting;
  }

  get hasTail(): boolean {
    return this.#tailed.size > 0;
  }

  /** Whether anything waits, in memory or in the store. */
  get waits(): boolean {
    return this.#waiting > 0 || this.hasTail;
  }

  /** Whether its turn has come before that of more urgent ones. */
  get isOverdue(): boolean {
    return this.#passedOver >= this.#patience;
  }

  /** A more urgent one was served. */
  passOver(): void {
    if (this.waits) {
      this.#passedOver++;
    }
  }

  get short(): Lane | undefined {
    return this.#short.values().next().value;
  }

  /** A new lane begins where the others are: it does not get back turns it did not use. */
  welcome(lane: Lane): void {
    lane.served = this.#clock;
  }

  /** Takes note of what became of a lane. @param before its length then. */
  note(lane: Lane, before: number): void {
    this.#waiting += lane.length - before;
    put(this.#tailed, lane, lane.tail > 0);
    put(this.#short, lane, lane.tail > 0 && lane.length < this.#lowMark);
    if (!this.waits) {
      this.#passedOver = 0;
    }
    if (!lane.ranked && lane.length > 0) {
      lane.served = Math.max(lane.served, this.#clock);
      lane.ranked = true;
      this.#turns.push(lane);
    }
  }

  /** The next entry in turn; null when none is in memory. `forgotten` is told of lanes that were found empty. */
  take(forgotten: (lane: Lane) => void): { readonly lane: Lane; readonly entry: Waiting } | null {
    for (let lane = this.#turns.pop(); lane !== undefined; lane = this.#turns.pop()) {
      lane.ranked = false;
      const before = lane.length;
      const entry = lane.shift();
      if (entry !== undefined) {
        this.#clock = lane.served;
        lane.served++;
        this.#passedOver = 0;
        this.note(lane, before);
        return { lane, entry };
      }
      forgotten(lane);
    }
    return null;
  }
}

function goesBefore(a: Lane, b: Lane): boolean {
  return a.served !== b.served ? a.served < b.served : (a.head?.instanceId ?? "") < (b.head?.instanceId ?? "");
}

function put(lanes: Set<Lane>, lane: Lane, belongs: boolean): void {
  if (belongs) {
    lanes.add(lane);
  } else {
    lanes.delete(lane);
  }
}
