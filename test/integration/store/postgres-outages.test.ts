import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { migrate, openPostgresStore, pendingMigrations } from "../../../src/store/index.ts";
import { StoreUnavailable } from "../../../src/ports/store/journal.ts";
import type { Store } from "../../../src/ports/store/store.ts";
import { silentLog } from "../../support/log.ts";
import { anInstance } from "../../support/records.ts";
import { ShardWriter } from "../../support/shard-writer.ts";
import { faultyLine, type FaultyLine } from "./faulty-line.ts";
import { startDatabaseUnderTest, type DatabaseUnderTest } from "./postgres-under-test.ts";

let database: DatabaseUnderTest;
let line: FaultyLine;
let store: Store;
let node: ShardWriter;

beforeAll(async () => {
  database = await startDatabaseUnderTest();
  line = await faultyLine(database.url);
});

afterAll(async () => {
  await line.close();
  await database.stop();
});

beforeEach(async () => {
  await database.clear();
  store = await openPostgresStore({ url: line.url, log: silentLog, poolSize: 2 });
  await store.shards.prepare(4);
  node = await ShardWriter.over(store);
});

afterEach(async () => {
  line.mend();
  await store.close();
});

async function terminate(application: string): Promise<void> {
  await database.query(
    "select pg_terminate_backend(pid, 10000) from pg_stat_activity where application_name = $1 and datname = current_database()",
    [application],
  );
}

describe("when the database breaks off", () => {
  it("a commit whose answer was lost is written once, however often it is sent again", async () => {
    await node.write({ createdInstances: [anInstance()] });
    const instance = anInstance();
    const batch = node.batch({ createdInstances: [instance], events: node.announce(0, "created") });

    line.loseNextAnswer();
    await expect(node.send(batch)).rejects.toThrow(StoreUnavailable);
    expect(await database.query("select id from belfry.instance where id = $1", [instance.id])).toHaveLength(1);

    expect(await node.send(batch)).toEqual({ kind: "committed" });
    expect(await node.send(batch)).toEqual({ kind: "committed" });
    expect(await store.queries.readEvents(0, 0, 10)).toHaveLength(1);
    await node.write({ createdInstances: [anInstance()] });
    expect(await store.queries.countInstances({})).toBe(3);
  });

  it("a commit that never arrived is written when it is sent again", async () => {
    await node.write({ createdInstances: [anInstance()] });
    const batch = node.batch({ createdInstances: [anInstance()] });
    await database.query("begin");
    await database.query("select from belfry.shard_log for update");
    const outcome = node.send(batch).catch((error: unknown) => error);
    await database.untilItWaits("belfry journal");
    await terminate("belfry journal");
    await database.query("rollback");
    expect(await outcome).toBeInstanceOf(StoreUnavailable);

    expect(await store.queries.countInstances({})).toBe(1);
    expect(await node.send(batch)).toEqual({ kind: "committed" });
    expect(await store.queries.countInstances({})).toBe(2);
  });

  it("of several commits under way each fails by itself, and all can be sent again in their order", async () => {
    const instances = [anInstance(), anInstance(), anInstance()];
    const first = node.batch({ createdInstances: [instances[0]!] }, [0]);
    const later = instances.slice(1).map((instance, index) => ({
      ...first,
      createdInstances: [instance],
      fences: first.fences.map((fence) => ({ ...fence, commit: fence.commit + index + 1 })),
    }));
    line.cut();
    for (const outcome of await Promise.allSettled([first, ...later].map((batch) => store.journal.commit(batch)))) {
      expect(outcome).toMatchObject({ status: "rejected", reason: expect.any(StoreUnavailable) });
    }
    line.mend();
    expect(await Promise.all([first, ...later].map((batch) => store.journal.commit(batch)))).toEqual([
      { kind: "committed" },
      { kind: "committed" },
      { kind: "committed" },
    ]);
    expect(await store.actors.loadInstances(instances.map(({ id }) => id))).toHaveLength(3);
  });

  it("whatever is asked says so, and all goes on when it is back", async () => {
    const asked = {
      ping: () => store.ping(),
      commit: () => store.journal.commit(node.batch({}, [0])),
      acquire: () => store.shards.acquire("another", 1000, [0]),
      renew: () => store.shards.renew("writer", node.held, 1000),
      release: () => store.shards.release("another", node.held),
      list: () => store.shards.list(),
      prepare: () => store.shards.prepare(4),
      load: () => store.actors.loadInstances(["x"]),
      due: () => store.actors.dueWakeups([0], null, 1, 1),
      forget: () => store.actors.forgetRequests(1, 1),
      attempts: () => store.queries.listAttempts("x", null, 1),
      events: () => store.queries.readEvents(0, 0, 1),
      cursors: () => store.cursors.read([0]),
      publish: () => store.cursors.write([{ shard: 0, epoch: 1, sequence: 0, stream: "stream" }]),
      before: () => store.cursors.lastBefore([0], 1),
    };
    line.cut();
    for (const [what, ask] of Object.entries(asked)) await expect(ask(), what).rejects.toThrow(StoreUnavailable);
    line.mend();
    for (const ask of Object.values(asked)) await ask();
  });

  it("connections that the server ended while idle are replaced unseen", async () => {
    await node.write({ createdInstances: [anInstance()] });
    await Promise.all([store.ping(), store.ping()]);
    await terminate("belfry journal");
    await terminate("belfry");
    for (let failures = 0; ; failures++) {
      // The news of the end may arrive while the connection is taken: that asking fails, and no later one.
      const reached = await store.ping().then(
        () => true,
        () => false,
      );
      if (reached) break;
      expect(failures).toBeLessThan(3);
    }
    const batch = node.batch({ createdInstances: [anInstance()] });
    const outcome = await node.send(batch).catch(() => node.send(batch));
    expect(outcome).toEqual({ kind: "committed" });
  });

  it("a database that cannot be reached is not opened, migrated or asked for migrations", async () => {
    line.cut();
    await expect(openPostgresStore({ url: line.url, log: silentLog })).rejects.toThrow(StoreUnavailable);
    await expect(migrate(line.url, silentLog)).rejects.toThrow(StoreUnavailable);
    await expect(pendingMigrations(line.url)).rejects.toThrow(StoreUnavailable);
  });

  it("an error of the statement itself is not mistaken for an outage", async () => {
    const twice = anInstance();
    await node.write({ createdInstances: [twice] });
    const sent = node.send(node.batch({ createdInstances: [twice] }));
    await expect(sent).rejects.toThrow(/duplicate key/u);
    await expect(sent).rejects.not.toThrow(StoreUnavailable);
    await node.write({ createdInstances: [anInstance()] });
  });

  it("a closed store leaves no connection behind", async () => {
    await node.write({ createdInstances: [anInstance()] });
    const connections = () =>
      database.query(
        "select from pg_stat_activity where application_name like 'belfry%' and datname = current_database()",
      );
    expect(await connections()).not.toEqual([]);
    await store.close();
    // The server ends its side a moment later.
    while ((await connections()).length > 0);
    expect(await connections()).toEqual([]);
    store = await database.openStore();
  });
});
