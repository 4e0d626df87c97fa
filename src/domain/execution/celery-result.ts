/** What Celery's result backend knows of a task, and what of it is news. */
import type { InstanceState } from "../instance/instance.ts";
import { isFinal } from "../instance/instance.ts";
import type { Json } from "../json.ts";
import { celeryStatusOf, isCeleryStatus, reportedStateOf } from "./celery-status.ts";
import type { CeleryStatus } from "./celery-status.ts";
import type { ExecutionReport } from "./report.ts";
import { resultOf } from "./result-value.ts";

export interface CeleryResult {
  /** As the backend has it; tasks may set states of their own (`PROGRESS`). */
  readonly status: string;
  /** What it returned; of one that failed or is retried, its exception. */
  readonly result: Json;
  /** Empty: none. */
  readonly traceback: string;
  /** When the backend was told; null: unknown. */
  readonly doneAt: number | null;
}

/**
 * What of Celery's knowledge is to be reported of an execution; null: nothing. A state is never undone: PENDING, which Celery also says of tasks
 * that it knows nothing of, changes none, and nothing changes a final one.
 */
export function newsFrom(known: InstanceState, told: CeleryResult | null): ExecutionReport | null {
  if (told === null || isFinal(known)) {
    return null;
  }
  const status = statusIn(told.status);
  if (status === "PENDING" || status === celeryStatusOf(known)) {
    return null;
  }
  const state = reportedStateOf(status);
  switch (status) {
    case "SUCCESS":
      return { state, result: resultOf(told.result), ...ending(told) };
    case "FAILURE":
    case "RETRY":
    case "REVOKED":
      return { state, error: errorIn(told), ...(status === "RETRY" ? {} : ending(told)) };
    default:
      return { state };
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

function ending({ doneAt }: CeleryResult): Pick<ExecutionReport, "endedAt"> {
  return doneAt === null ? {} : { endedAt: doneAt };
}

/** Celery keeps an exception as its type, its arguments, and the module of the type. */
function errorIn({ result, traceback }: CeleryResult): NonNullable<ExecutionReport["error"]> {
  const told = typeof result === "object" && result !== null && !Array.isArray(result) ? result : {};
  const { exc_type: type, exc_message: message } = told as { readonly exc_type?: Json; readonly exc_message?: Json };
  return {
    ...(typeof type === "string" && type !== "" && { code: type }),
    message: message === undefined ? textOf(result) : textOf(message),
    traceback,
  };
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
