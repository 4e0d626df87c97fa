import { Migration } from "@mikro-orm/migrations";

/**
 * Actors whose whole state is one document, and what the lists of dispatches need.
 *
 * `journal_commit_2` is `journal_commit_1` (0002-journal.ts) with one section more. The first one still fences and counts for both, so nodes of
 * this version and of the one before write side by side: a batch that it did not write now, because it was fenced or written before, gets
 * none of the new rows either.
 */
export class ActorStates extends Migration {
  override up(): void {
    this.addSql(`create table belfry.actor_state (
      kind smallint not null, id text collate "C" not null, shard int not null, updated_at bigint not null,
      state json not null, primary key (kind, id)
    ) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000)`);
    this.addSql(`alter table belfry.actor_state alter state set storage external`);
    this.addSql(`comment on table belfry.actor_state is 'Actors whose whole state is one document'`);
    this.addSql(`comment on column belfry.actor_state.kind is '1 destination'`);

    this.addSql(`create type belfry.journal_actor_state_2 as (${ACTOR_STATE})`);
    this.addSql(`create function belfry.journal_commit_2(
      ${FIRST_SECTIONS.map((section) => `${section} belfry.journal_${section}_1`).join(", ")},
      actor_state belfry.journal_actor_state_2
    ) returns boolean language plpgsql as $body$${BODY}$body$`);
    this.addSql(
      `comment on function belfry.journal_commit_2 is 'As journal_commit_1, and writes the states of actors that are one document.'`,
    );

    this.addSql(`comment on column belfry.attempt.detail is 'series, workerId, error, exchange'`);

    // An index of dispatches alone, whatever part of all instances they are: lists of them walk past no others.
    for (const table of ["instance", "finished_instance"]) {
      this.addSql(`comment on column belfry.${table}.keyed is 'Has a unique, ordering, supersede or concurrency key'`);
      this.addSql(`create index ${table}_dispatches on belfry.${table} (created_at, id) where id ^@ 'wf_'::text`);
    }
  }

  override down(): void {
    for (const table of ["instance", "finished_instance"]) {
      this.addSql(`drop index belfry.${table}_dispatches`);
      this.addSql(`comment on column belfry.${table}.keyed is 'Has a unique, ordering or concurrency key'`);
    }
    this.addSql(`comment on column belfry.attempt.detail is 'series, workerId, error'`);
    this.addSql(`drop function belfry.journal_commit_2`);
    this.addSql(`drop type belfry.journal_actor_state_2`);
    this.addSql(`drop table belfry.actor_state`);
  }
}

/** Those of `journal_commit_1`, in its order. */
const FIRST_SECTIONS = [
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
];

const ACTOR_STATE = "kind smallint[], id text[], shard int[], updated_at bigint[], state json[]";

const BODY = `
#variable_conflict use_column
begin
  if not belfry.journal_commit_1(${FIRST_SECTIONS.join(", ")}) then
    return false;
  end if;

  if not (actor_state is null) then
    insert into belfry.actor_state (kind, id, shard, updated_at, state)
    select * from unnest(actor_state.kind, actor_state.id, actor_state.shard, actor_state.updated_at, actor_state.state)
    on conflict (kind, id) do update
      set shard = excluded.shard, updated_at = excluded.updated_at, state = excluded.state;
  end if;

  return true;
end
`;
