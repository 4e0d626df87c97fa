import type { Kysely } from "kysely";
import type { Log } from "../../ports/log.ts";
import { connectionOptions, openPool } from "./connection.ts";
import { openOrm, type Orm, type Tables } from "./orm.ts";
import { reaching } from "./unavailable.ts";

/** All but the journal: reads, leases and cleaning up, on a pool of connections. */
export class Database {
  readonly #orm: Orm;

  private constructor(orm: Orm) {
    this.#orm = orm;
  }

  static async open(url: string, poolSize: number, log: Log): Promise<Database> {
    return new Database(await openOrm(url, openPool(connectionOptions(url), poolSize, log)));
  }

  /** @throws StoreUnavailable when the database was not reached, broke off or took too long. */
  run<Answer>(work: (tables: Kysely<Tables>) => Promise<Answer>): Promise<Answer> {
    return reaching(() => work(this.#orm.em.fork().getKysely().withSchema("belfry")));
  }

  close(): Promise<void> {
    return this.#orm.close();
  }
}
