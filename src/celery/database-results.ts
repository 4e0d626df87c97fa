/** Results that Celery keeps in PostgreSQL: in its own table, or in that of django-celery-results. */
import { Pool } from "pg";
import type { CeleryResult } from "../domain/execution/celery-result.ts";
import type { Clock } from "../ports/clock.ts";
import { CLOSE_MS, RESULT_BYTES, inTime, unreachable } from "./bounds.ts";
import type { BackendStanding, CeleryResults } from "./celery-results.ts";
import { TABLES, tablesQuery } from "./result-tables.ts";
import type { FoundTable, ResultRow, ResultTable } from "./result-tables.ts";

export interface DatabaseBackend {
  readonly kind: "postgres";
  readonly url: string;
  /** For people. */
  readonly shown: string;
}

const CONNECTIONS = 4;
const IDLE_MS = 30_000;

/** What is asked of a table, with the one column that not every version of it has. */
interface Question {
  readonly table: ResultTable;
  readonly text: string;
}

export function databaseResults({ url, shown }: DatabaseBackend, clock: Clock): CeleryResults {
  const pool = new Pool({
    connectionString: url,
    application_name: "belfry, Celery's results",
    max: CONNECTIONS,
    idleTimeoutMillis: IDLE_MS,
    connectionTimeoutMillis: CLOSE_MS,
    // A connection whose answer does not come is closed.
    query_timeout: CLOSE_MS,
  });
  // An idle connection that breaks is no loss; the next question opens another.
  pool.on("error", () => {});
  const password = URL.parse(url)?.password;
  /** Undefined while there is no table: Celery makes it with the first result. */
  let questions: readonly Question[] | undefined;

  async function ask<Row extends object>(text: string, values: readonly unknown[]): Promise<readonly Row[]> {
    try {
      const { rows } = await inTime(clock, shown, pool.query<Row>(text, [...values]), () => {});
      return rows;
    } catch (error) {
      // A table that went, or changed, is looked for anew.
      questions = undefined;
      throw unreachable(shown, error, password);
    }
  }

  async function look(): Promise<readonly Question[]> {
    if (questions !== undefined) return questions;
    const found = await ask<FoundTable>(tablesQuery(), []);
    const there = TABLES.flatMap((table) => {
      const columns = found.find(({ name }) => name === table.name)?.columns;
      return columns === undefined ? [] : [{ table, text: table.query(columns, RESULT_BYTES) }];
    });
    if (there.length > 0) questions = there;
    return there;
  }

  return {
    async read(taskId): Promise<CeleryResult | null> {
      for (const { table, text } of await look()) {
        const [row] = await ask<ResultRow>(text, [taskId]);
        if (row !== undefined) return table.resultOf(row);
      }
      return null;
    },
    async describe(): Promise<BackendStanding> {
      const [row] = await ask<{ readonly version: string }>("select current_setting('server_version') as version", []);
      const names = (await look()).map(({ table }) => table.name);
      return {
        server: `PostgreSQL ${row?.version ?? "of unknown version"}`,
        tables: names.length === 0 ? null : names.join(", "),
      };
    },
    async close() {
      await pool.end().catch(() => {});
    },
  };
}
