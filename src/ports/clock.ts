/**
 * Time as the rest of Belfry sees it. Two readings, never mixed: the wall clock says what time it is in the world and
 * may jump; the monotonic clock says how much time has passed and never goes back.
 */
export interface Clock {
  /** Wall time in epoch milliseconds (an integer). May step backwards when the machine's clock is corrected. */
  now(): number;

  /**
   * Milliseconds since an arbitrary start, with fractions; never goes back and does not follow corrections of the wall
   * clock. Only differences between two readings of the same process mean anything. Leases are judged by this one.
   */
  monotonic(): number;

  /**
   * Calls `run` once, at least `delayMs` of monotonic time from now, never before this call has returned.
   * Any delay works, also past the 2^31 ms at which plain timers overflow, and `Infinity`, which never comes.
   * Zero or less means "as soon as possible". What `run` throws is an uncaught exception, so `run` handles its own.
   * A pending timer keeps the process alive: whoever schedules also cancels.
   *
   * @throws RangeError when `delayMs` is NaN.
   */
  schedule(delayMs: number, run: () => void): Timer;

  /**
   * Resolves after `ms` of monotonic time (see {@link schedule}). When `signal` aborts first, or has aborted already,
   * it rejects with the signal's reason and leaves no timer behind.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** A call that {@link Clock.schedule} will make. */
export interface Timer {
  /** Prevents the call. Harmless when it was made or cancelled already. */
  cancel(): void;
}
