/** Executions: instances that run elsewhere, in Celery's words. */
import { fromJson, toJson, type JsonObject as StructObject, type JsonValue } from "@bufbuild/protobuf";
import { ListValueSchema, ValueSchema, type ListValue, type Timestamp, type Value } from "@bufbuild/protobuf/wkt";
import { celeryStatusOf, reportedStateOf } from "../../domain/execution/celery-status.ts";
import { MODULE_LABEL } from "../../domain/execution/execution-definition.ts";
import type { ProgressTold } from "../../domain/execution/progress.ts";
import type { ExecutionReport } from "../../domain/execution/report.ts";
import { resultOf, valueOf } from "../../domain/execution/result-value.ts";
import { ORIGINAL_STATUS_KEY, readStatus } from "../../domain/execution/vocabulary.ts";
import { SYSTEM_ID_PREFIX } from "../../domain/definition/system-definition.ts";
import { isFinal, type ExecutionError, type InstanceRecord } from "../../domain/instance/instance.ts";
import { isJsonObject } from "../../domain/json.ts";
import type { Json, JsonObject } from "../../domain/json.ts";
import { DISPATCH_ID_PREFIX } from "../../domain/webhook/dispatch-id.ts";
import type { ExecutionSchema } from "../../gen/belfry/v1/execution_pb.ts";
import type { RegisterExecutionRequest, UpdateExecutionRequest } from "../../gen/belfry/v1/execution_service_pb.ts";
import type { Progress } from "../../gen/belfry/v1/instance_pb.ts";
import type { RegisterExecution } from "../../runtime/index.ts";
import { Findings } from "./findings.ts";
import type { Init } from "./init.ts";
import { toInstance } from "./instance.ts";
import { dataOf, toStruct } from "./json.ts";
import { optionalInstantOf, toDuration } from "./time.ts";

export function toExecution(instance: InstanceRecord): Init<typeof ExecutionSchema> {
  const { spec, life, state } = instance;
  const { labels, businessId, metadata, progress, attemptCount, createTime, startTime, completeTime, etag, ...rest } =
    toInstance(instance);
  const { args = [], kwargs = {} } = spec.payload ?? {};
  const status = celeryStatusOf(state);
  return {
    taskId: instance.id,
    taskName: spec.name,
    module: spec.labels[MODULE_LABEL] ?? "",
    status,
    createdBy: spec.userId,
    args: Array.isArray(args) ? toListValue(args as readonly Json[]) : undefined,
    kwargs: isJsonObject(kwargs) ? toStruct(kwargs) : undefined,
    result: life.result === null ? undefined : fromJson(ValueSchema, valueOf(life.result) as JsonValue),
    error: life.error?.message ?? "",
    errorType: life.error?.code ?? "",
    traceback: life.error?.traceback ?? "",
    worker: life.workerId,
    completed: isFinal(state),
    running: status === "STARTED" || status === "RETRY",
    state: rest.state,
    duration: life.startedAt === null || life.endedAt === null ? undefined : toDuration(life.endedAt - life.startedAt),
    labels,
    businessId,
    metadata,
    progress,
    attemptCount,
    createTime,
    startTime,
    completeTime,
    etag,
  };
}

/** Only these keys of metadata; all, when none are named. */
export function withMetadataFields(instance: InstanceRecord, fields: readonly string[]): InstanceRecord {
  const { metadata } = instance.life;
  if (fields.length === 0 || metadata === null) return instance;
  const shown = Object.fromEntries(
    fields.flatMap((key) => (Object.hasOwn(metadata, key) ? [[key, metadata[key]]] : [])),
  );
  return { ...instance, life: { ...instance.life, metadata: shown as JsonObject } };
}

