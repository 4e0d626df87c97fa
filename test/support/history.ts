/** A past for a database whose shards are prepared and that no node works on yet: rows as they stand after a long time, made by the database itself. */
import { Client } from "pg";

export interface History {
  readonly url: string;
  readonly shardCount: number;
  /** Finished instances with an attempt each, that ended evenly between these instants. */
  readonly finished: number;
  /** Unfinished ones, of the same time, that wait for nothing. */
  readonly unfinished: number;
  /** Occurrences of each definition, evenly in the same time. */
  readonly occurrences: number;
  readonly from: number;
  readonly until: number;
  /** Tells the rows of this past from those of others in the same database. */
  readonly name: string;
}

/** Definitions that the instances are of: gone by now. Each has its shard. */
const DEFINITIONS = 20;
/** Instances whose events, three of each, were committed together. */
const INSTANCES_OF_A_PACK = 10;
const AT_ONCE = 100_000;

const SPEC = JSON.stringify({
  definitionId: "gone",
  userId: "bench",
  name: "bench",
  content: "does nothing",
  payload: { text: "x".repeat(180) },
  action: { kind: "worker", queue: "bench", disconnectPolicy: "WAIT_FOR_HEARTBEAT" },
  trigger: "MANUAL",
});

/** @returns how many events were written. */
export async function writeHistory(past: History): Promise<number> {
  const client = new Client({ connectionString: past.url });
  await client.connect();
  try {
    await writeInstances(client, past, "finished_instance", past.finished);
    await writeInstances(client, past, "instance", past.unfinished);
    await writeOccurrences(client, past);
    const events = await writeEvents(client, past);
    await client.query(
      "analyze belfry.finished_instance, belfry.instance, belfry.attempt, belfry.occurrence, belfry.event",
    );
    return events;
  } finally {
    await client.end();
  }
}

/** Ids carry the time of creation and the routing hash of their definition, as those of Belfry do. */
async function writeInstances(client: Client, past: History, table: string, count: number): Promise<void> {
  const isFinished = table === "finished_instance";
  const { from, until, shardCount, name } = past;
  for (let first = 0; first < count; first += AT_ONCE) {
    const last = Math.min(first + AT_ONCE, count) - 1;
    await client.query(
      `with made as (
        select n, ($3 + (($4::numeric - $3) * n / $5))::bigint as at, n % ${DEFINITIONS} as hash
        from generate_series($1::bigint, $2::bigint) as n
      ),
      named as (
        select *, lpad(to_hex(at), 12, '0') as time,
          lpad(to_hex(hashtext($6 || $7) & 65535), 4, '0') || lpad(to_hex(n), 8, '0') || lpad(to_hex(hash), 4, '0') as tail
        from made
      ),
      rows as (
        select substr(time, 1, 8) || '-' || substr(time, 9) || '-7' || substr(tail, 2, 3) || '-8000-' || substr(tail, 5)
          as id, at, hash
        from named
      ),
      instances as (
        insert into belfry.${table} (id, shard, definition_id, user_id, business_id, labels, priority, keyed, created_at,
          revision, state, spec, life, ${isFinished ? "ended_at, started_at" : "wake_at"})
        select id, (hash % $8)::int, 'gone-' || hash, 'bench', '', '{}', 3, false, at - 10, 3, ${isFinished ? 5 : 1}, $9,
          json_build_object('stateAt', at, 'openedAt', at - 10, 'attemptCount', 1, 'startedAt', at - 5${isFinished ? ", 'endedAt', at" : ""}),
          ${isFinished ? "at, at - 5" : "null"}
        from rows
      )
      insert into belfry.attempt (instance_id, number, shard, outcome, started_at, ended_at, detail)
      select id, 1, (hash % $8)::int, 1, at - 5, at, '{"series":0,"workerId":"w","error":null}'
      from rows`,
      [first, last, from, until, count, name, table, shardCount, SPEC],
    );
  }
}

async function writeOccurrences(client: Client, { from, until, occurrences, shardCount }: History): Promise<void> {
  await client.query(
    `insert into belfry.occurrence (definition_id, scheduled_at, decided_at, shard, outcome, reason, instance_id)
    select 'gone-' || d, at, at + 1, (d % $4)::int, 1, '', null
    from generate_series(0, ${DEFINITIONS - 1}) as d,
      lateral (select ($1 + (($2::numeric - $1) * n / $3))::bigint as at from generate_series(0, $3::bigint - 1) as n) as due`,
    [from, until, occurrences, shardCount],
  );
}

/** Behind what the log has. */
async function writeEvents(client: Client, { from, until, finished, shardCount }: History): Promise<number> {
  const packs = Math.ceil(finished / INSTANCES_OF_A_PACK / shardCount);
  const size = 3 * INSTANCES_OF_A_PACK;
  await client.query(
    `insert into belfry.event (shard, last_sequence, first_sequence, events)
    select l.shard, l.last_sequence + (n + 1) * ${size}, l.last_sequence + n * ${size} + 1, (
      select json_agg(json_build_array('instance', 'instance-' || n || '-' || e, 'completed', ($1 + (($2::numeric - $1) * n / $3))::bigint, '{}'::json))
      from generate_series(1, ${size}) as e
    )
    from belfry.shard_log l, generate_series(0, $3::bigint - 1) as n`,
    [from, until, packs],
  );
  await client.query(`update belfry.shard_log set last_sequence = last_sequence + $1`, [packs * size]);
  return packs * size * shardCount;
}

/** What is left of pasts, and what others have done beside them. */
export interface Left {
  readonly finished: number;
  readonly unfinished: number;
  /** Finished instances of others. */
  readonly others: number;
  readonly attempts: number;
  readonly occurrences: number;
  readonly events: number;
}

export async function whatIsLeft(url: string): Promise<Left> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Record<keyof Left, string>>(`
      select (select count(*) from belfry.finished_instance where definition_id like 'gone-%') as finished,
        (select count(*) from belfry.instance where definition_id like 'gone-%') as unfinished,
        (select count(*) from belfry.finished_instance where definition_id not like 'gone-%') as others,
        (select count(*) from belfry.attempt) as attempts,
        (select count(*) from belfry.occurrence where definition_id like 'gone-%') as occurrences,
        (select coalesce(sum(last_sequence - first_sequence + 1), 0) from belfry.event
          where (events -> -1 ->> 1) like 'instance-%') as events`);
    const left = Object.entries(rows[0] ?? {}).map(([name, count]) => [name, Number(count)]);
    return Object.fromEntries(left) as Left;
  } finally {
    await client.end();
  }
}
