/** Reading what a push is made of, and which of the platform's ids is whose. */
import type { Acknowledged, PushFacts } from "../../domain/approval/push-facts.ts";
import type { PlatformPush } from "../../domain/approval/platform-push.ts";
import type { PushStateRecord, SessionRecord, WorkItemRecord } from "../../domain/approval/records.ts";
import type { WorkItem } from "../../domain/approval/session.ts";

/** All that is known of a session, for one platform. */
export interface KnownSession {
  readonly session: SessionRecord;
  /** Oldest first. */
  readonly items: readonly WorkItemRecord[];
  /** What this platform was told. */
  readonly states: readonly PushStateRecord[];
}

/** Null: the item that it is about is not known. */
export function pushFacts(
  { session, items: records, states }: KnownSession,
  push: Pick<PlatformPush, "workItemId" | "action" | "transfer" | "note">,
): PushFacts | null {
  const items = records.map(({ item }) => item);
  const item = push.workItemId === null ? null : items.find(({ id }) => id === push.workItemId);
  return item === undefined
    ? null
    : {
        action: push.action,
        session: session.session,
        isDeleted: session.deletedAt !== null,
        isArchived: session.archivedAt !== null,
        item,
        items,
        log: session.log,
        transfer: push.transfer,
        note: push.note,
        acknowledged: acknowledgedOf(states),
      };
}

function acknowledgedOf(states: readonly PushStateRecord[]): ReadonlyMap<string, Acknowledged> {
  return new Map(
    states.flatMap(({ thirdId, status, assignees, at }) =>
      status === null ? [] : [[thirdId, { status, assignees, at }] as const],
    ),
  );
}

/**
 * The work item of an id of the platform; empty: the session as a whole. Ids begin with that of the session (`{sid}_{tid}`), or are the item's own.
 * @param about the item of the push, when the id tells nothing.
 */
export function workItemOf(thirdId: string, sessionId: string, items: readonly WorkItem[], about: string): string {
  if (thirdId === sessionId) {
    return "";
  }
  const prefix = `${sessionId}_`;
  const rest = thirdId.startsWith(prefix) ? thirdId.slice(prefix.length) : thirdId;
  const owners = items
    .map(({ id }) => id)
    .filter((id) => rest === id || rest.startsWith(`${id}_`))
    .toSorted((a, b) => b.length - a.length);
  return owners[0] ?? about;
}
