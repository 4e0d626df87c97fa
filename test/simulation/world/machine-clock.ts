import type { Clock, Timer } from "../../../src/ports/clock.ts";
import { sleepOn } from "../../../src/system/sleep.ts";
import { MANUAL_START_AT } from "../../support/manual-clock.ts";
import type { Life } from "./life.ts";
import type { Scheduler } from "./scheduler.ts";

/** The clock of a machine: off the true time, and a little too fast or too slow. */
export interface Drift {
  /** Added to the true time of day; steps when somebody sets the clock. */
  offsetMs: number;
  /** Seconds that it counts in a second; within what lease margins allow for. */
  readonly rate: number;
}

/** The true time of day at the beginning of the world. */
export const WORLD_START_AT = MANUAL_START_AT;

/** However short a wait is, time passes in it. */
const SHORTEST_MS = 0.01;

/** Time as a process on that machine sees it. Its timers end with it. */
export function machineClock(time: Scheduler, life: Life, drift: Drift): Clock {
  const bornAt = time.now;
  const schedule = (delayMs: number, run: () => void): Timer => {
    if (Number.isNaN(delayMs)) {
      throw new RangeError("A delay must be a number of milliseconds, got NaN");
    }
    let cancelled = false;
    const timer = time.after(Math.max(delayMs / drift.rate, SHORTEST_MS), () =>
      life.enter(
        "timer",
        () => "a timer fires",
        () => {
          if (!cancelled) {
            run();
          }
        },
      ),
    );
    return {
      cancel: () => {
        cancelled = true;
        timer.cancel();
      },
    };
  };
  return {
    now: () => Math.floor(WORLD_START_AT + time.now + drift.offsetMs),
    monotonic: () => 1000 + (time.now - bornAt) * drift.rate,
    schedule,
    sleep: (ms, signal) => sleepOn(schedule, ms, signal),
  };
}

/** The true time, for the store and for whoever looks on. */
export function trueClock(time: Scheduler): Clock {
  const schedule: Clock["schedule"] = (delayMs, run) => time.after(delayMs, run);
  return {
    now: () => Math.floor(WORLD_START_AT + time.now),
    monotonic: () => time.now,
    schedule,
    sleep: (ms, signal) => sleepOn(schedule, ms, signal),
  };
}
