import type { Clock } from "../../ports/clock.ts";

/** Ends a rest, also when it rings before the rest has begun. */
export class Bell {
  readonly #clock: Clock;
  #rest = new AbortController();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  ring(): void {
    this.#rest.abort();
  }

  /** Resolves after `ms`, or when it rings, or at once when it rang since the last rest. */
  async rest(ms: number): Promise<void> {
    await this.#clock.sleep(ms, this.#rest.signal).catch(() => {});
    this.#rest = new AbortController();
  }
}

/** Resolves when the work is over, however it ends, or after `ms`. */
export async function within(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  await Promise.race([work.catch(() => {}), clock.sleep(ms, over.signal).catch(() => {})]);
  over.abort();
}
