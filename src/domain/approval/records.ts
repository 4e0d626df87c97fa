/** An approval as the store has it: the session with what was done in it, and its work items, each with the age of what is known. */
import type { ProcessLogEntry, Session, WorkItem, WorkItemState } from "./session.ts";

/** 待办 (task_todo, R-083): how many have to act at a node, and how many have. */
export interface TodoTotal {
  readonly id: string;
  readonly nodeId: string;
  /** The task of the process engine that it counts; empty: none. */
  readonly procTaskId: string;
  readonly total: number;
  readonly complete: number;
  readonly createdAt: number;
  readonly finishedAt: number | null;
}

/** 共享 (task_share, R-084): somebody lets somebody else see an item. */
export interface WorkItemShare {
  readonly workItemId: string;
  readonly from: string;
  readonly to: string;
  readonly at: number;
}

/** A fact's time by the fact's name: that of the event which told what stands. A fact that nobody told has none, and any event may fill it in. */
export type ToldAt = Readonly<Record<string, number>>;

/** An event that was reported, so that one reported twice is pushed once. */
export interface SeenEvent {
  /** Its action; of an event that is none of them, its name. */
  readonly name: string;
  readonly at: number;
}

/** What a session's facts rest on: with it, events may come in any order. */
export interface SessionKnowledge {
  readonly toldAt: ToldAt;
  /** By id of the total. */
  readonly todosToldAt: ToldAt;
  /** As told; null: nobody told it, or that it is not finished. */
  readonly finishedAt: number | null;
  /** The time of the latest event that ended it, though it may go on since; null: none did. */
  readonly lastEndedAt: number | null;
  /** Of the session as a whole, newest first, at most 32. */
  readonly seen: readonly SeenEvent[];
}

/** What a work item's facts rest on. */
export interface WorkItemKnowledge {
  readonly toldAt: ToldAt;
  /** As told: the item's own state is WITHDRAWN when it was told open and its session ended. */
  readonly state: WorkItemState;
  /** As told. */
  readonly finishedAt: number | null;
  /** Newest first, at most 32. */
  readonly seen: readonly SeenEvent[];
}

export interface SessionRecord {
  readonly session: Session;
  readonly shard: number;
  /** Grows with each change. */
  readonly revision: number;
  /** The time of the event that told the session's state last: older ones change nothing. 0: nobody told it. */
  readonly factAt: number;
  /** When it was deleted (sess_delete), first: what is left is what its platforms still have to be told. Null: it is not. */
  readonly deletedAt: number | null;
  /** When it was archived (archive, 归档), first. Null: it is not. */
  readonly archivedAt: number | null;
  /** Oldest first, at most 1000: older ones are dropped. */
  readonly log: readonly ProcessLogEntry[];
  readonly todos: readonly TodoTotal[];
  readonly shares: readonly WorkItemShare[];
  readonly knowledge: SessionKnowledge;
  readonly updatedAt: number;
}

export interface WorkItemRecord {
  readonly item: WorkItem;
  readonly appId: string;
  readonly shard: number;
  readonly revision: number;
  /** The time of the event that told its state last. 0: nobody told it. */
  readonly factAt: number;
  readonly knowledge: WorkItemKnowledge;
  readonly updatedAt: number;
}

/**
 * What a platform was told under one of its ids (third id), and how that went. It is never removed: one without a status that names a push says that the
 * platform was told to forget it, which tells a repeated deletion from the first.
 */
export interface PushStateRecord {
  readonly platformId: string;
  readonly thirdId: string;
  readonly shard: number;
  readonly sessionId: string;
  /** Empty: of the session as a whole. */
  readonly workItemId: string;
  /** The mapped status that it was told last with success; null: it knows nothing of it, any more or yet. */
  readonly status: string | null;
  /** Numbers of those who have it there. */
  readonly assignees: readonly string[];
  /** The push that told it so last with success; empty: none did. */
  readonly pushId: string;
  readonly at: number;
  /** Pushes that failed since then. */
  readonly failures: number;
  /** The last of them; null: none did. */
  readonly failure: PushFailure | null;
}

export interface PushFailure {
  readonly pushId: string;
  readonly at: number;
  /** The same again would fail again. */
  readonly isPermanent: boolean;
}
