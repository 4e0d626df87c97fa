/** One timer for all deadlines of this node: the earliest is waited for, and what has passed is handed out in order. */
import { Heap } from "../domain/heap.ts";
import type { Clock } from "../ports/clock.ts";

interface Entry {
  readonly at: number;
  readonly key: string;
}

/** The wall clock may jump: it is looked at this often even when nothing is due. */
const LOOK_EVERY_MS = 1000;
/** So many entries of deadlines that no longer count are not worth clearing away. */
const STALE_ENTRIES = 1000;

export class Deadlines {
  readonly #clock: Clock;
  readonly #due: (keys: readonly string[]) => void;
  #heap = emptyHeap();
  /**
   * The deadline that counts of each key, and the one it stands in the heap with. One that moved later stays where it is and is put back when
   * its old time comes, so that heartbeats cost nothing here.
   */
  readonly #current = new Map<string, { at: number; heapAt: number }>();
  #timer: { cancel(): void } | null = null;
  #timerAt = Number.POSITIVE_INFINITY;
  #stopped = false;

  /** @param due is told the keys whose deadline has passed; each is forgotten before. */
  constructor(clock: Clock, due: (keys: readonly string[]) => void) {
    this.#clock = clock;
    this.#due = due;
  }

  get size(): number {
    return this.#current.size;
  }

  /** Sets the deadline of a key; null: it has none. */
  set(key: string, at: number | null): void {
    if (at === null) {
      this.#current.delete(key);
      this.#clearStale();
      return;
    }
    const known = this.#current.get(key);
    if (known !== undefined && known.heapAt <= at) {
      known.at = at;
      return;
    }
    this.#current.set(key, { at, heapAt: at });
    this.#heap.push({ at, key });
    this.#clearStale();
    if (at < this.#timerAt) {
      this.#arm();
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /** Most deadlines are far away and never come: their entries must not stay until then. Costs little a set, as most of the heap goes. */
  #clearStale(): void {
    if (this.#heap.size <= 2 * this.#current.size + STALE_ENTRIES) {
      return;
    }
    this.#heap = emptyHeap();
    for (const [key, known] of this.#current) {
      known.heapAt = known.at;
      this.#heap.push({ at: known.at, key });
    }
  }

  #arm(): void {
    if (this.#stopped) {
      return;
    }
    this.#timer?.cancel();
    const next = this.#heap.peek();
    if (next === undefined) {
      this.#timer = null;
      this.#timerAt = Number.POSITIVE_INFINITY;
      return;
    }
    this.#timerAt = next.at;
    const delayMs = Math.min(Math.max(0, next.at - this.#clock.now()), LOOK_EVERY_MS);
    this.#timer = this.#clock.schedule(delayMs, () => this.#fire());
  }

  #fire(): void {
    const now = this.#clock.now();
    const due: string[] = [];
    for (let next = this.#heap.peek(); next !== undefined && next.at <= now; next = this.#heap.peek()) {
      this.#heap.pop();
      const known = this.#current.get(next.key);
      if (known === undefined || known.heapAt !== next.at) {
        continue;
      }
      if (known.at > now) {
        known.heapAt = known.at;
        this.#heap.push({ at: known.at, key: next.key });
      } else {
        this.#current.delete(next.key);
        due.push(next.key);
      }
    }
    this.#timerAt = Number.POSITIVE_INFINITY;
    if (due.length > 0) {
      this.#due(due);
    }
    this.#arm();
  }
}

function emptyHeap(): Heap<Entry> {
  return new Heap<Entry>((a, b) => a.at < b.at);
}

export function instanceKey(id: string): string {
  return `i${id}`;
}

export function supervisorKey(id: string): string {
  return `s${id}`;
}
