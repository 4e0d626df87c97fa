import type { SessionRecord, WorkItemRecord } from "../../domain/approval/records.ts";
import type { SessionState } from "../../domain/approval/session.ts";
import { isMaintenanceDefinition, isSystemDefinition } from "../../domain/definition/system-definition.ts";
import type { DefinitionRecord } from "../../domain/definition/definition.ts";
import type { OccurrenceRecord } from "../../domain/definition/occurrence.ts";
import { MODULE_LABEL, isExecutionDefinition } from "../../domain/execution/execution-definition.ts";
import type { InstanceRecord, InstanceSpec } from "../../domain/instance/instance.ts";
import type { Json } from "../../domain/json.ts";
import type { SessionFilter, WorkItemFilter } from "../../ports/store/approvals.ts";
import type {
  DefinitionFilter,
  ExecutionFilter,
  InstanceFilter,
  LabelFilter,
  ListCursor,
  OccurrenceFilter,
} from "../../ports/store/queries.ts";
import { compareText } from "./tables.ts";

export function definitionPasses({ id, spec, state, createdAt }: DefinitionRecord, filter: DefinitionFilter): boolean {
  return (
    (!isSystemDefinition(id) || (filter.maintenance === true && isMaintenanceDefinition(id))) &&
    equals(filter.userId, spec.userId) &&
    includes(filter.states, state) &&
    labelled(filter.labels, spec.labels) &&
    equals(filter.businessId, spec.businessId) &&
    within(filter.createdAfter, filter.createdBefore, createdAt)
  );
}

export function instancePasses(instance: InstanceRecord, filter: InstanceFilter): boolean {
  const { id, spec, state, createdAt } = instance;
  return (
    id.startsWith(filter.idPrefix ?? "") &&
    equals(filter.definitionId, spec.definitionId) &&
    equals<string | null>(filter.platformId, platformOf(spec)) &&
    (filter.execution === undefined || executionPasses(instance, filter.execution)) &&
    includes(filter.states, state) &&
    equals(filter.userId, spec.userId) &&
    equals(filter.businessId, spec.businessId) &&
    labelled(filter.labels, spec.labels) &&
    includes(filter.priorities, spec.priority) &&
    within(filter.createdAfter, filter.createdBefore, createdAt)
  );
}

function executionPasses(
  { id, spec, life }: InstanceRecord,
  { module, name, search = "", metadata = {} }: ExecutionFilter,
): boolean {
  return (
    isExecutionDefinition(spec.definitionId ?? "") &&
    equals(module, spec.labels[MODULE_LABEL]) &&
    equals(name, spec.name) &&
    (id.startsWith(search) || spec.name.toLowerCase().includes(search.toLowerCase())) &&
    (Object.keys(metadata).length === 0 || contains(life.metadata, metadata))
  );
}

/** As `@>` of jsonb: members of an object are contained in those of the same name, elements of a list in any. */
function contains(held: Json, wanted: Json): boolean {
  if (typeof wanted !== "object" || wanted === null) return held === wanted;
  if (typeof held !== "object" || held === null || Array.isArray(held) !== Array.isArray(wanted)) return false;
  return Array.isArray(wanted)
    ? wanted.every((each: Json) => (held as readonly Json[]).some((element) => contains(element, each)))
    : Object.entries(wanted).every(
        ([key, value]) => Object.hasOwn(held, key) && contains((held as { [name: string]: Json })[key] ?? null, value),
      );
}

export function occurrencePasses({ outcome, scheduledAt }: OccurrenceRecord, filter: OccurrenceFilter): boolean {
  return includes(filter.outcomes, outcome) && within(filter.scheduledAfter, filter.scheduledBefore, scheduledAt);
}

export function sessionPasses({ session, deletedAt, updatedAt }: SessionRecord, filter: SessionFilter): boolean {
  return (
    equals(filter.appId, session.appId) &&
    includes(filter.states, session.state) &&
    equals(filter.creator, session.creator.number) &&
    equals(filter.deleted, deletedAt !== null) &&
    within(filter.createdAfter, filter.createdBefore, session.createdAt) &&
    since(filter.finishedAfter, session.finishedAt) &&
    since(filter.updatedAfter, updatedAt)
  );
}

/** @param session that of the item; undefined: it is not stored. */
export function workItemPasses(
  { item, appId, updatedAt }: WorkItemRecord,
  session: SessionRecord | undefined,
  filter: WorkItemFilter,
): boolean {
  return (
    equals(filter.sessionId, item.sessionId) &&
    equals(filter.appId, appId) &&
    equals(filter.nodeId, item.nodeId) &&
    includes(filter.states, item.state) &&
    includes<SessionState | undefined>(filter.sessionStates, session?.session.state) &&
    (filter.assignee === undefined || item.assignees.some(({ number }) => number === filter.assignee)) &&
    within(filter.createdAfter, filter.createdBefore, item.createdAt) &&
    since(filter.finishedAfter, item.finishedAt) &&
    since(filter.updatedAfter, updatedAt)
  );
}

interface Created {
  readonly createdAt: number;
  readonly id: string;
}

/** Newest first; of one instant the greater id first. */
export function newestFirst(one: Created, other: Created): number {
  return other.createdAt - one.createdAt || compareText(other.id, one.id);
}

export function oldestFirst(one: Created, other: Created): number {
  return newestFirst(other, one);
}

/** Whether a row comes after the cursor in a list of that order. */
export function follows(cursor: ListCursor | null, row: Created, order = newestFirst): boolean {
  return cursor === null || order({ createdAt: cursor.at, id: cursor.id }, row) < 0;
}

/** The platform to which it pushes; null when it is no push. */
function platformOf({ action }: InstanceSpec): string | null {
  return action.kind === "push" ? action.platformId : null;
}

function equals<Value>(wanted: Value | undefined, value: Value): boolean {
  return wanted === undefined || wanted === value;
}

function includes<Value>(wanted: readonly Value[] | undefined, value: Value): boolean {
  return wanted === undefined || wanted.includes(value);
}

function labelled(wanted: LabelFilter | undefined, labels: LabelFilter): boolean {
  return Object.entries(wanted ?? {}).every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value);
}

function within(from: number | undefined, before: number | undefined, at: number): boolean {
  return (from === undefined || at >= from) && (before === undefined || at < before);
}

function since(from: number | undefined, at: number | null): boolean {
  return from === undefined || (at !== null && at >= from);
}
