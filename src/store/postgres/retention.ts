import { sql } from "kysely";
import type { ListCursor } from "../../ports/store/queries.ts";
import type {
  OccurrenceCursor,
  OldInstances,
  Removal,
  RetentionCutoffs,
  RetentionStore,
} from "../../ports/store/retention.ts";
import { storableText } from "./binary-columns.ts";
import type { Database } from "./database.ts";

/** Definitions whose ledger one step looks into. */
const DEFINITIONS_AT_ONCE = 500;

/**
 * Each step is one statement, so one short transaction. It goes on where the one before stopped, so that it does not meet again what that one removed, which
 * stays in the index until vacuum comes.
 *
 * - Attempts go with the instances that are really removed: one that a commit moves back meanwhile (`revived`) is not there any more when its row can be
 *   locked, and keeps them.
 * - Attempts are found through an array of ids: whatever the planner believes of the table, it takes the primary key.
 */
export class PostgresRetention implements RetentionStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Nothing ends before it was created: so the index by creation leads to all that is old, and past little that is not. */
  async removeInstances(
    { endedBefore, of }: OldInstances,
    after: ListCursor | null,
    limit: number,
  ): Promise<Removal<ListCursor>> {
    const onTheWay = "user" in of ? sql`user_id = ${storableText(of.user)} and user_id <> ''` : sql`true`;
    const theirs =
      "user" in of || of.except.length === 0
        ? sql`true`
        : sql`page.user_id <> all (${of.except.map(storableText)}::text[])`;
    const { rows } = await this.#database.run((tables) =>
      sql<{ removed: number; seen: number; lastAt: number | null; lastId: string | null }>`
        with page as materialized (
          select id, created_at, ended_at, user_id
          from belfry.finished_instance
          where ${onTheWay} and created_at < ${endedBefore}
            ${after === null ? sql`` : sql`and (created_at, id) > (${after.at}::bigint, ${storableText(after.id)})`}
          order by created_at, id
          limit ${limit}
        ),
        free as (
          select id from belfry.finished_instance
          where id = any (array(select id from page where ended_at < ${endedBefore} and ${theirs}))
          for update skip locked
        ),
        removed as (
          delete from belfry.finished_instance i where i.id = any (array(select id from free)) returning i.id
        ),
        attempts as (
          delete from belfry.attempt a where a.instance_id = any (array(select id from removed))
        ),
        last as (select created_at, id from page order by created_at desc, id desc limit 1)
        select (select count(*) from removed) as removed, (select count(*) from page) as seen,
          (select created_at from last) as "lastAt", (select id from last) as "lastId"
      `.execute(tables),
    );
    const { removed = 0, seen = 0, lastAt = null, lastId = null } = rows[0] ?? {};
    const isLast = seen < limit || lastAt === null || lastId === null;
    return { removed, next: isLast ? null : { at: lastAt, id: lastId } };
  }

  async removeFinished(ids: readonly string[]): Promise<number> {
    const { rows } = await this.#database.run((tables) =>
      sql<{ removed: number }>`
        with removed as (
          delete from belfry.finished_instance i where i.id = any (${ids.map(storableText)}::text[]) returning i.id
        ),
        attempts as (
          delete from belfry.attempt a where a.instance_id = any (array(select id from removed))
        )
        select count(*) as removed from removed
      `.execute(tables),
    );
    return rows[0]?.removed ?? 0;
  }

  /** By `belfry.remove_occurrences` of src/store/migrations/0008-retention.ts. What is younger costs nothing, however much there is. */
  async removeOccurrences(
    { everybody, users }: RetentionCutoffs,
    after: OccurrenceCursor | null,
    limit: number,
  ): Promise<Removal<OccurrenceCursor>> {
    const own = JSON.stringify(Object.fromEntries([...users].map(([user, cutoff]) => [storableText(user), cutoff])));
    const { rows } = await this.#database.run((tables) =>
      sql<{ removed: number; definitionId: string | null; scheduledAt: number | null }>`
        select removed, last_definition as "definitionId", last_at as "scheduledAt"
        from belfry.remove_occurrences(${storableText(after?.definitionId ?? "")}, ${after?.scheduledAt ?? null},
          ${everybody}, ${own}::jsonb, ${limit}, ${DEFINITIONS_AT_ONCE})
      `.execute(tables),
    );
    const { removed = 0, definitionId = null, scheduledAt = null } = rows[0] ?? {};
    return { removed, next: definitionId === null ? null : { definitionId, scheduledAt } };
  }

  /** Always from the beginning, whatever was removed before: so what is left has no gap, also after a crash of the database. */
  async removeEvents(
    shard: number,
    upTo: number,
    limit: number,
  ): Promise<{ readonly removed: number; readonly more: boolean }> {
    const { rows } = await this.#database.run((tables) =>
      sql<{ removed: number; packs: number }>`
        with removed as (
          delete from belfry.event e
          where e.shard = ${shard} and e.last_sequence = any (array(
            select last_sequence from belfry.event
            where shard = ${shard} and last_sequence <= ${upTo}
            order by last_sequence
            limit ${limit}
          ))
          returning e.last_sequence - e.first_sequence + 1 as events
        )
        select coalesce(sum(events), 0)::bigint as removed, count(*) as packs from removed
      `.execute(tables),
    );
    const { removed = 0, packs = 0 } = rows[0] ?? {};
    return { removed, more: packs === limit };
  }
}
