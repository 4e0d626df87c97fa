import { Migration } from "@mikro-orm/migrations";

/**
 * Approvals: sessions, their work items, and what platforms were told of them. Of pushes, what their lists need.
 *
 * `journal_commit_3` is `journal_commit_2` (0004-actor-states.ts) with their sections more, and that of states of actors that are removed. As
 * there, the earlier one fences and counts for all, and what it did not write now gets none of the new rows either.
 */
export class Approvals extends Migration {
  override up(): void {
    this.addSql(`create table belfry.approval_session (
      id text collate "C" not null, shard int not null, app_id text collate "C" not null, state smallint not null,
      creator text collate "C" not null, created_at bigint not null, finished_at bigint, deleted_at bigint,
      archived_at bigint, updated_at bigint not null, updated_day int not null, document json not null, primary key (id)
    ) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000)`);
    this.addSql(`alter table belfry.approval_session alter document set storage external`);
    this.addSql(
      `comment on table belfry.approval_session is 'Approvals, as the process system tells of them. Only updated_day, of what changes in a life, stands in an index: so updates on one day are HOT.'`,
    );
    this.addSql(
      `comment on column belfry.approval_session.state is '1 DRAFT, 2 RUNNING, 3 SUSPENDED, 4 COMPLETED, 5 ABORTED, 6 REJECTED, 7 REVOKED'`,
    );
    this.addSql(`comment on column belfry.approval_session.creator is 'Number of the person who began it'`);
    this.addSql(
      `comment on column belfry.approval_session.updated_day is 'updated_at in days: what changed since some day is found by it'`,
    );
    this.addSql(`create index approval_session_by_creation on belfry.approval_session (created_at, id)`);
    this.addSql(`create index approval_session_by_app on belfry.approval_session (app_id, created_at, id)`);
    this.addSql(`create index approval_session_by_creator on belfry.approval_session (creator, created_at, id)`);
    this.addSql(`create index approval_session_by_update on belfry.approval_session (updated_day, created_at, id)`);

    this.addSql(`create table belfry.work_item (
      id text collate "C" not null, session_id text collate "C" not null, shard int not null,
      app_id text collate "C" not null, node_id text not null, state smallint not null, assignees text[] not null,
      created_at bigint not null, finished_at bigint, updated_at bigint not null, updated_day int not null, document json not null,
      primary key (id)
    ) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000)`);
    this.addSql(`alter table belfry.work_item alter document set storage external`);
    this.addSql(
      `comment on table belfry.work_item is 'What somebody has to do in an approval, or did. Only assignees and updated_day, of what changes in a life, stand in an index: so other updates on one day are HOT.'`,
    );
    this.addSql(`comment on column belfry.work_item.state is '1 OPEN, 2 CLAIMED, 3 DONE, 4 WITHDRAWN'`);
    this.addSql(`comment on column belfry.work_item.assignees is 'Numbers of those who have it now'`);
    this.addSql(
      `comment on column belfry.work_item.updated_day is 'updated_at in days: what changed since some day is found by it'`,
    );
    this.addSql(`create index work_item_by_creation on belfry.work_item (created_at, id)`);
    this.addSql(`create index work_item_by_app on belfry.work_item (app_id, created_at, id)`);
    this.addSql(`create index work_item_by_session on belfry.work_item (session_id, created_at, id)`);
    this.addSql(`create index work_item_by_assignee on belfry.work_item using gin (assignees) with (fastupdate = off)`);
    this.addSql(`create index work_item_by_update on belfry.work_item (updated_day, created_at, id)`);

    this.addSql(`create table belfry.push_state (
      platform_id text collate "C" not null, third_id text collate "C" not null, shard int not null,
      session_id text collate "C" not null, work_item_id text not null, status text,
      assignees text[] not null, push_id text not null, at bigint not null,
      failures int not null, failed_push_id text, failed_at bigint, failed_permanently boolean,
      primary key (platform_id, third_id)
    ) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000)`);
    this.addSql(
      `comment on table belfry.push_state is 'What a platform was told, by its id of it, and how that went. Rows stay: one without status that names a push was to be forgotten, and is.'`,
    );
    this.addSql(`comment on column belfry.push_state.work_item_id is 'Empty: of the session as a whole'`);
    this.addSql(
      `comment on column belfry.push_state.status is 'As it was told last with success. Null: it knows nothing of it, any more or yet'`,
    );
    this.addSql(`comment on column belfry.push_state.assignees is 'Numbers of those who have it there'`);
    this.addSql(`comment on column belfry.push_state.push_id is 'The push that said so. Empty: none did'`);
    this.addSql(
      `comment on column belfry.push_state.failures is 'Pushes that failed since; the last of them: failed_…'`,
    );
    this.addSql(`create index push_state_by_session on belfry.push_state (session_id, platform_id)`);

    this.addSql(
      `comment on column belfry.actor_state.kind is '1 destination, 2 platform, 3 trigger, 4 platform_change'`,
    );

    // An index of pushes alone: other instances pay no more than a look at their definition's id.
    for (const table of ["instance", "finished_instance"]) {
      this.addSql(
        `create index ${table}_pushes on belfry.${table} ((spec #>> '{action,platformId}'::text[]), created_at, id) where definition_id ^@ '$push/'::text`,
      );
    }

    for (const [section, columns] of Object.entries(SECTIONS)) {
      this.addSql(`create type belfry.journal_${section}_3 as (${columns})`);
    }
    this.addSql(`create function belfry.journal_commit_3(
      ${FIRST_SECTIONS.map((section) => `${section} belfry.journal_${section}_1`).join(", ")},
      actor_state belfry.journal_actor_state_2,
      ${Object.keys(SECTIONS)
        .map((section) => `${section} belfry.journal_${section}_3`)
        .join(", ")}
    ) returns boolean language plpgsql as $body$${BODY}$body$`);
    this.addSql(
      `comment on function belfry.journal_commit_3 is 'As journal_commit_2, and writes sessions, work items and what platforms were told of them, and removes states of actors.'`,
    );
  }

