import type { PostgresPool, PostgresPoolClient } from "kysely";
import { Pool, TypeOverrides, type ClientConfig, type QueryResult } from "pg";
import type { Log } from "../../ports/log.ts";
import { isConnectionLoss } from "./unavailable.ts";

const CONNECT_TIMEOUT_MS = 5_000;
/** The server gives a statement up first; then it is known not to have been done. */
const STATEMENT_TIMEOUT_MS = 10_000;
/** The client gives up next: the server, or the way to it, is gone. */
const ANSWER_TIMEOUT_MS = 12_000;

const INT8_OID = 20;
const TIMESTAMPTZ_OID = 1184;

/** For migrations, which may take as long as they need. */
export function patientConnectionOptions(url: string): ClientConfig {
  return { ...connectionOptions(url), statement_timeout: 0, query_timeout: 0 };
}

/** What all connections to the database have in common. */
export function connectionOptions(url: string): ClientConfig {
  const types = new TypeOverrides();
  // All that is kept as bigint (instants, counts) JavaScript holds exactly.
  types.setTypeParser(INT8_OID, Number);
  types.setTypeParser(TIMESTAMPTZ_OID, String);
  return {
    connectionString: url,
    application_name: "belfry",
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: ANSWER_TIMEOUT_MS,
    keepAlive: true,
    types,
  };
}

/**
 * A pool, as Kysely takes it, that keeps no broken connection: one that was lost, or whose answer did not come in time, is closed and not
 * handed out again. Connections are made when needed, so an outage of the database is over for the pool when it is over for the database.
 */
export function openPool(options: ClientConfig, size: number, log: Log): PostgresPool {
  const pool = new Pool({ ...options, max: size });
  surviveLoss(pool, log);
  return {
    options: pool.options,
    async connect() {
      const client = await pool.connect();
      let broken = false;
      const query = async (text: string, values: unknown[]): Promise<QueryResult> => {
        try {
          return await client.query(text, values);
        } catch (error) {
          broken ||= isConnectionLoss(error);
          throw error;
        }
      };
      // Kysely could also pass a cursor, to stream rows; nobody streams here.
      return { query: query as unknown as PostgresPoolClient["query"], release: () => client.release(broken) };
    },
    end: () => pool.end(),
  };
}

/**
 * Without listeners the loss of a connection would end the process. What was under way fails by itself. When the pool ends, its connections
 * close a moment later than it says; nobody misses them then.
 */
function surviveLoss(pool: Pool, log: Log): void {
  pool.on("error", (error) => {
    if (!pool.ending) log.warn("An idle database connection was lost", { error });
  });
  pool.on("connect", (client) => client.on("error", () => {}));
}
