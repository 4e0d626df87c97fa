/** A push (推送) as the action of an instance: what of a session is told to which platform. What it says is read when it runs. */
import type { PushAction } from "./push-action.ts";
import type { Transfer } from "./reported-event.ts";

export const PUSH_ORIGINS = [
  /** An event of the process system. */
  "EVENT",
  /** Somebody asked for this one (手动推送). */
  "MANUAL",
  /** Part of a batch (批量推送). */
  "BATCH",
  /** The reconciliation found that the platform believes something else (重试). */
  "SWEEP",
] as const;
export type PushOrigin = (typeof PUSH_ORIGINS)[number];

export interface PlatformPush {
  readonly kind: "push";
  readonly platformId: string;
  readonly sessionId: string;
  /** Null: of the session as a whole. */
  readonly workItemId: string | null;
  readonly action: PushAction;
  /** Of change_assignee. */
  readonly transfer: Transfer | null;
  /** Of remind_task. */
  readonly note: string;
  readonly origin: PushOrigin;
  /** Also when the platform was told the same before. Manual pushes and those that urge always go. */
  readonly force: boolean;
}

const QUEUE = "$push/";
const DEFINITION = "$push/";
const BATCH_DEFINITION = "$batch/";

/** The queue in which pushes wait for their platform. No worker can ask for it: names of users have no `$`. */
export function pushQueue(platformId: string): string {
  return `${QUEUE}${platformId}`;
}

/** The platform that serves a queue; null when it is none of these. */
export function platformOfQueue(queue: string): string | null {
  return queue.startsWith(QUEUE) ? queue.slice(QUEUE.length) : null;
}

/** The definition under which the pushes of a shard's sessions run: order and superseding hold among them. */
export function pushDefinitionId(shard: number): string {
  return `${DEFINITION}${shard}`;
}

/** The shard whose sessions' pushes a definition has; null when it is none of these. */
export function shardOfPushDefinition(definitionId: string): number | null {
  return definitionId.startsWith(DEFINITION) ? Number(definitionId.slice(DEFINITION.length)) : null;
}

/** The job that a batch of pushes is. */
export const BATCH_JOB = "batch-push";

/** The definition under which the batches of a platform run, one at a time. It lives in the platform's shard. */
export function batchDefinitionId(platformId: string): string {
  return `${BATCH_DEFINITION}${platformId}`;
}

/** The platform whose batches a definition has; null when it is none of these. */
export function platformOfBatchDefinition(definitionId: string): string | null {
  return definitionId.startsWith(BATCH_DEFINITION) ? definitionId.slice(BATCH_DEFINITION.length) : null;
}

/** Pushes of one session to one platform go one after the other: what a later one says may rest on what an earlier one made the platform believe. */
export function pushOrderingKey(platformId: string, sessionId: string): string {
  return JSON.stringify([platformId, sessionId]);
}
