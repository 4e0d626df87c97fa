import type { Clock } from "../../ports/clock.ts";

/** A second signal within this time is the first one again: at Ctrl-C a terminal signals a whole group of processes, and npm passes it on. */
const SAME_SIGNAL_MS = 500;

/** Tells the first signal to stop from a second one, which means "at once". */
export class Lifetime {
  readonly #clock: Clock;
  readonly #stop = Promise.withResolvers<void>();
  readonly #atOnce: () => void;
  #firstAt: number | undefined;

  /** @param atOnce is called for every signal after the first. */
  constructor(clock: Clock, atOnce: () => void) {
    this.#clock = clock;
    this.#atOnce = atOnce;
  }

  /** Resolves at the first signal. */
  get stopped(): Promise<void> {
    return this.#stop.promise;
  }

  get isStopping(): boolean {
    return this.#firstAt !== undefined;
  }

  signal(): void {
    const now = this.#clock.monotonic();
    if (this.#firstAt === undefined) {
      this.#firstAt = now;
      this.#stop.resolve();
    } else if (now - this.#firstAt > SAME_SIGNAL_MS) {
      this.#atOnce();
    }
  }
}
