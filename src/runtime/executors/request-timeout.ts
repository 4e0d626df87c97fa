import { nextDeadline } from "../../actors/instance/deadline.ts";
import type { Assignment } from "../api.ts";

/** A request is given up so long before the deadline of its attempt, so that what is reported is why. */
const REPORT_MS = 250;
/** Plain timers reach no further. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * How long the request of an attempt may take as a whole: until a moment before the deadline of the attempt. Counted from its start by the clock of
 * whoever decided it: that of this node may differ. Signs of life are given anyway.
 *
 * @param usualMs when the attempt has no deadline.
 */
export function requestTimeout({ instance: { state, life, spec } }: Assignment, usualMs: number): number {
  const attempt = life.attempt === null ? null : { ...life.attempt, heartbeatMs: null };
  const deadline = nextDeadline(state, { ...life, attempt }, spec);
  if (deadline === null || attempt === null) {
    return usualMs;
  }
  const wholeMs = deadline.at - attempt.startedAt;
  const waitMs = Math.floor(wholeMs - Math.min(REPORT_MS, wholeMs / 10));
  return Math.min(Math.max(waitMs, 1), LONGEST_MS);
}
