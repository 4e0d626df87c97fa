import { Client } from "pg";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { migrate, openPostgresStore, pendingMigrations } from "../../../src/store/index.ts";
import { MIGRATIONS } from "../../../src/store/migrations/index.ts";
import { schemaDifference } from "../../../src/store/postgres/schema-difference.ts";
import { silentLog } from "../../support/log.ts";
import { startTestPostgres, type TestPostgres } from "../../support/postgres.ts";

const ALL = MIGRATIONS.map(({ name }) => name);
let server: TestPostgres;
let url: string;

beforeAll(async () => {
  server = await startTestPostgres();
});

afterAll(() => server.stop());

beforeEach(async () => {
  url = await server.createDatabase();
});

async function execute(...statements: string[]): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

it("a fresh database lacks all migrations, and none when it was migrated", async () => {
  expect(await pendingMigrations(url)).toEqual(ALL);
  expect(await pendingMigrations(url), "asking changes nothing").toEqual(ALL);
  expect(await migrate(url, silentLog)).toEqual({ applied: ALL });
  expect(await pendingMigrations(url)).toEqual([]);
  expect(await migrate(url, silentLog)).toEqual({ applied: [] });
});

it("of nodes that migrate at the same moment one does it, and the others find it done", async () => {
  const outcomes = await Promise.all(Array.from({ length: 5 }, () => migrate(url, silentLog)));
  expect(outcomes.map(({ applied }) => applied).filter((applied) => applied.length > 0)).toEqual([ALL]);
  const store = await openPostgresStore({ url, log: silentLog });
  expect(await store.shards.prepare(2)).toBe(2);
  await store.close();
});

it("a migration that fails takes the ones before it back", async () => {
  await execute("create schema belfry", "create type belfry.journal_event_1 as (in_the_way text)");
  await expect(migrate(url, silentLog)).rejects.toThrow(/already exists/u);
  expect(await pendingMigrations(url)).toEqual(ALL);
  await execute("drop type belfry.journal_event_1");
  expect(await migrate(url, silentLog)).toEqual({ applied: ALL });
});

it("the migrations make the tables that the entities describe", async () => {
  await migrate(url, silentLog);
  expect(await schemaDifference(url, silentLog)).toBe("");
});

it.each(
  [
    ["a column", "alter table belfry.request drop column answer"],
    ["a column's type", "alter table belfry.request alter priority type text"],
    ["an index", "drop index belfry.instance_by_wake"],
    [
      "a partial index's predicate",
      "drop index belfry.instance_by_key; create index instance_by_key on belfry.instance (definition_id, id)",
    ],
    ["a table", "drop table belfry.attempt"],
  ].map(([what, statement]) => [
    what!,
    statement!.replace("belfry.request alter priority", "belfry.instance alter priority"),
  ]),
)("%s that the migrations make otherwise is found", async (_what, statement) => {
  await migrate(url, silentLog);
  await execute(statement);
  expect(await schemaDifference(url, silentLog)).not.toBe("");
});
