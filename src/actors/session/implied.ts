/** What an event says without saying it. */
import type { ReportedEvent, WorkItemFacts } from "../../domain/approval/reported-event.ts";
import { isOpen } from "../../domain/approval/session.ts";
import type { Person, SessionState, WorkItemState } from "../../domain/approval/session.ts";

/** The state that an event tells of its session. An action that has one is the word that counts; undefined: it tells none. */
export function sessionStateTold({ action, session }: ReportedEvent): SessionState | undefined {
  switch (action) {
    case "after_end":
      return "COMPLETED";
    case "task_abort":
      return "ABORTED";
    case "reject":
      return "REJECTED";
    case "revoke":
      return "REVOKED";
    case "task_resume":
      return session?.state === "SUSPENDED" ? "SUSPENDED" : "RUNNING";
    default:
      return session?.state;
  }
}

/** The state that an event tells of its item. What the facts say counts: of several who have to sign, one may have. */
export function itemStateTold({ action, workItem }: ReportedEvent): WorkItemState | undefined {
  const state = workItem?.state;
  switch (action) {
    case "receive":
      return state ?? "OPEN";
    case "after_examine":
    case "after_end":
      return state ?? "DONE";
    case "reject":
      // That it was open when it was rejected says nothing of what it is.
      return state !== undefined && isOpen(state) ? undefined : state;
    default:
      return state;
  }
}

export function assigneesTold(
  { action, transfer }: ReportedEvent,
  { assignees }: WorkItemFacts,
): readonly Person[] | undefined {
  return assignees ?? (action === "change_assignee" ? transfer?.to : undefined);
}
