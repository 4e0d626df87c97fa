import { Migration } from "@mikro-orm/migrations";

/**
 * The journal commit (src/store/postgres/journal.ts) as one function: one round trip and one implicit transaction a batch.
 *
 * Each section of a batch comes as one composite value of arrays, a row's columns at the same place in each; an empty section is null. So the
 * function's signature stays short, and a section is unnested without parsing text.
 *
 * A later version of Belfry that needs other sections makes `journal_commit_2` with types of its own and leaves this one for the nodes that
 * are still running the version before.
 */
export class Journal extends Migration {
  override up(): void {
    for (const [section, columns] of Object.entries(SECTIONS)) {
      this.addSql(`create type belfry.journal_${section}_1 as (${columns})`);
    }
    this.addSql(`create function belfry.journal_commit_1(
      ${Object.keys(SECTIONS)
        .map((section) => `${section} belfry.journal_${section}_1`)
        .join(", ")}
    ) returns boolean language plpgsql as $body$${BODY}$body$`);
    this.addSql(
      `comment on function belfry.journal_commit_1 is 'Writes a batch of decisions. True: written now; false: it was written before. BF001: fenced, the lost shards are the detail.'`,
    );
  }

  override down(): void {
    this.addSql(`drop function belfry.journal_commit_1`);
    for (const section of Object.keys(SECTIONS)) this.addSql(`drop type belfry.journal_${section}_1`);
  }
}

const SECTIONS = {
  fence: "shard int[], epoch bigint[], commit_count bigint[], last_sequence bigint[]",
  definition:
    "id text[], shard int[], revision bigint[], state smallint[], state_reason text[], user_id text[], name text[], business_id text[], labels text[], grams text[], spec json[], created_at bigint[], updated_at bigint[]",
  supervisor: "definition_id text[], shard int[], wake_at bigint[], supervision json[]",
  deleted_definition: "id text[]",
  occurrence:
    "definition_id text[], scheduled_at bigint[], decided_at bigint[], shard int[], outcome smallint[], reason text[], instance_id text[]",
  created:
    "id text[], shard int[], definition_id text[], user_id text[], business_id text[], labels text[], priority smallint[], keyed boolean[], created_at bigint[], wake_at bigint[], ended_at bigint[], revision bigint[], state smallint[], started_at bigint[], spec json[], life json[]",
  changed: "id text[], wake_at bigint[], revision bigint[], state smallint[], life json[]",
  finished: "id text[], ended_at bigint[], revision bigint[], state smallint[], started_at bigint[], life json[]",
  revived: "id text[], wake_at bigint[], revision bigint[], state smallint[], life json[]",
  attempt:
    "instance_id text[], number int[], shard int[], outcome smallint[], started_at bigint[], ended_at bigint[], detail json[]",
  dequeued: "shard int[], queue text[], priority smallint[], definition_id text[], instance_id text[]",
  enqueued: "shard int[], queue text[], priority smallint[], definition_id text[], instance_id text[]",
  request: "key text[], created_at bigint[], shard int[], fingerprint text[], answer text[]",
  event: "shard int[], last_sequence bigint[], first_sequence bigint[], events json[]",
} as const;

