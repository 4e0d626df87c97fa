import { MAINTENANCE_ID_PREFIX, SYSTEM_ID_PREFIX } from "../../domain/definition/system-definition.ts";
import { DISPATCH_ID_PREFIX } from "../../domain/webhook/dispatch-id.ts";
import { sql, type RawBuilder } from "kysely";
import type { JsonObject } from "../../domain/json.ts";
import { ACTIVE_STATES, FINAL_STATES, type InstanceState } from "../../domain/instance/instance.ts";
import type {
  DefinitionFilter,
  ExecutionFilter,
  InstanceFilter,
  LabelFilter,
  ListCursor,
} from "../../ports/store/queries.ts";
import { storableText } from "./binary-columns.ts";
import { DEFINITION_STATES, INSTANCE_STATES } from "./codes.ts";
import { indexableLabels, plainText } from "./labels.ts";

/** Dispatches are listed often, and may be any part of all instances: an index of their own has them in the order of lists. */
const OF_DISPATCHES = sql`id ^@ 'wf_'`;

/** All pushes run under definitions of the system: an index of their own has those of each platform in the order of lists. */
const OF_PUSHES = sql`definition_id ^@ '$push/'`;

/** And so do all executions. */
export const OF_EXECUTIONS = sql`definition_id ^@ '$execution/'`;
export const EXECUTION_NAME = sql`belfry.execution_name(spec)`;
export const EXECUTION_MODULE = sql`(labels ->> 'module')`;
export const EXECUTION_METADATA = sql`belfry.execution_metadata(life)`;

/** A condition, or nothing that would be asked. */
type Condition = RawBuilder<unknown> | null;

/**
 * Filters as conditions on columns of one table. Some say what follows anyway (`user_id <> ''`): that is how the planner knows that a partial
 * index will do.
 */
export function definitionConditions(filter: DefinitionFilter, after: ListCursor | null): RawBuilder<unknown> {
  return all([
    filter.maintenance === true
      ? sql`(not id ^@ ${SYSTEM_ID_PREFIX} or id ^@ ${MAINTENANCE_ID_PREFIX})`
      : sql`not id ^@ ${SYSTEM_ID_PREFIX}`,
    filter.states && among("state", filter.states.map(DEFINITION_STATES.codeOf)),
    ...sharedConditions(filter, after),
  ]);
}

export function activeConditions(filter: InstanceFilter, after: ListCursor | null): RawBuilder<unknown> {
  return all([
    filter.states && among("state", codesOf(filter.states, ACTIVE_STATES)),
    ...instanceConditions(filter, after),
  ]);
}

export function finishedConditions(filter: InstanceFilter, after: ListCursor | null): RawBuilder<unknown> {
  const codes = filter.states && codesOf(filter.states, FINAL_STATES);
  return all([
    codes && among("state", codes),
    codes && !filter.states?.includes("COMPLETED") && sql`state > 5`,
    ...instanceConditions(filter, after),
  ]);
}

/** Which tables can have what passes: states tell. */
export function mayBeActive({ states }: InstanceFilter): boolean {
  return states === undefined || codesOf(states, ACTIVE_STATES).length > 0;
}

export function mayBeFinished({ states }: InstanceFilter): boolean {
  return states === undefined || codesOf(states, FINAL_STATES).length > 0;
}

function codesOf(states: readonly InstanceState[], of: readonly InstanceState[]): number[] {
  return states.filter((state) => of.includes(state)).map(INSTANCE_STATES.codeOf);
}

function instanceConditions(filter: InstanceFilter, after: ListCursor | null): Claims {
  return [
    ...prefixConditions(filter.idPrefix ?? ""),
    filter.definitionId !== undefined && sql`definition_id = ${storableText(filter.definitionId)}`,
    ...platformConditions(filter.platformId),
    ...executionConditions(filter.execution),
    filter.priorities && among("priority", filter.priorities),
    ...sharedConditions(filter, after),
  ];
}

/** Ids are compared by their bytes, so those with one prefix stand beside each other in the primary key. */
function prefixConditions(prefix: string): Claims {
  return [
    prefix.startsWith(DISPATCH_ID_PREFIX) && OF_DISPATCHES,
    prefix !== "" && prefix !== DISPATCH_ID_PREFIX && sql`id ^@ ${storableText(prefix)}`,
  ];
}

