import { toJson } from "@bufbuild/protobuf";
import { ListValueSchema, ValueSchema } from "@bufbuild/protobuf/wkt";
import type { Execution, ExecutionBucket, GetExecutionStatsResponse, Progress } from "../../client/index.ts";
import { writeLine } from "../format/screen.ts";
import type { Screen } from "../format/screen.ts";
import { writeFields, writeTable } from "../format/table.ts";
import type { Cell, Column } from "../format/table.ts";
import { between, duration, moment } from "../format/time.ts";
import { dataInWords, labelsInWords, painted } from "../format/words.ts";

const COLUMNS: readonly Column[] = [
  { title: "TASK ID" },
  { title: "NAME", flexible: true },
  { title: "MODULE" },
  { title: "STATUS" },
  { title: "PROGRESS" },
  { title: "REGISTERED" },
  { title: "TOOK", align: "right" },
  { title: "ERROR", flexible: true },
];

const BUCKETS: readonly Column[] = [
  { title: "FROM" },
  { title: "ALL", align: "right" },
  { title: "SUCCESS", align: "right" },
  { title: "FAILURE", align: "right" },
];

const GROUPS: readonly Column[] = [
  { title: "GROUP", flexible: true },
  { title: "ALL", align: "right" },
  { title: "SUCCESS RATE", align: "right" },
  { title: "NEWEST" },
  { title: "IS" },
  { title: "REGISTERED" },
];

export function writeExecutions(screen: Screen, executions: readonly Execution[], now: number): void {
  if (executions.length === 0) return;
  const rows = executions.map((execution): readonly Cell[] => [
    execution.taskId,
    execution.taskName,
    execution.module,
    painted(execution.status),
    progressInWords(execution.progress),
    moment(execution.createTime, now),
    between(execution.startTime, execution.completeTime),
    errorInWords(execution),
  ]);
  writeTable(screen, COLUMNS, rows);
}

export function writeExecution(screen: Screen, execution: Execution, now: number): void {
  const { args, result } = execution;
  writeFields(screen, [
    ["task id", execution.taskId],
    ["name", execution.taskName],
    ["module", execution.module],
    ["status", painted(execution.status)],
    ["progress", progressInWords(execution.progress)],
    ["result", result && JSON.stringify(toJson(ValueSchema, result))],
    ["error", errorInWords(execution)],
    ["attempts", String(execution.attemptCount)],
    ["worker", execution.worker],
    ["user", execution.createdBy],
    ["business id", execution.businessId],
    ["args", args && args.values.length > 0 ? JSON.stringify(toJson(ListValueSchema, args)) : ""],
    ["kwargs", dataInWords(execution.kwargs)],
    ["metadata", dataInWords(execution.metadata)],
    ["labels", labelsInWords(execution.labels)],
    ["registered", moment(execution.createTime, now)],
    ["started", moment(execution.startTime, now)],
    ["ended", moment(execution.completeTime, now)],
    ["took", between(execution.startTime, execution.completeTime)],
    ["traceback", execution.traceback],
  ]);
}

export function writeExecutionStats(screen: Screen, stats: GetExecutionStatsResponse, now: number): void {
  const { counts, total, successRate, durationP50, durationP95, buckets, groups, truncated, countedFrom } = stats;
  const half = duration(durationP50);
  writeFields(screen, [
    ...counts.map(({ status, count }) => [status.toLowerCase(), String(count)] as const),
    ["all", String(total)],
    ["success rate", rateInWords(successRate)],
    ["took", half === "" ? "" : `half up to ${half}, 95 % up to ${duration(durationP95)}`],
    ["counted from", truncated ? moment(countedFrom, now) : ""],
  ]);
  writeLine(screen, "");
  const rows = buckets.map((bucket): readonly Cell[] => [
    moment(bucket.startTime, now),
    String(bucket.total),
    countOf(bucket, "SUCCESS"),
    countOf(bucket, "FAILURE"),
  ]);
  writeTable(screen, BUCKETS, rows);
  if (groups.length === 0) return;
  writeLine(screen, "");
  const grouped = groups.map((group): readonly Cell[] => [
    group.value,
    String(group.total),
    rateInWords(group.successRate),
    group.latestTaskId,
    painted(group.latestStatus),
    moment(group.latestTime, now),
  ]);
  writeTable(screen, GROUPS, grouped);
}

function countOf({ counts }: ExecutionBucket, wanted: string): string {
  return String(counts.find(({ status }) => status === wanted)?.count ?? 0);
}

function rateInWords(rate: number | undefined): string {
  return rate === undefined ? "" : `${(rate * 100).toFixed(1)} %`;
}

function progressInWords(progress: Progress | undefined): string {
  if (progress === undefined) return "";
  return [`${Math.round(progress.percent)} %`, progress.step, progress.message].filter((part) => part !== "").join(" ");
}

function errorInWords({ errorType, error }: Execution): string {
  return [errorType, error].filter((part) => part !== "").join(": ");
}
