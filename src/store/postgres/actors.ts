import { sql } from "kysely";
import type { InstanceRecord } from "../../domain/instance/instance.ts";
import type { ActorStore, DefinitionWithSupervision, QueueLane, Wakeup } from "../../ports/store/actors.ts";
import type { QueueEntry, RequestRecord } from "../../ports/store/journal.ts";
import { storableText } from "./binary-columns.ts";
import type { Database } from "./database.ts";
import { loadDefinitions } from "./definition-queries.ts";
import { loadActiveOf, loadInstances } from "./instance-queries.ts";

export class PostgresActors implements ActorStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  loadDefinitions(ids: readonly string[]): Promise<readonly DefinitionWithSupervision[]> {
    return loadDefinitions(this.#database, ids);
  }

  loadInstances(ids: readonly string[]): Promise<readonly InstanceRecord[]> {
    return loadInstances(this.#database, ids);
  }

  loadActiveOf(definitionId: string, which: "keyed" | "all"): Promise<readonly InstanceRecord[]> {
    return loadActiveOf(this.#database, definitionId, which);
  }

  /** The indexes are by instant, then shard: what is due next comes in order, whatever the number of shards. */
  async dueWakeups(
    shards: readonly number[],
    after: number | null,
    until: number,
    limit: number,
  ): Promise<readonly Wakeup[]> {
    const due = sql`
      where shard = any (${shards}::int[]) and wake_at <= ${until} ${after === null ? sql`` : sql`and wake_at > ${after}`}
      order by wake_at
      limit ${limit}`;
    const { rows } = await this.#database.run((tables) =>
      sql<Wakeup>`
        (select 'supervisor' as kind, definition_id as id, shard, wake_at as "wakeAt" from belfry.supervisor ${due})
        union all
        (select 'instance' as kind, id, shard, wake_at as "wakeAt" from belfry.instance ${due})
        order by "wakeAt"
        limit ${limit}
      `.execute(tables),
    );
    return rows;
  }

  async queueLanes(shards: readonly number[]): Promise<readonly QueueLane[]> {
    const { rows } = await this.#database.run((tables) =>
      sql<QueueLane>`
        select queue, priority, definition_id as "definitionId", count(*) as count
        from belfry.queue_entry
        where shard = any (${shards}::int[])
        group by queue, priority, definition_id
      `.execute(tables),
    );
    return rows;
  }

  /** Shard by shard, so that each gives its first entries by the index, however many there are. */
  async readLane(
    lane: Omit<QueueLane, "count">,
    shards: readonly number[],
    after: string,
    limit: number,
  ): Promise<readonly QueueEntry[]> {
    const { rows } = await this.#database.run((tables) =>
      sql<QueueEntry>`
        select entry.queue, entry.priority, entry.definition_id as "definitionId", entry.instance_id as "instanceId",
          entry.shard
        from unnest(${shards}::int[]) as s(shard)
        cross join lateral (
          select * from belfry.queue_entry q
          where q.shard = s.shard and q.queue = ${storableText(lane.queue)} and q.priority = ${lane.priority}
            and q.definition_id = ${storableText(lane.definitionId)} and q.instance_id > ${storableText(after)}
          order by q.instance_id
          limit ${limit}
        ) entry
        order by entry.instance_id
        limit ${limit}
      `.execute(tables),
    );
    return rows;
  }

  async findRequests(keys: readonly string[]): Promise<readonly RequestRecord[]> {
    if (keys.length === 0) return [];
    const rows = await this.#database.run((tables) =>
      tables
        .selectFrom("request")
        .selectAll()
        .where("key", "=", sql<string>`any (${keys.map(storableText)}::text[])`)
        .execute(),
    );
    return rows.map(({ key, shard, fingerprint, answer, created_at: createdAt }) => {
      return { key, shard, fingerprint, answer, createdAt };
    });
  }

  async forgetRequests(createdBefore: number, limit: number): Promise<number> {
    const { numAffectedRows } = await this.#database.run((tables) =>
      sql`
        delete from belfry.request
        where key in (
          select key from belfry.request where created_at < ${createdBefore}
          order by created_at
          limit ${limit}
          for update skip locked
        )
      `.execute(tables),
    );
    return Number(numAffectedRows ?? 0);
  }
}
