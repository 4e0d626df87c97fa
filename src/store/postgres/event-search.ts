import { sql } from "kysely";
import type { Database } from "./database.ts";

/**
 * How far a shard's event times may fall back from one event to a later one: a wall clock was set back, or the shard went to a node whose
 * clock is behind.
 */
const MAX_FALL_BACK_MS = 60_000;

/**
 * Per shard the sequence just before its first event at `at` or later; the last sequence when there is none. Shards that do not exist are left
 * out.
 *
 * The log has no index by time, so it is halved pack by pack, by the time of a pack's last event. Times only nearly ascend. Halving finds some
 * place where they rise past what it looks for, not the first such place: so it looks for a time earlier by `MAX_FALL_BACK_MS`, and from there
 * the packs are looked at one after the other.
 *
 * Promised: the answer is exact, and so leaves out nothing younger, as long as no event is stamped more than `MAX_FALL_BACK_MS` before an
 * earlier one of its shard. (Were an event before the place found at `at` or later, then the one at that place, stamped before
 * `at - MAX_FALL_BACK_MS`, would be such an event.) Of a log that fell back further the answer is a place where times rise past `at`, and what
 * was stamped ahead may lie before it.
 *
 * Costs some twenty look-ups by key a shard, and reading what the shard wrote in about `MAX_FALL_BACK_MS` before `at`.
 */
export async function lastBefore(
  database: Database,
  shards: readonly number[],
  at: number,
): Promise<readonly { readonly shard: number; readonly sequence: number }[]> {
  const { rows } = await database.run((tables) =>
    sql<{ shard: number; sequence: number }>`
      with recursive halving as (
        -- The event at known is older, the one after until is not (or there is none). Both stand between packs, so each step ends a pack.
        select l.shard, l.last_sequence as until, coalesce((
          select e.first_sequence - 1 from belfry.event e where e.shard = l.shard order by e.last_sequence limit 1
        ), l.last_sequence) as known
        from belfry.shard_log l
        where l.shard = any (${shards}::int[])
        union all
        select h.shard, case when middle.older then h.until else middle.first_sequence - 1 end,
          case when middle.older then middle.last_sequence else h.known end
        from halving h
        cross join lateral (
          select e.first_sequence, e.last_sequence,
            (e.events -> -1 ->> 3)::bigint < ${at}::bigint - ${MAX_FALL_BACK_MS}::bigint as older
          from belfry.event e
          where e.shard = h.shard and e.last_sequence > (h.known + h.until) / 2
          order by e.last_sequence
          limit 1
        ) middle
        where h.known < h.until
      ),
      place as (select shard, max(known) as sequence from halving group by shard)
      select l.shard, coalesce((
        select younger.first_sequence - 2 + min(event.number)
        from json_array_elements(younger.events) with ordinality as event(packed, number)
        where (event.packed ->> 3)::bigint >= ${at}::bigint
      ), l.last_sequence) as sequence
      from place
      join belfry.shard_log l on l.shard = place.shard
      left join lateral (
        select e.first_sequence, e.events
        from belfry.event e
        where e.shard = place.shard and e.last_sequence > place.sequence
          and exists (select from json_array_elements(e.events) as packed where (packed ->> 3)::bigint >= ${at}::bigint)
        order by e.last_sequence
        limit 1
      ) younger on true
      order by l.shard
    `.execute(tables),
  );
  return rows;
}
