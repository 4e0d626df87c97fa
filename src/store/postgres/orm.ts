import { PostgresDialect, type PostgresPool } from "kysely";
import { MikroORM, type InferKyselyDB } from "@mikro-orm/postgresql";
import { Client } from "pg";
import { MIGRATIONS } from "../migrations/index.ts";
import { ENTITIES } from "./entities/index.ts";

/** MikroORM on a pool of ours: the schema it knows, migrations, and typed queries through its Kysely. */
export function openOrm(url: string, pool: PostgresPool) {
  return MikroORM.init({
    entities: ENTITIES,
    dbName: new Client({ connectionString: url }).database,
    schema: "belfry",
    driverOptions: new PostgresDialect({ pool }),
    logger: () => {},
    // The journal's function stands in a migration only.
    schemaGenerator: { disableForeignKeys: false, ignoreRoutines: true },
    migrations: { tableName: "migration", migrationsList: MIGRATIONS, snapshot: false, disableForeignKeys: false },
  });
}

export type Orm = Awaited<ReturnType<typeof openOrm>>;

/** The columns of each table, as queries see them. */
export type Tables = InferKyselyDB<(typeof ENTITIES)[number]>;
