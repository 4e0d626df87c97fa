import type { ExecutionError } from "../instance/instance.ts";
import type { JsonObject } from "../json.ts";
import type { ReportedState } from "./celery-status.ts";
import type { ProgressTold } from "./progress.ts";

/** What is told of an execution by whoever runs it; what is left out stays as it is. */
export interface ExecutionReport {
  readonly state?: ReportedState;
  readonly result?: JsonObject;
  readonly error?: Partial<ExecutionError>;
  /** Merged: its keys replace those of the same name. */
  readonly metadata?: JsonObject;
  readonly progress?: ProgressTold;
  /** Counts once, and no earlier than the registration. Left out: when it is first told to run. */
  readonly startedAt?: number;
  /** Counts with a final state, and no later than now. Left out: now. */
  readonly endedAt?: number;
  /** Who runs it, e.g. Celery's name of the worker. */
  readonly workerId?: string;
}
