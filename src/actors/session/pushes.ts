/** Which platforms are told of an event, and what takes the place of what. */
import type { PushAction } from "../../domain/approval/push-action.ts";
import type { SessionRecord, WorkItemRecord } from "../../domain/approval/records.ts";
import type { ReportedEvent, Transfer } from "../../domain/approval/reported-event.ts";
import type { Person } from "../../domain/approval/session.ts";
import { triggerMatches } from "../../domain/platform/trigger-match.ts";
import type { PlatformTrigger } from "../../domain/platform/trigger.ts";

/** A platform as far as events are concerned. */
export interface Subscriber {
  readonly id: string;
  readonly enabled: boolean;
  readonly triggers: readonly PlatformTrigger[];
  /**
   * Actions that its settings let through. A push of any other is going to be skipped, and so must not take the place of one that is not.
   * Left out: all.
   */
  readonly listed?: ReadonlySet<string>;
}

/** A push to make. What it says is read when it runs. */
export interface PushIntent {
  readonly platformId: string;
  readonly action: PushAction;
  /** Null: of the session as a whole. */
  readonly workItemId: string | null;
  /** Of change_assignee. */
  readonly transfer: Transfer | null;
  readonly note: string;
  /** A push that waits with the same key has become obsolete; null: it takes no other's place and no other takes its own. */
  readonly supersedeKey: string | null;
}

export interface Occasion {
  readonly event: ReportedEvent;
  readonly session: SessionRecord;
  /** The item as it was before the event; null: unknown, or the event is about the session as a whole. */
  readonly itemBefore: WorkItemRecord | null;
  /** All of them, after the event. */
  readonly items: ReadonlyMap<string, WorkItemRecord>;
}

/** Pushes that don't just show a state, but say something, each of which has to be said; and what somebody asked for by hand. */
const SAYING: ReadonlySet<PushAction> = new Set(["remind_task", "change_assignee", "sess_delete", "archive", "manual"]);

/** What concerns all items of the session, whichever it names. */
const OF_ALL_ITEMS: ReadonlySet<PushAction> = new Set([
  "after_end",
  "task_abort",
  "task_resume",
  "reject",
  "revoke",
  "sess_delete",
  "archive",
]);

/** One for each platform that is enabled and has a trigger that matches. */
export function pushesFor(occasion: Occasion, platforms: readonly Subscriber[]): readonly PushIntent[] {
  const { event, session, items } = occasion;
  const { action } = event;
  if (action === null || session.session.isQuestionnaire || (session.deletedAt !== null && action !== "sess_delete")) {
    return [];
  }
  const workItemId = event.workItem?.id ?? null;
  const transfer = action === "change_assignee" ? transferOf(occasion) : null;
  const concerned = [...items.values()].filter(
    ({ item }) => workItemId === null || OF_ALL_ITEMS.has(action) || item.id === workItemId,
  );
  const happening = {
    action,
    session: session.session,
    items: concerned.map(({ item }) => item),
    formerAssignees: [...formerAssigneesOf(occasion), ...(transfer?.from ?? [])],
  };
  const supersedeKey = supersedeKeyOf(occasion, action);
  return platforms
    .filter(({ enabled, triggers }) => enabled && triggers.some((trigger) => triggerMatches(trigger, happening)))
    .map(({ id, listed }) => ({
      platformId: id,
      action,
      workItemId,
      transfer,
      note: event.note ?? "",
      supersedeKey:
        supersedeKey === null || listed?.has(action) === false ? null : JSON.stringify([id, ...supersedeKey]),
    }));
}

/**
 * Parts of the key, to which the platform is added. A push about an item does not take the place of one about the session that names the same item: that
 * one tells of the others too. One that comes late takes nobody's place.
 */
function supersedeKeyOf(occasion: Occasion, action: PushAction): readonly string[] | null {
  if (SAYING.has(action) || isLate(occasion)) {
    return null;
  }
  const { sessionId, workItem } = occasion.event;
  const scope = OF_ALL_ITEMS.has(action) ? "session" : "item";
  return [sessionId, scope, ...(workItem === undefined ? [] : [workItem.id])];
}

/** Whether something that happened later was reported before, of the same item or of the session as a whole. */
function isLate({ event: { workItem, happenedAt }, session, items }: Occasion): boolean {
  const knowledge = workItem === undefined ? session.knowledge : items.get(workItem.id)?.knowledge;
  return (knowledge?.seen ?? []).some(({ at }) => at > happenedAt);
}

/** As told, or those who were known to have the item and have it no more. */
function transferOf(occasion: Occasion): Transfer | null {
  const { event, items } = occasion;
  if (event.transfer !== undefined || event.workItem === undefined) {
    return event.transfer ?? null;
  }
  return { from: formerAssigneesOf(occasion), to: items.get(event.workItem.id)?.item.assignees ?? [] };
}

function formerAssigneesOf({ event: { workItem }, itemBefore, items }: Occasion): readonly Person[] {
  const now = workItem === undefined ? [] : (items.get(workItem.id)?.item.assignees ?? []);
  const numbers = new Set(now.map(({ number }) => number));
  return (itemBefore?.item.assignees ?? []).filter(({ number }) => !numbers.has(number));
}
