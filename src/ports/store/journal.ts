import type { PushStateRecord, SessionRecord, WorkItemRecord } from "../../domain/approval/records.ts";
import type { DefinitionRecord } from "../../domain/definition/definition.ts";
import type { OccurrenceRecord } from "../../domain/definition/occurrence.ts";
import type { SupervisorRecord } from "../../domain/definition/supervision.ts";
import type { StatusEvent } from "../../domain/event/status-event.ts";
import type { AttemptRecord } from "../../domain/instance/attempt.ts";
import type { InstanceRecord } from "../../domain/instance/instance.ts";
import type { ActorStateKey, ActorStateRecord } from "./actor-states.ts";

/**
 * The journal: the one way by which actors' decisions become durable.
 *
 * A batch holds the decisions of many actors and is written in one transaction, all or nothing. It is fenced: it holds only while every shard
 * it writes is still at the epoch the writer acquired. It is repeatable: each shard counts its commits, so a writer that never heard the
 * answer sends the same batch again and it is written once (J1). Within one batch each row is named at most once.
 */
export interface JournalStore {
  /**
   * Writes a batch. `committed`: it is durable now, or was already. `fenced`: nothing was written; the shards named are no longer the
   * writer's. Throws StoreUnavailable when it is not known whether it was written: send it again, unchanged.
   */
  commit(batch: JournalBatch): Promise<CommitOutcome>;
}

export type CommitOutcome =
  | { readonly kind: "committed" }
  | { readonly kind: "fenced"; readonly shards: readonly number[] };

/** The claim by which a batch may write a shard. */
export interface ShardFence {
  readonly shard: number;
  readonly epoch: number;
  /** Commits of this shard before this batch; the batch makes it one more. */
  readonly commit: number;
  /** The sequence of the shard's last event after this batch. */
  readonly lastSequence: number;
}

export interface JournalBatch {
  readonly fences: readonly ShardFence[];
  /** Inserted, or replaced by id when they exist. */
  readonly definitions: readonly DefinitionRecord[];
  /** Inserted, or replaced. */
  readonly supervisors: readonly SupervisorRecord[];
  /** Removed with their supervisors and occurrences. */
  readonly deletedDefinitions: readonly string[];
  /** Inserted; when the due time has a row already, outcome, reason, instance and time of decision are replaced. */
  readonly occurrences: readonly OccurrenceRecord[];
  /** New instances; those already in a final state go straight to the finished ones. */
  readonly createdInstances: readonly InstanceRecord[];
  /** Unfinished instances that changed: revision, state, life, wakeAt. */
  readonly changedInstances: readonly InstanceRecord[];
  /** Instances that reached a final state: moved from the active to the finished ones. */
  readonly finishedInstances: readonly InstanceRecord[];
  /** Finished instances that a caller started anew: moved back. One that was removed meanwhile (`RetentionStore`) is there again, as it stands here. */
  readonly revivedInstances: readonly InstanceRecord[];
  /** Finished instances of which more is known now: revision and life. One that was removed meanwhile stays removed. Left out: none. */
  readonly amendedInstances?: readonly InstanceRecord[];
  /** Attempts that ended; inserted. */
  readonly attempts: readonly AttemptRecord[];
  /** Instances that wait in a queue from now on. */
  readonly enqueued: readonly QueueEntry[];
  /** Instances that no longer wait. */
  readonly dequeued: readonly QueueEntry[];
  readonly requests: readonly RequestRecord[];
  /** Inserted, or replaced by kind and id. */
  readonly actorStates: readonly ActorStateRecord[];
  /** Removed by kind and id; that of a row which is not there changes nothing. Left out: none. */
  readonly removedActorStates?: readonly ActorStateKey[];
  /** Inserted, or replaced by id. */
  readonly sessions: readonly SessionRecord[];
  /** Inserted, or replaced by id. */
  readonly workItems: readonly WorkItemRecord[];
  /** Inserted, or replaced by platform and third id; never removed. */
  readonly pushStates: readonly PushStateRecord[];
  /** In order; per shard the sequences go on from the last event without a gap. */
  readonly events: readonly StatusEvent[];
}

/** The place of an instance that waits for a worker. Ordered by priority, then instance id, which grows with age. */
export interface QueueEntry {
  readonly queue: string;
  readonly priority: number;
  readonly definitionId: string;
  readonly instanceId: string;
  readonly shard: number;
}

/** The answer a command gave, kept for 24 h under its request id. */
export interface RequestRecord {
  /** Method and request id. */
  readonly key: string;
  readonly shard: number;
  /** Hash of the request, so that another request under the same id is told apart. */
  readonly fingerprint: string;
  /** What was answered: the id of the resource, and the like. */
  readonly answer: string;
  readonly createdAt: number;
}

/** The store cannot be reached, or broke off: what was under way may or may not have been done. */
export class StoreUnavailable extends Error {
  override readonly name = "StoreUnavailable";
}
