/**
 * Work in small pieces beside which everything else must go on as if it were not there.
 *
 * After each piece it rests three times as long as that took: so it never has more than a quarter of what it works with, and less the busier that is, because
 * then each piece takes longer. Pieces are made as small as it takes for one to be done soon, so that nobody waits long behind one.
 */
import type { Clock } from "../../ports/clock.ts";

/** A piece shall take about so long. */
const WANTED_MS = 25;
/** For each millisecond of work. */
const REST = 3;
/** Other work of this process has its turn, however quick a piece was. */
const LEAST_REST_MS = 5;
/** One that waited long, for a database that was away, is no reason to rest as long. */
const LONGEST_REST_MS = 5000;
const FIRST_SIZE = 1000;
const SMALLEST_SIZE = 500;

export class Pace {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #most: number;
  #size: number;
  #restMs = 0;

  /** @param most rows of a piece. */
  constructor(clock: Clock, signal: AbortSignal, most: number) {
    this.#clock = clock;
    this.#signal = signal;
    this.#most = most;
    this.#size = Math.min(FIRST_SIZE, most);
  }

  /**
   * Does one piece; `rest` is to come after it.
   * @param piece of so many rows.
   * @throws the signal's reason, when it aborts.
   */
  async take<Value>(piece: (rows: number) => Promise<Value>): Promise<Value> {
    this.#signal.throwIfAborted();
    const from = this.#clock.monotonic();
    const value = await piece(this.#size);
    const tookMs = this.#clock.monotonic() - from;
    if (tookMs > 2 * WANTED_MS) {
      this.#size = Math.max(Math.floor(this.#size / 2), Math.min(SMALLEST_SIZE, this.#most));
    } else if (tookMs < WANTED_MS) {
      this.#size = Math.min(Math.ceil(this.#size * 1.25), this.#most);
    }
    this.#restMs = Math.min(Math.max(REST * tookMs, LEAST_REST_MS), LONGEST_REST_MS);
    return value;
  }

  /** @throws the signal's reason, when it aborts. */
  rest(): Promise<void> {
    return this.#clock.sleep(this.#restMs, this.#signal);
  }
}
