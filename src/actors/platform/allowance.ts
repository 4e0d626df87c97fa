/** What may be pushed to a platform now, and when that may change by itself. */
import type { PlatformRecord } from "../../domain/platform/platform.ts";
import * as throttle from "../throttle/allowance.ts";
import { restLookOf, restUntilOf } from "./token-rest.ts";

/**
 * A disabled one is open, whatever its breaker says: its pushes are to be skipped, not to wait. Who takes one asks `enabled` and sends nothing.
 *
 * One that could not give a token just now is shut for a moment, as by its breaker.
 */
export function allowanceOf(record: PlatformRecord, at: number): throttle.Allowance {
  const { enabled, policy } = record;
  if (!enabled) {
    return { kind: "open", slots: policy.maxConcurrent };
  }
  const allowance = throttle.allowanceOf(record, policy, at);
  const until = restUntilOf(record, at);
  return allowance.kind === "shut" || until === null ? allowance : { kind: "shut", reason: "BREAKER_OPEN", until };
}

/**
 * When a WAKE is due by itself; null: never. The end of a token brings none: nobody fetches one for a platform to which nothing is pushed.
 * @param at what the clock says, which may have been put back.
 */
export function nextLookOf(record: PlatformRecord, at: number = Number.POSITIVE_INFINITY): number | null {
  if (!record.enabled || record.breaker.state === "ISOLATED") {
    return null;
  }
  const looks = [throttle.nextLookOf(record, record.policy, at), restLookOf(record, at)].filter(
    (look) => look !== null,
  );
  return looks.length === 0 ? null : Math.min(...looks);
}
