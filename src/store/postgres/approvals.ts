import { sql, type RawBuilder } from "kysely";
import type { PushStateRecord, SessionRecord, WorkItemRecord } from "../../domain/approval/records.ts";
import type { SessionState } from "../../domain/approval/session.ts";
import type { ApprovalStore, SessionFilter, WorkItemFilter } from "../../ports/store/approvals.ts";
import type { ListCursor } from "../../ports/store/queries.ts";
import {
  pushStateOf,
  sessionOf,
  workItemOf,
  type PushStateRow,
  type SessionRow,
  type WorkItemRow,
} from "./approval-records.ts";
import { storableText } from "./binary-columns.ts";
import { SESSION_STATES, WORK_ITEM_STATES } from "./codes.ts";
import type { Database } from "./database.ts";
import {
  all,
  among,
  creationConditions,
  NEWEST_FIRST,
  OLDEST_FIRST,
  type Claims,
  type CreationOrder,
} from "./filters.ts";

const SESSIONS = {
  table: sql`belfry.approval_session`,
  columns: sql`id, shard, app_id, state, created_at, finished_at, deleted_at, archived_at, updated_at, document`,
};
const WORK_ITEMS = {
  table: sql`belfry.work_item`,
  columns: sql`id, session_id, shard, app_id, node_id, state, created_at, finished_at, updated_at, document`,
};

/** A page of a list by creation. */
interface Page {
  readonly order: CreationOrder;
  readonly after: ListCursor | null;
  readonly limit: number;
}

export class PostgresApprovals implements ApprovalStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async loadSessions(ids: readonly string[]): Promise<readonly SessionRecord[]> {
    if (ids.length === 0) return [];
    return this.#sessions(sql`select ${SESSIONS.columns} from ${SESSIONS.table} where ${anyOf("id", ids)}`);
  }

  async loadWorkItems(
    which: { readonly ids: readonly string[] } | { readonly sessionIds: readonly string[] },
  ): Promise<readonly WorkItemRecord[]> {
    const [column, ids] = "ids" in which ? (["id", which.ids] as const) : (["session_id", which.sessionIds] as const);
    if (ids.length === 0) return [];
    return this.#workItems(
      sql`select ${WORK_ITEMS.columns} from ${WORK_ITEMS.table} where ${anyOf(column, ids)} order by ${OLDEST_FIRST.sort}`,
    );
  }

  listSessions(filter: SessionFilter, after: ListCursor | null, limit: number): Promise<readonly SessionRecord[]> {
    return this.#pageOfSessions(filter, { order: NEWEST_FIRST, after, limit });
  }

  listWorkItems(filter: WorkItemFilter, after: ListCursor | null, limit: number): Promise<readonly WorkItemRecord[]> {
    return this.#pageOfWorkItems(filter, { order: NEWEST_FIRST, after, limit });
  }

  async countWorkItems(filter: WorkItemFilter): Promise<number> {
    const { rows } = await this.#database.run((tables) =>
      sql<{ count: number }>`
        select count(*) as count from ${WORK_ITEMS.table} where ${all([...workItemClaims(filter), ...creationConditions(filter, null, NEWEST_FIRST)])}
      `.execute(tables),
    );
    const [row] = rows;
    if (row === undefined) throw new Error("An aggregate without groups gives one row");
    return row.count;
  }

  pageSessions(filter: SessionFilter, after: ListCursor | null, limit: number): Promise<readonly SessionRecord[]> {
    return this.#pageOfSessions(filter, { order: OLDEST_FIRST, after, limit });
  }

  pageWorkItems(filter: WorkItemFilter, after: ListCursor | null, limit: number): Promise<readonly WorkItemRecord[]> {
    return this.#pageOfWorkItems(filter, { order: OLDEST_FIRST, after, limit });
  }

  async loadPushStates(sessionId: string): Promise<readonly PushStateRecord[]> {
    return this.#pushStates(sql`session_id = ${storableText(sessionId)} order by platform_id, third_id`);
  }

  async loadPushStatesOfSessions(
    platformId: string,
    sessionIds: readonly string[],
  ): Promise<readonly PushStateRecord[]> {
    if (sessionIds.length === 0) return [];
    return this.#pushStates(
      sql`${anyOf("session_id", sessionIds)} and platform_id = ${storableText(platformId)} order by session_id, third_id`,
    );
  }

  async loadPushStatesOf(platformId: string, thirdId: string): Promise<PushStateRecord | null> {
    const [state] = await this.#pushStates(
      sql`platform_id = ${storableText(platformId)} and third_id = ${storableText(thirdId)}`,
    );
    return state ?? null;
  }

  #pageOfSessions(filter: SessionFilter, page: Page): Promise<readonly SessionRecord[]> {
    const claims = [...sessionClaims(filter), ...creationConditions(filter, page.after, page.order)];
    const { updatedAfter } = filter;
    const way = updatedAfter === undefined ? "in order" : { changedSince: updatedAfter };
    return this.#sessions(pageOf(SESSIONS, all(claims), way, page));
  }

  #pageOfWorkItems(filter: WorkItemFilter, page: Page): Promise<readonly WorkItemRecord[]> {
    const claims = [...workItemClaims(filter), ...creationConditions(filter, page.after, page.order)];
    return this.#workItems(pageOf(WORK_ITEMS, all(claims), wayTo(filter), page));
  }

  async #sessions(query: RawBuilder<unknown>): Promise<readonly SessionRecord[]> {
    const { rows } = await this.#database.run((tables) => sql<SessionRow>`${query}`.execute(tables));
    return rows.map(sessionOf);
  }

  async #workItems(query: RawBuilder<unknown>): Promise<readonly WorkItemRecord[]> {
    const { rows } = await this.#database.run((tables) => sql<WorkItemRow>`${query}`.execute(tables));
    return rows.map(workItemOf);
  }

  async #pushStates(which: RawBuilder<unknown>): Promise<readonly PushStateRecord[]> {
    const { rows } = await this.#database.run((tables) =>
      sql<PushStateRow>`select * from belfry.push_state where ${which}`.execute(tables),
    );
    return rows.map(pushStateOf);
  }
}

