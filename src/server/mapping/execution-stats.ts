import { CELERY_STATUSES, celeryStatusOf, type CeleryStatus } from "../../domain/execution/celery-status.ts";
import type { InstanceState } from "../../domain/instance/instance.ts";
import type { ExecutionGroupSchema, ExecutionStatusCountSchema } from "../../gen/belfry/v1/execution_pb.ts";
import type { GetExecutionStatsResponseSchema } from "../../gen/belfry/v1/execution_service_pb.ts";
import type { ExecutionGroup, ExecutionStats } from "../../ports/store/queries.ts";
import type { StatsAsked } from "./execution-filter.ts";
import type { Init } from "./init.ts";
import { toOptionalDuration, toOptionalTimestamp, toTimestamp } from "./time.ts";

/** @param limit so many are looked at. */
export function toExecutionStats(
  { buckets, groups, durationP50Ms, durationP95Ms, counted, oldestAt }: ExecutionStats,
  { edges, endAt }: StatsAsked,
  limit: number,
): Init<typeof GetExecutionStatsResponseSchema> {
  const all = added(buckets.map(byStatus));
  const isTruncated = counted >= limit;
  return {
    total: BigInt(totalOf(all)),
    counts: toCounts(all),
    successRate: successRateOf(all),
    durationP50: toOptionalDuration(durationP50Ms),
    durationP95: toOptionalDuration(durationP95Ms),
    buckets: buckets.map((counts, index) => ({
      startTime: toTimestamp(edges[index] ?? endAt),
      endTime: toTimestamp(edges[index + 1] ?? endAt),
      total: BigInt(totalOf(byStatus(counts))),
      counts: toCounts(byStatus(counts)),
    })),
    groups: groups.map(toGroup),
    truncated: isTruncated,
    countedFrom: isTruncated ? toOptionalTimestamp(oldestAt) : undefined,
  };
}

function toGroup({
  value,
  counts,
  latestId,
  latestState,
  latestAt,
}: ExecutionGroup): Init<typeof ExecutionGroupSchema> {
  const all = byStatus(counts);
  return {
    value,
    total: BigInt(totalOf(all)),
    counts: toCounts(all),
    successRate: successRateOf(all),
    latestTaskId: latestId,
    latestStatus: celeryStatusOf(latestState),
    latestTime: toTimestamp(latestAt),
  };
}

type Counts = Readonly<Partial<Record<CeleryStatus, number>>>;

function byStatus(counts: Readonly<Partial<Record<InstanceState, number>>>): Counts {
  return added(Object.entries(counts).map(([state, count]) => ({ [celeryStatusOf(state as InstanceState)]: count })));
}

function added(all: readonly Counts[]): Counts {
  const sum: Partial<Record<CeleryStatus, number>> = {};
  for (const counts of all) {
    for (const status of CELERY_STATUSES) {
      const count = counts[status] ?? 0;
      if (count > 0) sum[status] = (sum[status] ?? 0) + count;
    }
  }
  return sum;
}

function totalOf(counts: Counts): number {
  return CELERY_STATUSES.reduce((sum, status) => sum + (counts[status] ?? 0), 0);
}

function toCounts(counts: Counts): Init<typeof ExecutionStatusCountSchema>[] {
  return CELERY_STATUSES.flatMap((status) => {
    const count = counts[status] ?? 0;
    return count === 0 ? [] : [{ status, count: BigInt(count) }];
  });
}

/** As that of instances: of all that ended. */
function successRateOf({ SUCCESS = 0, FAILURE = 0, REVOKED = 0 }: Counts): number | undefined {
  const ended = SUCCESS + FAILURE + REVOKED;
  return ended === 0 ? undefined : SUCCESS / ended;
}
