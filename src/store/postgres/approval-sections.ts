import type { PushStateRecord, SessionRecord, WorkItemRecord } from "../../domain/approval/records.ts";
import type { ActorStateKey } from "../../ports/store/actor-states.ts";
import type { JournalBatch } from "../../ports/store/journal.ts";
import {
  bigints,
  booleans,
  documents,
  integers,
  smallints,
  textLists,
  texts,
  type BinaryColumn,
} from "./binary-columns.ts";
import { ACTOR_KINDS, SESSION_STATES, WORK_ITEM_STATES } from "./codes.ts";
import { SESSION, WORK_ITEM } from "./documents.ts";
import { section } from "./journal-sections.ts";

/** What `belfry.journal_commit_3` (src/store/migrations/0005-approvals.ts) takes beyond the one before, in its order. */
export function approvalSections(batch: JournalBatch): (Buffer | null)[] {
  return [
    section(batch.sessions, sessionColumns),
    section(batch.workItems, workItemColumns),
    section(batch.pushStates, pushStateColumns),
    section(batch.removedActorStates ?? [], removedActorStateColumns),
  ];
}

function sessionColumns(rows: readonly SessionRecord[]): BinaryColumn[] {
  return [
    texts(rows, ({ session }) => session.id),
    integers(rows, (row) => row.shard),
    texts(rows, ({ session }) => session.appId),
    smallints(rows, ({ session }) => SESSION_STATES.codeOf(session.state)),
    texts(rows, ({ session }) => session.creator.number),
    bigints(rows, ({ session }) => session.createdAt),
    bigints(rows, ({ session }) => session.finishedAt),
    bigints(rows, (row) => row.deletedAt),
    bigints(rows, (row) => row.archivedAt),
    bigints(rows, (row) => row.updatedAt),
    documents(rows, ({ session, revision, factAt, log, todos, shares, knowledge }) => {
      const {
        id: _id,
        appId: _appId,
        state: _state,
        createdAt: _createdAt,
        finishedAt: _finishedAt,
        ...told
      } = session;
      return SESSION.shorten({ ...told, revision, factAt, log, todos, shares, knowledge });
    }),
  ];
}

function workItemColumns(rows: readonly WorkItemRecord[]): BinaryColumn[] {
  return [
    texts(rows, ({ item }) => item.id),
    texts(rows, ({ item }) => item.sessionId),
    integers(rows, (row) => row.shard),
    texts(rows, (row) => row.appId),
    texts(rows, ({ item }) => item.nodeId),
    smallints(rows, ({ item }) => WORK_ITEM_STATES.codeOf(item.state)),
    textLists(rows, ({ item }) => item.assignees.map(({ number }) => number)),
    bigints(rows, ({ item }) => item.createdAt),
    bigints(rows, ({ item }) => item.finishedAt),
    bigints(rows, (row) => row.updatedAt),
    documents(rows, ({ item, revision, factAt, knowledge }) => {
      const {
        id: _id,
        sessionId: _sessionId,
        nodeId: _nodeId,
        state: _state,
        createdAt: _createdAt,
        finishedAt: _finishedAt,
        ...told
      } = item;
      return WORK_ITEM.shorten({ ...told, revision, factAt, knowledge });
    }),
  ];
}

function pushStateColumns(rows: readonly PushStateRecord[]): BinaryColumn[] {
  return [
    texts(rows, (row) => row.platformId),
    texts(rows, (row) => row.thirdId),
    integers(rows, (row) => row.shard),
    texts(rows, (row) => row.sessionId),
    texts(rows, (row) => row.workItemId),
    texts(rows, (row) => row.status),
    textLists(rows, (row) => row.assignees),
    texts(rows, (row) => row.pushId),
    bigints(rows, (row) => row.at),
    integers(rows, (row) => row.failures),
    texts(rows, ({ failure }) => failure?.pushId ?? null),
    bigints(rows, ({ failure }) => failure?.at ?? null),
    booleans(rows, ({ failure }) => failure?.isPermanent ?? null),
  ];
}

function removedActorStateColumns(rows: readonly ActorStateKey[]): BinaryColumn[] {
  return [smallints(rows, ({ kind }) => ACTOR_KINDS.codeOf(kind)), texts(rows, ({ id }) => id)];
}
