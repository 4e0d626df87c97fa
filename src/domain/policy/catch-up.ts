/** Which late occurrences are fired. */
export type CatchUpMode = "FIRE_ALL" | "FIRE_LAST" | "SKIP";

/** What happens to occurrences that fell due while nobody could fire them. */
export interface CatchUpPolicy {
  /** How long after its due time an occurrence may still be fired, in milliseconds. */
  readonly windowMs: number;
  readonly mode: CatchUpMode;
  /** At most so many late occurrences a second. */
  readonly maxRate: number;
}

export const DEFAULT_CATCH_UP: CatchUpPolicy = { windowMs: 3_600_000, mode: "FIRE_LAST", maxRate: 10 };
