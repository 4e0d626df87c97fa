/** How much one session may hold: all of it is in memory while it is decided. */
import type { SessionRecord, WorkItemRecord } from "../../domain/approval/records.ts";
import type { ReportedEvent } from "../../domain/approval/reported-event.ts";
import { MAX_LOG_ENTRIES } from "./collected.ts";

/** Work items, totals and shares of a session, each. */
export const MAX_ITEMS = 1000;

export interface SessionRefusal {
  readonly kind: "refused";
  readonly reason: "TOO_MANY_ITEMS" | "TOO_MANY_TODOS" | "TOO_MANY_SHARES" | "LOG_TOO_LONG";
  /** For a person. */
  readonly message: string;
}

/** An event that brings more log than is kept is refused. What is kept of the session's log are the newest entries. */
export function refusalOfEvent({ log = [] }: ReportedEvent): SessionRefusal | null {
  const message = `An event may bring ${MAX_LOG_ENTRIES} entries of the process log, not ${log.length}: report them in several.`;
  return log.length > MAX_LOG_ENTRIES ? { kind: "refused", reason: "LOG_TOO_LONG", message } : null;
}

/** Of what the session would hold after it. */
export function refusalOf(
  { session: { id }, todos, shares }: SessionRecord,
  items: ReadonlyMap<string, WorkItemRecord>,
): SessionRefusal | null {
  const kinds = [
    ["TOO_MANY_ITEMS", "work items", items.size],
    ["TOO_MANY_TODOS", "totals of todos", todos.length],
    ["TOO_MANY_SHARES", "shares", shares.length],
  ] as const;
  const tooMany = kinds.find(([, , count]) => count > MAX_ITEMS);
  if (tooMany === undefined) {
    return null;
  }
  const [reason, what] = tooMany;
  return { kind: "refused", reason, message: `Session ${id} has ${MAX_ITEMS} ${what}, and takes no more.` };
}
