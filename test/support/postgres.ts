import { randomBytes } from "node:crypto";
import { run, startPostgresServer } from "./postgres-server.ts";

/** A PostgreSQL for integration tests. */
export interface TestPostgres {
  /** Its database `postgres`, for looking around; tests work in databases of their own. */
  url: string;
  /** Makes an empty database and gives its URL. It goes with the server, or at `stop`. */
  createDatabase(): Promise<string>;
  /** Ends it and removes everything. It is shared by a test process, so only the last stop does. */
  stop(): Promise<void>;
}

/** It is never killed and started again, so it need not remember anything. */
const SETTINGS = "synchronous_commit = off";

let shared: Promise<TestPostgres> | undefined;
let users = 0;

/**
 * Starts the PostgreSQL of this test process, or shares the one that runs already.
 *
 * - `BELFRY_TEST_DATABASE_URL`: use that server; its user must be allowed to create databases.
 * - `BELFRY_TEST_POSTGRES_BIN`: start the programs of that folder (say `/usr/lib/postgresql/15/bin`) instead of the embedded
 *   ones.
 */
export async function startTestPostgres(): Promise<TestPostgres> {
  users += 1;
  const existing = process.env["BELFRY_TEST_DATABASE_URL"];
  shared ??= existing ? useServer(existing) : startServer();
  const server = await shared;
  let stopped = false;
  return {
    ...server,
    async stop() {
      if (stopped) return;
      stopped = true;
      users -= 1;
      if (users > 0) return;
      shared = undefined;
      await server.stop();
    },
  };
}

async function useServer(url: string): Promise<TestPostgres> {
  const made: string[] = [];
  return {
    url,
    async createDatabase() {
      const name = `belfry_test_${randomBytes(8).toString("hex")}`;
      await run(url, `create database ${name}`);
      made.push(name);
      const own = new URL(url);
      own.pathname = `/${name}`;
      return own.href;
    },
    async stop() {
      for (const name of made.splice(0)) await run(url, `drop database if exists ${name} with (force)`);
    },
  };
}

async function startServer(): Promise<TestPostgres> {
  const server = await startPostgresServer({ settings: SETTINGS });
  return {
    url: server.urlOf("postgres"),
    createDatabase: () => server.createDatabase(),
    stop: async () => server[Symbol.asyncDispose](),
  };
}
