import { searchableGrams } from "../../domain/search.ts";
import type { DefinitionRecord } from "../../domain/definition/definition.ts";
import type { OccurrenceRecord } from "../../domain/definition/occurrence.ts";
import type { SupervisorRecord } from "../../domain/definition/supervision.ts";
import type { AttemptRecord } from "../../domain/instance/attempt.ts";
import type { InstanceRecord } from "../../domain/instance/instance.ts";
import type { ActorStateRecord } from "../../ports/store/actor-states.ts";
import type { JournalBatch, QueueEntry, RequestRecord, ShardFence } from "../../ports/store/journal.ts";
import {
  bigints,
  booleans,
  composite,
  documents,
  integers,
  smallints,
  texts,
  type BinaryColumn,
} from "./binary-columns.ts";
import { ACTOR_KINDS, ATTEMPT_OUTCOMES, DEFINITION_STATES, INSTANCE_STATES, OCCURRENCE_OUTCOMES } from "./codes.ts";
import { DEFINITION_SPEC, INSTANCE_LIFE, INSTANCE_SPEC, SUPERVISION } from "./documents.ts";
import { indexableLabels } from "./labels.ts";
import { packEvents, type PackedEvents } from "./packed-events.ts";

/** Stands between the grams of a definition on their way; no gram holds it. */
const GRAM_SEPARATOR = "\u{1F}";

/**
 * The arguments of `belfry.journal_commit_1`, in its order: a composite value per section, null for one without rows. Columns stand in the
 * order of the types that src/store/migrations/0002-journal.ts makes.
 */
export function journalSections(batch: JournalBatch): (Buffer | null)[] {
  return [
    section(fencesInOrder(batch.fences), fenceColumns),
    section(batch.definitions, definitionColumns),
    section(batch.supervisors, supervisorColumns),
    section(batch.deletedDefinitions, (ids) => [texts(ids, (id) => id)]),
    section(batch.occurrences, occurrenceColumns),
    section(batch.createdInstances, createdColumns),
    section(batch.changedInstances, activeColumns),
    section(batch.finishedInstances, finishedColumns),
    // Whole rows: `revivedSection`.
    null,
    section(batch.attempts, attemptColumns),
    section(batch.dequeued, queueColumns),
    section(batch.enqueued, queueColumns),
    section(batch.requests, requestColumns),
    section(packEvents(batch.events), eventColumns),
  ];
}

/** What `belfry.journal_commit_2` (src/store/migrations/0004-actor-states.ts) takes beyond them. */
export function actorStateSection({ actorStates }: JournalBatch): Buffer | null {
  return section(actorStates, actorStateColumns);
}

/** What `belfry.journal_commit_4` (src/store/migrations/0008-retention.ts) takes beyond that of 0005-approvals.ts: this, and then the next. */
export function amendedSection({ amendedInstances = [] }: JournalBatch): Buffer | null {
  return section(amendedInstances, amendedColumns);
}

export function revivedSection({ revivedInstances }: JournalBatch): Buffer | null {
  return section(revivedInstances, createdColumns);
}

/** A section as one composite value; null when it has no rows. */
export function section<Row>(rows: readonly Row[], columns: (rows: readonly Row[]) => BinaryColumn[]): Buffer | null {
  return rows.length === 0 ? null : composite(columns(rows));
}

/** Ascending: the order in which every writer locks shards. */
function fencesInOrder(fences: readonly ShardFence[]): readonly ShardFence[] {
  return fences.toSorted((one, other) => one.shard - other.shard);
}

function fenceColumns(rows: readonly ShardFence[]): BinaryColumn[] {
  return [
    integers(rows, (row) => row.shard),
    bigints(rows, (row) => row.epoch),
    bigints(rows, (row) => row.commit),
    bigints(rows, (row) => row.lastSequence),
  ];
}

function definitionColumns(rows: readonly DefinitionRecord[]): BinaryColumn[] {
  return [
    texts(rows, (row) => row.id),
    integers(rows, (row) => row.shard),
    bigints(rows, (row) => row.revision),
    smallints(rows, (row) => DEFINITION_STATES.codeOf(row.state)),
    texts(rows, (row) => row.stateReason),
    texts(rows, (row) => row.spec.userId),
    texts(rows, (row) => row.spec.name),
    texts(rows, (row) => row.spec.businessId),
    texts(rows, (row) => indexableLabels(row.spec.labels)),
    texts(rows, (row) => searchableGrams(row.spec).join(GRAM_SEPARATOR)),
    documents(rows, (row) => DEFINITION_SPEC.shorten(row.spec)),
    bigints(rows, (row) => row.createdAt),
    bigints(rows, (row) => row.updatedAt),
  ];
}

function supervisorColumns(rows: readonly SupervisorRecord[]): BinaryColumn[] {
  return [
    texts(rows, (row) => row.definitionId),
    integers(rows, (row) => row.shard),
    bigints(rows, (row) => row.wakeAt),
    documents(rows, (row) => SUPERVISION.shorten(row.supervision)),
  ];
}

