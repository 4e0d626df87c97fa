import { Client, type QueryResult } from "pg";
import type { Log } from "../../ports/log.ts";
import { StoreUnavailable } from "../../ports/store/journal.ts";
import { connectionOptions } from "./connection.ts";
import { asStoreError, isUnavailability } from "./unavailable.ts";

/**
 * For the few statements that run over and over: one plan for all batches, which starts at the few rows of the batch and finds the others by
 * key, whatever the statistics say of a table that was empty a minute ago. A commit waits for others at most seconds.
 */
const SESSION = `
  set plan_cache_mode = force_generic_plan;
  set enable_hashjoin = off; set enable_mergejoin = off; set enable_seqscan = off;
  set jit = off;
  set default_transaction_isolation = 'read committed';
  set lock_timeout = '5s'`;

export interface Statement {
  readonly name: string;
  readonly text: string;
  readonly values: readonly (Buffer | null)[];
}

/**
 * The one connection on which the journal commits, one batch after the other in the order of the calls. It is made when first needed and anew
 * after a failure that says nothing about the batch. Then those that wait behind fail too, so that a batch never overtakes the one it builds
 * on: their callers send them again, in order.
 */
export class JournalConnection {
  readonly #url: string;
  readonly #log: Log;
  #client: Promise<Client> | null = null;
  /** Settles, and never fails, when all that was asked for is done. */
  #done: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(url: string, log: Log) {
    this.#url = url;
    this.#log = log;
  }

  /** @throws StoreUnavailable when it is not known whether the statement was carried out. */
  run<Row extends object>(statement: Statement): Promise<QueryResult<Row>> {
    const connecting = (this.#client ??= this.#connect());
    const answer = this.#done.then(() => this.#runNow<Row>(connecting, statement));
    this.#done = answer.catch(() => {});
    return answer;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#done;
    const connecting = this.#client;
    this.#client = null;
    const client = await connecting?.catch(() => null);
    await client?.end();
  }

  async #runNow<Row extends object>(connecting: Promise<Client>, statement: Statement): Promise<QueryResult<Row>> {
    try {
      const client = await connecting;
      if (this.#client !== connecting) throw new StoreUnavailable("The connection failed under an earlier commit");
      return await client.query<Row>({ ...statement, values: [...statement.values] });
    } catch (error) {
      if (isUnavailability(error)) this.#forget(connecting);
      throw asStoreError(error);
    }
  }

  #connect(): Promise<Client> {
    const connecting = this.#open((error) => {
      this.#log.warn("The journal's database connection was lost", { error });
      this.#forget(connecting);
    });
    // Also when nobody could be reached: the next call tries again.
    connecting.catch(() => this.#forget(connecting));
    return connecting;
  }

  async #open(whenLost: (error: Error) => void): Promise<Client> {
    if (this.#closed) throw new Error("The store is closed");
    const client = new Client({ ...connectionOptions(this.#url), application_name: "belfry journal" });
    client.on("error", whenLost);
    try {
      await client.connect();
      await client.query(SESSION);
      return client;
    } catch (error) {
      abandon(client);
      throw error;
    }
  }

  #forget(connecting: Promise<Client>): void {
    if (this.#client === connecting) this.#client = null;
    connecting.then(abandon, () => {});
  }
}

/** Closes a connection without waiting for the other side, which may never answer. What still waits on it fails. */
function abandon(client: Client): void {
  client.end().catch(() => {});
}
