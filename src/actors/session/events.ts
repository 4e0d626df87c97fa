import type { SessionState } from "../../domain/approval/session.ts";

/** The event that says that a session is in a state. */
export const EVENT_OF = {
  DRAFT: "DRAFTED",
  RUNNING: "STARTED",
  SUSPENDED: "SUSPENDED",
  COMPLETED: "COMPLETED",
  ABORTED: "ABORTED",
  REJECTED: "REJECTED",
  REVOKED: "REVOKED",
} as const satisfies Record<SessionState, string>;

/** What the process system says of a session's state; each may come late. */
export interface SessionEvent {
  readonly type: (typeof EVENT_OF)[SessionState] | "DELETED" | "ARCHIVED";
  readonly happenedAt: number;
}
