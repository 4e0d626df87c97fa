import type { Clock, Timer } from "../../src/ports/clock.ts";
import type { Ids } from "../../src/ports/ids.ts";
import type { Random } from "../../src/ports/random.ts";
import { assertRoutingHash, formatUuid } from "../../src/system/ids.ts";
import { sleepOn } from "../../src/system/sleep.ts";

/** Where a {@link ManualClock} starts unless told otherwise: a Thursday at midnight, UTC. */
export const MANUAL_START_AT = Date.UTC(2026, 0, 1);

interface ManualTimer extends Timer {
  readonly dueAt: number;
  readonly order: number;
  readonly run: () => void;
}

/**
 * Time that stands still until a test turns it. Timers run in the order in which they are due, those due together in
 * the order in which they were set, and none runs outside {@link ManualClock.advance}.
 */
export class ManualClock implements Clock {
  #wall: number;
  #monotonic = 0;
  #order = 0;
  #advancing = false;
  readonly #timers = new Set<ManualTimer>();

  constructor(startAt: number = MANUAL_START_AT) {
    this.#wall = startAt;
  }

  now(): number {
    return Math.floor(this.#wall);
  }

  monotonic(): number {
    return this.#monotonic;
  }

  schedule(delayMs: number, run: () => void): Timer {
    if (Number.isNaN(delayMs)) throw new RangeError("A delay must be a number of milliseconds, got NaN");
    const timer: ManualTimer = {
      dueAt: this.#monotonic + Math.max(delayMs, 0),
      order: this.#order++,
      run,
      cancel: () => {
        this.#timers.delete(timer);
      },
    };
    this.#timers.add(timer);
    return timer;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn((delayMs, run) => this.schedule(delayMs, run), ms, signal);
  }

  /** Timers that are set and have not run. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** Milliseconds until the next timer is due, undefined when none is set. */
  get nextDelayMs(): number | undefined {
    const next = this.#next();
    return next && next.dueAt - this.#monotonic;
  }

  /**
   * Moves both readings forward by `ms` and runs what falls due on the way, timers set meanwhile included, each at its
   * own time and with all promises settled before and after. `advance(0)` runs what is due already. What a timer
   * throws, this rejects with. Real input and output is not waited for.
   */
  async advance(ms: number): Promise<void> {
    if (!(ms >= 0)) throw new RangeError(`Time goes forward only, got ${ms}; setWall() steps the wall clock`);
    if (this.#advancing) throw new Error("advance() was called while another advance() is under way: await that one");
    this.#advancing = true;
    try {
      const endAt = this.#monotonic + ms;
      await settled();
      for (let next = this.#next(); next && next.dueAt <= endAt; next = this.#next()) {
        this.#moveTo(next.dueAt);
        this.#timers.delete(next);
        next.run();
        await settled();
      }
      this.#moveTo(endAt);
    } finally {
      this.#advancing = false;
    }
  }

  /** Steps the wall clock to `at` (epoch ms), forward or back, as a correction would; timers do not notice. */
  setWall(at: number): void {
    this.#wall = at;
  }

  #moveTo(monotonic: number): void {
    const passedMs = Math.max(monotonic - this.#monotonic, 0);
    this.#monotonic += passedMs;
    this.#wall += passedMs;
  }

  #next(): ManualTimer | undefined {
    let first: ManualTimer | undefined;
    for (const timer of this.#timers) {
      if (!first || timer.dueAt < first.dueAt || (timer.dueAt === first.dueAt && timer.order < first.order)) {
        first = timer;
      }
    }
    return first;
  }
}

/** Resolves when every promise that can settle without a timer or real input and output has settled. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The same numbers for the same seed, on every machine (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const uint32 = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const fraction = (): number => (uint32() * 2 ** 21 + (uint32() >>> 11)) / 2 ** 53;
  return {
    fraction,
    integer: (maxExclusive) => {
      if (!Number.isInteger(maxExclusive) || maxExclusive < 1) {
        throw new RangeError(`The bound must be a whole number of at least 1, got ${maxExclusive}`);
      }
      return Math.floor(fraction() * maxExclusive);
    },
  };
}

/**
 * Ids that count up from 1 and read so: the first is `019b76da-a800-7000-8000-00000001hhhh`. Valid UUIDv7s that carry
 * the routing hash; without one the last digits follow from the number, spread over all hashes.
 */
export function sequentialIds(): Ids {
  let uuids = 0;
  let tokens = 0;
  return {
    uuid: (routingHash) => {
      if (routingHash !== undefined) assertRoutingHash(routingHash);
      uuids += 1;
      return formatUuid(MANUAL_START_AT, 0, uuids, routingHash ?? Math.imul(uuids, 0x9e3779b1) >>> 16);
    },
    token: (bytes = 32) => {
      tokens += 1;
      return Buffer.alloc(bytes, `token ${tokens} `).toString("base64url");
    },
  };
}
