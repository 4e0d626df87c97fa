import { sql } from "kysely";
import type { Log } from "../../ports/log.ts";
import type { Store } from "../../ports/store/store.ts";
import { PostgresActorStates } from "./actor-states.ts";
import { PostgresActors } from "./actors.ts";
import { PostgresApprovals } from "./approvals.ts";
import { PostgresCursors } from "./cursors.ts";
import { Database } from "./database.ts";
import { JournalConnection } from "./journal-connection.ts";
import { PostgresJournal } from "./journal.ts";
import { PostgresQueries } from "./queries.ts";
import { PostgresRetention } from "./retention.ts";
import { PostgresShards } from "./shards.ts";

const DEFAULT_POOL_SIZE = 8;

export interface PostgresStoreOptions {
  /** `postgres://user:password@host:port/database`, with `?host=/folder` for a socket; other parameters as `pg` takes them. */
  readonly url: string;
  readonly log: Log;
  /** Connections for reads and leases, beside the journal's one. Default 8. */
  readonly poolSize?: number;
}

/**
 * The store on PostgreSQL 15 to 18. Connects, and expects a database that `migrate` has brought up to date.
 *
 * @throws StoreUnavailable when the database is not reached.
 */
export async function openPostgresStore({
  url,
  log,
  poolSize = DEFAULT_POOL_SIZE,
}: PostgresStoreOptions): Promise<Store> {
  const database = await Database.open(url, poolSize, log);
  const connection = new JournalConnection(url, log);
  const store: Store = {
    journal: new PostgresJournal(connection),
    shards: new PostgresShards(database),
    actors: new PostgresActors(database),
    queries: new PostgresQueries(database),
    cursors: new PostgresCursors(database),
    actorStates: new PostgresActorStates(database),
    approvals: new PostgresApprovals(database),
    retention: new PostgresRetention(database),
    async ping() {
      await database.run((tables) => sql`select 1`.execute(tables));
    },
    async close() {
      await Promise.all([connection.close(), database.close()]);
    },
  };
  try {
    await store.ping();
  } catch (error) {
    await store.close();
    throw error;
  }
  return store;
}
