/** `@prevent_duplicate_task` of agentcore-task, for handlers of workers. */
import { belfryErrorOf } from "../belfry-error.ts";
import type { HandlerContext } from "../worker/handler-context.ts";
import type { Handler, HandlerResult } from "../worker/worker-options.ts";
import { LockLost } from "./lock-lost.ts";
import { withLock } from "./with-lock.ts";

/** The result of an attempt that did nothing, since another does the same already, or since that could not be known. */
export interface Skipped {
  readonly success: false;
  readonly status: "skipped";
  readonly reason: "task_already_running" | "lock_acquisition_failed";
  /** In words. */
  readonly error: string;
}

const DEFAULT_TIMEOUT_MS = 3_600_000;

/**
 * Keeps a handler from running twice at a time: while it runs it holds the lock `lockName`, or one for each value of `param`. Whoever finds it held
 * does nothing, and its result says so ({@link Skipped}). When the lock is lost on the way, the handler's signal aborts.
 *
 * ```ts
 * createWorker({ url, queue: "agents", handler: preventDuplicate("collect", "userId", 600_000)(collect) });
 * ```
 *
 * @param param the field of the payload that is locked, or several that are locked together. One that is absent, null or empty counts for nothing;
 * without any, the lock is that of all. Default: none.
 * @param timeoutMs how long the lock outlives a worker that is gone, 1 s to 24 h. While the handler runs it is renewed. Default 1 h.
 */
export function preventDuplicate(
  lockName: string,
  param?: string | readonly string[],
  timeoutMs: number = DEFAULT_TIMEOUT_MS,
): <Payload extends object, Result extends HandlerResult>(
  handler: Handler<Payload, Result>,
) => Handler<Payload, Result | Skipped> {
  const fields = param === undefined ? [] : [param].flat();
  return (handler) => async (context) => {
    const { client, instanceId, payload, signal } = context;
    let isRunning = false;
    try {
      return await withLock(
        client,
        { name: lockName, param: valuesOf(payload, fields), holder: instanceId, ttlMs: timeoutMs, signal },
        (lock) => {
          isRunning = true;
          return handler(withSignal(context, lock.signal));
        },
      );
    } catch (error) {
      if (isRunning || signal.aborted) throw error;
      return skipped(error);
    }
  };
}

function skipped(error: unknown): Skipped {
  const { reason, message } = belfryErrorOf(error);
  return {
    success: false,
    status: "skipped",
    reason: reason === "LOCK_HELD" ? "task_already_running" : "lock_acquisition_failed",
    error: error instanceof LockLost ? error.message : message,
  };
}

function valuesOf(payload: object, fields: readonly string[]): string {
  return fields
    .map((field): unknown => Reflect.get(payload, field))
    .filter((value) => value !== undefined && value !== null && value !== "")
    .map((value) => (typeof value === "string" ? value : JSON.stringify(value)))
    .join("_");
}

/** The same context, whose signal aborts with the lock too. */
function withSignal<Payload>(context: HandlerContext<Payload>, signal: AbortSignal): HandlerContext<Payload> {
  return new Proxy(context, {
    get: (target, member): unknown => (member === "signal" ? signal : Reflect.get(target, member, target)),
  });
}
