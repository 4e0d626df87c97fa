import type { OccurrenceRecord } from "../../domain/definition/occurrence.ts";
import type { AttemptRecord } from "../../domain/instance/attempt.ts";
import type { OccurrenceFilter } from "../../ports/store/queries.ts";
import { storableText } from "./binary-columns.ts";
import { ATTEMPT_OUTCOMES, OCCURRENCE_OUTCOMES } from "./codes.ts";
import type { Database } from "./database.ts";

/** What is written once and looked up by its owner: occurrences of definitions, attempts of instances. */

export async function listOccurrences(
  database: Database,
  { definitionId, outcomes, scheduledAfter, scheduledBefore }: OccurrenceFilter,
  before: number | null,
  limit: number,
): Promise<readonly OccurrenceRecord[]> {
  const rows = await database.run((tables) =>
    tables
      .selectFrom("occurrence")
      .selectAll()
      .where("definition_id", "=", storableText(definitionId))
      .$if(outcomes !== undefined, (query) =>
        query.where("outcome", "in", (outcomes ?? []).map(OCCURRENCE_OUTCOMES.codeOf)),
      )
      .$if(scheduledAfter !== undefined, (query) => query.where("scheduled_at", ">=", scheduledAfter ?? 0))
      .$if(scheduledBefore !== undefined, (query) => query.where("scheduled_at", "<", scheduledBefore ?? 0))
      .$if(before !== null, (query) => query.where("scheduled_at", "<", before ?? 0))
      .orderBy("scheduled_at", "desc")
      .limit(limit)
      .execute(),
  );
  return rows.map((row) => ({
    definitionId: row.definition_id,
    shard: row.shard,
    scheduledAt: row.scheduled_at,
    outcome: OCCURRENCE_OUTCOMES.nameOf(row.outcome),
    reason: row.reason,
    instanceId: row.instance_id,
    decidedAt: row.decided_at,
  }));
}

export async function knownOccurrences(
  database: Database,
  definitionId: string,
  from: number,
  to: number,
): Promise<readonly number[]> {
  const rows = await database.run((tables) =>
    tables
      .selectFrom("occurrence")
      .select("scheduled_at")
      .where("definition_id", "=", storableText(definitionId))
      .where("scheduled_at", ">=", from)
      .where("scheduled_at", "<=", to)
      .orderBy("scheduled_at")
      .execute(),
  );
  return rows.map((row) => row.scheduled_at);
}

export async function listAttempts(
  database: Database,
  instanceId: string,
  before: number | null,
  limit: number,
): Promise<readonly AttemptRecord[]> {
  const rows = await database.run((tables) =>
    tables
      .selectFrom("attempt")
      .selectAll()
      .where("instance_id", "=", storableText(instanceId))
      .$if(before !== null, (query) => query.where("number", "<", before ?? 0))
      .orderBy("number", "desc")
      .limit(limit)
      .execute(),
  );
  return rows.map((row) => ({
    instanceId: row.instance_id,
    shard: row.shard,
    number: row.number,
    ...row.detail,
    outcome: ATTEMPT_OUTCOMES.nameOf(row.outcome),
    startedAt: row.started_at,
    endedAt: row.ended_at,
  }));
}
