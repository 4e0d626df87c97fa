import { sql } from "kysely";
import type { InstanceFilter } from "../../ports/store/queries.ts";
import { storableText } from "./binary-columns.ts";
import type { Database } from "./database.ts";
import { EXECUTION_NAME, OF_EXECUTIONS, type FoundExecutions } from "./filters.ts";

/** More names than any program has tasks. */
const MAX_NAMES = 1000;

/**
 * A search of executions by text, with the names that contain it. Names are few and executions are many: so the names are looked through, from one to
 * the next by the index, and executions are then found by name.
 */
export async function withNames(
  database: Database,
  filter: InstanceFilter,
): Promise<InstanceFilter & { readonly execution?: FoundExecutions }> {
  const { execution } = filter;
  const search = storableText(execution?.search ?? "");
  if (execution === undefined || search === "") return filter;
  const namesOf = (table: string) => sql`
    (with recursive each (name) as (
      (select ${EXECUTION_NAME} from ${sql.table(table)} where ${OF_EXECUTIONS} order by 1 limit 1)
      union all
      select (select ${EXECUTION_NAME} from ${sql.table(table)}
        where ${OF_EXECUTIONS} and ${EXECUTION_NAME} > each.name order by 1 limit 1)
      from each where each.name is not null
    ) select name from each where position(lower(${search}) in lower(name)) > 0 limit ${MAX_NAMES})`;
  const { rows } = await database.run((tables) =>
    sql<{ name: string }>`${namesOf("belfry.instance")} union ${namesOf("belfry.finished_instance")}`.execute(tables),
  );
  return { ...filter, execution: { ...execution, names: rows.map(({ name }) => name) } };
}
