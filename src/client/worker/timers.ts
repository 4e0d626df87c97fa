import type { ClientTime, ClientTimer } from "../time.ts";

/** Timers that go together: none is left when their owner has ended. */
export class Timers {
  readonly #time: ClientTime;
  readonly #pending = new Set<ClientTimer>();

  constructor(time: ClientTime) {
    this.#time = time;
  }

  after(delayMs: number, run: () => void): ClientTimer {
    const scheduled = this.#time.schedule(delayMs, () => {
      this.#pending.delete(timer);
      run();
    });
    const timer: ClientTimer = {
      cancel: () => {
        this.#pending.delete(timer);
        scheduled.cancel();
      },
    };
    this.#pending.add(timer);
    return timer;
  }

  cancelAll(): void {
    for (const timer of this.#pending) timer.cancel();
  }
}
