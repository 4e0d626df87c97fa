/** A circuit breaker, as it is stored: of a webhook destination or a platform. Instants in epoch milliseconds, durations in milliseconds. */

/**
 * Why a call failed, as far as it tells about the other side. `REFUSED`: it answered, and would refuse the same request again (most 4xx); that
 * speaks about the request, so it does not count towards opening.
 */
export const FAILURE_CAUSES = [
  "CONNECTION",
  "TLS",
  "TIMEOUT",
  "SERVER_ERROR",
  "RATE_LIMITED",
  "AUTH",
  "BAD_RESPONSE",
  "REFUSED",
] as const;
export type FailureCause = (typeof FAILURE_CAUSES)[number];

export const BREAKER_STATES = ["CLOSED", "OPEN", "HALF_OPEN", "ISOLATED"] as const;
/** CLOSED: calls pass. OPEN: none does. HALF_OPEN: one may try. ISOLATED: somebody shut it by hand. */
export type BreakerState = (typeof BREAKER_STATES)[number];

export interface BreakerSettings {
  /** Opens after so many failures in a row; 0: never for that. */
  readonly consecutiveFailures: number;
  /** Opens when so much of the calls of the window failed, of at least `minCalls`; 0: never for that. */
  readonly failureRatio: number;
  readonly minCalls: number;
  readonly windowMs: number;
  /** How long it stays open at first. Each failed probe doubles it, up to `maxOpenMs`. */
  readonly openMs: number;
  readonly maxOpenMs: number;
  /** Failures that count. */
  readonly causes: readonly FailureCause[];
}

/** S3: three failures in a row, a minute of rest. */
export const DEFAULT_BREAKER_SETTINGS: BreakerSettings = {
  consecutiveFailures: 3,
  failureRatio: 0.5,
  minCalls: 20,
  windowMs: 60_000,
  openMs: 60_000,
  maxOpenMs: 600_000,
  causes: ["CONNECTION", "TLS", "TIMEOUT", "SERVER_ERROR", "RATE_LIMITED", "AUTH", "BAD_RESPONSE"],
};

/** Calls of a tenth of the window. */
export interface CallTally {
  readonly from: number;
  readonly succeeded: number;
  readonly failed: number;
}

export interface Breaker {
  readonly state: BreakerState;
  readonly since: number;
  /** When it will be half open; only while OPEN. */
  readonly openUntil: number | null;
  /** How often it opened without a success since. */
  readonly timesOpened: number;
  readonly consecutiveFailures: number;
  /** Oldest first. */
  readonly window: readonly CallTally[];
  readonly lastFailure: { readonly cause: FailureCause; readonly message: string; readonly at: number } | null;
  /** Why it is not closed. */
  readonly reason: string;
}

export const CLOSED_BREAKER: Breaker = {
  state: "CLOSED",
  since: 0,
  openUntil: null,
  timesOpened: 0,
  consecutiveFailures: 0,
  window: [],
  lastFailure: null,
  reason: "",
};
