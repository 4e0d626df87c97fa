import type { PushStateRecord, SessionRecord, WorkItemRecord } from "../../domain/approval/records.ts";
import type { SessionState, WorkItemState } from "../../domain/approval/session.ts";
import type { ListCursor } from "./queries.ts";

/** Filters that are set must all hold. `…After` is inclusive, `…Before` exclusive; what has no end passes no `finishedAfter`. */
export interface SessionFilter {
  readonly appId?: string;
  readonly states?: readonly SessionState[];
  /** The number of the person who began it. */
  readonly creator?: string;
  /** True: those deleted alone; false: the others alone. Left out: both. */
  readonly deleted?: boolean;
  readonly createdAfter?: number;
  readonly createdBefore?: number;
  readonly finishedAfter?: number;
  /** Those that something was told of since. */
  readonly updatedAfter?: number;
}

/** Those of deleted sessions are among the items, too. */
export interface WorkItemFilter {
  readonly sessionId?: string;
  readonly appId?: string;
  readonly nodeId?: string;
  readonly states?: readonly WorkItemState[];
  /** Those whose session is in one of these now. One whose session is not stored is in none. */
  readonly sessionStates?: readonly SessionState[];
  /** The number of a person who has it now. */
  readonly assignee?: string;
  readonly createdAfter?: number;
  readonly createdBefore?: number;
  readonly finishedAfter?: number;
  /** Those that something was told of since. */
  readonly updatedAfter?: number;
}

/** Sessions, their work items, and what platforms were told of them. They are written by the journal. */
export interface ApprovalStore {
  /** Those that exist, of these ids. */
  loadSessions(ids: readonly string[]): Promise<readonly SessionRecord[]>;
  /** Those that exist, of these ids or in these sessions; oldest first, by (createdAt, id). */
  loadWorkItems(
    which: { readonly ids: readonly string[] } | { readonly sessionIds: readonly string[] },
  ): Promise<readonly WorkItemRecord[]>;
  /** By (createdAt, id), newest first. */
  listSessions(filter: SessionFilter, after: ListCursor | null, limit: number): Promise<readonly SessionRecord[]>;
  /** By (createdAt, id), newest first. */
  listWorkItems(filter: WorkItemFilter, after: ListCursor | null, limit: number): Promise<readonly WorkItemRecord[]>;
  countWorkItems(filter: WorkItemFilter): Promise<number>;
  /** By (createdAt, id), oldest first: who goes through all of them misses none that are created meanwhile. */
  pageSessions(filter: SessionFilter, after: ListCursor | null, limit: number): Promise<readonly SessionRecord[]>;
  /** By (createdAt, id), oldest first: who goes through all of them misses none that are created meanwhile. */
  pageWorkItems(filter: WorkItemFilter, after: ListCursor | null, limit: number): Promise<readonly WorkItemRecord[]>;
  /** What each platform was told of a session, by (platformId, thirdId); also what it was told to forget. */
  loadPushStates(sessionId: string): Promise<readonly PushStateRecord[]>;
  /** What a platform was told of these sessions, by (sessionId, thirdId); also what it was told to forget. */
  loadPushStatesOfSessions(platformId: string, sessionIds: readonly string[]): Promise<readonly PushStateRecord[]>;
  /** What a platform was told under one of its ids, also when that was to forget it; null: no push of it was ever tried. */
  loadPushStatesOf(platformId: string, thirdId: string): Promise<PushStateRecord | null>;
}
