import { Client } from "pg";
import { migrate, openPostgresStore } from "../../../src/store/index.ts";
import type { Store } from "../../../src/ports/store/store.ts";
import { recordingLog, type RecordingLog } from "../../support/log.ts";
import { startTestPostgres } from "../../support/postgres.ts";

/** A migrated database of its own on the test server, and what a test needs beside a store. */
export interface DatabaseUnderTest {
  readonly url: string;
  readonly log: RecordingLog;
  openStore(): Promise<Store>;
  /** For looking into the tables, and for doing what an operator or an accident would. */
  query<Row extends object>(sql: string, values?: unknown[]): Promise<Row[]>;
  /** Empties all tables. */
  clear(): Promise<void>;
  stop(): Promise<void>;
}

export async function startDatabaseUnderTest(): Promise<DatabaseUnderTest> {
  const server = await startTestPostgres();
  const url = await server.createDatabase();
  const log = recordingLog();
  await migrate(url, log);
  const client = new Client({ connectionString: url });
  await client.connect();
  const query = async <Row extends object>(sql: string, values?: unknown[]): Promise<Row[]> =>
    (await client.query<Row>(sql, values)).rows;
  return {
    url,
    log,
    openStore: () => openPostgresStore({ url, log, poolSize: 4 }),
    query,
    async clear() {
      const tables = await query<{ name: string }>(
        `select format('%I.%I', schemaname, tablename) as name from pg_tables
         where schemaname = 'belfry' and tablename <> 'migration'`,
      );
      await query(`truncate ${tables.map(({ name }) => name).join(", ")}`);
    },
    async stop() {
      await client.end();
      await server.stop();
    },
  };
}
