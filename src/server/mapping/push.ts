/** Pushes, their exchanges and their batches as they are shown. */
import { batchMetadataOf, doneOf } from "../../domain/approval/batch-log.ts";
import { platformOfBatchDefinition, type PlatformPush } from "../../domain/approval/platform-push.ts";
import { pushMetadataOf, pushStateOf } from "../../domain/approval/push-log.ts";
import type { AttemptRecord } from "../../domain/instance/attempt.ts";
import { isFinal, type InstanceRecord } from "../../domain/instance/instance.ts";
import { InstanceState, WaitingReason } from "../../gen/belfry/v1/instance_pb.ts";
import {
  DriftReason,
  PushOrigin,
  PushState,
  type DriftSchema,
  type PushBatchSchema,
  type PushExchangeSchema,
  type PushLogSchema,
} from "../../gen/belfry/v1/push_pb.ts";
import type { DriftEntry, PushExchange } from "../../runtime/index.ts";
import { toExchange } from "./exchange.ts";
import type { Init } from "./init.ts";
import { toStruct } from "./json.ts";
import { toOptionalTimestamp, toTimestamp } from "./time.ts";

/** An instance that tells a platform something. */
export type PushRecord = InstanceRecord & { readonly spec: { readonly action: PlatformPush } };

export function isPush(instance: InstanceRecord): instance is PushRecord {
  return instance.spec.action.kind === "push";
}

export function toPushLog(push: PushRecord): Init<typeof PushLogSchema> {
  const { spec, life, state } = push;
  const { action } = spec;
  const kept = pushMetadataOf(life.metadata);
  const retries = state === "BACKING_OFF";
  return {
    id: push.id,
    platformId: action.platformId,
    sessionId: action.sessionId,
    workItemId: action.workItemId ?? "",
    thirdId: kept?.thirdId ?? "",
    thirdIds: [...(kept?.thirdIds ?? [])],
    state: PushState[pushStateOf(push)],
    type: PushOrigin[action.origin],
    action: action.action,
    data: toStruct(kept === null ? {} : { operations: kept.data }),
    result: toStruct(kept?.result ?? null),
    retryCount: Math.max(0, life.attemptCount - 1),
    failTime: toOptionalTimestamp(failedAtOf(push)),
    createTime: toTimestamp(push.createdAt),
    endTime: toOptionalTimestamp(life.endedAt),
    error: state === "COMPLETED" ? undefined : (life.error ?? undefined),
    waitingReason: life.waitingReason === null ? WaitingReason.UNSPECIFIED : WaitingReason[life.waitingReason],
    nextAttemptTime: retries ? toOptionalTimestamp(life.nextAttemptAt) : undefined,
    note: action.note,
    force: action.force,
  };
}

/** Null: it did not fail, or it runs again. */
function failedAtOf(push: PushRecord): number | null {
  const { state, life } = push;
  if (pushStateOf(push) === "FAILED") return life.endedAt;
  return state === "BACKING_OFF" ? life.stateAt : null;
}

/** What an attempt sent and was answered, in that order; nothing when it sent nothing. */
export function toPushExchanges(attempt: AttemptRecord): readonly Init<typeof PushExchangeSchema>[] {
  const { steps = [], stepsLeftOut = 0 } = (attempt.exchange ?? {}) as Partial<PushExchange>;
  return steps.map((step, index) => ({
    attemptNumber: attempt.number,
    operation: step.operation,
    thirdId: step.thirdId,
    class: step.class,
    code: step.code,
    message: step.message,
    ...toExchange(step.exchange),
    attemptTime: toTimestamp(attempt.startedAt),
    leftOutCount: index === steps.length - 1 ? stepsLeftOut : 0,
  }));
}

/** The platform whose batch it is; null when it is none. */
export function batchPlatformOf({ spec }: InstanceRecord): string | null {
  return spec.definitionId === null ? null : platformOfBatchDefinition(spec.definitionId);
}

export function toPushBatch(batch: InstanceRecord, platformId: string): Init<typeof PushBatchSchema> {
  const { state, life } = batch;
  const kept = batchMetadataOf(life.metadata);
  const { total, succeeded, failed, skipped, superseded } = kept;
  const done = doneOf(kept);
  return {
    id: batch.id,
    platformId,
    state: InstanceState[state],
    total: BigInt(total),
    done: BigInt(done),
    succeeded: BigInt(succeeded),
    failed: BigInt(failed),
    skipped: BigInt(skipped),
    superseded: BigInt(superseded),
    percent: state === "COMPLETED" ? 100 : percentOf(done, total),
    createTime: toTimestamp(batch.createdAt),
    endTime: toOptionalTimestamp(life.endedAt),
    error: isFinal(state) && state !== "COMPLETED" ? (life.error ?? undefined) : undefined,
  };
}

/** What came after the count was made may be done, too. */
function percentOf(done: number, total: number): number {
  return total === 0 ? 0 : Math.min(100, (100 * done) / total);
}

export function toDrift(entry: DriftEntry): Init<typeof DriftSchema> {
  return {
    platformId: entry.platformId,
    sessionId: entry.sessionId,
    workItemId: entry.workItemId,
    thirdId: entry.thirdId,
    desired: entry.desired ?? undefined,
    acknowledged: entry.acknowledged ?? undefined,
    reason: DriftReason[entry.reason],
    failureCount: entry.failures,
    failTime: toOptionalTimestamp(entry.failedAt),
    pushLogId: entry.pushId,
  };
}
