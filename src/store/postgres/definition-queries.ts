import { sql, type RawBuilder } from "kysely";
import { searchGrams } from "../../domain/search.ts";
import type { DefinitionWithSupervision } from "../../ports/store/actors.ts";
import type { DefinitionFilter, ListCursor } from "../../ports/store/queries.ts";
import { storableText } from "./binary-columns.ts";
import type { Database } from "./database.ts";
import { definitionConditions } from "./filters.ts";
import { definitionOf, type DefinitionRow } from "./records.ts";

const COLUMNS = sql`d.id, d.shard, d.revision, d.state, d.state_reason, d.spec, d.created_at, d.updated_at, s.wake_at, s.supervision`;
const WITH_SUPERVISOR = sql`join belfry.supervisor s on s.definition_id = d.id`;

export async function loadDefinitions(
  database: Database,
  ids: readonly string[],
): Promise<readonly DefinitionWithSupervision[]> {
  if (ids.length === 0) return [];
  return select(
    database,
    sql`select ${COLUMNS} from belfry.definition d ${WITH_SUPERVISOR} where d.id = any (${ids.map(storableText)}::text[])`,
  );
}

export async function listDefinitions(
  database: Database,
  filter: DefinitionFilter,
  after: ListCursor | null,
  limit: number,
): Promise<readonly DefinitionWithSupervision[]> {
  return select(
    database,
    sql`
      select ${COLUMNS}
      from (
        select * from belfry.definition
        where ${definitionConditions(filter, after)}
        order by created_at desc, id desc
        limit ${limit}
      ) d ${WITH_SUPERVISOR}
      order by d.created_at desc, d.id desc`,
  );
}

/** Ids first: most candidates are not among the best, and need not be read whole. */
export async function searchDefinitions(
  database: Database,
  query: string,
  filter: DefinitionFilter,
  limit: number,
): Promise<readonly DefinitionWithSupervision[]> {
  const grams = searchGrams(query).map(storableText);
  if (grams.length === 0) return [];
  return select(
    database,
    sql`
      with best as (
        select id, created_at, (select count(*) from unnest(grams) as g(gram) where gram = any (${grams}::text[])) as shared
        from belfry.definition
        where grams && ${grams}::text[] and ${definitionConditions(filter, null)}
        order by shared desc, created_at desc, id desc
        limit ${limit}
      )
      select ${COLUMNS}
      from best join belfry.definition d on d.id = best.id ${WITH_SUPERVISOR}
      order by best.shared desc, best.created_at desc, best.id desc`,
  );
}

async function select(database: Database, query: RawBuilder<unknown>): Promise<readonly DefinitionWithSupervision[]> {
  const { rows } = await database.run((tables) => sql<DefinitionRow>`${query}`.execute(tables));
  return rows.map(definitionOf);
}
