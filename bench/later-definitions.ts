/** Puts many definitions that are due next month into a database at once, as copies of the first one there. */
import pg from "pg";

export async function seedLaterDefinitions(url: string, count: number): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const dueAt = Date.now() + 30 * 86_400_000;
  // The last four digits of an id are its shard's; 128 shards take them evenly.
  await client.query(
    `create temporary table later as
     select format('019b0000-%s-7000-8000-%s%s', lpad(to_hex(n % 65536), 4, '0'), lpad(to_hex(n), 8, '0'), lpad(to_hex(n % 128), 4, '0')) as id, n % 128 as shard, n
     from generate_series(1, $1::int) n`,
    [count],
  );
  await client.query(
    `insert into belfry.definition (id, shard, revision, state, state_reason, user_id, name, business_id, labels, grams, spec, created_at, updated_at)
     select id, shard, 1, 1, '', 'later', 'due next month ' || n, '', '{}'::jsonb, '{}', $1::json, $2, $2 from later`,
    [JSON.stringify(laterSpec(dueAt)), Date.now()],
  );
  await client.query(
    `insert into belfry.supervisor (definition_id, shard, wake_at, supervision)
     select id, shard, $1::bigint + n % 1000000, $2::json from later`,
    [dueAt, JSON.stringify(supervision(dueAt))],
  );
  await client.query("analyze belfry.definition, belfry.supervisor");
  await client.end();
}

function supervision(dueAt: number): unknown {
  return {
    takenUntil: Date.now(),
    nextDueAt: dueAt,
    lastFiredAt: null,
    lastEndedAt: null,
    counters: {
      active: 0,
      created: 0,
      completed: 0,
      failed: 0,
      cancelled: 0,
      timedOut: 0,
      notFired: 0,
      occurrences: 0,
      consecutiveFailures: 0,
    },
    gated: 0,
  };
}

function laterSpec(dueAt: number): unknown {
  return {
    name: "later",
    userId: "later",
    content: "",
    payload: null,
    schedule: {
      timing: { kind: "at", at: dueAt },
      timeZone: "UTC",
      anchorAt: Date.now(),
      jitterMs: 0,
      excludedDates: [],
      exclusions: [],
      gapPolicy: "SKIP",
      foldPolicy: "ONCE",
    },
    action: { kind: "worker", queue: "bench", disconnectPolicy: "WAIT_FOR_HEARTBEAT" },
  };
}