/** @throws BelfryError INVALID_FIELD, PAYLOAD_TOO_LARGE */
export function registrationOf(
  request: RegisterExecutionRequest,
  maxBytes: number,
): { readonly taskId: string } & Omit<RegisterExecution, "requestId"> {
  const { taskId, taskName, module, createdBy, args, kwargs, businessId, labels } = request;
  const findings = new Findings();
  for (const prefix of [SYSTEM_ID_PREFIX, DISPATCH_ID_PREFIX]) {
    if (taskId.startsWith(prefix)) findings.add("taskId", `must not begin with ${prefix}: those ids are Belfry's own`);
  }
  if (Object.hasOwn(labels, MODULE_LABEL))
    findings.add("labels", `must not have ${MODULE_LABEL}: set the field module`);
  const report = reportOf(request, maxBytes, findings);
  findings.throwIfAny();
  const payload = { args: listOf(args), kwargs: kwargs ?? {} };
  dataOf(payload as StructObject, "args, kwargs", maxBytes);
  return { taskId, name: taskName, module, createdBy, payload, businessId, labels, report };
}

/** @throws BelfryError INVALID_FIELD, PAYLOAD_TOO_LARGE */
export function updateOf(request: UpdateExecutionRequest, maxBytes: number): ExecutionReport {
  const findings = new Findings();
  const progress = progressOf(request.progress, findings);
  const report = {
    ...reportOf(request, maxBytes, findings),
    ...(progress && { progress }),
    ...defined("startedAt", optionalInstantOf(request.startTime, "startTime", findings)),
    ...defined("endedAt", optionalInstantOf(request.completeTime, "completeTime", findings)),
  };
  findings.throwIfAny();
  return report;
}

/** The states that words for statuses mean. */
export function statusIn(status: string, field: string, findings: Findings) {
  const reading = readStatus(status);
  if (reading.kind === "known") return reading;
  findings.add(field, reading.description);
  return null;
}

interface Told {
  readonly status: string;
  readonly result?: Value | undefined;
  readonly error: string;
  readonly errorType: string;
  readonly traceback: string;
  readonly metadata?: StructObject | undefined;
  readonly worker: string;
  readonly startTime?: Timestamp | undefined;
}

function reportOf(told: Told, maxBytes: number, findings: Findings): ExecutionReport {
  const { status, error, errorType, traceback, worker } = told;
  const reading = status === "" ? null : statusIn(status, "status", findings);
  const metadata = dataOf(told.metadata, "metadata", maxBytes);
  const kept = reading?.kept ?? null;
  const errorTold: Partial<ExecutionError> = {
    ...(error !== "" && { message: error }),
    ...(errorType !== "" && { code: errorType }),
    ...(traceback !== "" && { traceback }),
  };
  return {
    ...(reading !== null && { state: reportedStateOf(reading.status) }),
    ...defined("result", resultIn(told.result, maxBytes, findings)),
    ...(Object.keys(errorTold).length > 0 && { error: errorTold }),
    ...defined("metadata", kept === null ? metadata : { [ORIGINAL_STATUS_KEY]: kept, ...metadata }),
    ...(worker !== "" && { workerId: worker }),
  };
}

function resultIn(value: Value | undefined, maxBytes: number, findings: Findings): JsonObject | undefined {
  if (value === undefined || value.kind.case === undefined) return undefined;
  if (value.kind.case === "numberValue" && !Number.isFinite(value.kind.value)) {
    findings.add("result", "must be a finite number");
    return undefined;
  }
  return dataOf(resultOf(toJson(ValueSchema, value) as Json) as StructObject, "result", maxBytes);
}

function progressOf(progress: Progress | undefined, findings: Findings): ProgressTold | undefined {
  if (progress === undefined) return undefined;
  const { percent, step, message } = progress;
  if (!(percent >= 0 && percent <= 100)) findings.add("progress.percent", "must be from 0 to 100");
  return { percent, ...(step !== "" && { step }), ...(message !== "" && { message }) };
}

function listOf(list: ListValue | undefined): Json {
  return list === undefined ? [] : (toJson(ListValueSchema, list) as Json);
}

function toListValue(list: readonly Json[]): ListValue {
  return fromJson(ListValueSchema, list as JsonValue);
}

function defined<Key extends string, Kind>(key: Key, value: Kind | undefined): { readonly [Name in Key]?: Kind } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [Name in Key]: Kind });
}
