import { Migration } from "@mikro-orm/migrations";

/**
 * The tables. What stands here beyond the entities (src/store/postgres/entities) is how they are kept on disk:
 *
 * - Rows that change all the time leave room in their page (fillfactor), so that a change of columns outside of every index stays in the page
 *   and touches no index (HOT).
 * - Their tables are cleaned early, by the number of dead rows and not by their share: they stay small whatever history there is.
 * - Opaque documents are stored as they come: compressing a batch of events costs the commit more than it saves.
 */
export class Tables extends Migration {
  override up(): void {
    this.addSql(`create schema if not exists belfry`);

    this.addSql(`create table belfry.shard (
      id int not null, epoch bigint not null, owner text, expires_at timestamptz, primary key (id)
    ) with (fillfactor = 20)`);
    this.addSql(`comment on table belfry.shard is 'Leases: who owns a shard, and until when'`);

    this.addSql(`create table belfry.shard_log (
      shard int not null, epoch bigint not null, commit_count bigint not null, last_sequence bigint not null,
      primary key (shard)
    ) with (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000)`);
    this.addSql(
      `comment on table belfry.shard_log is 'Fences: the epoch that may write a shard, and how far its log has come'`,
    );

    this.addSql(`create table belfry.definition (
      id text collate "C" not null, shard int not null, revision bigint not null, state smallint not null,
      state_reason text not null, user_id text collate "C" not null, name text not null,
      business_id text collate "C" not null, labels jsonb not null, grams text[] not null, spec json not null,
      created_at bigint not null, updated_at bigint not null, primary key (id)
    )`);
    this.addSql(
      `comment on table belfry.definition is 'Task definitions: what to run, and when. Changed by commands only.'`,
    );
    this.addSql(`comment on column belfry.definition.state is '1 ACTIVE, 2 PAUSED, 3 COMPLETED, 4 CANCELLED'`);
    this.addSql(`comment on column belfry.definition.grams is 'What a search by text is compared with'`);
    this.addSql(`create index definition_by_creation on belfry.definition (created_at, id)`);
    this.addSql(
      `create index definition_by_user on belfry.definition (user_id, created_at, id) where user_id <> ''::text`,
    );
    this.addSql(
      `create index definition_by_business_id on belfry.definition (business_id, created_at, id) where business_id <> ''::text`,
    );
    this.addSql(
      `create index definition_by_label on belfry.definition using gin (labels jsonb_path_ops) with (fastupdate = off) where labels <> '{}'::jsonb`,
    );
    this.addSql(
      `create index definition_by_gram on belfry.definition using gin (grams) with (gin_pending_list_limit = 256)`,
    );

    this.addSql(`create table belfry.supervisor (
      definition_id text collate "C" not null, shard int not null, wake_at bigint, supervision json not null,
      primary key (definition_id)
    ) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000)`);
    this.addSql(`alter table belfry.supervisor alter supervision set storage external`);
    this.addSql(`comment on table belfry.supervisor is 'What changes of a definition as it fires'`);
    this.addSql(`create index supervisor_by_wake on belfry.supervisor (wake_at, shard) where wake_at is not null`);

    this.addSql(`create table belfry.instance (
      id text collate "C" not null, shard int not null, definition_id text collate "C",
      user_id text collate "C" not null, business_id text collate "C" not null, labels jsonb not null,
      priority smallint not null, keyed boolean not null, created_at bigint not null, wake_at bigint,
      revision bigint not null, state smallint not null, spec json not null, life json not null, primary key (id)
    ) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000)`);
    this.addSql(`alter table belfry.instance alter spec set storage external, alter life set storage external`);
    this.addSql(
      `comment on table belfry.instance is 'Unfinished instances. Only wake_at, which changes rarely, and what never changes stand in an index or its predicate: so updates are HOT.'`,
    );
    this.addSql(`comment on column belfry.instance.keyed is 'Has a unique, ordering or concurrency key'`);
    this.addSql(
      `comment on column belfry.instance.state is '1 PENDING, 2 RUNNING, 3 BACKING_OFF, 4 PAUSED, 5 COMPLETED, 6 FAILED, 7 CANCELLED, 8 TIMED_OUT'`,
    );
    this.addSql(`create index instance_by_wake on belfry.instance (wake_at, shard) where wake_at is not null`);
    this.addSql(`create index instance_by_creation on belfry.instance (created_at, id)`);
    this.addSql(
      `create index instance_by_definition on belfry.instance (definition_id, created_at, id) where definition_id is not null`,
    );
    this.addSql(`create index instance_by_key on belfry.instance (definition_id, id) where keyed`);
    this.addSql(`create index instance_by_user on belfry.instance (user_id, created_at, id) where user_id <> ''::text`);
    this.addSql(
      `create index instance_by_business_id on belfry.instance (business_id, created_at, id) where business_id <> ''::text`,
    );
    this.addSql(
      `create index instance_by_label on belfry.instance using gin (labels jsonb_path_ops) with (fastupdate = off) where labels <> '{}'::jsonb`,
    );

    this.addSql(`create table belfry.finished_instance (
      id text collate "C" not null, shard int not null, definition_id text collate "C",
      user_id text collate "C" not null, business_id text collate "C" not null, labels jsonb not null,
      priority smallint not null, keyed boolean not null, created_at bigint not null, ended_at bigint not null,
      revision bigint not null, state smallint not null, started_at bigint, spec json not null, life json not null,
      primary key (id)
    )`);
    this.addSql(
      `alter table belfry.finished_instance alter spec set storage external, alter life set storage external`,
    );
    this.addSql(
      `comment on table belfry.finished_instance is 'Instances in a final state. Rows come and go (a caller may start one anew), and never change.'`,
    );
    this.addSql(`comment on column belfry.finished_instance.keyed is 'Has a unique, ordering or concurrency key'`);
    this.addSql(
      `comment on column belfry.finished_instance.state is '1 PENDING, 2 RUNNING, 3 BACKING_OFF, 4 PAUSED, 5 COMPLETED, 6 FAILED, 7 CANCELLED, 8 TIMED_OUT'`,
    );
    this.addSql(`create index finished_instance_by_creation on belfry.finished_instance (created_at, id)`);
    this.addSql(
      `create index finished_instance_by_definition on belfry.finished_instance (definition_id, created_at, id) where definition_id is not null`,
    );
    this.addSql(
      `create index finished_instance_unsuccessful on belfry.finished_instance (created_at, id) where state > 5`,
    );
    this.addSql(
      `create index finished_instance_unsuccessful_by_definition on belfry.finished_instance (definition_id, created_at, id) where state > 5`,
    );
    this.addSql(
      `create index finished_instance_by_user on belfry.finished_instance (user_id, created_at, id) where user_id <> ''::text`,
    );
    this.addSql(
      `create index finished_instance_by_business_id on belfry.finished_instance (business_id, created_at, id) where business_id <> ''::text`,
    );
    this.addSql(
      `create index finished_instance_by_label on belfry.finished_instance using gin (labels jsonb_path_ops) with (fastupdate = off) where labels <> '{}'::jsonb`,
    );

    this.addSql(`create table belfry.attempt (
      instance_id text collate "C" not null, number int not null, shard int not null, outcome smallint not null,
      started_at bigint not null, ended_at bigint not null, detail json not null,
      primary key (instance_id, number)
    )`);
    this.addSql(`comment on table belfry.attempt is 'Attempts that are over'`);
    this.addSql(
      `comment on column belfry.attempt.outcome is '1 SUCCEEDED, 2 FAILED, 3 TIMED_OUT, 4 CANCELLED, 5 LOST'`,
    );
    this.addSql(`comment on column belfry.attempt.detail is 'series, workerId, error'`);

    this.addSql(`create table belfry.occurrence (
      definition_id text collate "C" not null, scheduled_at bigint not null, decided_at bigint not null,
      shard int not null, outcome smallint not null, reason text not null, instance_id text,
      primary key (definition_id, scheduled_at)
    )`);
    this.addSql(
      `comment on table belfry.occurrence is 'The ledger: each due time of a definition, and what became of it'`,
    );
    this.addSql(
      `comment on column belfry.occurrence.outcome is '1 FIRED, 2 SKIPPED_OVERLAP, 3 MISSED, 4 PAUSED, 5 DROPPED, 6 BUFFERED'`,
    );

    this.addSql(`create table belfry.queue_entry (
      shard int not null, queue text collate "C" not null, priority smallint not null,
      definition_id text collate "C" not null, instance_id text collate "C" not null,
      primary key (shard, queue, priority, definition_id, instance_id)
    ) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000)`);
    this.addSql(`comment on table belfry.queue_entry is 'Instances that wait for a worker'`);

    this.addSql(`create table belfry.request (
      key text collate "C" not null, created_at bigint not null, shard int not null, fingerprint text not null,
      answer text not null, primary key (key)
    )`);
    this.addSql(`comment on table belfry.request is 'The answers that commands gave, by request id'`);
    this.addSql(`create index request_by_creation on belfry.request (created_at)`);

    this.addSql(`create table belfry.event (
      shard int not null, last_sequence bigint not null, first_sequence bigint not null, events json not null,
      primary key (shard, last_sequence)
    )`);
    this.addSql(`alter table belfry.event alter events set storage external`);
    this.addSql(
      `comment on table belfry.event is 'The log of status events: one row for those of a shard that were committed together'`,
    );
    this.addSql(`comment on column belfry.event.events is '[resource, id, name, at, data], by sequence'`);
  }

  override down(): void {
    this.addSql(`drop table belfry.event, belfry.request, belfry.queue_entry, belfry.occurrence, belfry.attempt,
      belfry.finished_instance, belfry.instance, belfry.supervisor, belfry.definition, belfry.shard_log, belfry.shard`);
  }
}
