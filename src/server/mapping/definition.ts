import { defaultTimeoutsOf } from "../../domain/action.ts";
import type { DefinitionRecord, DefinitionSpec } from "../../domain/definition/definition.ts";
import type { OccurrenceRecord } from "../../domain/definition/occurrence.ts";
import type { DefinitionCounters, Supervision } from "../../domain/definition/supervision.ts";
import { DEFAULT_BUFFER_LIMIT } from "../../domain/policy/overlap.ts";
import {
  DefinitionState,
  OccurrenceOutcome,
  type Definition,
  type DefinitionCountersSchema,
  type DefinitionSchema,
  type OccurrenceSchema,
} from "../../gen/belfry/v1/definition_pb.ts";
import { OverlapPolicy } from "../../gen/belfry/v1/policy_pb.ts";
import { actionOf, toAction } from "./action.ts";
import { nameIn } from "./enumeration.ts";
import { Findings } from "./findings.ts";
import type { Init } from "./init.ts";
import { dataOf, toStruct } from "./json.ts";
import {
  catchUpOf,
  concurrencyKeyOf,
  priorityOrDefault,
  retryPolicyOf,
  timeoutsOf,
  toCatchUp,
  toRetryPolicy,
  toTimeouts,
} from "./policy.ts";
import { scheduleOf, toSchedule } from "./schedule.ts";
import { toOptionalTimestamp, toTimestamp } from "./time.ts";
import type { WebhookReading } from "./webhook.ts";

export interface SpecReading {
  /** Where the definition stands in the request. */
  readonly field: string;
  /** Bound of the payload. */
  readonly dataMaxBytes: number;
  /** What the schedule counts from when it names no start. */
  readonly anchorAt: number;
  readonly webhooks: WebhookReading;
}

/**
 * What a caller's definition says, with defaults filled in. Output-only fields are not looked at.
 *
 * @throws BelfryError INVALID_FIELD naming every field that breaks a rule, PAYLOAD_TOO_LARGE, SECRET_KEY_MISSING.
 */
export function definitionSpecOf(
  definition: Definition,
  { field, dataMaxBytes, anchorAt, webhooks }: SpecReading,
): DefinitionSpec {
  const findings = new Findings();
  const action = actionOf(definition.action, `${field}.action`, findings, webhooks);
  if (action.kind === "webhook" && action.taskType === "" && definition.name === "") {
    findings.add(`${field}.action.webhook.taskType`, "is required, or a name of the definition in its place");
  }
  const spec: DefinitionSpec = {
    name: definition.name,
    userId: definition.userId,
    content: definition.content,
    payload: dataOf(definition.payload, `${field}.payload`, dataMaxBytes) ?? null,
    schedule: scheduleOf(definition.schedule, `${field}.schedule`, findings, anchorAt),
    action,
    overlapPolicy: nameIn(OverlapPolicy, definition.overlapPolicy) ?? "SKIP",
    maxConcurrent: definition.maxConcurrent,
    bufferLimit: definition.bufferLimit ?? DEFAULT_BUFFER_LIMIT,
    catchUp: catchUpOf(definition.catchUp, `${field}.catchUp`, findings),
    retry: retryPolicyOf(definition.retryPolicy, `${field}.retryPolicy`, findings),
    timeouts: timeoutsOf(definition.timeouts, `${field}.timeouts`, findings, defaultTimeoutsOf(action)),
    priority: priorityOrDefault(definition.priority),
    labels: definition.labels,
    businessId: definition.businessId,
    orderingKey: definition.orderingKey,
    concurrency: concurrencyKeyOf(definition.concurrencyKey) ?? null,
    pauseOnFailures: definition.pauseOnFailures,
  };
  findings.throwIfAny();
  return spec;
}

/** The part of a definition that callers set. */
export function toDefinitionSpec(spec: DefinitionSpec): Init<typeof DefinitionSchema> {
  return {
    name: spec.name,
    userId: spec.userId,
    content: spec.content,
    payload: toStruct(spec.payload),
    schedule: toSchedule(spec.schedule),
    action: toAction(spec.action),
    overlapPolicy: OverlapPolicy[spec.overlapPolicy],
    maxConcurrent: spec.maxConcurrent,
    bufferLimit: spec.bufferLimit,
    catchUp: toCatchUp(spec.catchUp),
    retryPolicy: toRetryPolicy(spec.retry),
    timeouts: toTimeouts(spec.timeouts),
    priority: spec.priority,
    labels: { ...spec.labels },
    businessId: spec.businessId,
    orderingKey: spec.orderingKey,
    concurrencyKey: spec.concurrency ?? undefined,
    pauseOnFailures: spec.pauseOnFailures,
  };
}

/** What the runtime answers and the supervisor's row both say. */
export interface DefinitionStanding {
  readonly definition: DefinitionRecord;
  readonly supervision: Supervision;
}

export function toDefinitionView({ definition, supervision }: DefinitionStanding): Init<typeof DefinitionSchema> {
  return {
    ...toDefinitionSpec(definition.spec),
    id: definition.id,
    state: DefinitionState[definition.state],
    stateReason: definition.stateReason,
    nextFireTime: definition.state === "ACTIVE" ? toOptionalTimestamp(supervision.nextDueAt) : undefined,
    lastFireTime: toOptionalTimestamp(supervision.lastFiredAt),
    counters: toCounters(supervision.counters),
    etag: etagOf(definition.revision),
    createTime: toTimestamp(definition.createdAt),
    updateTime: toTimestamp(definition.updatedAt),
  };
}

export function etagOf(revision: number): string {
  return String(revision);
}

function toCounters(counters: DefinitionCounters): Init<typeof DefinitionCountersSchema> {
  return {
    active: BigInt(counters.active),
    created: BigInt(counters.created),
    completed: BigInt(counters.completed),
    failed: BigInt(counters.failed),
    cancelled: BigInt(counters.cancelled),
    timedOut: BigInt(counters.timedOut),
    notFired: BigInt(counters.notFired),
    occurrences: BigInt(counters.occurrences),
    consecutiveFailures: BigInt(counters.consecutiveFailures),
  };
}

export function toOccurrence(occurrence: OccurrenceRecord): Init<typeof OccurrenceSchema> {
  return {
    scheduledTime: toTimestamp(occurrence.scheduledAt),
    outcome: OccurrenceOutcome[occurrence.outcome],
    reason: occurrence.reason,
    instanceId: occurrence.instanceId ?? "",
    decideTime: toTimestamp(occurrence.decidedAt),
  };
}
