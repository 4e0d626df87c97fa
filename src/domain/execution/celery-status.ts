/** States of instances by the names that Celery has for them. */
import type { InstanceState } from "../instance/instance.ts";

export const CELERY_STATUSES = ["PENDING", "STARTED", "RETRY", "SUCCESS", "FAILURE", "REVOKED"] as const;
export type CeleryStatus = (typeof CELERY_STATUSES)[number];

/** States that whoever runs an execution can report. The others are Belfry's own. */
export type ReportedState = Exclude<InstanceState, "PAUSED" | "TIMED_OUT">;

const NAMES = {
  PENDING: "PENDING",
  RUNNING: "STARTED",
  BACKING_OFF: "RETRY",
  PAUSED: "PENDING",
  COMPLETED: "SUCCESS",
  FAILED: "FAILURE",
  TIMED_OUT: "FAILURE",
  CANCELLED: "REVOKED",
} as const satisfies Record<InstanceState, CeleryStatus>;

const REPORTED = {
  PENDING: "PENDING",
  STARTED: "RUNNING",
  RETRY: "BACKING_OFF",
  SUCCESS: "COMPLETED",
  FAILURE: "FAILED",
  REVOKED: "CANCELLED",
} as const satisfies Record<CeleryStatus, ReportedState>;

export function isCeleryStatus(text: string): text is CeleryStatus {
  return (CELERY_STATUSES as readonly string[]).includes(text);
}

export function celeryStatusOf(state: InstanceState): CeleryStatus {
  return NAMES[state];
}

export function reportedStateOf(status: CeleryStatus): ReportedState {
  return REPORTED[status];
}

/** Every state that has this name. */
export function statesOfStatus(status: CeleryStatus): readonly InstanceState[] {
  return (Object.keys(NAMES) as InstanceState[]).filter((state) => NAMES[state] === status);
}