/** In the words of the index. */
function platformConditions(platformId: string | undefined): Claims {
  return platformId === undefined
    ? []
    : [OF_PUSHES, sql`(spec #>> '{action,platformId}'::text[]) = ${storableText(platformId)}`];
}

/** An execution filter, and what `searched` has found out of it. */
export interface SearchedExecutions extends ExecutionFilter {
  /** Those that contain the text that is searched for. */
  readonly names?: readonly string[];
  /** Few of those that have ended have this in their metadata. */
  readonly isRare?: boolean;
}

/** In the words of the indexes. */
function executionConditions(filter: SearchedExecutions | undefined): Claims {
  if (filter === undefined) return [];
  const { module, name, search = "", names = [], metadata = {}, isRare = false } = filter;
  return [
    OF_EXECUTIONS,
    module !== undefined && sql`${EXECUTION_MODULE} = ${plainText(module)}`,
    name !== undefined && sql`${EXECUTION_NAME} = ${storableText(name)}`,
    search !== "" && names.length === 0 && sql`id ^@ ${storableText(search)}`,
    search !== "" &&
      names.length > 0 &&
      sql`(id ^@ ${storableText(search)} or ${EXECUTION_NAME} = any (${names}::text[]))`,
    Object.keys(metadata).length > 0 && metadataContains(metadata, isRare),
  ];
}

/** @param isRare said twice, for the planner takes each for one in a hundred whatever is asked for, and would rather walk through all of them by time. */
export function metadataContains(metadata: JsonObject, isRare: boolean): RawBuilder<unknown> {
  const wanted = sql`${plainText(JSON.stringify(metadata))}::jsonb`;
  return isRare
    ? sql`(${EXECUTION_METADATA} @> ${wanted} and ${wanted} <@ ${EXECUTION_METADATA})`
    : sql`${EXECUTION_METADATA} @> ${wanted}`;
}

export type Claims = readonly (Condition | false | undefined)[];

interface SharedFilter {
  readonly userId?: string;
  readonly businessId?: string;
  readonly labels?: LabelFilter;
  readonly createdAfter?: number;
  readonly createdBefore?: number;
}

function sharedConditions(filter: SharedFilter, after: ListCursor | null): Claims {
  const { userId, businessId, labels, createdAfter, createdBefore } = filter;
  const labelled = labels !== undefined && Object.keys(labels).length > 0;
  return [
    userId !== undefined && sql`user_id = ${storableText(userId)}`,
    userId !== undefined && userId !== "" && sql`user_id <> ''`,
    businessId !== undefined && sql`business_id = ${storableText(businessId)}`,
    businessId !== undefined && businessId !== "" && sql`business_id <> ''`,
    labelled && sql`labels @> ${indexableLabels(labels)}::jsonb and labels <> '{}'::jsonb`,
    ...creationConditions({ createdAfter, createdBefore }, after, NEWEST_FIRST),
  ];
}

/** The order of a list by creation: how to sort, and how a later row compares with an earlier one. */
export interface CreationOrder {
  readonly sort: RawBuilder<unknown>;
  readonly follows: RawBuilder<unknown>;
}

export const NEWEST_FIRST: CreationOrder = { sort: sql`created_at desc, id desc`, follows: sql`<` };
export const OLDEST_FIRST: CreationOrder = { sort: sql`created_at, id`, follows: sql`>` };

/** When it was created, and where a list of that order goes on. */
export function creationConditions(
  { createdAfter, createdBefore }: { readonly createdAfter?: number; readonly createdBefore?: number },
  after: ListCursor | null,
  order: CreationOrder,
): Claims {
  return [
    createdAfter !== undefined && sql`created_at >= ${createdAfter}`,
    createdBefore !== undefined && sql`created_at < ${createdBefore}`,
    after && sql`(created_at, id) ${order.follows} (${after.at}::bigint, ${storableText(after.id)}::text)`,
  ];
}

export function among(column: string, codes: readonly number[]): RawBuilder<unknown> {
  return sql`${sql.ref(column)} = any (${codes}::smallint[])`;
}

export function all(claims: Claims): RawBuilder<unknown> {
  const conditions = claims.filter((claim) => claim !== false && claim !== null && claim !== undefined);
  return conditions.length === 0 ? sql`true` : sql.join(conditions, sql` and `);
}
