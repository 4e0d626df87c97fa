import { Migrator } from "@mikro-orm/migrations";
import { Client } from "pg";
import type { Log } from "../../ports/log.ts";
import { MIGRATIONS } from "../migrations/index.ts";
import { openPool, patientConnectionOptions } from "./connection.ts";
import { openOrm } from "./orm.ts";
import { reaching } from "./unavailable.ts";

/** Any number that no other program locks; the letters of "belfry". */
const MIGRATION_LOCK = 0x62_65_6c_66_72_79;

/**
 * Brings the database up to this version. Several nodes may do so at once: one of them does it, the others wait and find nothing left.
 * All or nothing: a migration that fails takes those before it back.
 *
 * @returns the names of the migrations that this call applied, in order.
 * @throws StoreUnavailable when the database is not reached.
 */
export async function migrate(url: string, log: Log): Promise<{ applied: string[] }> {
  return onConnection(url, async (client) => {
    await client.query("select pg_advisory_lock($1)", [MIGRATION_LOCK]);
    const orm = await openOrm(url, openPool(patientConnectionOptions(url), 1, log));
    try {
      const applied = (await new Migrator(orm.em).up()).map(({ name }) => name);
      if (applied.length > 0) log.info("The database was migrated", { applied });
      return { applied };
    } finally {
      await orm.close();
    }
  });
}

/**
 * The names of the migrations that the database still lacks, in order. Changes nothing.
 *
 * @throws StoreUnavailable when the database is not reached.
 */
export async function pendingMigrations(url: string): Promise<string[]> {
  return onConnection(url, async (client) => {
    const { rows: tables } = await client.query("select to_regclass('belfry.migration') as migration");
    const applied = tables[0].migration === null ? [] : (await client.query("select name from belfry.migration")).rows;
    const names = new Set<string>(applied.map(({ name }) => name));
    return MIGRATIONS.map(({ name }) => name).filter((name) => !names.has(name));
  });
}

/** On a connection of its own, which takes its locks with it. */
async function onConnection<Answer>(url: string, work: (client: Client) => Promise<Answer>): Promise<Answer> {
  const client = new Client(patientConnectionOptions(url));
  // The loss of it fails what runs on it; the event says the same once more.
  client.on("error", () => {});
  return reaching(async () => {
    try {
      await client.connect();
      return await work(client);
    } finally {
      await client.end();
    }
  });
}
