/** What Celery's result backend knows of a task, and what of it is news. */
import type { ExecutionError, InstanceState } from "../instance/instance.ts";
import { isFinal } from "../instance/instance.ts";
import { isJsonObject } from "../json.ts";
import type { Json, JsonObject } from "../json.ts";
import { celeryStatusOf, isCeleryStatus, reportedStateOf } from "./celery-status.ts";
import type { CeleryStatus } from "./celery-status.ts";
import { progressIn } from "./progress.ts";
import type { ProgressTold } from "./progress.ts";
import type { ExecutionReport } from "./report.ts";
import { resultOf } from "./result-value.ts";

export interface CeleryResult {
  /** As the backend has it; tasks may set states of their own (`PROGRESS`). */
  readonly status: string;
  /** What it returned; of one that failed or is retried, its exception; of one that runs, what it told of itself. */
  readonly result: Json;
  /** Why `result` is null although Celery has one: it is too large, or no plain data. Absent: it is what Celery has. */
  readonly leftOut?: string;
  /** Empty: none. */
  readonly traceback: string;
  /** When the backend was told; null: unknown. */
  readonly doneAt: number | null;
  /** Who ran it. Absent: unknown. */
  readonly worker?: string;
}

const MAX_MESSAGE = 65_536;
/** Where the metadata says why Celery's result is not there. */
const LEFT_OUT_KEY = "celery_result_left_out";

/**
 * What of Celery's knowledge is to be reported of an execution; null: nothing. A state is never undone: PENDING, which Celery also says of tasks
 * that it knows nothing of, changes none, and nothing changes a final one.
 *
 * Celery says RETRY until the next attempt ends, unless its tasks tell that they have begun (`task_track_started`). So of one that runs, or is to be retried, it
 * is news only when the error is.
 *
 * @param error that the execution is known to have had.
 */
export function newsFrom(
  known: InstanceState,
  told: CeleryResult | null,
  error: ExecutionError | null = null,
): ExecutionReport | null {
  if (told === null || isFinal(known)) {
    return null;
  }
  const status = statusIn(told.status);
  const state = reportedStateOf(status);
  const worker = told.worker === undefined ? {} : { workerId: told.worker };
  if (status === "STARTED" && told.status !== "STARTED") {
    return { state, ...worker, ...ownState(told) };
  }
  if (status === "PENDING" || (status === celeryStatusOf(known) && status !== "RETRY")) {
    return null;
  }
  switch (status) {
    case "SUCCESS":
      return { state, ...worker, ...returned(told), ...ending(told) };
    case "FAILURE":
    case "REVOKED":
      return { state, ...worker, error: errorIn(told), ...ending(told) };
    case "RETRY": {
      const reason = errorIn(told);
      return known !== "PENDING" && isKnown(reason, error) ? null : { state, ...worker, error: reason };
    }
    default:
      return { state, ...worker };
  }
}

/** Celery's other states: one that a worker has and has not begun, one that it dropped, and those of tasks themselves, which run. */
function statusIn(text: string): CeleryStatus {
  if (isCeleryStatus(text)) {
    return text;
  }
  if (text === "RECEIVED" || text === "REJECTED" || text === "") {
    return "PENDING";
  }
  return text === "IGNORED" ? "REVOKED" : "STARTED";
}

/** A state that a task set itself names what it is at, and brings free data: most often how far it is. */
function ownState({ status, result, leftOut }: CeleryResult): Pick<ExecutionReport, "metadata" | "progress"> {
  if (leftOut !== undefined) {
    return { metadata: { [LEFT_OUT_KEY]: leftOut }, progress: { step: status } };
  }
  if (!isJsonObject(result)) {
    return { progress: { step: status } };
  }
  return { metadata: result, progress: { step: status, ...customaryProgress(result), ...progressIn(result) } };
}

/** As the documentation of Celery has its tasks tell it: `{"current": 30, "total": 100, "status": "uploading"}`. */
function customaryProgress({ current, total, status }: JsonObject): ProgressTold {
  return {
    ...(typeof current === "number" &&
      typeof total === "number" &&
      total > 0 && { percent: Math.min(100, Math.max(0, (current / total) * 100)) }),
    ...(typeof status === "string" && { message: status }),
  };
}

function returned({ result, leftOut }: CeleryResult): Pick<ExecutionReport, "result" | "metadata"> {
  return leftOut === undefined ? { result: resultOf(result) } : { metadata: { [LEFT_OUT_KEY]: leftOut } };
}

function ending({ doneAt }: CeleryResult): Pick<ExecutionReport, "endedAt"> {
  return doneAt === null ? {} : { endedAt: doneAt };
}

/** Celery keeps an exception as its type, its arguments, and the module of the type. */
function errorIn({
  result,
  leftOut,
  traceback,
}: CeleryResult): Omit<ExecutionError, "code"> & { readonly code?: string } {
  const { exc_type: type, exc_message: message } = isJsonObject(result) ? result : {};
  return {
    ...(typeof type === "string" && type !== "" && { code: type }),
    message: (leftOut ?? textOf(message === undefined ? result : message)).slice(0, MAX_MESSAGE).toWellFormed(),
    traceback,
  };
}

/** Messages are no help: one and the same exception is put into words in several ways. */
function isKnown({ code = "", traceback }: ReturnType<typeof errorIn>, known: ExecutionError | null): boolean {
  return known !== null && known.code === code && known.traceback === traceback;
}

/** The arguments of an exception are a list, most often of one text. */
function textOf(value: Json): string {
  if (typeof value === "string") {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map(textOf).join(", ");
  }
  return value === null ? "" : JSON.stringify(value);
}
