import type { InstanceLife, InstanceSpec, InstanceState } from "../../domain/instance/instance.ts";

/** Deadlines by what passes when they do. */
export type DeadlineKind =
  | "SCHEDULE_TO_CLOSE"
  | "CANCEL_GRACE"
  | "START_TO_CLOSE"
  | "HEARTBEAT"
  | "SCHEDULE_TO_START"
  | "BACKOFF";

export interface Deadline {
  readonly kind: DeadlineKind;
  readonly at: number;
}

/**
 * The next thing that happens to an instance by itself, or null.
 *
 * A worker could not give signs of life while no node owned its instance, so silence counts from `heartbeatFloor` at the earliest: when this
 * node acquired the shard. While PAUSED nothing happens.
 */
export function nextDeadline(
  state: InstanceState,
  life: InstanceLife,
  spec: InstanceSpec,
  heartbeatFloor = 0,
): Deadline | null {
  let next: Deadline | null = null;
  const consider = (kind: DeadlineKind, from: number | null, lengthMs: number | null): void => {
    if (from !== null && lengthMs !== null && (next === null || from + lengthMs < next.at)) {
      next = { kind, at: from + lengthMs };
    }
  };
  const { timeouts } = spec;
  switch (state) {
    case "PENDING":
      consider("SCHEDULE_TO_CLOSE", life.openedAt, timeouts.scheduleToCloseMs);
      consider("SCHEDULE_TO_START", life.readyAt, timeouts.scheduleToStartMs);
      break;
    case "RUNNING": {
      const { attempt } = life;
      consider("SCHEDULE_TO_CLOSE", life.openedAt, timeouts.scheduleToCloseMs);
      consider("CANCEL_GRACE", life.cancelRequestedAt, timeouts.cancelGraceMs);
      if (attempt !== null) {
        const closeMs = attempt.handedOn?.closeMs ?? timeouts.startToCloseMs;
        consider("START_TO_CLOSE", attempt.startedAt + (attempt.frozenMs ?? 0), closeMs);
        consider("HEARTBEAT", Math.max(attempt.seenAt, heartbeatFloor), attempt.heartbeatMs);
      }
      break;
    }
    case "BACKING_OFF":
      consider("SCHEDULE_TO_CLOSE", life.openedAt, timeouts.scheduleToCloseMs);
      consider("BACKOFF", life.nextAttemptAt, 0);
      break;
    default:
      break;
  }
  return next;
}