  override down(): void {
    for (const table of ["instance", "finished_instance"]) this.addSql(`drop index belfry.${table}_pushes`);
    this.addSql(`comment on column belfry.actor_state.kind is '1 destination'`);
    this.addSql(`drop function belfry.journal_commit_3`);
    for (const section of Object.keys(SECTIONS)) this.addSql(`drop type belfry.journal_${section}_3`);
    this.addSql(`drop table belfry.push_state, belfry.work_item, belfry.approval_session`);
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

const SECTIONS = {
  approval_session:
    "id text[], shard int[], app_id text[], state smallint[], creator text[], created_at bigint[], finished_at bigint[], deleted_at bigint[], archived_at bigint[], updated_at bigint[], document json[]",
  work_item:
    "id text[], session_id text[], shard int[], app_id text[], node_id text[], state smallint[], assignees text[], created_at bigint[], finished_at bigint[], updated_at bigint[], document json[]",
  push_state:
    "platform_id text[], third_id text[], shard int[], session_id text[], work_item_id text[], status text[], assignees text[], push_id text[], at bigint[], failures int[], failed_push_id text[], failed_at bigint[], failed_permanently boolean[]",
  removed_actor_state: "kind smallint[], id text[]",
} as const;

const DAY_MS = 86_400_000;

const BODY = `
#variable_conflict use_column
begin
  if not belfry.journal_commit_2(${FIRST_SECTIONS.join(", ")}, actor_state) then
    return false;
  end if;

  if not (approval_session is null) then
    insert into belfry.approval_session (id, shard, app_id, state, creator, created_at, finished_at, deleted_at,
      archived_at, updated_at, updated_day, document)
    select s.id, s.shard, s.app_id, s.state, s.creator, s.created_at, s.finished_at, s.deleted_at, s.archived_at,
      s.updated_at, s.updated_at / ${DAY_MS}, s.document
    from unnest(approval_session.id, approval_session.shard, approval_session.app_id, approval_session.state,
      approval_session.creator, approval_session.created_at, approval_session.finished_at, approval_session.deleted_at,
      approval_session.archived_at, approval_session.updated_at, approval_session.document) as s(id, shard, app_id,
      state, creator, created_at, finished_at, deleted_at, archived_at, updated_at, document)
    on conflict (id) do update set shard = excluded.shard, app_id = excluded.app_id, state = excluded.state,
      creator = excluded.creator, created_at = excluded.created_at, finished_at = excluded.finished_at,
      deleted_at = excluded.deleted_at, archived_at = excluded.archived_at, updated_at = excluded.updated_at,
      updated_day = excluded.updated_day, document = excluded.document;
  end if;

  if not (work_item is null) then
    -- A list of assignees comes as the text of an array.
    insert into belfry.work_item (id, session_id, shard, app_id, node_id, state, assignees, created_at, finished_at,
      updated_at, updated_day, document)
    select w.id, w.session_id, w.shard, w.app_id, w.node_id, w.state, w.assignees::text[], w.created_at, w.finished_at,
      w.updated_at, w.updated_at / ${DAY_MS}, w.document
    from unnest(work_item.id, work_item.session_id, work_item.shard, work_item.app_id, work_item.node_id,
      work_item.state, work_item.assignees, work_item.created_at, work_item.finished_at, work_item.updated_at,
      work_item.document) as w(id, session_id, shard, app_id, node_id, state, assignees, created_at, finished_at,
      updated_at, document)
    on conflict (id) do update set session_id = excluded.session_id, shard = excluded.shard, app_id = excluded.app_id,
      node_id = excluded.node_id, state = excluded.state, assignees = excluded.assignees,
      created_at = excluded.created_at, finished_at = excluded.finished_at, updated_at = excluded.updated_at,
      updated_day = excluded.updated_day, document = excluded.document;
  end if;

  if not (push_state is null) then
    insert into belfry.push_state (platform_id, third_id, shard, session_id, work_item_id, status, assignees,
      push_id, at, failures, failed_push_id, failed_at, failed_permanently)
    select p.platform_id, p.third_id, p.shard, p.session_id, p.work_item_id, p.status, p.assignees::text[],
      p.push_id, p.at, p.failures, p.failed_push_id, p.failed_at, p.failed_permanently
    from unnest(push_state.platform_id, push_state.third_id, push_state.shard, push_state.session_id,
      push_state.work_item_id, push_state.status, push_state.assignees, push_state.push_id,
      push_state.at, push_state.failures, push_state.failed_push_id, push_state.failed_at,
      push_state.failed_permanently)
      as p(platform_id, third_id, shard, session_id, work_item_id, status, assignees, push_id, at, failures,
      failed_push_id, failed_at, failed_permanently)
    on conflict (platform_id, third_id) do update set shard = excluded.shard, session_id = excluded.session_id,
      work_item_id = excluded.work_item_id, status = excluded.status, assignees = excluded.assignees,
      push_id = excluded.push_id, at = excluded.at, failures = excluded.failures,
      failed_push_id = excluded.failed_push_id, failed_at = excluded.failed_at,
      failed_permanently = excluded.failed_permanently;
  end if;

  if not (removed_actor_state is null) then
    delete from belfry.actor_state s using unnest(removed_actor_state.kind, removed_actor_state.id) as r(kind, id)
    where s.kind = r.kind and s.id = r.id;
  end if;

  return true;
end
`;
