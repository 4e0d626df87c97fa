import { Migration } from "@mikro-orm/migrations";

/**
 * Finished instances that change: more becomes known of an execution, and what is old is removed, beside the owners of shards, who may be about to change it.
 *
 * `journal_commit_4` is `journal_commit_3` (0005-approvals.ts) with two sections more. As there, the earlier one fences and counts for all, and what it did not
 * write now gets none of the new rows either. It takes what was added to finished instances (amended), which stay removed when they were; and revived ones as
 * whole rows, so that one that was removed since its owner read it can be there again. One that is in the wrong place still breaks the batch.
 *
 * `remove_occurrences` walks over the ledger for `src/store/postgres/retention.ts`: it jumps from definition to definition, and stops when it has looked at
 * enough, which a single query cannot be told. It always goes by the primary key, however few rows the planner expects.
 *
 * Tables of which a part is removed each night are cleaned by the number of dead rows and not by their share, which would leave days of them in the indexes.
 */
export class Retention extends Migration {
  override up(): void {
    this.addSql(`create type belfry.journal_amended_4 as (id text[], revision bigint[], life json[])`);
    this.addSql(`create function belfry.journal_commit_4(${[...PARAMETERS, "amended belfry.journal_amended_4", "revived_whole belfry.journal_created_1"].join(", ")})
      returns boolean language plpgsql as $body$${BODY}$body$`);
    this.addSql(
      `comment on function belfry.journal_commit_4 is 'As journal_commit_3, and writes what was added to finished instances. Those that were removed meanwhile may be revived, and are not amended.'`,
    );
    this.addSql(`create function belfry.remove_occurrences(from_definition text, from_at bigint, everybody bigint, own jsonb,
        most_rows int, most_definitions int, out removed int, out last_definition text, out last_at bigint)
      language plpgsql set enable_bitmapscan = off set enable_seqscan = off set enable_sort = off
      as $body$${REMOVE_OCCURRENCES}$body$`);
    this.addSql(
      `comment on function belfry.remove_occurrences is 'Removes old occurrences, by definition and due time, after a place; gives the place where it stopped, or null when there are no more.'`,
    );
    this.addSql(
      `comment on table belfry.finished_instance is 'Instances in a final state. Rows come and go (a caller may start one anew; what is old is removed), and what is known of an execution may grow.'`,
    );
    for (const table of TABLES) {
      this.addSql(
        `alter table belfry.${table} set (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 50000)`,
      );
    }
  }

  override down(): void {
    for (const table of TABLES) {
      this.addSql(`alter table belfry.${table} reset (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold)`);
    }
    this.addSql(
      `comment on table belfry.finished_instance is 'Instances in a final state. Rows come and go (a caller may start one anew), and never change.'`,
    );
    this.addSql(`drop function belfry.remove_occurrences`);
    this.addSql(`drop function belfry.journal_commit_4`);
    this.addSql(`drop type belfry.journal_amended_4`);
  }
}

const TABLES = ["finished_instance", "attempt", "occurrence", "event"];

/** Those of `journal_commit_3`, in its order. */
const PARAMETERS = [
  ...[
    "fence",
    "definition",
    "supervisor",
    "deleted_definition",
    "occurrence",
    "created",
    "changed",
    "finished",
    "revived",
    "attempt",
    "dequeued",
    "enqueued",
    "request",
    "event",
  ].map((section) => `${section} belfry.journal_${section}_1`),
  "actor_state belfry.journal_actor_state_2",
  ...["approval_session", "work_item", "push_state", "removed_actor_state"].map(
    (section) => `${section} belfry.journal_${section}_3`,
  ),
];

const BODY = `
#variable_conflict use_column
declare
  misplaced int;
begin
  if not belfry.journal_commit_3(${PARAMETERS.map((parameter) => parameter.split(" ", 1)[0]).join(", ")}) then
    return false;
  end if;

  if not (revived_whole is null) then
    delete from belfry.finished_instance i where i.id = any (revived_whole.id);
    insert into belfry.instance (id, shard, definition_id, user_id, business_id, labels, priority, keyed, created_at,
      wake_at, revision, state, spec, life)
    select r.id, r.shard, r.definition_id, r.user_id, r.business_id, r.labels::jsonb, r.priority, r.keyed,
      r.created_at, r.wake_at, r.revision, r.state, r.spec, r.life
    from unnest(revived_whole.id, revived_whole.shard, revived_whole.definition_id, revived_whole.user_id,
      revived_whole.business_id, revived_whole.labels, revived_whole.priority, revived_whole.keyed,
      revived_whole.created_at, revived_whole.wake_at, revived_whole.revision, revived_whole.state,
      revived_whole.spec, revived_whole.life) as r(id, shard, definition_id, user_id, business_id, labels, priority,
      keyed, created_at, wake_at, revision, state, spec, life);
  end if;

  if not (amended is null) then
    update belfry.finished_instance i
    set revision = a.revision, life = a.life
    from unnest(amended.id, amended.revision, amended.life) as a(id, revision, life)
    where i.id = a.id;
    select count(*) into misplaced from belfry.instance i where i.id = any (amended.id);
    if misplaced > 0 then
      raise exception 'BF002: % of % amended instances have not ended', misplaced, cardinality(amended.id)
        using errcode = 'BF002';
    end if;
  end if;

  return true;
end
`;

/** `own` has the cutoffs of users that are not everybody's. An outcome of 6 is BUFFERED. What somebody else changes right now is left to the next time. */
const REMOVE_OCCURRENCES = `
declare
  cutoff bigint;
  seen int;
  gone int;
begin
  removed := 0;
  last_at := from_at;
  select o.definition_id into last_definition from belfry.occurrence o
  where o.definition_id >= from_definition
  order by o.definition_id
  limit 1;
  if last_definition is distinct from from_definition then
    last_at := null;
  end if;

  for looked_into in 1..most_definitions loop
    exit when last_definition is null;
    select coalesce((own ->> d.user_id)::bigint, everybody) into cutoff from belfry.definition d
    where d.id = last_definition;
    cutoff := coalesce(cutoff, everybody);

    with page as materialized (
      select o.scheduled_at from belfry.occurrence o
      where o.definition_id = last_definition and o.scheduled_at < cutoff
        and o.scheduled_at > coalesce(last_at, -9223372036854775808)
      order by o.scheduled_at
      limit most_rows
    ),
    free as materialized (
      select o.scheduled_at from belfry.occurrence o
      where o.definition_id = last_definition and o.scheduled_at = any (array(select p.scheduled_at from page p))
        and o.decided_at < cutoff and o.outcome <> 6
        and not exists (select from belfry.instance i where i.id = o.instance_id)
      for update of o skip locked
    ),
    deleted as (
      delete from belfry.occurrence o
      where o.definition_id = last_definition and o.scheduled_at = any (array(select f.scheduled_at from free f))
      returning 1
    )
    select (select count(*) from page), (select max(p.scheduled_at) from page p), (select count(*) from deleted)
    into seen, last_at, gone;
    removed := removed + gone;
    most_rows := most_rows - seen;
    exit when most_rows <= 0;

    select o.definition_id into last_definition from belfry.occurrence o
    where o.definition_id > last_definition
    order by o.definition_id
    limit 1;
    last_at := null;
  end loop;
end
`;
