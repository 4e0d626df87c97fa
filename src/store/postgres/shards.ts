import { sql } from "kysely";
import type { AcquiredShard, ShardLease, ShardStore } from "../../ports/store/shards.ts";
import type { Database } from "./database.ts";

type Held = readonly { readonly shard: number; readonly epoch: number }[];

/** Any number that no other program locks. */
const PREPARATION_LOCK = 0x73_68_61_72_64;

/**
 * Leases, judged by the clock of the database alone (`clock_timestamp()`: a statement may have waited since `now()`).
 *
 * Whoever locks several rows of `shard` or of `shard_log` does so by ascending id, as the journal does, so that nobody waits in a circle. The
 * epoch stands in both tables: who owns the shard, and who may write it. Both are raised in one statement, which waits for a commit under way
 * by the owner before; what that owner sends later is fenced.
 */
export class PostgresShards implements ShardStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  prepare(count: number): Promise<number> {
    return this.#database.run((tables) =>
      tables.transaction().execute(async (transaction) => {
        await sql`select pg_advisory_xact_lock(${PREPARATION_LOCK})`.execute(transaction);
        await sql`
          with made as (
            insert into belfry.shard (id, epoch)
            select id, 0 from generate_series(0, ${count}::int - 1) as id
            where not exists (select from belfry.shard)
            returning id
          )
          insert into belfry.shard_log (shard, epoch, commit_count, last_sequence) select id, 0, 0, 0 from made
        `.execute(transaction);
        const { rows } = await sql<{ shards: number }>`select count(*) as shards from belfry.shard`.execute(
          transaction,
        );
        return rows[0]?.shards ?? 0;
      }),
    );
  }

  async list(): Promise<readonly ShardLease[]> {
    const { rows } = await this.#database.run((tables) =>
      sql<ShardLease>`
        select id as shard, owner, epoch,
          case when owner is null then 0
            else (extract(epoch from expires_at - clock_timestamp()) * 1000)::float8 end as "remainingMs"
        from belfry.shard
        order by id
      `.execute(tables),
    );
    return rows;
  }

  /**
   * A row that someone has locked at this moment is renewed, given up or taken by them: it is passed over, and another try finds out. The fence
   * is locked FOR UPDATE, not less: that keeps out those who look at it FOR KEY SHARE (src/store/postgres/cursors.ts) and commits alike.
   */
  async acquire(node: string, ttlMs: number, wanted: readonly number[]): Promise<readonly AcquiredShard[]> {
    if (wanted.length === 0) return [];
    const { rows } = await this.#database.run((tables) =>
      sql<AcquiredShard>`
        with free as (
          select id from belfry.shard
          where id = any (${wanted}::int[]) and (owner is null or owner = ${node} or expires_at <= clock_timestamp())
          order by id
          for update skip locked
        ),
        taken as (
          update belfry.shard s
          set owner = ${node}, epoch = s.epoch + 1, expires_at = clock_timestamp() + ${ttlMs}::float8 * interval '1 ms'
          from free
          where s.id = free.id
          returning s.id, s.epoch
        ),
        quiet as (
          select shard from belfry.shard_log where shard in (select id from taken) order by shard for update
        )
        update belfry.shard_log l
        set epoch = taken.epoch
        from taken join quiet on quiet.shard = taken.id
        where l.shard = taken.id
        returning l.shard, l.epoch, l.commit_count as commit, l.last_sequence as "lastSequence"
      `.execute(tables),
    );
    return rows.toSorted((one, other) => one.shard - other.shard);
  }

  async renew(node: string, held: Held, ttlMs: number): Promise<readonly number[]> {
    if (held.length === 0) return [];
    const { rows } = await this.#database.run((tables) =>
      sql<{ id: number }>`
        with mine as (${lockHeld(node, held)})
        update belfry.shard s
        set expires_at = clock_timestamp() + ${ttlMs}::float8 * interval '1 ms'
        from mine
        where s.id = mine.id
        returning s.id
      `.execute(tables),
    );
    return rows.map(({ id }) => id);
  }

  async release(node: string, held: Held): Promise<void> {
    if (held.length === 0) return;
    await this.#database.run((tables) =>
      sql`
        with mine as (${lockHeld(node, held)})
        update belfry.shard s set owner = null, expires_at = null from mine where s.id = mine.id
      `.execute(tables),
    );
  }
}

function lockHeld(node: string, held: Held) {
  return sql`
    select s.id
    from belfry.shard s
    join unnest(${held.map(({ shard }) => shard)}::int[], ${held.map(({ epoch }) => epoch)}::bigint[]) as h(shard, epoch)
      on s.id = h.shard and s.epoch = h.epoch
    where s.owner = ${node}
    order by s.id
    for update of s`;
}
