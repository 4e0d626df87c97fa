import type { ClientTime, ClientTimer } from "../time.ts";

/**
 * One timer for everything that is due some time: it rings at the earliest time asked for. Asking for a later one costs a
 * comparison, so that ten thousand short attempts do not cost ten thousand timers.
 */
export class Alarm {
  readonly #time: ClientTime;
  readonly #ring: () => void;
  #dueAt = Infinity;
  #timer: ClientTimer | undefined;

  constructor(time: ClientTime, ring: () => void) {
    this.#time = time;
    this.#ring = ring;
  }

  /** Rings at `dueAt` (monotonic milliseconds) unless it rings earlier; whoever still waits then asks again. */
  ringBy(dueAt: number): void {
    if (dueAt >= this.#dueAt) return;
    this.#timer?.cancel();
    this.#dueAt = dueAt;
    this.#timer = this.#time.schedule(Math.max(dueAt - this.#time.monotonic(), 0), () => {
      this.#dueAt = Infinity;
      this.#timer = undefined;
      this.#ring();
    });
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#dueAt = Infinity;
  }
}
