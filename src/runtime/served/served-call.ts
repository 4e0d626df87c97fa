import type { Assignment } from "../api.ts";
import type { Outcome } from "../executors/performed-attempt.ts";
import type { ServedRecord } from "./served-kind.ts";
import type { ServedResident } from "./served-resident.ts";

/** What a call came to, and what it tells of the one who was called. */
export interface Performed<Event> {
  readonly outcome: Outcome;
  readonly told: readonly Event[];
}

export interface ServedView<Kept> {
  readonly record: Kept;
  /** Calls under way; 0 when it is not in memory. */
  readonly underWay: number;
  /** What waits for it in the memory of this node. */
  readonly waiting: number;
}

export type PerformCall<Kept extends ServedRecord, Event> = (
  assignment: Assignment,
  resident: ServedResident<Kept>,
  signal: AbortSignal,
) => Promise<Performed<Event>>;
