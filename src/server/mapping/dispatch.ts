import { SUPERSEDED } from "../../domain/policy/keys.ts";
import { defaultTimeoutsOf, type WebhookAction } from "../../domain/action.ts";
import type { InstanceRecord } from "../../domain/instance/instance.ts";
import type { JsonObject } from "../../domain/json.ts";
import { DEFAULT_RETRY_POLICY } from "../../domain/policy/retry.ts";
import { EVIDENCE_TASK_TYPE, evidenceData, evidenceViolations } from "../../domain/webhook/evidence.ts";
import { originOf } from "../../domain/webhook/origin.ts";
import { definitionOf, taskTypeOf } from "../../domain/webhook/package.ts";
import { RiskLevel, type DispatchSchema, type Evidence } from "../../gen/belfry/v1/dispatch_pb.ts";
import type { CreateDispatchRequest, SendTestEventRequest } from "../../gen/belfry/v1/dispatch_service_pb.ts";
import type { CreateDispatch } from "../../runtime/index.ts";
import { nameIn } from "./enumeration.ts";
import { Findings } from "./findings.ts";
import type { Init } from "./init.ts";
import { toInstance } from "./instance.ts";
import { dataOf, toStruct } from "./json.ts";
import { priorityOf, retryPolicyOf, timeoutsOf, uniqueKeyOf } from "./policy.ts";
import { toOptionalDuration } from "./time.ts";
import { shownHeaders, webhookActionOf, type WebhookReading } from "./webhook.ts";

/** An instance that delivers to a webhook. */
export type DispatchRecord = InstanceRecord & { readonly spec: { readonly action: WebhookAction } };

export function isDispatch(instance: InstanceRecord): instance is DispatchRecord {
  return instance.spec.action.kind === "webhook";
}

interface DispatchReading {
  /** Bound of the data. */
  readonly dataMaxBytes: number;
  readonly webhooks: WebhookReading;
}

/** What a request says, without its `requestId`. */
type DispatchCommand = Omit<CreateDispatch, "requestId">;

/** How CreateDispatch calls the fields of its action. */
const FIELDS: Readonly<Record<string, string>> = {
  url: "webhookUrl",
  "callback.required": "callbackRequired",
  "callback.timeout": "callbackTimeout",
};

const TEST_TASK_TYPE = "belfry.test";
const TEST_DATA = { message: "This is a test event of Belfry: nothing is to be done." };

/** @throws BelfryError INVALID_FIELD naming every field that breaks a rule, PAYLOAD_TOO_LARGE, SECRET_KEY_MISSING. */
export function createDispatchOf(request: CreateDispatchRequest, reading: DispatchReading): DispatchCommand {
  const findings = new Findings();
  const { taskType, data } = taskOf(request, findings, reading.dataMaxBytes);
  const action = webhookActionOf(
    {
      url: request.webhookUrl,
      headers: request.headers,
      secret: request.secret,
      taskType,
      callback: { required: request.callbackRequired, timeout: request.callbackTimeout },
    },
    (name) => FIELDS[name] ?? name,
    findings,
    reading.webhooks,
  );
  const priority = priorityOf(request.priority);
  const { retryPolicy, timeouts, uniqueKey } = request;
  const overrides: CreateDispatch["overrides"] = {
    name: taskType,
    action,
    payload: data,
    ...(request.userId !== "" && { userId: request.userId }),
    ...(retryPolicy && { retry: retryPolicyOf(retryPolicy, "retryPolicy", findings) }),
    ...(timeouts && { timeouts: timeoutsOf(timeouts, "timeouts", findings, defaultTimeoutsOf(action)) }),
    ...(priority !== undefined && { priority }),
    ...(Object.keys(request.labels).length > 0 && { labels: request.labels }),
    ...(request.businessId !== "" && { businessId: request.businessId }),
    ...(uniqueKey && { uniqueKey: uniqueKeyOf(uniqueKey) }),
    ...(request.orderingKey !== "" && { orderingKey: request.orderingKey }),
    ...(request.supersedeKey !== "" && { supersedeKey: request.supersedeKey }),
  };
  findings.throwIfAny();
  return { overrides, failFast: request.failFast };
}

