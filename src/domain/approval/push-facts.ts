import type { Person, ProcessLogEntry, Session, WorkItem } from "./session.ts";
import type { PushAction } from "./push-action.ts";

/** What a platform has acknowledged under one of its ids (third id). */
export interface Acknowledged {
  /** The mapped status that was pushed last with success. */
  readonly status: string;
  readonly at: number;
}

/** All that a push is made of: how things stand now, not how they stood when the event came. */
export interface PushFacts {
  readonly action: PushAction;
  readonly session: Session;
  /** The item it is about; null: the session as a whole. */
  readonly item: WorkItem | null;
  /** All items of the session, oldest first; of a deleted one, those it had (备份数据). */
  readonly items: readonly WorkItem[];
  /** Oldest first. */
  readonly log: readonly ProcessLogEntry[];
  /** Of change_assignee: who had the item, and who has it now. */
  readonly transfer: { readonly from: readonly Person[]; readonly to: readonly Person[] } | null;
  /** What the one who urges says; may be empty. */
  readonly note: string;
  /** By third id. */
  readonly acknowledged: ReadonlyMap<string, Acknowledged>;
}
