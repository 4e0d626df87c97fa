import { AttemptOutcomeSchema, PrioritySchema, TriggerKindSchema, WaitingReasonSchema } from "../../client/index.ts";
import type { Attempt, ExecutionError, GetInstanceStatsResponse, Instance, Progress } from "../../client/index.ts";
import type { Screen } from "../format/screen.ts";
import { writeFields, writeTable } from "../format/table.ts";
import type { Cell, Column } from "../format/table.ts";
import { between, duration, moment } from "../format/time.ts";
import {
  actionInWords,
  dataInWords,
  enumWord,
  instanceState,
  instanceStateWord,
  labelsInWords,
  painted,
} from "../format/words.ts";

const COLUMNS: readonly Column[] = [
  { title: "ID" },
  { title: "NAME", flexible: true },
  { title: "STATE" },
  { title: "ATTEMPTS", align: "right" },
  { title: "CREATED" },
  { title: "TOOK", align: "right" },
  { title: "LAST ERROR", flexible: true },
];

export function writeInstances(screen: Screen, instances: readonly Instance[], now: number): void {
  if (instances.length === 0) return;
  const rows = instances.map((instance): readonly Cell[] => [
    instance.id,
    instance.name,
    instanceState(instance),
    String(instance.attemptCount),
    moment(instance.createTime, now),
    between(instance.startTime, instance.completeTime),
    errorInWords(instance.error),
  ]);
  writeTable(screen, COLUMNS, rows);
}

export function writeInstance(screen: Screen, instance: Instance, now: number): void {
  writeFields(screen, [
    ["id", instance.id],
    ["name", instance.name],
    ["definition", instance.definitionId],
    ["state", painted(instanceStateWord(instance.state))],
    ["waits for", enumWord(WaitingReasonSchema, instance.waitingReason)],
    ["since", moment(instance.stateTime, now)],
    ["because", instance.stateReason],
    ["cancel", instance.cancelRequested ? "asked for; its worker has not answered yet" : ""],
    ["progress", progressInWords(instance.progress)],
    ["result", dataInWords(instance.result)],
    ["error", errorInWords(instance.error)],
    ["attempts", `${instance.attemptCount}${instance.series > 0 ? ` (started anew ${instance.series} times)` : ""}`],
    ["next attempt", moment(instance.nextAttemptTime, now)],
    ["worker", instance.workerId],
    ["trigger", enumWord(TriggerKindSchema, instance.trigger)],
    ["due", moment(instance.scheduledTime, now)],
    ["runs", actionInWords(instance.action)],
    ["priority", enumWord(PrioritySchema, instance.priority)],
    ["user", instance.userId],
    ["content", instance.content],
    ["payload", dataInWords(instance.payload)],
    ["metadata", dataInWords(instance.metadata)],
    ["labels", labelsInWords(instance.labels)],
    ["business id", instance.businessId],
    ["unique key", instance.uniqueKey],
    ["ordering key", instance.orderingKey],
    ["concurrency key", instance.concurrencyKey],
    ["created", moment(instance.createTime, now)],
    ["started", moment(instance.startTime, now)],
    ["ended", moment(instance.completeTime, now)],
    ["took", between(instance.startTime, instance.completeTime)],
  ]);
}

export function writeAttempts(screen: Screen, attempts: readonly Attempt[], now: number): void {
  if (attempts.length === 0) return;
  const columns: readonly Column[] = [
    { title: "#", align: "right" },
    { title: "OUTCOME" },
    { title: "WORKER", flexible: true },
    { title: "STARTED" },
    { title: "TOOK", align: "right" },
    { title: "ERROR", flexible: true },
  ];
  const rows = attempts.map((attempt): readonly Cell[] => [
    String(attempt.number),
    painted(enumWord(AttemptOutcomeSchema, attempt.outcome)),
    attempt.workerId,
    moment(attempt.startTime, now),
    between(attempt.startTime, attempt.endTime),
    errorInWords(attempt.error),
  ]);
  writeTable(screen, columns, rows);
}

export function writeStats(screen: Screen, stats: GetInstanceStatsResponse): void {
  writeFields(screen, [
    ...stats.counts.map(({ state, count }) => [instanceStateWord(state).toLowerCase(), String(count)] as const),
    ["all", String(stats.total)],
    ["success rate", stats.successRate === undefined ? "" : `${(stats.successRate * 100).toFixed(1)} %`],
    ["took", percentiles(duration(stats.durationP50), duration(stats.durationP95))],
    ["waited", percentiles(duration(stats.waitP50), duration(stats.waitP95))],
  ]);
}

function percentiles(half: string, most: string): string {
  return half === "" ? "" : `half up to ${half}, 95 % up to ${most}`;
}

function progressInWords(progress: Progress | undefined): string {
  if (progress === undefined) return "";
  return [`${Math.round(progress.percent)} %`, progress.step, progress.message].filter((part) => part !== "").join(" ");
}

function errorInWords(error: ExecutionError | undefined): string {
  if (error === undefined) return "";
  return [error.code, error.message].filter((part) => part !== "").join(": ");
}
