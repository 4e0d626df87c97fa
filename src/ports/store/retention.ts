import type { ListCursor } from "./queries.ts";

/** Finished instances by whose they are, and before when they ended. */
export interface OldInstances {
  readonly endedBefore: number;
  /** Those of this user alone, or (`except`) of everybody but these. */
  readonly of: { readonly user: string } | { readonly except: readonly string[] };
}

/** Before when what is removed must have been decided: by the user of its definition, or for everybody else. */
export interface RetentionCutoffs {
  readonly everybody: number;
  readonly users: ReadonlyMap<string, number>;
}

/** A place in the ledger: after this due time of a definition; null: before its first. */
export interface OccurrenceCursor {
  readonly definitionId: string;
  readonly scheduledAt: number | null;
}

/** One step of a walk over what may be old. */
export interface Removal<Cursor> {
  readonly removed: number;
  /** Where the next step goes on; null: this was the last. */
  readonly next: Cursor | null;
}

/**
 * Removes what nobody needs any more. Who walks begins with null and goes on with `next` until there is none. Each step is one short transaction that looks at
 * no more than `limit` rows, and removes those that are old enough. It holds no claim to any shard and waits for no owner: what has ended changes only when a
 * caller starts it anew or adds to it, and then that commit wins (`JournalBatch.revivedInstances`, `amendedInstances`).
 */
export interface RetentionStore {
  /** Finished instances and their attempts, by creation, oldest first. Unfinished ones are never touched. */
  removeInstances(which: OldInstances, after: ListCursor | null, limit: number): Promise<Removal<ListCursor>>;
  /** Those of these that are finished, with their attempts. @returns how many. */
  removeFinished(ids: readonly string[]): Promise<number>;
  /**
   * Occurrences that were due and decided before the cutoff, by definition and due time. Those whose instance waits for others (BUFFERED) or has not ended
   * stay.
   */
  removeOccurrences(
    cutoffs: RetentionCutoffs,
    after: OccurrenceCursor | null,
    limit: number,
  ): Promise<Removal<OccurrenceCursor>>;
  /**
   * The oldest events of a shard, up to a sequence, those of at most `limit` commits. What was committed together goes together, or stays. The shard's
   * sequences go on as if nothing had happened.
   * @returns how many, and whether there are more.
   */
  removeEvents(
    shard: number,
    upTo: number,
    limit: number,
  ): Promise<{ readonly removed: number; readonly more: boolean }>;
}
