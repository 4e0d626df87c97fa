/** Executions as callers of any node use them. */
import type { ExecutionReport } from "../../domain/execution/report.ts";
import type { InstanceRecord, InstanceState } from "../../domain/instance/instance.ts";
import type { JsonObject } from "../../domain/json.ts";

export interface RegisterExecution {
  readonly name: string;
  /** Empty: of none. */
  readonly module: string;
  readonly createdBy: string;
  /** What it was called with. */
  readonly payload: JsonObject;
  readonly businessId: string;
  readonly labels: Readonly<Record<string, string>>;
  /** How it stands; what a repetition says of that is not heard. */
  readonly report: ExecutionReport;
  readonly requestId?: string;
}

export interface UpdateExecution {
  readonly report: ExecutionReport;
  /** It is told nothing when it is in another state by now. Left out: it is told in any. */
  readonly onlyIn?: InstanceState;
  readonly requestId?: string;
}

/** Each execution has the id that its caller chose for it. */
export interface ExecutionCommands {
  /**
   * Gets it when there is one, and makes it when there is none.
   * @throws BelfryError ID_TAKEN: an instance that is no execution has this id.
   */
  register(
    taskId: string,
    command: RegisterExecution,
  ): Promise<{ readonly instance: InstanceRecord; readonly existing: boolean }>;
  /**
   * `heeded`: whether it was told, and is in the state that was told, if any was. A final state is never undone, and one that has begun does not become one that has
   * not.
   * @throws BelfryError EXECUTION_NOT_FOUND
   */
  update(
    taskId: string,
    command: UpdateExecution,
  ): Promise<{ readonly instance: InstanceRecord; readonly heeded: boolean }>;
  /**
   * Takes over what Celery's result backend knows, when that is news.
   * @throws BelfryError EXECUTION_NOT_FOUND, RESULT_BACKEND_MISSING, RESULT_BACKEND_UNAVAILABLE, RESULT_UNREADABLE
   */
  sync(taskId: string): Promise<{ readonly instance: InstanceRecord; readonly changed: boolean }>;
}
