/** When a failed attempt is tried again. Durations in milliseconds. */
export interface RetryPolicy {
  readonly initialDelayMs: number;
  readonly factor: number;
  readonly maxDelayMs: number;
  readonly jitterMs: number;
  /** Retries after the first attempt of a series. */
  readonly maxRetries: number;
  readonly nonRetryableCodes: readonly string[];
}

/** The formula of the source: min(30 s * 2^n + 0–10 s, 1 h), three retries. */
export const DEFAULT_RETRY_POLICY: RetryPolicy = {
  initialDelayMs: 30_000,
  factor: 2,
  maxDelayMs: 3_600_000,
  jitterMs: 10_000,
  maxRetries: 3,
  nonRetryableCodes: [],
};

/**
 * How long to wait before retry number `retry` (counting from 0).
 * @param chance in [0, 1): what a random port gave.
 */
export function retryDelayMs(policy: RetryPolicy, retry: number, chance: number): number {
  const backoff = policy.initialDelayMs * policy.factor ** retry;
  return Math.round(Math.min(backoff + policy.jitterMs * chance, policy.maxDelayMs));
}
