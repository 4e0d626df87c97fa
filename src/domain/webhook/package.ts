/**
 * What a webhook carries: the standard package of S3, with what a receiver needs besides.
 *
 * All attempts of an instance send the same package, but for the callback, which names the attempt. `metadata` has, beside the source's two, the
 * dispatch's id (by which a receiver knows a repetition), and where it comes from a schedule, the definition and the due time.
 */
import type { WebhookAction } from "../action.ts";
import type { InstanceRecord } from "../instance/instance.ts";
import type { JsonObject } from "../json.ts";
import { EVIDENCE_TASK_TYPE } from "./evidence.ts";
import { originOfDefinition } from "./origin.ts";

const DELIVERY_FORMAT = "standard_payload";
const VERSION = "1.0";

/** How the receiver reports the result of this attempt. */
export interface Callback {
  readonly attemptToken: string;
  /** The plain HTTP way; others take the token alone. */
  readonly url: string;
}

/** The task type under which an instance is delivered. */
export function taskTypeOf(action: Pick<WebhookAction, "taskType">, name: string): string {
  return action.taskType === "" ? name : action.taskType;
}

/** @param callback null: the receiver's 2xx is the result. */
export function packageOf(
  instance: Pick<InstanceRecord, "id" | "spec" | "createdAt">,
  action: WebhookAction,
  callback: Callback | null,
): JsonObject {
  const { name, payload, scheduledAt } = instance.spec;
  const definitionId = definitionOf(instance.spec.definitionId);
  const taskType = taskTypeOf(action, name);
  return {
    task_type: taskType,
    [taskType === EVIDENCE_TASK_TYPE ? "evidence_data" : "data"]: payload ?? {},
    delivery_instructions: {
      webhook_url: action.url,
      delivery_format: DELIVERY_FORMAT,
      callback_required: callback !== null,
      ...(callback === null ? {} : { callback: callbackOf(callback, action.callback?.timeoutMs) }),
    },
    metadata: {
      created_at: new Date(instance.createdAt).toISOString(),
      version: VERSION,
      dispatch_id: instance.id,
      ...(definitionId === null ? {} : { definition_id: definitionId }),
      ...(scheduledAt === null ? {} : { scheduled_time: new Date(scheduledAt).toISOString() }),
    },
  };
}

/** The definition as callers know it: dispatches have one of the system's own, which is nobody's business. */
export function definitionOf(definitionId: string | null): string | null {
  return definitionId === null || originOfDefinition(definitionId) !== null ? null : definitionId;
}

function callbackOf({ attemptToken, url }: Callback, timeoutMs: number | undefined): JsonObject {
  return {
    attempt_token: attemptToken,
    url,
    ...(timeoutMs === undefined ? {} : { timeout_seconds: timeoutMs / 1000 }),
  };
}
