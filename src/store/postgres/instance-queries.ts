import { sql, type RawBuilder } from "kysely";
import type { InstanceRecord, InstanceState } from "../../domain/instance/instance.ts";
import type { InstanceFilter, InstanceStats, ListCursor } from "../../ports/store/queries.ts";
import { storableText } from "./binary-columns.ts";
import { COMPLETED_CODE, INSTANCE_STATES } from "./codes.ts";
import type { Database } from "./database.ts";
import { activeConditions, finishedConditions, mayBeActive, mayBeFinished } from "./filters.ts";
import { instanceOf, type InstanceRow } from "./records.ts";

/**
 * Unfinished and finished instances stand in two tables and are read in one statement: so one that finishes meanwhile is seen once, before or
 * after.
 */
const FROM_ACTIVE = sql`select id, shard, revision, state, created_at, wake_at, spec, life from belfry.instance`;
const FROM_FINISHED = sql`select id, shard, revision, state, created_at, null::bigint as wake_at, spec, life from belfry.finished_instance`;

export async function loadInstances(database: Database, ids: readonly string[]): Promise<readonly InstanceRecord[]> {
  if (ids.length === 0) return [];
  const wanted = sql`where id = any (${ids.map(storableText)}::text[])`;
  return select(database, sql`${FROM_ACTIVE} ${wanted} union all ${FROM_FINISHED} ${wanted}`);
}

export async function loadActiveOf(
  database: Database,
  definitionId: string,
  which: "keyed" | "all",
): Promise<readonly InstanceRecord[]> {
  const keyed = which === "keyed" ? sql`and keyed` : sql``;
  return select(database, sql`${FROM_ACTIVE} where definition_id = ${storableText(definitionId)} ${keyed} order by id`);
}

export async function listInstances(
  database: Database,
  filter: InstanceFilter,
  after: ListCursor | null,
  limit: number,
): Promise<readonly InstanceRecord[]> {
  const newestFirst = sql`order by created_at desc, id desc limit ${limit}`;
  const parts = [
    mayBeActive(filter) && sql`(${FROM_ACTIVE} where ${activeConditions(filter, after)} ${newestFirst})`,
    mayBeFinished(filter) && sql`(${FROM_FINISHED} where ${finishedConditions(filter, after)} ${newestFirst})`,
  ].filter((part) => part !== false);
  if (parts.length === 0) return [];
  return select(database, sql`select * from (${sql.join(parts, sql` union all `)}) either ${newestFirst}`);
}

/** How many pass, by state. */
async function countByState(
  database: Database,
  filter: InstanceFilter,
): Promise<readonly { readonly state: InstanceState; readonly count: number }[]> {
  const parts = [
    mayBeActive(filter) &&
      sql`select state, count(*) as count from belfry.instance where ${activeConditions(filter, null)} group by state`,
    mayBeFinished(filter) &&
      sql`select state, count(*) as count from belfry.finished_instance where ${finishedConditions(filter, null)} group by state`,
  ].filter((part) => part !== false);
  if (parts.length === 0) return [];
  const { rows } = await database.run((tables) =>
    sql<{ state: number; count: number }>`${sql.join(parts, sql` union all `)}`.execute(tables),
  );
  return rows.map(({ state, count }) => ({ state: INSTANCE_STATES.nameOf(state), count }));
}

export async function countInstances(database: Database, filter: InstanceFilter): Promise<number> {
  return (await countByState(database, filter)).reduce((sum, { count }) => sum + count, 0);
}

export async function instanceStats(database: Database, filter: InstanceFilter): Promise<InstanceStats> {
  const counts = await countByState(database, filter);
  const { rows } = await database.run((tables) =>
    sql<Omit<InstanceStats, "counts">>`
      select percentile_disc(0.5) within group (order by ended_at - started_at) as "durationP50Ms",
        percentile_disc(0.95) within group (order by ended_at - started_at) as "durationP95Ms",
        percentile_disc(0.5) within group (order by started_at - created_at) as "waitP50Ms",
        percentile_disc(0.95) within group (order by started_at - created_at) as "waitP95Ms"
      from belfry.finished_instance
      where state = ${COMPLETED_CODE} and started_at is not null and ${finishedConditions(filter, null)}
    `.execute(tables),
  );
  const [percentiles] = rows;
  if (percentiles === undefined) throw new Error("An aggregate without groups gives one row");
  return { counts: Object.fromEntries(counts.map(({ state, count }) => [state, count])), ...percentiles };
}

async function select(database: Database, query: RawBuilder<unknown>): Promise<readonly InstanceRecord[]> {
  const { rows } = await database.run((tables) => sql<InstanceRow>`${query}`.execute(tables));
  return rows.map(instanceOf);
}
