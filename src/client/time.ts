/**
 * Time as the client sees it: only how much of it passes. Every timer of the client and of the worker goes through here,
 * so that a test can turn the clock by hand.
 */
export interface ClientTime {
  /** Milliseconds since an arbitrary start; never goes back. */
  monotonic(): number;
  /** Calls `run` once, `delayMs` milliseconds from now. */
  schedule(delayMs: number, run: () => void): ClientTimer;
}

/** A call that {@link ClientTime.schedule} will make. */
export interface ClientTimer {
  /** Prevents the call. Harmless when it was made already. */
  cancel(): void;
}

/** The longest delay that a timer of Node keeps; a longer one would fire at once. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** The real one. */
export const systemTime: ClientTime = {
  monotonic: () => performance.now(),
  schedule: (delayMs, run) => {
    const timer = setTimeout(run, Math.min(Math.max(delayMs, 0), LONGEST_DELAY_MS));
    return {
      cancel: () => {
        clearTimeout(timer);
      },
    };
  },
};

/** Resolves after `ms`, or as soon as `signal` aborts: then with false. */
export function waited(time: ClientTime, ms: number, signal: AbortSignal | undefined): Promise<boolean> {
  if (signal?.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const onAbort = (): void => {
      timer.cancel();
      resolve(false);
    };
    const timer = time.schedule(ms, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve(true);
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
