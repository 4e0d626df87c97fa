export type OccurrenceOutcome = "FIRED" | "SKIPPED_OVERLAP" | "MISSED" | "PAUSED" | "DROPPED" | "BUFFERED";

/** One due time of a definition and what became of it. Unique by (definitionId, scheduledAt). */
export interface OccurrenceRecord {
  readonly definitionId: string;
  readonly shard: number;
  readonly scheduledAt: number;
  readonly outcome: OccurrenceOutcome;
  /** Why, in words; empty when fired on time. */
  readonly reason: string;
  readonly instanceId: string | null;
  readonly decidedAt: number;
}
