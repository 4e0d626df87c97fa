import { sql } from "kysely";
import type { CursorStore, PublishedCursor } from "../../ports/store/cursors.ts";
import type { Database } from "./database.ts";
import { lastBefore } from "./event-search.ts";

export class PostgresCursors implements CursorStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  read(shards: readonly number[]): Promise<readonly PublishedCursor[]> {
    return this.#database.run((tables) =>
      tables
        .selectFrom("published_cursor")
        .selectAll()
        .where("shard", "=", sql<number>`any (${shards}::int[])`)
        .orderBy("shard")
        .execute(),
    );
  }

  /**
   * Fenced by a lock on the fence itself, FOR KEY SHARE, in ascending order as everywhere:
   *
   * - Commits of the journal change the fence's row, but not its key, so the two do not wait for each other, however long either takes.
   * - Acquiring locks it FOR UPDATE. If that comes first, this waits, then sees the raised epoch and leaves the cursor alone; if this comes
   *   first, the next owner waits until the cursor is written, and reads it.
   * - Nobody waits in a circle. Here each shard's fence is locked before its cursor, shard by shard; nobody else locks cursors at all, and
   *   who acquires locks fences in the same order.
   */
  async write(cursors: readonly (PublishedCursor & { readonly epoch: number })[]): Promise<void> {
    if (cursors.length === 0) return;
    await this.#database.run((tables) =>
      sql`
        insert into belfry.published_cursor (shard, sequence, stream)
        select l.shard, c.sequence, c.stream
        from unnest(${cursors.map(({ shard }) => shard)}::int[], ${cursors.map(({ epoch }) => epoch)}::bigint[],
          ${cursors.map(({ sequence }) => sequence)}::bigint[], ${cursors.map(({ stream }) => stream)}::text[])
          as c(shard, epoch, sequence, stream)
        join belfry.shard_log l on l.shard = c.shard and l.epoch = c.epoch
        order by l.shard
        for key share of l
        on conflict (shard) do update set sequence = excluded.sequence, stream = excluded.stream
      `.execute(tables),
    );
  }

  lastBefore(
    shards: readonly number[],
    at: number,
  ): Promise<readonly { readonly shard: number; readonly sequence: number }[]> {
    return lastBefore(this.#database, shards, at);
  }
}
