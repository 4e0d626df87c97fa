import type { PushStateRecord, SessionRecord, WorkItemRecord } from "../../domain/approval/records.ts";
import type { DefinitionRecord } from "../../domain/definition/definition.ts";
import type { OccurrenceRecord } from "../../domain/definition/occurrence.ts";
import type { SupervisorRecord } from "../../domain/definition/supervision.ts";
import type { StatusEvent } from "../../domain/event/status-event.ts";
import type { AttemptRecord } from "../../domain/instance/attempt.ts";
import type { InstanceRecord } from "../../domain/instance/instance.ts";
import type { ActorStateRecord } from "../../ports/store/actor-states.ts";
import type { PublishedCursor } from "../../ports/store/cursors.ts";
import type { QueueEntry, RequestRecord } from "../../ports/store/journal.ts";

/** One shard's row and its part of the log. */
export interface ShardRow {
  readonly shard: number;
  owner: string | null;
  epoch: number;
  /** By the monotonic reading of the store's clock. */
  expiresAt: number;
  commit: number;
  lastSequence: number;
  readonly events: StatusEvent[];
}

/** All rows. Every record in them is frozen, so it may be handed out as it is. */
export interface Tables {
  readonly shards: ShardRow[];
  readonly definitions: Map<string, DefinitionRecord>;
  /** The grams under which each definition is found. */
  readonly grams: Map<string, ReadonlySet<string>>;
  readonly supervisors: Map<string, SupervisorRecord>;
  /** By definition, then by due time. */
  readonly occurrences: Map<string, Map<number, OccurrenceRecord>>;
  readonly active: Map<string, InstanceRecord>;
  readonly finished: Map<string, InstanceRecord>;
  /** By instance, then by number. */
  readonly attempts: Map<string, Map<number, AttemptRecord>>;
  /** By instance. */
  readonly queue: Map<string, QueueEntry>;
  readonly requests: Map<string, RequestRecord>;
  /** By shard. */
  readonly cursors: Map<number, PublishedCursor>;
  /** By kind, then by id. */
  readonly actorStates: Map<string, Map<string, ActorStateRecord>>;
  readonly sessions: Map<string, SessionRecord>;
  readonly workItems: Map<string, WorkItemRecord>;
  /** By platform, then by third id. */
  readonly pushStates: Map<string, Map<string, PushStateRecord>>;
}

export function emptyTables(): Tables {
  return {
    shards: [],
    definitions: new Map(),
    grams: new Map(),
    supervisors: new Map(),
    occurrences: new Map(),
    active: new Map(),
    finished: new Map(),
    attempts: new Map(),
    queue: new Map(),
    requests: new Map(),
    cursors: new Map(),
    actorStates: new Map(),
    sessions: new Map(),
    workItems: new Map(),
    pushStates: new Map(),
  };
}

/** The rows of that id, made when there are none. */
export function rowsOf<Key, Row>(tables: Map<string, Map<Key, Row>>, id: string): Map<Key, Row> {
  const rows = tables.get(id) ?? new Map<Key, Row>();
  tables.set(id, rows);
  return rows;
}

/** Texts in the order of their code units. */
export function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
