import { sql } from "kysely";
import type { ExecutionFilter, InstanceFilter } from "../../ports/store/queries.ts";
import { storableText } from "./binary-columns.ts";
import type { Database } from "./database.ts";
import { EXECUTION_NAME, OF_EXECUTIONS, metadataContains, type SearchedExecutions } from "./filters.ts";

/** More names than any program has tasks. */
const MAX_NAMES = 1000;
/** So many that have the same in their metadata are sorted; if there are more, a walk from the newest on soon meets some. */
const MANY = 10_000;

/**
 * A filter of executions with what must be known first for the database to find them quickly: it cannot tell by itself how many a text or a piece of metadata
 * stands for.
 */
export async function searched(
  database: Database,
  filter: InstanceFilter,
): Promise<InstanceFilter & { readonly execution?: SearchedExecutions }> {
  const { execution } = filter;
  if (execution === undefined) return filter;
  const [names, isRare] = await Promise.all([namesFor(database, execution), isRareIn(database, execution)]);
  return { ...filter, execution: { ...execution, names, isRare } };
}

/**
 * The names that contain what is searched for. Names are few and executions are many: so the names are looked through, from one to the next by the
 * index, and executions are then found by name.
 */
async function namesFor(database: Database, { search = "" }: ExecutionFilter): Promise<readonly string[]> {
  if (search === "") return [];
  const wanted = storableText(search);
  const namesOf = (table: string) => sql`
    (with recursive each (name) as (
      (select ${EXECUTION_NAME} from ${sql.table(table)} where ${OF_EXECUTIONS} order by 1 limit 1)
      union all
      select (select ${EXECUTION_NAME} from ${sql.table(table)}
        where ${OF_EXECUTIONS} and ${EXECUTION_NAME} > each.name order by 1 limit 1)
      from each where each.name is not null
    ) select name from each where position(lower(${wanted}) in lower(name)) > 0 limit ${MAX_NAMES})`;
  const { rows } = await database.run((tables) =>
    sql<{ name: string }>`${namesOf("belfry.instance")} union ${namesOf("belfry.finished_instance")}`.execute(tables),
  );
  return rows.map(({ name }) => name);
}

/** Whether few of those that have ended have this in their metadata, as most often: a business id. */
async function isRareIn(database: Database, { metadata = {} }: ExecutionFilter): Promise<boolean> {
  if (Object.keys(metadata).length === 0) return false;
  const { rows } = await database.run((tables) =>
    sql<{ count: number }>`
      select count(*) as count from (
        select 1 from belfry.finished_instance where ${OF_EXECUTIONS} and ${metadataContains(metadata, true)} limit ${MANY}
      ) first
    `.execute(tables),
  );
  return (rows[0]?.count ?? 0) < MANY;
}
