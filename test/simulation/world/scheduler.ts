import { Heap } from "../../../src/domain/heap.ts";
import type { Timer } from "../../../src/ports/clock.ts";

interface Item extends Timer {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

/** More is a loop that waits for no time. */
const MOST_STEPS = 2_000_000;

/**
 * The time of the simulated world: one line of things to come, each at its moment, all promises settled in between. Nothing else moves a
 * simulated process, so a run is a function of its seed.
 */
export class Scheduler {
  readonly #items = new Heap<Item>((a, b) => a.at < b.at || (a.at === b.at && a.order < b.order));
  #order = 0;
  #digest = 0x811c9dc5;
  /** Milliseconds since the world began. */
  now = 0;

  after(delayMs: number, run: () => void): Timer {
    const item: Item = {
      at: this.now + Math.max(0, delayMs),
      order: this.#order++,
      run,
      cancelled: false,
      cancel: () => {
        item.cancelled = true;
      },
    };
    if (item.at < Number.POSITIVE_INFINITY) {
      this.#items.push(item);
    }
    return item;
  }

  /** Takes something that happened into the digest. */
  digest(...parts: readonly number[]): void {
    for (const part of parts) {
      this.#digest = Math.imul(this.#digest ^ part, 0x01000193) >>> 0;
    }
  }

  /** A number by which two runs are told apart: the same seed gives the same. */
  get fingerprint(): string {
    return this.#digest.toString(16).padStart(8, "0");
  }

  /** How many things have happened. */
  steps = 0;

  /** Lets time go on until `endAt`, or until `enough` says so. */
  async run(endAt: number, enough: () => boolean): Promise<void> {
    await settled();
    while (!enough()) {
      const next = this.#items.peek();
      if (next === undefined || next.at > endAt) {
        this.now = endAt;
        return;
      }
      this.#items.pop();
      if (next.cancelled) {
        continue;
      }
      this.now = next.at;
      this.steps++;
      if (this.steps > MOST_STEPS) {
        throw new Error(`The world turns on the spot: ${MOST_STEPS} steps, and it is ${this.now} ms old`);
      }
      this.digest(Math.floor(next.at * 1000), next.order);
      next.run();
      await settled();
    }
  }
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
