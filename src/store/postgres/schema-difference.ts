import type { Log } from "../../ports/log.ts";
import { openPool, patientConnectionOptions } from "./connection.ts";
import { openOrm } from "./orm.ts";

/**
 * The statements that would make the tables of a migrated database those that the entities describe; empty when they are. It sees tables,
 * columns, keys, comments and indexes (of GIN indexes the name only), and not what is a matter of storage.
 */
export async function schemaDifference(url: string, log: Log): Promise<string> {
  const orm = await openOrm(url, openPool(patientConnectionOptions(url), 1, log));
  try {
    return (await orm.schema.getUpdateSchemaSQL({ wrap: false })).trim();
  } finally {
    await orm.close();
  }
}
