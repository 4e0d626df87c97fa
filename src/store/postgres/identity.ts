import { createHash } from "node:crypto";
import { Client } from "pg";
import { connectionOptions } from "./connection.ts";
import { reaching } from "./unavailable.ts";

/**
 * A short name of the database behind a URL, the same for whoever connects to it and another for every other one: two clusters that use the same
 * names on NATS by mistake are told apart by it.
 *
 * @throws StoreUnavailable when it cannot be reached.
 */
export async function databaseIdentity(url: string): Promise<string> {
  const client = new Client(connectionOptions(url));
  await reaching(() => client.connect());
  try {
    const { rows } = await client.query<{ server: string; database: string }>(
      `select (select system_identifier from pg_control_system())::text as server, oid::text as database
       from pg_database where datname = current_database()`,
    );
    const [row] = rows;
    return createHash("sha256").update(`${row?.server}/${row?.database}`).digest("base64url").slice(0, 16);
  } finally {
    await client.end();
  }
}
