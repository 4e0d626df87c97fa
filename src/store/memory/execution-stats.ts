import { MODULE_LABEL } from "../../domain/execution/execution-definition.ts";
import type { InstanceRecord, InstanceState } from "../../domain/instance/instance.ts";
import type { Json } from "../../domain/json.ts";
import { MAX_GROUP_VALUE_BYTES } from "../../ports/store/queries.ts";
import type {
  ExecutionGroup,
  ExecutionGrouping,
  ExecutionStats,
  ExecutionStatsQuery,
} from "../../ports/store/queries.ts";
import { percentile } from "./instance-stats.ts";

type Counts = Partial<Record<InstanceState, number>>;

/** @param passing those that pass the filter, newest first. */
export function executionStatsOf(
  passing: readonly InstanceRecord[],
  { edges, grouping, maxGroups, limit }: Omit<ExecutionStatsQuery, "filter">,
): ExecutionStats {
  const looked = passing.filter(({ createdAt }) => createdAt >= (edges[0] ?? 0)).slice(0, limit);
  const buckets: Counts[] = edges.map(() => ({}));
  for (const { state, createdAt } of looked) {
    const bucket = buckets[edges.findLastIndex((edge) => edge <= createdAt)];
    if (bucket !== undefined) bucket[state] = (bucket[state] ?? 0) + 1;
  }
  const durations = looked.flatMap(({ state, life: { startedAt, endedAt } }) =>
    state === "COMPLETED" && startedAt !== null && endedAt !== null ? [endedAt - startedAt] : [],
  );
  return {
    buckets,
    durationP50Ms: percentile(durations, 0.5),
    durationP95Ms: percentile(durations, 0.95),
    groups: groupsOf(looked, grouping).slice(0, maxGroups),
    counted: looked.length,
    oldestAt: looked.at(-1)?.createdAt ?? null,
  };
}

function groupsOf(looked: readonly InstanceRecord[], grouping: ExecutionGrouping | null): ExecutionGroup[] {
  if (grouping === null) return [];
  const valued = looked.flatMap((record) => {
    const value = valueOf(record, grouping);
    return value === null || Buffer.byteLength(value) > MAX_GROUP_VALUE_BYTES ? [] : [{ record, value }];
  });
  return [...Map.groupBy(valued, ({ value }) => value)]
    .map(([value, members]) => {
      const counts: Counts = {};
      for (const { record } of members) counts[record.state] = (counts[record.state] ?? 0) + 1;
      const latest = members[0]?.record;
      if (latest === undefined) throw new Error("A group has members");
      return { value, counts, latestId: latest.id, latestState: latest.state, latestAt: latest.createdAt };
    })
    .toSorted((one, other) => other.latestAt - one.latestAt || (one.value < other.value ? -1 : 1));
}

function valueOf({ spec, life }: InstanceRecord, grouping: ExecutionGrouping): string | null {
  switch (grouping.by) {
    case "module":
      return spec.labels[MODULE_LABEL] ?? null;
    case "name":
      return spec.name;
    case "businessId":
      return spec.businessId === "" ? null : spec.businessId;
    case "metadata":
      return textOf(life.metadata?.[grouping.key] ?? null);
  }
}

/** As a database makes a text of JSON. */
function textOf(value: Json): string | null {
  return value === null || typeof value === "string" ? value : JSON.stringify(value);
}
