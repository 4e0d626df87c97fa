import type { Log } from "../../ports/log.ts";
import { Database } from "../../store/postgres/database.ts";

export const LEAST_DATABASE_VERSION = 15;

export interface DatabaseFacts {
  /** The major version, 18. */
  readonly version: number;
  /** As the server says it, `18.4`. */
  readonly versionText: string;
  /** What its clock says, epoch ms. */
  readonly nowAt: number;
}

/**
 * What a database says of itself, asked on a connection of its own.
 *
 * @throws StoreUnavailable when it is not reached; the driver's error when it refuses us.
 */
export async function databaseFacts(url: string, log: Log): Promise<DatabaseFacts> {
  const database = await Database.open(url, 1, log);
  try {
    const facts = await database.run((tables) =>
      tables
        .selectNoFrom((expression) => [
          expression.fn<string>("current_setting", [expression.val("server_version_num")]).as("versionNumber"),
          expression.fn<string>("current_setting", [expression.val("server_version")]).as("versionText"),
          expression
            .fn<number>("date_part", [expression.val("epoch"), expression.fn("clock_timestamp", [])])
            .as("nowSeconds"),
        ])
        .executeTakeFirstOrThrow(),
    );
    return {
      version: Math.floor(Number(facts.versionNumber) / 10_000),
      versionText: facts.versionText,
      nowAt: facts.nowSeconds * 1000,
    };
  } finally {
    await database.close();
  }
}
