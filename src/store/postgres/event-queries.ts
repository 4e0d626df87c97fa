import { sql } from "kysely";
import type { StatusEvent } from "../../domain/event/status-event.ts";
import type { Database } from "./database.ts";
import { unpackEvents, type PackedEvents } from "./packed-events.ts";

/**
 * A pack holds one event at least, so no more than `limit` packs are looked at; those that begin beyond the events asked for are left out
 * before their documents are read.
 */
export async function readEvents(
  database: Database,
  shard: number,
  after: number,
  limit: number,
): Promise<readonly StatusEvent[]> {
  const { rows } = await database.run((tables) =>
    sql<PackedEvents>`
      select shard, first_sequence as "firstSequence", last_sequence as "lastSequence", events
      from (
        select *, first_value(first_sequence) over (order by last_sequence) as start
        from (
          select * from belfry.event
          where shard = ${shard} and last_sequence > ${after}
          order by last_sequence
          limit ${limit}
        ) next_packs
      ) packs
      where first_sequence < greatest(start, ${after}::bigint + 1) + ${limit}::bigint
      order by last_sequence
    `.execute(tables),
  );
  return rows.flatMap((pack) => unpackEvents(pack, after)).slice(0, limit);
}

export async function eventBounds(
  database: Database,
): Promise<readonly { readonly shard: number; readonly first: number; readonly last: number }[]> {
  const { rows } = await database.run((tables) =>
    sql<{ shard: number; first: number; last: number }>`
      select l.shard, l.last_sequence as last,
        coalesce((
          select e.first_sequence from belfry.event e where e.shard = l.shard order by e.last_sequence limit 1
        ), 0) as first
      from belfry.shard_log l
      order by l.shard
    `.execute(tables),
  );
  return rows;
}
