import type { DefinitionState } from "../../domain/definition/definition.ts";
import type { OccurrenceOutcome, OccurrenceRecord } from "../../domain/definition/occurrence.ts";
import type { StatusEvent } from "../../domain/event/status-event.ts";
import type { AttemptRecord } from "../../domain/instance/attempt.ts";
import type { InstanceRecord, InstanceState } from "../../domain/instance/instance.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { Priority } from "../../domain/policy/priority.ts";
import type { DefinitionWithSupervision } from "./actors.ts";

/** Labels that must all be there, with these values. */
export type LabelFilter = Readonly<Record<string, string>>;

/** Filters that are set must all hold. `createdAfter` and its kind are inclusive, `…Before` exclusive. */
export interface DefinitionFilter {
  /** Those of Belfry's own maintenance too. Left out: not those. */
  readonly maintenance?: boolean;
  readonly userId?: string;
  readonly states?: readonly DefinitionState[];
  readonly labels?: LabelFilter;
  readonly businessId?: string;
  readonly createdAfter?: number;
  readonly createdBefore?: number;
}

export interface InstanceFilter {
  /** Those whose id begins with it. */
  readonly idPrefix?: string;
  readonly definitionId?: string;
  /** Pushes to this platform alone. */
  readonly platformId?: string;
  /** Executions that were registered alone. */
  readonly execution?: ExecutionFilter;
  readonly states?: readonly InstanceState[];
  readonly userId?: string;
  readonly businessId?: string;
  readonly labels?: LabelFilter;
  readonly priorities?: readonly Priority[];
  readonly createdAfter?: number;
  readonly createdBefore?: number;
}

export interface ExecutionFilter {
  readonly module?: string;
  readonly name?: string;
  /** The id begins with it, or the name contains it, in whatever case. */
  readonly search?: string;
  /** What metadata must contain: these keys with these values. Of a value that is an object, its members; of a list, its elements. */
  readonly metadata?: JsonObject;
}

/** By what executions are put together. */
export type ExecutionGrouping =
  | { readonly by: "module" | "name" | "businessId" }
  /** The value of a key of metadata, as text. */
  | { readonly by: "metadata"; readonly key: string };

/** Executions that have something in common. */
export interface ExecutionGroup {
  readonly value: string;
  readonly counts: Readonly<Partial<Record<InstanceState, number>>>;
  /** The newest of them. */
  readonly latestId: string;
  readonly latestState: InstanceState;
  readonly latestAt: number;
}

export interface ExecutionStats {
  /** Of the span from each edge to the next one, and from the last edge on. */
  readonly buckets: readonly Readonly<Partial<Record<InstanceState, number>>>[];
  /** Of COMPLETED ones whose start is known, start to end; null when there are none. Milliseconds. */
  readonly durationP50Ms: number | null;
  readonly durationP95Ms: number | null;
  /** Those of the groups that were asked for; at most so many, the one with the newest execution first. */
  readonly groups: readonly ExecutionGroup[];
  /** How many were looked at. */
  readonly counted: number;
  /** Creation of the oldest that was looked at; null: none was. */
  readonly oldestAt: number | null;
}

/** Bytes of UTF-8. A longer value of metadata is no business id, and a hundred of them would be no answer: it is of no group. */
export const MAX_GROUP_VALUE_BYTES = 1000;

export interface ExecutionStatsQuery {
  /** With `execution`. */
  readonly filter: InstanceFilter;
  /** Ascending instants by which creation is put in buckets; at least one. Older ones are not looked at. */
  readonly edges: readonly number[];
  readonly grouping: ExecutionGrouping | null;
  readonly maxGroups: number;
  /** At most so many are looked at: the newest. */
  readonly limit: number;
}

export interface OccurrenceFilter {
  readonly definitionId: string;
  readonly outcomes?: readonly OccurrenceOutcome[];
  readonly scheduledAfter?: number;
  readonly scheduledBefore?: number;
}

/** Where a list goes on: after the row with these sort values. */
export interface ListCursor {
  readonly at: number;
  readonly id: string;
}

export interface InstanceStats {
  readonly counts: Readonly<Partial<Record<InstanceState, number>>>;
  /** Of COMPLETED ones, start of the first attempt to the end; null when there are none. Milliseconds. */
  readonly durationP50Ms: number | null;
  readonly durationP95Ms: number | null;
  /** Creation to the start of the first attempt. */
  readonly waitP50Ms: number | null;
  readonly waitP95Ms: number | null;
}

/** What the API reads. Committed state only. */
export interface QueryStore {
  getDefinition(id: string): Promise<DefinitionWithSupervision | null>;
  /** By (createdAt, id), newest first. Those of the system, whose id begins with `$`, are left out. */
  listDefinitions(
    filter: DefinitionFilter,
    after: ListCursor | null,
    limit: number,
  ): Promise<readonly DefinitionWithSupervision[]>;
  /** Candidates whose name or content shares grams (src/domain/search.ts) with the query, most shared first; none of the system. */
  searchDefinitions(
    query: string,
    filter: DefinitionFilter,
    limit: number,
  ): Promise<readonly DefinitionWithSupervision[]>;
  getInstance(id: string): Promise<InstanceRecord | null>;
  /** By (createdAt, id), newest first, active and finished ones together. */
  listInstances(filter: InstanceFilter, after: ListCursor | null, limit: number): Promise<readonly InstanceRecord[]>;
  countInstances(filter: InstanceFilter): Promise<number>;
  instanceStats(filter: InstanceFilter): Promise<InstanceStats>;
  executionStats(query: ExecutionStatsQuery): Promise<ExecutionStats>;
  /** Ended attempts by number, highest first, below `before` when given. */
  listAttempts(instanceId: string, before: number | null, limit: number): Promise<readonly AttemptRecord[]>;
  /** Newest due time first, before `before` when given. */
  listOccurrences(filter: OccurrenceFilter, before: number | null, limit: number): Promise<readonly OccurrenceRecord[]>;
  /** Which of these due times the ledger has. */
  knownOccurrences(definitionId: string, from: number, to: number): Promise<readonly number[]>;
  /** Events of a shard after a sequence, in order, at most `limit`. */
  readEvents(shard: number, after: number, limit: number): Promise<readonly StatusEvent[]>;
  /** Per shard the first sequence the log still holds and the last one written (0 when none). */
  eventBounds(): Promise<readonly { readonly shard: number; readonly first: number; readonly last: number }[]>;
}
