/** The ledger's row of an occurrence whose instance waits for others of its definition to end. */
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
