/** How calls fared of late: counts of a tenth of the window each, so that it stays small however many calls there are. */
import type { CallTally } from "../../domain/breaker.ts";

const TALLIES = 10;

export interface Fared {
  readonly succeeded: number;
  readonly failed: number;
}

/** The window with one more call. What is older than it is dropped, as is what a clock that ran ahead has left in the future. */
export function tally(window: readonly CallTally[], windowMs: number, at: number, isSuccess: boolean): CallTally[] {
  const width = Math.max(1, Math.ceil(windowMs / TALLIES));
  const from = Math.floor(at / width) * width;
  const recent = window.filter((one) => Math.abs(at - one.from) < windowMs);
  const last = recent.at(-1);
  // A clock that was put back a little, or a window that was made longer, goes on with the newest.
  const isOpen = last !== undefined && last.from >= from;
  const current = isOpen ? last : { from, succeeded: 0, failed: 0 };
  const counted = {
    from: current.from,
    succeeded: current.succeeded + (isSuccess ? 1 : 0),
    failed: current.failed + (isSuccess ? 0 : 1),
  };
  return [...(isOpen ? recent.slice(0, -1) : recent), counted].slice(-TALLIES);
}

export function totalOf(window: readonly CallTally[]): Fared {
  let succeeded = 0;
  let failed = 0;
  for (const one of window) {
    succeeded += one.succeeded;
    failed += one.failed;
  }
  return { succeeded, failed };
}
