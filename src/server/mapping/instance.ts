import type { InstanceRecord, Progress, RunningAttempt } from "../../domain/instance/instance.ts";
import {
  InstanceState,
  TriggerKind,
  WaitingReason,
  type InstanceSchema,
  type ProgressSchema,
} from "../../gen/belfry/v1/instance_pb.ts";
import { toAction } from "./action.ts";
import { etagOf } from "./definition.ts";
import type { Init } from "./init.ts";
import { toStruct } from "./json.ts";
import { toRetryPolicy, toTimeouts } from "./policy.ts";
import { toOptionalTimestamp, toTimestamp } from "./time.ts";

/** All that is known of an instance. */
export function toInstance(instance: InstanceRecord): Init<typeof InstanceSchema> {
  const { spec, life } = instance;
  return {
    ...toWorkersInstance(instance),
    userId: spec.userId,
    action: toAction(spec.action),
    retryPolicy: toRetryPolicy(spec.retry),
    waitingReason: life.waitingReason === null ? WaitingReason.UNSPECIFIED : WaitingReason[life.waitingReason],
    stateTime: toTimestamp(life.stateAt),
    result: toStruct(life.result),
    error: life.error ?? undefined,
    cancelRequested: life.cancelRequestedAt !== null && life.endedAt === null,
    stateReason: life.stateReason,
    workerId: life.workerId,
    startTime: toOptionalTimestamp(life.startedAt),
    completeTime: toOptionalTimestamp(life.endedAt),
    nextAttemptTime: instance.state === "BACKING_OFF" ? toOptionalTimestamp(life.nextAttemptAt) : undefined,
    etag: etagOf(instance.revision),
    callbackAwaited: life.attempt?.handedOn !== undefined,
  };
}

/** What a worker needs of the instance it runs. */
export function toWorkersInstance(instance: InstanceRecord): Init<typeof InstanceSchema> {
  const { spec, life } = instance;
  return {
    id: instance.id,
    definitionId: spec.definitionId ?? "",
    name: spec.name,
    content: spec.content,
    payload: toStruct(spec.payload),
    priority: spec.priority,
    labels: { ...spec.labels },
    businessId: spec.businessId,
    uniqueKey: spec.uniqueKey,
    orderingKey: spec.orderingKey,
    concurrencyKey: spec.concurrency?.key ?? "",
    trigger: TriggerKind[spec.trigger],
    scheduledTime: toOptionalTimestamp(spec.scheduledAt),
    timeouts: toTimeouts(spec.timeouts),
    state: InstanceState[instance.state],
    attemptCount: life.attemptCount,
    series: life.series,
    progress: life.progress === null ? undefined : toProgress(life.progress, life.attempt),
    metadata: toStruct(life.metadata),
    createTime: toTimestamp(instance.createdAt),
  };
}

function toProgress(progress: Progress, attempt: RunningAttempt | null): Init<typeof ProgressSchema> {
  return {
    percent: progress.percent,
    step: progress.step,
    message: progress.message,
    time: toTimestamp(progress.at),
    estimatedEndTime: toOptionalTimestamp(estimatedEndAt(progress, attempt)),
  };
}

/** When the attempt will be done if it goes on as fast as so far; null while that cannot be told. */
function estimatedEndAt(progress: Progress, attempt: Pick<RunningAttempt, "startedAt"> | null): number | null {
  const { percent, at } = progress;
  if (attempt === null || percent <= 0 || percent >= 100 || at <= attempt.startedAt) return null;
  const estimate = attempt.startedAt + Math.round((at - attempt.startedAt) * (100 / percent));
  return estimate <= LAST_TIMESTAMP_AT ? estimate : null;
}

/** A worker may report so little that the end lies beyond what a Timestamp can say. */
const LAST_TIMESTAMP_AT = Date.UTC(9999, 11, 31, 23, 59, 59);
