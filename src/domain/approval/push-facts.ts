import type { Person, ProcessLogEntry, Session, WorkItem } from "./session.ts";
import type { PushAction } from "./push-action.ts";

/** What a platform believes under one of its ids (third id), as far as pushes that succeeded tell. */
export interface Belief {
  /** The mapped status that was pushed last with success. */
  readonly status: string;
  /** Numbers of those who have it there by that push, or had it when it was closed. */
  readonly assignees: readonly string[];
}

/** A belief, and since when. */
export interface Acknowledged extends Belief {
  readonly at: number;
}

/** All that a push is made of: how things stand now, not how they stood when the event came. */
export interface PushFacts {
  readonly action: PushAction;
  readonly session: Session;
  /** The session was deleted, whatever the event was: nothing but that is left to tell. */
  readonly isDeleted: boolean;
  /** The session was archived (归档), whatever the event was: some platforms are to forget it then. */
  readonly isArchived: boolean;
  /** The item it is about; null: the session as a whole. */
  readonly item: WorkItem | null;
  /** All items of the session, oldest first; of a deleted one, those it had (备份数据). */
  readonly items: readonly WorkItem[];
  /** Oldest first. */
  readonly log: readonly ProcessLogEntry[];
  /** Of change_assignee: who had the item, and who has it now. A hint only: `acknowledged` says who has it on the platform. */
  readonly transfer: { readonly from: readonly Person[]; readonly to: readonly Person[] } | null;
  /** What the one who urges says; may be empty. */
  readonly note: string;
  /** By third id. */
  readonly acknowledged: ReadonlyMap<string, Acknowledged>;
}
