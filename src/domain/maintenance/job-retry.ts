import type { RetryPolicy } from "../policy/retry.ts";

/** Jobs go on where they were: a node that went away is no reason to give up. */
export const JOB_RETRY: RetryPolicy = {
  initialDelayMs: 1000,
  factor: 2,
  maxDelayMs: 60_000,
  jitterMs: 1000,
  maxRetries: 100,
  nonRetryableCodes: [],
};
