/** How long to wait before trying again: longer after each failure, up to a cap. */
export interface Backoff {
  /** Before the first repetition, in milliseconds. */
  readonly initialMs: number;
  /** Each delay is so many times the one before. */
  readonly factor: number;
  /** No delay is longer, in milliseconds. */
  readonly maxMs: number;
}

/**
 * The delay after `failures` failures before this one: between half and the whole of what the policy says, so that many
 * clients of one server that fell over do not come back in the same moment.
 *
 * @param fraction gives numbers from 0 up to 1, as Math.random does.
 */
export function backoffDelayMs(backoff: Backoff, failures: number, fraction: () => number): number {
  const wholeMs = Math.min(backoff.maxMs, backoff.initialMs * backoff.factor ** failures);
  return wholeMs * (0.5 + fraction() / 2);
}

/**
 * The delay that a server asked for, made up to a fifth longer. Never shorter: it knows when there will be room again.
 */
export function askedDelayMs(retryAfterMs: number, fraction: () => number): number {
  return retryAfterMs * (1 + fraction() / 5);
}
