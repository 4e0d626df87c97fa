import type { SessionRecord, WorkItemRecord } from "../../domain/approval/records.ts";
import type { ReportedEvent } from "../../domain/approval/reported-event.ts";
import type { WorkItemState } from "../../domain/approval/session.ts";
import type { Announcement } from "../breaker/effects.ts";
import { announce } from "../breaker/effects.ts";
import { refusalOf, refusalOfEvent } from "./bounds.ts";
import type { SessionRefusal } from "./bounds.ts";
import { changesItems, recordItem, settled } from "./items.ts";
import { pushesFor } from "./pushes.ts";
import type { PushIntent, Subscriber } from "./pushes.ts";
import { recordSession, unknownSession } from "./recording.ts";

export interface SessionInMemory {
  /** Null: nothing was reported of it. */
  readonly record: SessionRecord | null;
  /** All of the session's, by id. */
  readonly items: ReadonlyMap<string, WorkItemRecord>;
}

/** What an event made of a session. */
export interface SessionDecided {
  readonly kind: "decided";
  /** The same object when nothing of it changed. */
  readonly session: SessionRecord;
  /** Only these. None of them, the same session and no effects: there is nothing to write. */
  readonly changedItems: readonly WorkItemRecord[];
  readonly pushes: readonly PushIntent[];
  readonly effects: readonly Announcement[];
}

export type SessionDecision = SessionDecided | SessionRefusal;

/** A pure decision: events may come in any order and more than once, and end in the same facts. */
export function decideSession(
  state: SessionInMemory,
  event: ReportedEvent,
  platforms: readonly Subscriber[],
): SessionDecision {
  const tooLong = refusalOfEvent(event);
  if (tooLong !== null) {
    return tooLong;
  }
  const before = state.record ?? unknownSession(event);
  const { record, effects } = recordSession(before, event);
  const itemBefore = event.workItem === undefined ? null : (state.items.get(event.workItem.id) ?? null);
  const changed = itemsAfter(state, itemBefore, event, { before, after: record });
  const items = new Map([...state.items, ...changed.map((each) => [each.item.id, each] as const)]);
  const tooMany = refusalOf(record, items);
  if (tooMany !== null) {
    return tooMany;
  }
  if (record === state.record && changed.length === 0) {
    return { kind: "decided", session: record, changedItems: [], pushes: [], effects: [] };
  }
  const { at } = event;
  const changedItems = changed.map((each) => ({ ...each, revision: each.revision + 1, updatedAt: at }));
  return {
    kind: "decided",
    session: record === state.record ? record : { ...record, revision: record.revision + 1, updatedAt: at },
    changedItems,
    pushes: isFirst(state, { before, after: record }, itemBefore, items, event)
      ? pushesFor({ event, session: record, itemBefore, items }, platforms)
      : [],
    effects: [
      ...(state.record === null ? [announce("created")] : []),
      ...effects,
      ...itemAnnouncements(state.items, changedItems),
      reported(event),
    ],
  };
}

interface Change {
  readonly before: SessionRecord;
  readonly after: SessionRecord;
}

/** Items that changed, each once. */
function itemsAfter(
  { items }: SessionInMemory,
  itemBefore: WorkItemRecord | null,
  event: ReportedEvent,
  { before, after }: Change,
): readonly WorkItemRecord[] {
  const told = event.workItem === undefined ? null : recordItem(itemBefore, event.workItem, event);
  const others = changesItems(before, after) ? [...items.values()].filter(({ item }) => item.id !== told?.item.id) : [];
  return [...(told === null ? [] : [told]), ...others]
    .map((each) => settled(each, after))
    .filter((each) => each !== items.get(each.item.id));
}

/** Whether the event was not reported before: the list of those that were is another then. */
function isFirst(
  { record }: SessionInMemory,
  { before, after }: Change,
  itemBefore: WorkItemRecord | null,
  items: ReadonlyMap<string, WorkItemRecord>,
  { workItem }: ReportedEvent,
): boolean {
  return workItem === undefined
    ? record === null || after.knowledge.seen !== before.knowledge.seen
    : items.get(workItem.id)?.knowledge.seen !== itemBefore?.knowledge.seen;
}

/** One for each state that items came into. */
function itemAnnouncements(
  before: ReadonlyMap<string, WorkItemRecord>,
  changed: readonly WorkItemRecord[],
): readonly Announcement[] {
  const names: Record<WorkItemState, string> = {
    OPEN: "work_items_opened",
    CLAIMED: "work_items_claimed",
    DONE: "work_items_done",
    WITHDRAWN: "work_items_withdrawn",
  };
  const moved = changed.filter(({ item }) => before.get(item.id)?.item.state !== item.state);
  return [...Map.groupBy(moved, ({ item }) => item.state)].map(([state, records]) =>
    announce(names[state], { workItemIds: records.map(({ item }) => item.id) }),
  );
}

/** Every event that is news, those that nobody knows what to do with too. */
function reported({ name, action, workItem, happenedAt }: ReportedEvent): Announcement {
  return announce("reported", { name, action, workItemId: workItem?.id ?? null, happenedAt });
}
