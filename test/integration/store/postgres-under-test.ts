import { Client } from "pg";
import { migrate, openPostgresStore } from "../../../src/store/index.ts";
import type { Store } from "../../../src/ports/store/store.ts";
import type { StoredRows } from "../../contract/store/given-store.ts";
import { recordingLog, type RecordingLog } from "../../support/log.ts";
import { startTestPostgres } from "../../support/postgres.ts";

/** A migrated database of its own on the test server, and what a test needs beside a store. */
export interface DatabaseUnderTest {
  readonly url: string;
  readonly log: RecordingLog;
  openStore(): Promise<Store>;
  /** For looking into the tables, and for doing what an operator or an accident would. */
  query<Row extends object>(sql: string, values?: unknown[]): Promise<Row[]>;
  /** The rows of all tables. */
  rows(): Promise<StoredRows>;
  /** Waits until so many connections of that name (1 when left out) wait for a lock. */
  untilItWaits(application: string, connections?: number): Promise<void>;
  /** Empties all tables. */
  clear(): Promise<void>;
  stop(): Promise<void>;
}

const LEASES_AND_FENCES = new Set(["belfry.shard", "belfry.shard_log"]);

export async function startDatabaseUnderTest(): Promise<DatabaseUnderTest> {
  const server = await startTestPostgres();
  const url = await server.createDatabase();
  const log = recordingLog();
  await migrate(url, log);
  const client = new Client({ connectionString: url });
  await client.connect();
  const query = async <Row extends object>(sql: string, values?: unknown[]): Promise<Row[]> =>
    (await client.query<Row>(sql, values)).rows;
  const tables = async (): Promise<string[]> => {
    const found = await query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables
       where schemaname = 'belfry' and tablename <> 'migration' order by tablename`,
    );
    return found.map(({ name }) => name);
  };
  return {
    url,
    log,
    openStore: () => openPostgresStore({ url, log, poolSize: 4 }),
    query,
    async rows() {
      const shards: Record<string, unknown> = {};
      const others: Record<string, unknown> = {};
      for (const table of await tables()) {
        const rows = await query(`select * from ${table} as t order by t::text`);
        (LEASES_AND_FENCES.has(table) ? shards : others)[table] = rows;
      }
      return { shards, others };
    },
    async untilItWaits(application, connections = 1) {
      for (;;) {
        // In a transaction, which a test may have open, the first look would be kept.
        await query("select pg_stat_clear_snapshot()");
        const waiting = await query(
          `select from pg_stat_activity
           where application_name = $1 and datname = current_database() and wait_event_type = 'Lock'`,
          [application],
        );
        if (waiting.length >= connections) return;
      }
    },
    async clear() {
      await query(`truncate ${(await tables()).join(", ")}`);
    },
    async stop() {
      await client.end();
      await server.stop();
    },
  };
}
