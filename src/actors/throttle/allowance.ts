/** What may be sent to somebody now, and when that may change by itself. */
import type { BreakerSettings } from "../../domain/breaker.ts";
import type { WaitingReason } from "../../domain/instance/instance.ts";
import { openUntilOf } from "../breaker/opening.ts";
import { heldUntilOf } from "./hold.ts";
import type { Throttled } from "./throttled.ts";

export type Allowance =
  /** So many calls may be under way. What the rate limit says comes on top. */
  | { readonly kind: "open"; readonly slots: number }
  /** One call may be under way: it finds out how the other side is. */
  | { readonly kind: "probe" }
  | {
      readonly kind: "shut";
      readonly reason: Extract<WaitingReason, "BREAKER_OPEN" | "RATE_LIMITED">;
      /** When a WAKE may open it, which is due when this has passed; null: only a caller can. */
      readonly until: number | null;
    };

interface Limits {
  readonly maxConcurrent: number;
  readonly breaker: BreakerSettings;
}

export const SHUT: Allowance = { kind: "shut", reason: "BREAKER_OPEN", until: null };
const PROBE: Allowance = { kind: "probe" };

export function allowanceOf({ breaker, heldUntil }: Throttled, limits: Limits, at: number): Allowance {
  if (breaker.state === "ISOLATED") {
    return SHUT;
  }
  if (breaker.state === "OPEN") {
    return { kind: "shut", reason: "BREAKER_OPEN", until: openUntilOf(breaker, limits.breaker, at) };
  }
  if (heldUntil !== null && heldUntil > at) {
    return { kind: "shut", reason: "RATE_LIMITED", until: heldUntilOf(heldUntil, at) };
  }
  return breaker.state === "HALF_OPEN" ? PROBE : { kind: "open", slots: limits.maxConcurrent };
}

/**
 * When a WAKE is due by itself; null: never.
 * @param at what the clock says. When it was put back so far that the wait would be longer than any may be, the WAKE is due now, and shortens it.
 */
export function nextLookOf({ breaker, heldUntil }: Throttled, limits: Limits, at: number): number | null {
  if (breaker.state === "ISOLATED") {
    return null;
  }
  const looks: number[] = [];
  if (breaker.state === "OPEN" && breaker.openUntil !== null) {
    looks.push(openUntilOf(breaker, limits.breaker, at) < breaker.openUntil ? at : breaker.openUntil);
  }
  if (heldUntil !== null) {
    looks.push(heldUntilOf(heldUntil, at) < heldUntil ? at : heldUntil);
  }
  return looks.length === 0 ? null : Math.min(...looks);
}
