/** An event of the process system as it reaches a session: facts, and what happened. Instants in epoch milliseconds. */
import type { PushAction } from "./push-action.ts";
import type { TodoTotal, WorkItemShare } from "./records.ts";
import type { Person, ProcessLogEntry, Session, WorkItem } from "./session.ts";

/** What is left out (undefined) was not told. An empty text or null was. */
export type SessionFacts = Partial<Omit<Session, "id">>;
export type WorkItemFacts = Pick<WorkItem, "id"> & Partial<Omit<WorkItem, "id" | "sessionId">>;

/** Who had an item, and who has it now. */
export interface Transfer {
  readonly from: readonly Person[];
  readonly to: readonly Person[];
}

export interface ReportedEvent {
  /** When it is decided. */
  readonly at: number;
  /** When it happened, by the process system's clock. */
  readonly happenedAt: number;
  readonly sessionId: string;
  readonly shard: number;
  /** As the process system calls it, `action.receive.0`; empty: it only tells facts. */
  readonly name: string;
  /** That of its name; null: it only tells facts, or is none that is known. */
  readonly action: PushAction | null;
  readonly session?: SessionFacts;
  /** The item it is about. Left out: it is about the session as a whole. */
  readonly workItem?: WorkItemFacts;
  /** Of change_assignee. Left out: from whom the item was known to be with. */
  readonly transfer?: Transfer;
  readonly log?: readonly ProcessLogEntry[];
  readonly todos?: readonly TodoTotal[];
  readonly shares?: readonly WorkItemShare[];
  /** What the one who urges says. */
  readonly note?: string;
}
