/** How a platform stands with its access token. */
import type { PlatformRecord, PlatformToken, TokenFailure } from "./platform.ts";

/** It is replaced in the last fifth of its time, a minute at most. */
const AHEAD_FRACTION = 0.2;
const MAX_AHEAD_MS = 60_000;

/**
 * - NONE: none was asked for.
 * - EXPIRING: it is used, and the next push replaces it.
 * - EXPIRED: nothing was pushed since.
 * - FAILED: there is none, since the last could not be had or was not taken.
 */
export type TokenState = "NONE" | "VALID" | "EXPIRING" | "EXPIRED" | "FAILED";

/** How a platform stands with its token, for people to see. */
export interface TokenHealth {
  readonly state: TokenState;
  /** Until when it is, or was, used; null: there is none. */
  readonly expiresAt: number | null;
  /** Why the last one could not be had, or was not taken; also while an older one serves. Null: nothing failed since one was got. */
  readonly failure: TokenFailure | null;
}

export function tokenHealthOf(record: PlatformRecord, at: number): TokenHealth {
  const { token, tokenFailure } = record;
  return { state: stateOf(record, at), expiresAt: token?.expiresAt ?? null, failure: tokenFailure };
}

function stateOf({ token, tokenFailure }: PlatformRecord, at: number): TokenState {
  if (token !== null && at < token.expiresAt) {
    return at < aheadFrom(token) ? "VALID" : "EXPIRING";
  }
  if (tokenFailure !== null) {
    return "FAILED";
  }
  return token === null ? "NONE" : "EXPIRED";
}

/** From when on it is replaced, beside the pushes. */
export function aheadFrom({ obtainedAt, expiresAt }: PlatformToken): number {
  return expiresAt - Math.min(MAX_AHEAD_MS, (expiresAt - obtainedAt) * AHEAD_FRACTION);
}
