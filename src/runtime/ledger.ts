/** Rows of the ledger. */
import type { OccurrenceOutcome, OccurrenceRecord } from "../domain/definition/occurrence.ts";
import type { InstanceRecord } from "../domain/instance/instance.ts";
import { gateOf } from "./rosters.ts";

/** What became of the wait; null when the instance did not wait, or was not fired for a due time. */
export function afterWaiting(
  record: InstanceRecord,
  outcome: OccurrenceOutcome,
  reason: string,
  decidedAt: number,
): OccurrenceRecord | null {
  const { definitionId, scheduledAt } = record.spec;
  if (gateOf(record) !== "BUFFERED" || definitionId === null || scheduledAt === null) {
    return null;
  }
  return { definitionId, shard: record.shard, scheduledAt, outcome, reason, instanceId: record.id, decidedAt };
}

/** Of an instance that was just made; null when it was not fired for a due time. */
export function madeFor(record: InstanceRecord, reason: string, decidedAt: number): OccurrenceRecord | null {
  const { definitionId, scheduledAt } = record.spec;
  if (definitionId === null || scheduledAt === null) {
    return null;
  }
  const isBuffered = gateOf(record) === "BUFFERED";
  return {
    definitionId,
    shard: record.shard,
    scheduledAt,
    outcome: isBuffered ? "BUFFERED" : "FIRED",
    reason: isBuffered ? "waits for others to end" : reason,
    instanceId: record.id,
    decidedAt,
  };
}

/** Of a due time for which nothing was fired. */
export function withoutInstance(
  definitionId: string,
  shard: number,
  { scheduledAt, outcome, reason }: Pick<OccurrenceRecord, "scheduledAt" | "outcome" | "reason">,
  decidedAt: number,
): OccurrenceRecord {
  return { definitionId, shard, scheduledAt, outcome, reason, instanceId: null, decidedAt };
}
