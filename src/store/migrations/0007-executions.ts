import { Migration } from "@mikro-orm/migrations";

/**
 * Executions: what their lists need, and finished instances of which more is known later.
 *
 * All executions are instances of definitions of the system, so the indexes are of those alone: other instances pay no more than a look at their
 * definition's id. What stands in an index of unfinished ones never changes, so that their updates stay HOT: metadata, which does change, is
 * indexed of finished ones only; unfinished ones are few, and looked through.
 *
 * `journal_commit_4` is `journal_commit_3` (0005-approvals.ts) with one section more. As there, the earlier one fences and counts for all, and what it
 * did not write now gets none of the new rows either.
 */
export class Executions extends Migration {
  override up(): void {
    this.addSql(`create function belfry.execution_name(spec json) returns text
      language plpgsql immutable strict as $body$${nullWhenStrange("spec ->> 'name'")}$body$`);
    this.addSql(
      `comment on function belfry.execution_name is 'The name of an execution. Null when its document has what text cannot hold.'`,
    );
    this.addSql(`create function belfry.execution_metadata(life json) returns jsonb
      language plpgsql immutable strict as $body$${nullWhenStrange("(life -> 'metadata')::jsonb")}$body$`);
    this.addSql(
      `comment on function belfry.execution_metadata is 'The metadata of an execution, to search in. Null when it has what jsonb cannot hold.'`,
    );
    for (const table of ["instance", "finished_instance"]) {
      this.addSql(`create index ${table}_executions on belfry.${table} (created_at, id) where ${OF_EXECUTIONS}`);
      this.addSql(
        `create index ${table}_executions_by_module on belfry.${table} ((labels ->> 'module'::text), created_at, id) where ${OF_EXECUTIONS}`,
      );
      this.addSql(
        `create index ${table}_executions_by_name on belfry.${table} (belfry.execution_name(spec), created_at, id) where ${OF_EXECUTIONS}`,
      );
    }
    this.addSql(
      `create index finished_instance_executions_by_metadata on belfry.finished_instance using gin (belfry.execution_metadata(life) jsonb_path_ops) with (fastupdate = off) where ${OF_EXECUTIONS}`,
    );

    this.addSql(`create type belfry.journal_amended_4 as (id text[], revision bigint[], life json[])`);
    this.addSql(`create function belfry.journal_commit_4(${[...PARAMETERS, "amended belfry.journal_amended_4"].join(", ")})
      returns boolean language plpgsql as $body$${BODY}$body$`);
    this.addSql(
      `comment on function belfry.journal_commit_4 is 'As journal_commit_3, and writes what was added to finished instances.'`,
    );
    this.addSql(
      `comment on table belfry.finished_instance is 'Instances in a final state. Rows come and go (a caller may start one anew), and what is known of an execution may grow.'`,
    );
  }

  override down(): void {
    this.addSql(
      `comment on table belfry.finished_instance is 'Instances in a final state. Rows come and go (a caller may start one anew), and never change.'`,
    );
    this.addSql(`drop function belfry.journal_commit_4`);
    this.addSql(`drop type belfry.journal_amended_4`);
    this.addSql(`drop index belfry.finished_instance_executions_by_metadata`);
    for (const table of ["instance", "finished_instance"]) {
      for (const by of ["", "_by_module", "_by_name"]) this.addSql(`drop index belfry.${table}_executions${by}`);
    }
    this.addSql(`drop function belfry.execution_metadata, belfry.execution_name`);
  }
}

const OF_EXECUTIONS = "definition_id ^@ '$execution/'::text";

/** A strange document must never break the commit that it is part of: it is not found by this, that is all. */
function nullWhenStrange(expression: string): string {
  return `
begin
  return ${expression};
exception when data_exception then
  return null;
end
`;
}

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
  touched int;
begin
  if not belfry.journal_commit_3(${PARAMETERS.map((parameter) => parameter.split(" ", 1)[0]).join(", ")}) then
    return false;
  end if;

  if not (amended is null) then
    update belfry.finished_instance i
    set revision = a.revision, life = a.life
    from unnest(amended.id, amended.revision, amended.life) as a(id, revision, life)
    where i.id = a.id;
    get diagnostics touched = row_count;
    if touched <> cardinality(amended.id) then
      raise exception 'BF002: % of % amended instances are not there', cardinality(amended.id) - touched,
        cardinality(amended.id) using errcode = 'BF002';
    end if;
  end if;

  return true;
end
`;
