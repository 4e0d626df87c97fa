/** What may be delivered to a destination now, and when that may change by itself. */
import type { WaitingReason } from "../../domain/instance/instance.ts";
import type { DestinationRecord } from "../../domain/webhook/destination.ts";
import { openUntilOf } from "../breaker/opening.ts";

/** The longest that a Retry-After is heeded. */
export const MAX_HOLD_MS = 3_600_000;

export type Allowance =
  /** So many deliveries may be under way. What the rate limit says comes on top. */
  | { readonly kind: "open"; readonly slots: number }
  /** One delivery may be under way: it finds out how the other side is. */
  | { readonly kind: "probe" }
  | {
      readonly kind: "shut";
      readonly reason: Extract<WaitingReason, "BREAKER_OPEN" | "RATE_LIMITED">;
      /** When a WAKE may open it, which is due when this has passed; null: only a caller can. */
      readonly until: number | null;
    };

const SHUT: Allowance = { kind: "shut", reason: "BREAKER_OPEN", until: null };
const PROBE: Allowance = { kind: "probe" };

export function allowanceOf({ disabled, breaker, heldUntil, settings }: DestinationRecord, at: number): Allowance {
  if (disabled !== null || breaker.state === "ISOLATED") {
    return SHUT;
  }
  if (breaker.state === "OPEN") {
    return { kind: "shut", reason: "BREAKER_OPEN", until: openUntilOf(breaker, settings.breaker, at) };
  }
  if (heldUntil !== null && heldUntil > at) {
    return { kind: "shut", reason: "RATE_LIMITED", until: heldUntilOf(heldUntil, at) };
  }
  return breaker.state === "HALF_OPEN" ? PROBE : { kind: "open", slots: settings.maxConcurrent };
}

/** Until when it is held as seen at `at`: never for longer than a hold may be, though the clock was put back. */
export function heldUntilOf(heldUntil: number, at: number): number {
  return Math.min(heldUntil, at + MAX_HOLD_MS);
}

/**
 * When a WAKE is due by itself; null: never.
 * @param at what the clock says. When it was put back so far that the wait would be longer than any may be, the WAKE is due now, and shortens it.
 */
export function nextLookOf(record: DestinationRecord, at: number = Number.POSITIVE_INFINITY): number | null {
  const { disabled, breaker, heldUntil, settings } = record;
  if (disabled !== null || breaker.state === "ISOLATED") {
    return null;
  }
  const looks: number[] = [];
  if (breaker.state === "OPEN" && breaker.openUntil !== null) {
    looks.push(openUntilOf(breaker, settings.breaker, at) < breaker.openUntil ? at : breaker.openUntil);
  }
  if (heldUntil !== null) {
    looks.push(heldUntilOf(heldUntil, at) < heldUntil ? at : heldUntil);
  }
  return looks.length === 0 ? null : Math.min(...looks);
}
