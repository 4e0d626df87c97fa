/** What may be delivered to a destination now, and when that may change by itself. Nothing, and never, while it is disabled. */
import type { DestinationRecord } from "../../domain/webhook/destination.ts";
import * as throttle from "../throttle/allowance.ts";

export function allowanceOf(record: DestinationRecord, at: number): throttle.Allowance {
  return record.disabled === null ? throttle.allowanceOf(record, record.settings, at) : throttle.SHUT;
}

/**
 * When a WAKE is due by itself; null: never.
 * @param at what the clock says, which may have been put back.
 */
export function nextLookOf(record: DestinationRecord, at: number = Number.POSITIVE_INFINITY): number | null {
  return record.disabled === null ? throttle.nextLookOf(record, record.settings, at) : null;
}
