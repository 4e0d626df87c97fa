import type { Clock, Timer } from "../ports/clock.ts";
import { sleepOn } from "./sleep.ts";

/** Beyond this Node's own timers overflow and fire at once; longer delays are reached in steps. */
const LONGEST_STEP_MS = 2 ** 31 - 1;

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  schedule,
  sleep: (ms, signal) => sleepOn(schedule, ms, signal),
};

function schedule(delayMs: number, run: () => void): Timer {
  if (Number.isNaN(delayMs)) throw new RangeError("A delay must be a number of milliseconds, got NaN");
  const dueAt = performance.now() + delayMs;
  let handle: NodeJS.Timeout;

  const arm = (remainingMs: number): void => {
    handle = setTimeout(onStep, Math.min(Math.ceil(Math.max(remainingMs, 0)), LONGEST_STEP_MS));
  };
  // Node rounds and may come up to a millisecond early, so the clock is asked before the promise of "at least" is kept.
  const onStep = (): void => {
    const remainingMs = dueAt - performance.now();
    if (remainingMs > 0) arm(remainingMs);
    else run();
  };

  arm(delayMs);
  return { cancel: () => clearTimeout(handle) };
}