/** How the rows of a page are found: by an index in the order of the list; by another one, all that pass at once; or by the day of their last change. */
type Way = "in order" | "at once" | { readonly changedSince: number };

/**
 * One page. Most filters have an index in the order of the list. Where what passes may be a few rows scattered over all of history, the planner,
 * counting on them to be spread evenly, would rather walk through that history: so they are found first, and put in order then. What changed
 * since some time may be much, and somebody goes through all of it: of each day there are at most so many rows in a page, in order.
 */
function pageOf(
  { table, columns }: typeof SESSIONS,
  conditions: RawBuilder<unknown>,
  way: Way,
  { order, limit }: Page,
): RawBuilder<unknown> {
  const inOrder = sql`order by ${order.sort} limit ${limit}`;
  if (way === "in order") return sql`select ${columns} from ${table} where ${conditions} ${inOrder}`;
  if (way === "at once") {
    return sql`
      with passing as materialized (select id, created_at from ${table} where ${conditions}),
        page as (select id from passing ${inOrder})
      select ${columns} from page join ${table} using (id) order by ${order.sort}`;
  }
  return sql`
    with recursive changed(day) as (
        select min(updated_day) from ${table} where updated_day >= ${dayOf(way.changedSince)}
        union all
        select (select min(updated_day) from ${table} where updated_day > day) from changed where day is not null
      ),
      page as (
        select id from changed, lateral (
          select id, created_at from ${table} where updated_day = day and ${conditions} ${inOrder}
        ) as of_day ${inOrder}
      )
    select ${columns} from page join ${table} using (id) order by ${order.sort}`;
}

function wayTo({ sessionId, assignee, updatedAfter }: WorkItemFilter): Way {
  if (sessionId !== undefined) return "in order";
  if (assignee !== undefined) return "at once";
  return updatedAfter === undefined ? "in order" : { changedSince: updatedAfter };
}

/** Days are what the index has; what changed earlier on the first of them is left out by the time itself. */
function changedSince(at: number): RawBuilder<unknown> {
  return sql`updated_day >= ${dayOf(at)} and updated_at >= ${at}`;
}

/** As src/store/migrations/0005-approvals.ts counts them. */
function dayOf(at: number): number {
  return Math.trunc(at / 86_400_000);
}

function sessionClaims({ appId, states, creator, deleted, finishedAfter, updatedAfter }: SessionFilter): Claims {
  return [
    appId !== undefined && sql`app_id = ${storableText(appId)}`,
    states && among("state", states.map(SESSION_STATES.codeOf)),
    creator !== undefined && sql`creator = ${storableText(creator)}`,
    deleted !== undefined && (deleted ? sql`deleted_at is not null` : sql`deleted_at is null`),
    finishedAfter !== undefined && sql`finished_at >= ${finishedAfter}`,
    updatedAfter !== undefined && changedSince(updatedAfter),
  ];
}

function workItemClaims(filter: WorkItemFilter): Claims {
  const { sessionId, appId, nodeId, states, sessionStates, assignee, finishedAfter, updatedAfter } = filter;
  return [
    sessionId !== undefined && sql`session_id = ${storableText(sessionId)}`,
    appId !== undefined && sql`app_id = ${storableText(appId)}`,
    nodeId !== undefined && sql`node_id = ${storableText(nodeId)}`,
    states && among("state", states.map(WORK_ITEM_STATES.codeOf)),
    sessionStates && ofSessionAmong(sessionStates),
    assignee !== undefined && sql`assignees @> ${[storableText(assignee)]}::text[]`,
    finishedAfter !== undefined && sql`finished_at >= ${finishedAfter}`,
    updatedAfter !== undefined && changedSince(updatedAfter),
  ];
}

/** Each item's session is looked up by its id: its state may change often, and stands in no index. */
function ofSessionAmong(states: readonly SessionState[]): RawBuilder<unknown> {
  const inState = among("session.state", states.map(SESSION_STATES.codeOf));
  return sql`exists (select from ${SESSIONS.table} as session where session.id = work_item.session_id and ${inState})`;
}

function anyOf(column: string, values: readonly string[]): RawBuilder<unknown> {
  return sql`${sql.ref(column)} = any (${values.map(storableText)}::text[])`;
}
