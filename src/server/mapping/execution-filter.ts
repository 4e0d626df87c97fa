/** Filters of lists and statistics of executions. */
import type { JsonObject as StructObject } from "@bufbuild/protobuf";
import { statesOfStatus } from "../../domain/execution/celery-status.ts";
import { bucketStarts } from "../../domain/execution/stat-buckets.ts";
import type { InstanceState } from "../../domain/instance/instance.ts";
import { isKnownTimeZone } from "../../domain/schedule/zone.ts";
import { Granularity } from "../../gen/belfry/v1/execution_pb.ts";
import type { GetExecutionStatsRequest, ListExecutionsRequest } from "../../gen/belfry/v1/execution_service_pb.ts";
import type { ExecutionGrouping, InstanceFilter } from "../../ports/store/queries.ts";
import { nameIn } from "./enumeration.ts";
import { statusIn } from "./execution.ts";
import { Findings } from "./findings.ts";
import { dataOf } from "./json.ts";
import { optionalInstantOf } from "./time.ts";

/** @throws BelfryError INVALID_FIELD, PAYLOAD_TOO_LARGE */
export function executionFilterOf(request: ListExecutionsRequest, maxBytes: number): InstanceFilter {
  const findings = new Findings();
  const states = statesIn(request.statuses, findings);
  const createdAfter = optionalInstantOf(request.createdAfter, "createdAfter", findings, "up");
  const createdBefore = optionalInstantOf(request.createdBefore, "createdBefore", findings, "up");
  findings.throwIfAny();
  const { search, labels } = request;
  const filter = sharedFilterOf(request, maxBytes);
  return {
    ...filter,
    ...(search !== "" && { execution: { ...filter.execution, search } }),
    ...(states.length > 0 && { states }),
    ...(Object.keys(labels).length > 0 && { labels }),
    ...(createdAfter !== undefined && { createdAfter }),
    ...(createdBefore !== undefined && { createdBefore }),
  };
}

export interface StatsAsked {
  readonly filter: InstanceFilter;
  /** Where the buckets begin. */
  readonly edges: readonly number[];
  /** Where the last one ends. */
  readonly endAt: number;
  readonly grouping: ExecutionGrouping | null;
}

/** @throws BelfryError INVALID_FIELD, PAYLOAD_TOO_LARGE */
export function statsAskedOf(request: GetExecutionStatsRequest, now: number, maxBytes: number): StatsAsked {
  const findings = new Findings();
  const endAt = optionalInstantOf(request.endTime, "endTime", findings, "up") ?? now;
  if (endAt < EARLIEST_AT || endAt > LATEST_AT) findings.add("endTime", "must be from the year 1971 to 9998");
  const timeZone = request.timeZone === "" ? "UTC" : request.timeZone;
  if (!isKnownTimeZone(timeZone)) findings.add("timeZone", "must be the IANA name of a time zone, e.g. Asia/Shanghai");
  const grouping = groupingOf(request.groupBy, findings);
  findings.throwIfAny();
  // What is registered in the same millisecond counts when the end is now.
  const before = request.endTime === undefined ? endAt + 1 : endAt;
  return {
    filter: { ...sharedFilterOf(request, maxBytes), createdBefore: before },
    edges: bucketStarts(nameIn(Granularity, request.granularity) ?? "DAY", before - 1, timeZone),
    endAt,
    grouping,
  };
}

const EARLIEST_AT = Date.UTC(1971, 0, 1);
const LATEST_AT = Date.UTC(9998, 0, 1);

interface SharedFields {
  readonly module: string;
  readonly taskName: string;
  readonly createdBy: string;
  readonly businessId: string;
  readonly metadata?: StructObject | undefined;
}

function sharedFilterOf(request: SharedFields, maxBytes: number): InstanceFilter {
  const { module, taskName, createdBy, businessId } = request;
  const metadata = dataOf(request.metadata, "metadata", maxBytes);
  return {
    execution: {
      ...(module !== "" && { module }),
      ...(taskName !== "" && { name: taskName }),
      ...(metadata !== undefined && { metadata }),
    },
    ...(createdBy !== "" && { userId: createdBy }),
    ...(businessId !== "" && { businessId }),
  };
}

function statesIn(statuses: readonly string[], findings: Findings): readonly InstanceState[] {
  const states = statuses.flatMap((status, index) => {
    const reading = statusIn(status, `statuses[${index}]`, findings);
    return reading === null ? [] : statesOfStatus(reading.status);
  });
  return [...new Set(states)];
}

const METADATA = "metadata.";

function groupingOf(text: string, findings: Findings): ExecutionGrouping | null {
  switch (text) {
    case "":
      return null;
    case "module":
      return { by: "module" };
    case "task_name":
      return { by: "name" };
    case "business_id":
      return { by: "businessId" };
    default:
      if (text.startsWith(METADATA) && text.length > METADATA.length) {
        return { by: "metadata", key: text.slice(METADATA.length) };
      }
      findings.add("groupBy", "must be module, task_name, business_id or metadata.<key>");
      return null;
  }
}
