import type { Config } from "../../config/index.ts";
import type { Log } from "../../ports/log.ts";
import { migrate, pendingMigrations } from "../../store/index.ts";
import { Failure } from "../failure.ts";
import { writeLine } from "../format/screen.ts";
import { counted } from "../format/words.ts";
import { openDatabase, reached } from "../node/database.ts";
import type { OpenedDatabase } from "../node/database.ts";
import type { Surroundings } from "../surroundings.ts";

export interface MigrateOptions {
  readonly surroundings: Surroundings;
  readonly config: Config;
  readonly log: Log;
  readonly onlyChecks: boolean;
}

/** @throws Failure when the database cannot be used, or when `onlyChecks` finds something pending. */
export async function migrateDatabase({ surroundings, config, log, onlyChecks }: MigrateOptions): Promise<void> {
  const { out, clock } = surroundings;
  const database = await openDatabase(config.database, clock, log);
  try {
    writeLine(out, onlyChecks ? await checked(database) : await migrated(database, log));
  } finally {
    await database.close();
  }
}

async function migrated({ url, place }: OpenedDatabase, log: Log): Promise<string> {
  const { applied } = await reached(place, () => migrate(url, log));
  if (applied.length === 0) return "The database is up to date.";
  return `${counted(applied.length, "migration")} applied: ${applied.join(", ")}.`;
}

async function checked({ url, place }: OpenedDatabase): Promise<string> {
  const pending = await reached(place, () => pendingMigrations(url));
  if (pending.length === 0) return "The database is up to date.";
  throw new Failure(
    `${counted(pending.length, "migration")} pending: ${pending.join(", ")}. "belfry migrate" applies them.`,
  );
}
