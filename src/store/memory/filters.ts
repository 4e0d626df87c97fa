import { isSystemDefinition } from "../../domain/definition/system-definition.ts";
import type { DefinitionRecord } from "../../domain/definition/definition.ts";
import type { OccurrenceRecord } from "../../domain/definition/occurrence.ts";
import type { InstanceRecord } from "../../domain/instance/instance.ts";
import type {
  DefinitionFilter,
  InstanceFilter,
  LabelFilter,
  ListCursor,
  OccurrenceFilter,
} from "../../ports/store/queries.ts";
import { compareText } from "./tables.ts";

export function definitionPasses({ id, spec, state, createdAt }: DefinitionRecord, filter: DefinitionFilter): boolean {
  return (
    !isSystemDefinition(id) &&
    equals(filter.userId, spec.userId) &&
    includes(filter.states, state) &&
    labelled(filter.labels, spec.labels) &&
    equals(filter.businessId, spec.businessId) &&
    within(filter.createdAfter, filter.createdBefore, createdAt)
  );
}

export function instancePasses({ id, spec, state, createdAt }: InstanceRecord, filter: InstanceFilter): boolean {
  return (
    id.startsWith(filter.idPrefix ?? "") &&
    equals(filter.definitionId, spec.definitionId) &&
    includes(filter.states, state) &&
    equals(filter.userId, spec.userId) &&
    equals(filter.businessId, spec.businessId) &&
    labelled(filter.labels, spec.labels) &&
    includes(filter.priorities, spec.priority) &&
    within(filter.createdAfter, filter.createdBefore, createdAt)
  );
}

export function occurrencePasses({ outcome, scheduledAt }: OccurrenceRecord, filter: OccurrenceFilter): boolean {
  return includes(filter.outcomes, outcome) && within(filter.scheduledAfter, filter.scheduledBefore, scheduledAt);
}

interface Created {
  readonly createdAt: number;
  readonly id: string;
}

/** Newest first; of one instant the greater id first. */
export function newestFirst(one: Created, other: Created): number {
  return other.createdAt - one.createdAt || compareText(other.id, one.id);
}

/** Whether a row comes after the cursor in a list that is newest first. */
export function follows(cursor: ListCursor | null, row: Created): boolean {
  return cursor === null || newestFirst({ createdAt: cursor.at, id: cursor.id }, row) < 0;
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
