/** What an event makes of a session's work items: of the one that it is about, and of all when the session ends. */
import type { SessionRecord, WorkItemRecord } from "../../domain/approval/records.ts";
import type { ReportedEvent, WorkItemFacts } from "../../domain/approval/reported-event.ts";
import { isOpen } from "../../domain/approval/session.ts";
import type { WorkItem, WorkItemState } from "../../domain/approval/session.ts";
import { tell } from "../../domain/approval/telling.ts";
import { assigneesTold, itemStateTold } from "./implied.ts";
import { withSeen } from "./seen.ts";

/** How far a state is: of two that are told for the same time the further stands. What was done was not taken away. */
const FAR: Record<WorkItemState, number> = { OPEN: 0, CLAIMED: 1, WITHDRAWN: 2, DONE: 3 };

/** The item as told; `settled` makes of it what the session allows. */
export function recordItem(before: WorkItemRecord | null, told: WorkItemFacts, event: ReportedEvent): WorkItemRecord {
  const { happenedAt } = event;
  const known = before ?? unknownItem(told.id, event);
  const { factAt, knowledge } = known;
  const { id: _id, state: _state, ...news } = told;
  const stateTold = itemStateTold(event);
  const takesState =
    stateTold !== undefined &&
    (happenedAt > factAt || (happenedAt === factAt && FAR[stateTold] > FAR[knowledge.state]));
  // To say that it is open is to say that it is not finished.
  const finished = stateTold !== undefined && isOpen(stateTold) ? (news.finishedAt ?? null) : news.finishedAt;
  const { facts, toldAt } = tell<WorkItem>(
    { facts: { ...known.item, finishedAt: knowledge.finishedAt }, toldAt: knowledge.toldAt },
    { ...news, finishedAt: finished, assignees: assigneesTold(event, told) },
    happenedAt,
  );
  const createdAt = toldAt["createdAt"] === undefined ? Math.min(known.item.createdAt, happenedAt) : facts.createdAt;
  const seen = withSeen(knowledge.seen, event);
  const isNew =
    takesState || toldAt !== knowledge.toldAt || seen !== knowledge.seen || createdAt !== known.item.createdAt;
  if (!isNew) {
    return known;
  }
  return {
    ...known,
    item: { ...facts, createdAt },
    factAt: takesState ? happenedAt : factAt,
    knowledge: { toldAt, state: takesState ? stateTold : knowledge.state, finishedAt: facts.finishedAt, seen },
  };
}

/** As its session allows. The same object when it is so already. */
export function settled(record: WorkItemRecord, session: SessionRecord): WorkItemRecord {
  const { item, factAt, knowledge } = record;
  const { appId } = session.session;
  const state = isOpen(knowledge.state) && isTakenAway(factAt, session) ? "WITHDRAWN" : knowledge.state;
  const finishedAt = isOpen(state) ? null : (knowledge.finishedAt ?? (state === knowledge.state ? factAt : null));
  return item.state === state && item.finishedAt === finishedAt && record.appId === appId
    ? record
    : { ...record, appId, item: { ...item, state, finishedAt } };
}

/** Whether all items have to be settled anew. */
export function changesItems(before: SessionRecord, after: SessionRecord): boolean {
  return (
    before.session.appId !== after.session.appId ||
    before.session.state !== after.session.state ||
    before.deletedAt !== after.deletedAt ||
    before.knowledge.lastEndedAt !== after.knowledge.lastEndedAt
  );
}

/**
 * Whether the session leaves nothing open that was told at `factAt`. After a rejection new items may come (the creator corrects it), also in the same
 * second, and after any end when a newer event says that the session goes on; what was open before the end stays away.
 */
function isTakenAway(
  factAt: number,
  { session: { state }, deletedAt, knowledge: { lastEndedAt } }: SessionRecord,
): boolean {
  const isOver = state === "COMPLETED" || state === "ABORTED" || state === "REVOKED";
  return isOver || deletedAt !== null || (lastEndedAt !== null && factAt < lastEndedAt);
}

function unknownItem(id: string, { sessionId, shard, happenedAt, at }: ReportedEvent): WorkItemRecord {
  return {
    item: {
      id,
      sessionId,
      nodeId: "",
      nodeName: {},
      state: "OPEN",
      assignees: [],
      handledBy: null,
      opinion: "",
      previousIds: [],
      todo: { pc: "", h5: "" },
      view: { pc: "", h5: "" },
      data: null,
      createdAt: happenedAt,
      finishedAt: null,
    },
    appId: "",
    shard,
    revision: 0,
    factAt: 0,
    knowledge: { toldAt: {}, state: "OPEN", finishedAt: null, seen: [] },
    updatedAt: at,
  };
}