const BODY = `
#variable_conflict use_column
declare
  held int[];
  repeated int[];
  lost int[];
  touched int;
begin
  -- The fence. Shards come in ascending order, so that writers who overlap wait for each other and never in a circle.
  with advanced as (
    update belfry.shard_log l set commit_count = f.commit_count + 1, last_sequence = f.last_sequence
    from unnest(fence.shard, fence.epoch, fence.commit_count, fence.last_sequence)
      as f(shard, epoch, commit_count, last_sequence)
    where l.shard = f.shard and l.epoch = f.epoch and l.commit_count = f.commit_count
    returning l.shard
  )
  select coalesce(array_agg(shard), '{}') into held from advanced;

  if cardinality(held) < cardinality(fence.shard) then
    -- J1: a batch whose answer got lost finds every shard one commit further, at its own epoch.
    select coalesce(array_agg(f.shard), '{}') into repeated
    from unnest(fence.shard, fence.epoch, fence.commit_count) as f(shard, epoch, commit_count)
    join belfry.shard_log l on l.shard = f.shard and l.epoch = f.epoch and l.commit_count = f.commit_count + 1
    where f.shard <> all (held);
    if cardinality(repeated) = cardinality(fence.shard) then
      return false;
    end if;
    select array_agg(f.shard order by f.shard) into lost
    from unnest(fence.shard) as f(shard)
    where f.shard <> all (held) and f.shard <> all (repeated);
    raise exception 'fenced' using errcode = 'BF001', detail = array_to_string(coalesce(lost, repeated), ',');
  end if;

  if not (deleted_definition is null) then
    delete from belfry.occurrence o using unnest(deleted_definition.id) as d(id) where o.definition_id = d.id;
    delete from belfry.supervisor s using unnest(deleted_definition.id) as d(id) where s.definition_id = d.id;
    delete from belfry.definition t using unnest(deleted_definition.id) as d(id) where t.id = d.id;
  end if;

  if not (definition is null) then
    insert into belfry.definition (id, shard, revision, state, state_reason, user_id, name, business_id, labels, grams,
      spec, created_at, updated_at)
    select d.id, d.shard, d.revision, d.state, d.state_reason, d.user_id, d.name, d.business_id, d.labels::jsonb,
      string_to_array(d.grams, chr(31)), d.spec, d.created_at, d.updated_at
    from unnest(definition.id, definition.shard, definition.revision, definition.state, definition.state_reason,
      definition.user_id, definition.name, definition.business_id, definition.labels, definition.grams, definition.spec,
      definition.created_at, definition.updated_at) as d(id, shard, revision, state, state_reason, user_id, name,
      business_id, labels, grams, spec, created_at, updated_at)
    on conflict (id) do update set shard = excluded.shard, revision = excluded.revision, state = excluded.state,
      state_reason = excluded.state_reason, user_id = excluded.user_id, name = excluded.name,
      business_id = excluded.business_id, labels = excluded.labels, grams = excluded.grams, spec = excluded.spec,
      created_at = excluded.created_at, updated_at = excluded.updated_at;
  end if;

  if not (supervisor is null) then
    insert into belfry.supervisor (definition_id, shard, wake_at, supervision)
    select * from unnest(supervisor.definition_id, supervisor.shard, supervisor.wake_at, supervisor.supervision)
    on conflict (definition_id) do update
      set shard = excluded.shard, wake_at = excluded.wake_at, supervision = excluded.supervision;
  end if;

  if not (occurrence is null) then
    insert into belfry.occurrence (definition_id, scheduled_at, decided_at, shard, outcome, reason, instance_id)
    select * from unnest(occurrence.definition_id, occurrence.scheduled_at, occurrence.decided_at, occurrence.shard,
      occurrence.outcome, occurrence.reason, occurrence.instance_id)
    on conflict (definition_id, scheduled_at) do update set decided_at = excluded.decided_at,
      outcome = excluded.outcome, reason = excluded.reason, instance_id = excluded.instance_id;
  end if;

  if not (created is null) then
    insert into belfry.instance (id, shard, definition_id, user_id, business_id, labels, priority, keyed, created_at,
      wake_at, revision, state, spec, life)
    select c.id, c.shard, c.definition_id, c.user_id, c.business_id, c.labels::jsonb, c.priority, c.keyed,
      c.created_at, c.wake_at, c.revision, c.state, c.spec, c.life
    from unnest(created.id, created.shard, created.definition_id, created.user_id, created.business_id, created.labels,
      created.priority, created.keyed, created.created_at, created.wake_at, created.revision, created.state,
      created.spec, created.life) as c(id, shard, definition_id, user_id, business_id, labels, priority, keyed,
      created_at, wake_at, revision, state, spec, life)
    where c.state < 5;
    if 5 <= any (created.state) then
      insert into belfry.finished_instance (id, shard, definition_id, user_id, business_id, labels, priority, keyed,
        created_at, ended_at, revision, state, started_at, spec, life)
      select c.id, c.shard, c.definition_id, c.user_id, c.business_id, c.labels::jsonb, c.priority, c.keyed,
        c.created_at, c.ended_at, c.revision, c.state, c.started_at, c.spec, c.life
      from unnest(created.id, created.shard, created.definition_id, created.user_id, created.business_id,
        created.labels, created.priority, created.keyed, created.created_at, created.ended_at, created.revision,
        created.state, created.started_at, created.spec, created.life) as c(id, shard, definition_id, user_id,
        business_id, labels, priority, keyed, created_at, ended_at, revision, state, started_at, spec, life)
      where c.state >= 5;
    end if;
  end if;

  if not (changed is null) then
    update belfry.instance i
    set wake_at = c.wake_at, revision = c.revision, state = c.state, life = c.life
    from unnest(changed.id, changed.wake_at, changed.revision, changed.state, changed.life)
      as c(id, wake_at, revision, state, life)
    where i.id = c.id;
    get diagnostics touched = row_count;
    if touched <> cardinality(changed.id) then
      raise exception 'BF002: % of % changed instances are not there', cardinality(changed.id) - touched,
        cardinality(changed.id) using errcode = 'BF002';
    end if;
  end if;

  if not (finished is null) then
    with moved as (
      delete from belfry.instance i
      using unnest(finished.id, finished.ended_at, finished.revision, finished.state, finished.started_at,
        finished.life) as f(id, ended_at, revision, state, started_at, life)
      where i.id = f.id
      returning i.id, i.shard, i.definition_id, i.user_id, i.business_id, i.labels, i.priority, i.keyed, i.created_at,
        f.ended_at, f.revision, f.state, f.started_at, i.spec, f.life
    )
    insert into belfry.finished_instance (id, shard, definition_id, user_id, business_id, labels, priority, keyed,
      created_at, ended_at, revision, state, started_at, spec, life)
    select * from moved;
    get diagnostics touched = row_count;
    if touched <> cardinality(finished.id) then
      raise exception 'BF002: % of % finished instances are not there', cardinality(finished.id) - touched,
        cardinality(finished.id) using errcode = 'BF002';
    end if;
  end if;

  if not (revived is null) then
    with moved as (
      delete from belfry.finished_instance i
      using unnest(revived.id, revived.wake_at, revived.revision, revived.state, revived.life)
        as r(id, wake_at, revision, state, life)
      where i.id = r.id
      returning i.id, i.shard, i.definition_id, i.user_id, i.business_id, i.labels, i.priority, i.keyed, i.created_at,
        r.wake_at, r.revision, r.state, i.spec, r.life
    )
    insert into belfry.instance (id, shard, definition_id, user_id, business_id, labels, priority, keyed, created_at,
      wake_at, revision, state, spec, life)
    select * from moved;
    get diagnostics touched = row_count;
    if touched <> cardinality(revived.id) then
      raise exception 'BF002: % of % revived instances are not there', cardinality(revived.id) - touched,
        cardinality(revived.id) using errcode = 'BF002';
    end if;
  end if;

  if not (attempt is null) then
    insert into belfry.attempt (instance_id, number, shard, outcome, started_at, ended_at, detail)
    select * from unnest(attempt.instance_id, attempt.number, attempt.shard, attempt.outcome, attempt.started_at,
      attempt.ended_at, attempt.detail);
  end if;

  if not (dequeued is null) then
    delete from belfry.queue_entry q
    using unnest(dequeued.shard, dequeued.queue, dequeued.priority, dequeued.definition_id, dequeued.instance_id)
      as d(shard, queue, priority, definition_id, instance_id)
    where q.shard = d.shard and q.queue = d.queue and q.priority = d.priority
      and q.definition_id = d.definition_id and q.instance_id = d.instance_id;
  end if;

  if not (enqueued is null) then
    insert into belfry.queue_entry (shard, queue, priority, definition_id, instance_id)
    select * from unnest(enqueued.shard, enqueued.queue, enqueued.priority, enqueued.definition_id,
      enqueued.instance_id)
    on conflict do nothing;
  end if;

  if not (request is null) then
    insert into belfry.request (key, created_at, shard, fingerprint, answer)
    select * from unnest(request.key, request.created_at, request.shard, request.fingerprint, request.answer)
    on conflict (key) do update set created_at = excluded.created_at, shard = excluded.shard,
      fingerprint = excluded.fingerprint, answer = excluded.answer;
  end if;

  if not (event is null) then
    insert into belfry.event (shard, last_sequence, first_sequence, events)
    select * from unnest(event.shard, event.last_sequence, event.first_sequence, event.events);
  end if;

  return true;
end
`;
