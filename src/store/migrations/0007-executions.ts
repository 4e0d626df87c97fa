import { Migration } from "@mikro-orm/migrations";

/**
 * Executions: what their lists need.
 *
 * All executions are instances of definitions of the system, so the indexes are of those alone: other instances pay no more than a look at their
 * definition's id. What stands in an index of unfinished ones never changes, so that their updates stay HOT: metadata, which does change, is
 * indexed of finished ones only; unfinished ones are few, and looked through.
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
  }

  override down(): void {
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