function occurrenceColumns(rows: readonly OccurrenceRecord[]): BinaryColumn[] {
  return [
    texts(rows, (row) => row.definitionId),
    bigints(rows, (row) => row.scheduledAt),
    bigints(rows, (row) => row.decidedAt),
    integers(rows, (row) => row.shard),
    smallints(rows, (row) => OCCURRENCE_OUTCOMES.codeOf(row.outcome)),
    texts(rows, (row) => row.reason),
    texts(rows, (row) => row.instanceId),
  ];
}

function createdColumns(rows: readonly InstanceRecord[]): BinaryColumn[] {
  return [
    texts(rows, (row) => row.id),
    integers(rows, (row) => row.shard),
    texts(rows, (row) => row.spec.definitionId),
    texts(rows, (row) => row.spec.userId),
    texts(rows, (row) => row.spec.businessId),
    texts(rows, (row) => indexableLabels(row.spec.labels)),
    smallints(rows, (row) => row.spec.priority),
    booleans(rows, isKeyed),
    bigints(rows, (row) => row.createdAt),
    bigints(rows, (row) => row.wakeAt),
    bigints(rows, endedAt),
    bigints(rows, (row) => row.revision),
    smallints(rows, (row) => INSTANCE_STATES.codeOf(row.state)),
    bigints(rows, (row) => row.life.startedAt),
    documents(rows, (row) => INSTANCE_SPEC.shorten(row.spec)),
    documents(rows, (row) => INSTANCE_LIFE.shorten(row.life)),
  ];
}

function activeColumns(rows: readonly InstanceRecord[]): BinaryColumn[] {
  return [
    texts(rows, (row) => row.id),
    bigints(rows, (row) => row.wakeAt),
    bigints(rows, (row) => row.revision),
    smallints(rows, (row) => INSTANCE_STATES.codeOf(row.state)),
    documents(rows, (row) => INSTANCE_LIFE.shorten(row.life)),
  ];
}

function finishedColumns(rows: readonly InstanceRecord[]): BinaryColumn[] {
  return [
    texts(rows, (row) => row.id),
    bigints(rows, endedAt),
    bigints(rows, (row) => row.revision),
    smallints(rows, (row) => INSTANCE_STATES.codeOf(row.state)),
    bigints(rows, (row) => row.life.startedAt),
    documents(rows, (row) => INSTANCE_LIFE.shorten(row.life)),
  ];
}

function amendedColumns(rows: readonly InstanceRecord[]): BinaryColumn[] {
  return [
    texts(rows, (row) => row.id),
    bigints(rows, (row) => row.revision),
    documents(rows, (row) => INSTANCE_LIFE.shorten(row.life)),
  ];
}

function isKeyed({ spec }: InstanceRecord): boolean {
  const { uniqueKey, orderingKey, supersedeKey = "", concurrency } = spec;
  return uniqueKey !== "" || orderingKey !== "" || supersedeKey !== "" || concurrency !== null;
}

function endedAt({ life }: InstanceRecord): number {
  return life.endedAt ?? life.stateAt;
}

function attemptColumns(rows: readonly AttemptRecord[]): BinaryColumn[] {
  return [
    texts(rows, (row) => row.instanceId),
    integers(rows, (row) => row.number),
    integers(rows, (row) => row.shard),
    smallints(rows, (row) => ATTEMPT_OUTCOMES.codeOf(row.outcome)),
    bigints(rows, (row) => row.startedAt),
    bigints(rows, (row) => row.endedAt),
    documents(rows, ({ series, workerId, error, exchange }) => ({ series, workerId, error, exchange })),
  ];
}

function queueColumns(rows: readonly QueueEntry[]): BinaryColumn[] {
  return [
    integers(rows, (row) => row.shard),
    texts(rows, (row) => row.queue),
    smallints(rows, (row) => row.priority),
    texts(rows, (row) => row.definitionId),
    texts(rows, (row) => row.instanceId),
  ];
}

function requestColumns(rows: readonly RequestRecord[]): BinaryColumn[] {
  return [
    texts(rows, (row) => row.key),
    bigints(rows, (row) => row.createdAt),
    integers(rows, (row) => row.shard),
    texts(rows, (row) => row.fingerprint),
    texts(rows, (row) => row.answer),
  ];
}

function eventColumns(rows: readonly PackedEvents[]): BinaryColumn[] {
  return [
    integers(rows, (row) => row.shard),
    bigints(rows, (row) => row.lastSequence),
    bigints(rows, (row) => row.firstSequence),
    documents(rows, (row) => row.events),
  ];
}

function actorStateColumns(rows: readonly ActorStateRecord[]): BinaryColumn[] {
  return [
    smallints(rows, (row) => ACTOR_KINDS.codeOf(row.kind)),
    texts(rows, (row) => row.id),
    integers(rows, (row) => row.shard),
    bigints(rows, (row) => row.updatedAt),
    documents(rows, (row) => row.state),
  ];
}
