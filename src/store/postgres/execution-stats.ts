import { sql, type RawBuilder } from "kysely";
import type { InstanceState } from "../../domain/instance/instance.ts";
import { MAX_GROUP_VALUE_BYTES } from "../../ports/store/queries.ts";
import type {
  ExecutionGroup,
  ExecutionGrouping,
  ExecutionStats,
  ExecutionStatsQuery,
  InstanceFilter,
} from "../../ports/store/queries.ts";
import { storableText } from "./binary-columns.ts";
import { COMPLETED_CODE, INSTANCE_STATES } from "./codes.ts";
import type { Database } from "./database.ts";
import {
  EXECUTION_METADATA,
  EXECUTION_MODULE,
  EXECUTION_NAME,
  activeConditions,
  finishedConditions,
  mayBeActive,
  mayBeFinished,
} from "./filters.ts";

interface Row {
  /** What the row is of: a bucket and state; a group and state; or all. */
  readonly part: "bucket" | "group" | "all";
  readonly bucket: number | null;
  readonly value: string | null;
  readonly state: number | null;
  readonly count: number;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly oldest_at: number | null;
  readonly latest_at: number | null;
  readonly latest_id: string | null;
}

/**
 * One statement over the newest executions, at most `limit` of them, so that what it costs is bounded whatever there is. The indexes of executions give
 * them newest first.
 */
export async function executionStats(
  database: Database,
  { filter, edges, grouping, maxGroups, limit }: ExecutionStatsQuery,
): Promise<ExecutionStats> {
  const since = Math.max(filter.createdAfter ?? Number.NEGATIVE_INFINITY, edges[0] ?? 0);
  const looked = lookedAt({ ...filter, createdAfter: since }, grouping, limit);
  const rows =
    looked === null
      ? []
      : (
          await database.run((tables) =>
            sql<Row>`
              with looked as materialized (${looked}),
              grouped as (
                select value, state, count(*) as count, max(created_at) as latest_at,
                  (array_agg(id order by created_at desc, id desc))[1] as latest_id
                from looked
                where octet_length(value) <= ${MAX_GROUP_VALUE_BYTES}
                group by value, state
              ),
              shown as (
                select value, max(latest_at) as at from grouped group by value order by at desc, value limit ${maxGroups}
              )
              select 'bucket' as part, width_bucket(created_at, ${edges}::bigint[]) as bucket, null as value, state,
                count(*) as count, null::bigint as p50, null::bigint as p95, null::bigint as oldest_at,
                null::bigint as latest_at, null as latest_id
              from looked
              group by 2, state
              union all
              select 'group', null, value, state, count, null, null, null, latest_at, latest_id
              from grouped join shown using (value)
              union all
              select 'all', null, null, null, count(*),
                percentile_disc(0.5) within group (order by ended_at - started_at) filter (where ${isMeasured}),
                percentile_disc(0.95) within group (order by ended_at - started_at) filter (where ${isMeasured}),
                min(created_at), null, null
              from looked
            `.execute(tables),
          )
        ).rows;
  const all = rows.find(({ part }) => part === "all");
  return {
    buckets: edges.map((_, index) =>
      countsOf(rows.filter(({ part, bucket }) => part === "bucket" && bucket === index + 1)),
    ),
    durationP50Ms: all?.p50 ?? null,
    durationP95Ms: all?.p95 ?? null,
    groups: groupsOf(rows.filter(({ part }) => part === "group")),
    counted: all?.count ?? 0,
    oldestAt: all?.oldest_at ?? null,
  };
}

const isMeasured = sql`state = ${COMPLETED_CODE} and started_at is not null`;

/** The newest that pass; null: the states that are asked for leave none. */
function lookedAt(
  filter: InstanceFilter,
  grouping: ExecutionGrouping | null,
  limit: number,
): RawBuilder<unknown> | null {
  const columns = sql`id, state, created_at, ${valueOf(grouping)} as value`;
  const newestFirst = sql`order by created_at desc, id desc limit ${limit}`;
  const parts = [
    mayBeActive(filter) &&
      sql`(select ${columns}, null::bigint as started_at, null::bigint as ended_at
        from belfry.instance where ${activeConditions(filter, null)} ${newestFirst})`,
    mayBeFinished(filter) &&
      sql`(select ${columns}, started_at, ended_at
        from belfry.finished_instance where ${finishedConditions(filter, null)} ${newestFirst})`,
  ].filter((part) => part !== false);
  return parts.length === 0 ? null : sql`select * from (${sql.join(parts, sql` union all `)}) either ${newestFirst}`;
}

function valueOf(grouping: ExecutionGrouping | null): RawBuilder<unknown> {
  switch (grouping?.by) {
    case undefined:
      return sql`null::text`;
    case "module":
      return EXECUTION_MODULE;
    case "name":
      return EXECUTION_NAME;
    case "businessId":
      return sql`nullif(business_id, '')`;
    case "metadata":
      return sql`${EXECUTION_METADATA} ->> ${storableText((grouping as { readonly key: string }).key)}::text`;
  }
}

function countsOf(rows: readonly Pick<Row, "state" | "count">[]): Readonly<Partial<Record<InstanceState, number>>> {
  return Object.fromEntries(rows.map(({ state, count }) => [INSTANCE_STATES.nameOf(state ?? 0), count]));
}

function groupsOf(rows: readonly Row[]): readonly ExecutionGroup[] {
  const byValue = Map.groupBy(rows, ({ value }) => value ?? "");
  return [...byValue]
    .map(([value, states]) => {
      const [latest] = states.toSorted((one, other) => -compare(one, other));
      return {
        value,
        counts: countsOf(states),
        latestId: latest?.latest_id ?? "",
        latestState: INSTANCE_STATES.nameOf(latest?.state ?? 0),
        latestAt: latest?.latest_at ?? 0,
      };
    })
    .toSorted((one, other) => other.latestAt - one.latestAt || (one.value < other.value ? -1 : 1));
}

/** By creation, then by id, as lists are. */
function compare(one: Row, other: Row): number {
  const byTime = (one.latest_at ?? 0) - (other.latest_at ?? 0);
  return byTime === 0 ? Buffer.compare(Buffer.from(one.latest_id ?? ""), Buffer.from(other.latest_id ?? "")) : byTime;
}
