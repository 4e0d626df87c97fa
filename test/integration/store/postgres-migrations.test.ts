import { Migrator } from "@mikro-orm/migrations";
import { Client } from "pg";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { migrate, openPostgresStore, pendingMigrations } from "../../../src/store/index.ts";
import { MIGRATIONS } from "../../../src/store/migrations/index.ts";
import { connectionOptions, openPool } from "../../../src/store/postgres/connection.ts";
import { openOrm } from "../../../src/store/postgres/orm.ts";
import { schemaDifference } from "../../../src/store/postgres/schema-difference.ts";
import { aPushState, aSession, aWorkItem } from "../../contract/store/given-approvals.ts";
import { silentLog } from "../../support/log.ts";
import { aDefinition, aSupervisor, anActorState, anEntry, anInstance, ended } from "../../support/records.ts";
import { ShardWriter } from "../../support/shard-writer.ts";
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

/** Brings the database to where that migration leaves it, forward or back. */
async function moveTo(which: "up" | "down", to: string): Promise<void> {
  const orm = await openOrm(url, openPool(connectionOptions(url), 1, silentLog));
  try {
    await new Migrator(orm.em)[which]({ to });
  } finally {
    await orm.close();
  }
}

const SINCE = ["0005-approvals", "0006-locks-and-configuration", "0007-executions", "0008-retention"];

it("a database in use gets approvals: what was there stays, nodes of the version before write on, and it can be taken back", async () => {
  await moveTo("up", "0004-actor-states");
  const store = await openPostgresStore({ url, log: silentLog });
  await store.shards.prepare(2);
  const node = await ShardWriter.over(store);
  const definition = aDefinition();
  const [waiting, finished] = [anInstance(), ended(anInstance(), "FAILED")];
  const state = anActorState();
  await node.write({
    definitions: [definition],
    supervisors: [aSupervisor(definition)],
    createdInstances: [waiting, finished],
    enqueued: [anEntry(waiting)],
    actorStates: [state],
    events: node.announce(0, "created"),
  });
  const whatWasThere = async () => ({
    definition: await store.queries.getDefinition(definition.id),
    instances: await store.queries.listInstances({}, null, 10),
    lanes: await store.actors.queueLanes([0, 1]),
    states: await store.actorStates.list("destination", { prefix: "" }, "", 10),
    events: await store.queries.readEvents(0, 0, 10),
  });
  const before = await whatWasThere();
  expect(before).toMatchObject({ states: [state], events: [{ name: "created" }] });

  expect(await pendingMigrations(url)).toEqual(SINCE);
  expect(await migrate(url, silentLog)).toEqual({ applied: SINCE });
  expect(await whatWasThere()).toEqual(before);
  expect(await schemaDifference(url, silentLog)).toBe("");

  const [session, workItem, pushState] = [aSession(), aWorkItem(), aPushState()];
  await node.write({ sessions: [session], workItems: [workItem], pushStates: [pushState], actorStates: [state] });
  // What the version before calls.
  await node.write({ actorStates: [state], events: node.announce(0, "created") });
  await node.write({ createdInstances: [anInstance()] });
  await node.write({ removedActorStates: [state], workItems: [{ ...workItem, revision: 2 }] });
  expect(await store.approvals.loadSessions([session.session.id])).toEqual([session]);
  expect(await store.approvals.loadWorkItems({ ids: [workItem.item.id] })).toMatchObject([{ revision: 2 }]);
  expect(await store.approvals.loadPushStates("session")).toEqual([pushState]);
  expect(await store.actorStates.load("destination", [state.id])).toEqual([]);
  expect(await store.queries.countInstances({})).toBe(3);

  await store.close();
  await moveTo("down", "0004-actor-states");
  expect(await pendingMigrations(url)).toEqual(SINCE);
  expect(await migrate(url, silentLog)).toEqual({ applied: SINCE });
  expect(await schemaDifference(url, silentLog)).toBe("");
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