/** @param url where it goes, already chosen. @throws BelfryError as {@link createDispatchOf}. */
export function testDispatchOf(request: SendTestEventRequest, url: string, reading: DispatchReading): DispatchCommand {
  const { secret, callbackRequired } = request;
  const findings = new Findings();
  const chosen = request.webhookUrl === "" ? "origin" : "webhookUrl";
  const action = webhookActionOf(
    { url, headers: {}, secret, taskType: TEST_TASK_TYPE, callback: { required: callbackRequired } },
    (name) => (name === "url" ? chosen : name),
    findings,
    reading.webhooks,
  );
  findings.throwIfAny();
  const payload = dataOf(request.data, "data", reading.dataMaxBytes) ?? TEST_DATA;
  // Somebody waits for it, and would rather see what is wrong than that it is tried again.
  const retry = { ...DEFAULT_RETRY_POLICY, maxRetries: 0 };
  return { overrides: { name: TEST_TASK_TYPE, action, payload, retry }, failFast: false };
}

export function toDispatch(record: DispatchRecord): Init<typeof DispatchSchema> {
  const { spec, life, state } = record;
  const { action } = spec;
  const instance = toInstance(record);
  return {
    id: instance.id,
    webhookUrl: action.url,
    origin: originOf(action.url),
    taskType: taskTypeOf(action, spec.name),
    data: instance.payload,
    priority: instance.priority,
    labels: instance.labels,
    userId: instance.userId,
    businessId: instance.businessId,
    uniqueKey: instance.uniqueKey,
    orderingKey: instance.orderingKey,
    supersedeKey: spec.supersedeKey ?? "",
    headers: shownHeaders(action.headers),
    callbackRequired: action.callback !== null,
    callbackTimeout: toOptionalDuration(action.callback?.timeoutMs),
    retryPolicy: instance.retryPolicy,
    timeouts: instance.timeouts,
    definitionId: definitionOf(spec.definitionId) ?? "",
    state: instance.state,
    waitingReason: instance.waitingReason,
    stateTime: instance.stateTime,
    stateReason: instance.stateReason,
    attemptCount: instance.attemptCount,
    callbackAwaited: instance.callbackAwaited,
    superseded: state === "CANCELLED" && life.error?.code === SUPERSEDED,
    error: instance.error,
    result: instance.result,
    createTime: instance.createTime,
    startTime: instance.startTime,
    completeTime: instance.completeTime,
    nextAttemptTime: instance.nextAttemptTime,
    etag: instance.etag,
  };
}

/** What is to be done: a piece of evidence, or a task of another type with free data. */
function taskOf(
  { evidence, taskType, data }: CreateDispatchRequest,
  findings: Findings,
  dataMaxBytes: number,
): { readonly taskType: string; readonly data: JsonObject } {
  if (evidence !== undefined) {
    if (taskType !== "") findings.add("taskType", "must not be set together with evidence");
    if (data !== undefined) findings.add("data", "must not be set together with evidence");
    const packed = evidenceOf(evidence, findings);
    dataOf(toStruct(packed), "evidence", dataMaxBytes);
    return { taskType: EVIDENCE_TASK_TYPE, data: packed };
  }
  if (taskType === "") findings.add("evidence", "is required, or a taskType with its data in its place");
  if (taskType === EVIDENCE_TASK_TYPE) findings.add("taskType", "is that of evidence: send evidence instead of data");
  return { taskType, data: dataOf(data, "data", dataMaxBytes) ?? {} };
}

/** That all of it is there is a rule of the schema, checked before. */
function evidenceOf(evidence: Evidence, findings: Findings): JsonObject {
  const { associatedUrl, sourceMeta } = evidence;
  for (const { description } of evidenceViolations({ associatedUrl })) {
    findings.add("evidence.associatedUrl", description);
  }
  return evidenceData({
    fragment: evidence.evidenceFragment,
    associatedUrl,
    sourceName: evidence.sourceName,
    riskLevel: nameIn(RiskLevel, evidence.riskLevel) ?? "LOW",
    brandName: evidence.brandName,
    interventionScript: evidence.interventionScript,
    sourceMeta: { platform: sourceMeta?.platform ?? "", category: sourceMeta?.category ?? "" },
  });
}
