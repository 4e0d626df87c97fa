/** The errors by which the runtime refuses, in one place so that they read alike. */
import { BelfryError } from "../domain/error.ts";
import { ResultBackendError } from "../ports/result-backend.ts";
import { StoreUnavailable } from "../ports/store/journal.ts";

export function shardUnavailable(shard: number): BelfryError {
  return new BelfryError("SHARD_UNAVAILABLE", `Shard ${shard} has no owner here right now. Try again in a moment.`, {
    metadata: { shard: String(shard) },
    retryAfterMs: 500,
  });
}

export function outcomeUnknown(): BelfryError {
  return new BelfryError(
    "OUTCOME_UNKNOWN",
    "The node that carried this out went away before it answered: it may have been done, or not. Look, or repeat it with the request_id it had.",
    { retryAfterMs: 500 },
  );
}

export function nodeNotFound(node: string): BelfryError {
  return new BelfryError("NODE_NOT_FOUND", `No live node of the cluster is called "${node}".`, {
    metadata: { node_id: node },
  });
}

export function storeUnavailable(cause?: unknown): BelfryError {
  return new BelfryError("STORE_UNAVAILABLE", "The database cannot be reached. Try again in a moment.", {
    retryAfterMs: 1000,
    cause,
  });
}

export function draining(): BelfryError {
  return new BelfryError(
    "DRAINING",
    "This node is shutting down. Try again: another node, or its next start, will answer.",
    { retryAfterMs: 1000 },
  );
}

export function busy(bound: string, limit: number): BelfryError {
  return new BelfryError("BUSY", `Too much at once: ${bound} is at its limit of ${limit}. Try again in a moment.`, {
    metadata: { bound, limit: String(limit) },
    retryAfterMs: 200,
  });
}

export function definitionNotFound(id: string): BelfryError {
  return new BelfryError("DEFINITION_NOT_FOUND", `There is no definition "${id}".`, {
    metadata: { definition_id: id },
  });
}

export function instanceNotFound(id: string): BelfryError {
  return new BelfryError("INSTANCE_NOT_FOUND", `There is no instance "${id}".`, { metadata: { instance_id: id } });
}

export function platformNotFound(id: string): BelfryError {
  return new BelfryError("PLATFORM_NOT_FOUND", `There is no platform "${id}".`, { metadata: { platform_id: id } });
}

export function triggerNotFound(id: string): BelfryError {
  return new BelfryError("TRIGGER_NOT_FOUND", `There is no trigger "${id}".`, { metadata: { trigger_id: id } });
}

export function sessionNotFound(id: string): BelfryError {
  return new BelfryError("SESSION_NOT_FOUND", `Nothing was reported of a session "${id}".`, {
    metadata: { session_id: id },
  });
}

export function workItemNotFound(id: string): BelfryError {
  return new BelfryError("WORK_ITEM_NOT_FOUND", `Nothing was reported of a work item "${id}".`, {
    metadata: { work_item_id: id },
  });
}

export function executionNotFound(taskId: string): BelfryError {
  return new BelfryError(
    "EXECUTION_NOT_FOUND",
    `No execution is registered under the task id "${taskId}". RegisterExecution registers it, late too.`,
    { metadata: { task_id: taskId } },
  );
}

export function resultBackendMissing(): BelfryError {
  return new BelfryError(
    "RESULT_BACKEND_MISSING",
    "No result backend of Celery is configured: set BELFRY_CELERY_RESULT_BACKEND to its URL on every node, or report with UpdateExecution.",
  );
}

/** @param cause what reading threw. */
export function resultBackendFailed(taskId: string, cause: unknown): BelfryError {
  const told = cause instanceof ResultBackendError ? cause : undefined;
  const why = told === undefined ? "" : `: ${told.message}`;
  if (told?.kind === "unreadable") {
    return new BelfryError(
      "RESULT_UNREADABLE",
      `What Celery's result backend has of "${taskId}" cannot be read${why}.`,
      {
        metadata: { task_id: taskId },
        cause,
      },
    );
  }
  return new BelfryError(
    "RESULT_BACKEND_UNAVAILABLE",
    `Celery's result backend does not answer${why}. Try again in a moment.`,
    { retryAfterMs: 1000, cause },
  );
}

export function batchRunning(platformId: string, batchId: string): BelfryError {
  return new BelfryError(
    "BATCH_RUNNING",
    `A batch of this platform is running already: "${batchId}". Wait for its end, or cancel it.`,
    { metadata: { platform_id: platformId, batch_id: batchId } },
  );
}

export function stateForbids(what: string, state: string, hint: string): BelfryError {
  return new BelfryError("STATE_FORBIDS", `${what}: it is ${state}. ${hint}`.trim(), { metadata: { state } });
}

export function staleAttempt(): BelfryError {
  return new BelfryError("STALE_ATTEMPT", "This attempt is over; nothing was changed. Stop working on it.");
}

/** @param forMs how long it is held from now on, when nothing happens before. */
export function lockHeld(
  name: string,
  { holder, expireAt, forMs }: { readonly holder: string; readonly expireAt: number; readonly forMs: number },
): BelfryError {
  const expireTime = new Date(expireAt).toISOString();
  return new BelfryError(
    "LOCK_HELD",
    `The lock "${name}" is held by "${holder}" until ${expireTime}. Try again then, or wait for it with \`wait\`.`,
    { metadata: { name, holder, expireTime }, retryAfterMs: forMs },
  );
}

export function lockLost(name: string, token: number): BelfryError {
  return new BelfryError(
    "LOCK_LOST",
    `Token ${token} is not that of whoever holds the lock "${name}": it was released, or its time was up. Stop what it protects.`,
    { metadata: { name, token: String(token) } },
  );
}

export function lockNotFound(name: string): BelfryError {
  return new BelfryError("LOCK_NOT_FOUND", `Nobody ever held a lock "${name}".`, { metadata: { name } });
}

/** A trigger that the definition's own policies refuse. */
export function refusalOf({
  reason,
  message,
  instanceId,
}: {
  reason: "OVERLAP" | "UNIQUE_KEY_TAKEN";
  message: string;
  instanceId: string | null;
}): BelfryError {
  return new BelfryError(reason, message, instanceId === null ? {} : { metadata: { instance_id: instanceId } });
}

/** Whether it is a matter of time: the shard, its owner or the store was not there. */
export function isUnavailable(error: unknown): boolean {
  return (
    error instanceof StoreUnavailable ||
    (error instanceof BelfryError && (error.code === "UNAVAILABLE" || error.reason === "BUSY"))
  );
}

/** @param etag the current one. */
export function etagMismatch(etag: string): BelfryError {
  return new BelfryError("ETAG_MISMATCH", `It has changed: its etag is "${etag}" now. Read it again and decide anew.`, {
    metadata: { etag },
  });
}

export function destinationDisabled(origin: string, reason: string): BelfryError {
  return new BelfryError(
    "DESTINATION_DISABLED",
    `The destination ${origin} is disabled: ${reason}. ResetDestination enables it again.`,
    { metadata: { origin, reason } },
  );
}

/** @param untilMs when a probe is due; left out: nobody knows. */
export function breakerOpen(origin: string, reason: string, untilMs?: number): BelfryError {
  const why = reason === "" ? "" : ` (${reason})`;
  return new BelfryError(
    "BREAKER_OPEN",
    `The destination ${origin} takes nothing now${why}, and fail_fast was asked for. Without it the dispatch waits.`,
    { metadata: { origin }, retryAfterMs: Math.max(1000, untilMs ?? 60_000) },
  );
}
