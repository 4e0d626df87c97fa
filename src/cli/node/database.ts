import type { DatabaseConfig } from "../../config/index.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import { StoreUnavailable } from "../../ports/store/journal.ts";
import { openEmbeddedPostgres } from "../../store/embedded/embedded-postgres.ts";
import { EmbeddedPostgresError } from "../../store/embedded/embedded-postgres-error.ts";
import type { EmbeddedPostgresErrorCode } from "../../store/embedded/embedded-postgres-error.ts";
import { Failure, sentenceOf } from "../failure.ts";
import { databaseFacts, LEAST_DATABASE_VERSION } from "./database-facts.ts";

/** A database that answers, embedded or elsewhere. */
export interface OpenedDatabase {
  readonly url: string;
  /** Where it is, for people; without a password. */
  readonly place: string;
  /** The process of the embedded server; undefined when there is none. */
  pid(): number | undefined;
  /** Stops the embedded server; leaves any other alone. Never rejects. */
  close(): Promise<void>;
}

/** @throws Failure when it cannot be used, with the reason on one line. */
export async function openDatabase(config: DatabaseConfig, clock: Clock, log: Log): Promise<OpenedDatabase> {
  if (config.kind === "embedded") return await openEmbedded(config.dataDir, clock, log);
  const place = config.shown;
  const { version, versionText } = await reached(place, () => databaseFacts(config.url, log));
  if (version < LEAST_DATABASE_VERSION) {
    throw new Failure(
      `The database ${place} is PostgreSQL ${versionText}, and Belfry needs ${LEAST_DATABASE_VERSION} or later.`,
    );
  }
  return { url: config.url, place, pid: () => undefined, close: async () => {} };
}

async function openEmbedded(dataDir: string, clock: Clock, log: Log): Promise<OpenedDatabase> {
  try {
    const server = await openEmbeddedPostgres({ dataDir, log, clock });
    return {
      url: server.url,
      place: `embedded PostgreSQL in ${dataDir}`,
      pid: () => server.pid(),
      close: () => server.close(),
    };
  } catch (error) {
    if (error instanceof EmbeddedPostgresError) {
      const hint = HINTS[error.code];
      const sentence = sentenceOf(error);
      throw new Failure(hint === undefined ? sentence : `${sentence.replace(/\.$/, "")}. ${hint}`, { cause: error });
    }
    throw error;
  }
}

/** What the message of the error does not say by itself. */
const HINTS: Readonly<Partial<Record<EmbeddedPostgresErrorCode, string>>> = {
  IN_USE: "Stop that one first, or choose another BELFRY_DATA_DIR.",
  FOLDER_UNUSABLE: "Otherwise set BELFRY_DATABASE_URL to a PostgreSQL server.",
};

/** Runs what asks the database. @throws Failure that says what the database answered, or that it did not. */
export async function reached<Answer>(place: string, work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    throw new Failure(`The database ${place} cannot be used: ${causeOf(error)}`, { cause: error });
  }
}

/** The driver's own words, without those of the store above it. */
function causeOf(error: unknown): string {
  return sentenceOf(error instanceof StoreUnavailable && error.cause !== undefined ? error.cause : error);
}
