import type { PushFailure, PushStateRecord, SessionRecord, WorkItemRecord } from "../../domain/approval/records.ts";
import { SESSION_STATES, WORK_ITEM_STATES } from "./codes.ts";
import { SESSION, WORK_ITEM } from "./documents.ts";

export interface SessionRow {
  readonly id: string;
  readonly shard: number;
  readonly app_id: string;
  readonly state: number;
  readonly created_at: number;
  readonly finished_at: number | null;
  readonly deleted_at: number | null;
  readonly archived_at: number | null;
  readonly updated_at: number;
  readonly document: unknown;
}

export function sessionOf(row: SessionRow): SessionRecord {
  const { revision, factAt, log, todos, shares, knowledge, ...told } = SESSION.complete(row.document);
  return {
    session: {
      ...told,
      id: row.id,
      appId: row.app_id,
      state: SESSION_STATES.nameOf(row.state),
      createdAt: row.created_at,
      finishedAt: row.finished_at,
    },
    shard: row.shard,
    revision,
    factAt,
    deletedAt: row.deleted_at,
    archivedAt: row.archived_at,
    log,
    todos,
    shares,
    knowledge,
    updatedAt: row.updated_at,
  };
}

export interface WorkItemRow {
  readonly id: string;
  readonly session_id: string;
  readonly shard: number;
  readonly app_id: string;
  readonly node_id: string;
  readonly state: number;
  readonly created_at: number;
  readonly finished_at: number | null;
  readonly updated_at: number;
  readonly document: unknown;
}

export function workItemOf(row: WorkItemRow): WorkItemRecord {
  const { revision, factAt, knowledge, ...told } = WORK_ITEM.complete(row.document);
  return {
    item: {
      ...told,
      id: row.id,
      sessionId: row.session_id,
      nodeId: row.node_id,
      state: WORK_ITEM_STATES.nameOf(row.state),
      createdAt: row.created_at,
      finishedAt: row.finished_at,
    },
    appId: row.app_id,
    shard: row.shard,
    revision,
    factAt,
    knowledge,
    updatedAt: row.updated_at,
  };
}

export interface PushStateRow {
  readonly platform_id: string;
  readonly third_id: string;
  readonly shard: number;
  readonly session_id: string;
  readonly work_item_id: string;
  readonly status: string | null;
  readonly assignees: readonly string[];
  readonly push_id: string;
  readonly at: number;
  readonly failures: number;
  readonly failed_push_id: string | null;
  readonly failed_at: number | null;
  readonly failed_permanently: boolean | null;
}

export function pushStateOf(row: PushStateRow): PushStateRecord {
  return {
    platformId: row.platform_id,
    thirdId: row.third_id,
    shard: row.shard,
    sessionId: row.session_id,
    workItemId: row.work_item_id,
    status: row.status,
    assignees: row.assignees,
    pushId: row.push_id,
    at: row.at,
    failures: row.failures,
    failure: failureOf(row),
  };
}

function failureOf({
  failed_push_id: pushId,
  failed_at: at,
  failed_permanently: isPermanent,
}: PushStateRow): PushFailure | null {
  return pushId === null || at === null || isPermanent === null ? null : { pushId, at, isPermanent };
}
