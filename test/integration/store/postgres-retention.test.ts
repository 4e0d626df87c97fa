import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Store } from "../../../src/ports/store/store.ts";
import { anAttempt, anInstance, anOccurrence, changed, ended } from "../../support/records.ts";
import { ShardWriter } from "../../support/shard-writer.ts";
import { startDatabaseUnderTest, type DatabaseUnderTest } from "./postgres-under-test.ts";

const EVERYBODYS = { endedBefore: 1000, of: { except: [] } } as const;
const JOURNAL = "belfry journal";

let database: DatabaseUnderTest;
let store: Store;
let node: ShardWriter;

beforeAll(async () => {
  database = await startDatabaseUnderTest();
});

afterAll(() => database.stop());

beforeEach(async () => {
  await database.clear();
  store = await database.openStore();
  await store.shards.prepare(4);
  node = await ShardWriter.over(store);
});

afterEach(async () => {
  // Whatever a test that failed still holds.
  await database.query("rollback");
  await store.close();
});

async function finished(...ids: readonly string[]) {
  const records = ids.map((id) => ended(anInstance({ id, createdAt: 10 }), "FAILED", { endedAt: 20 }));
  await node.write({ createdInstances: records, attempts: ids.map((instanceId) => anAttempt({ instanceId })) });
  return records;
}

const idsLeft = async () => (await store.queries.listInstances({}, null, 100)).map(({ id }) => id).toSorted();

describe("removing what is old", () => {
  it("waits for nobody: what somebody changes right now is left to the next time", async () => {
    await finished("a", "b", "c");
    await node.write({ occurrences: [1, 2, 3].map((scheduledAt) => anOccurrence({ scheduledAt })) });
    await database.query("begin");
    await database.query("select from belfry.finished_instance where id = 'b' for update");
    await database.query("select from belfry.occurrence where scheduled_at = 2 for update");
    const cutoffs = { everybody: 1000, users: new Map<string, number>() };
    expect(await store.retention.removeInstances(EVERYBODYS, null, 10)).toEqual({ removed: 2, next: null });
    expect(await store.retention.removeOccurrences(cutoffs, null, 10)).toEqual({ removed: 2, next: null });
    expect(await idsLeft()).toEqual(["b"]);
    expect(await store.queries.listAttempts("b", null, 10)).toHaveLength(1);
    await database.query("rollback");
    expect(await store.retention.removeInstances(EVERYBODYS, null, 10)).toEqual({ removed: 1, next: null });
    expect(await store.retention.removeOccurrences(cutoffs, null, 10)).toEqual({ removed: 1, next: null });
  });

  it("loses against who starts an instance anew, whichever comes first", async () => {
    const [a, b] = await finished("a", "b");
    if (a === undefined || b === undefined) throw new Error("they were made");
    const revived = [a, b].map((each) => changed(each, { state: "PENDING", life: { series: 1, endedAt: null } }));
    // A removal that is not committed yet.
    await database.query("begin");
    await database.query("delete from belfry.finished_instance where id = 'a'");
    const written = node.write({ revivedInstances: revived });
    await database.untilItWaits(JOURNAL);
    await database.query("commit");
    await written;
    expect(await store.retention.removeInstances(EVERYBODYS, null, 10)).toEqual({ removed: 0, next: null });
    expect(await store.actors.loadActiveOf("definition", "all")).toEqual(revived);
    expect(await store.queries.listAttempts("b", null, 10)).toHaveLength(1);
  });

  it("leaves events that were committed together as long as one of them is to stay", async () => {
    await node.write({ events: node.announce(0, "a", "b", "c") });
    await node.write({ events: node.announce(0, "d", "e") });
    expect(await store.retention.removeEvents(0, 2, 10)).toEqual({ removed: 0, more: false });
    expect(await store.retention.removeEvents(0, 4, 10)).toEqual({ removed: 3, more: false });
    expect((await store.queries.readEvents(0, 0, 10)).map(({ sequence }) => sequence)).toEqual([4, 5]);
    expect(await store.retention.removeEvents(0, 5, 1)).toEqual({ removed: 2, more: true });
    expect(await store.retention.removeEvents(0, 5, 1)).toEqual({ removed: 0, more: false });
  });

  it("reads nothing of what is young, however much there is", async () => {
    await database.query(`insert into belfry.occurrence (definition_id, scheduled_at, decided_at, shard, outcome, reason)
      select 'd' || d, n, n, 0, 3, '' from generate_series(1, 300) as d, generate_series(10, 200) as n`);
    await database.query("vacuum analyze belfry.occurrence");
    const cutoffs = { everybody: 12, users: new Map<string, number>() };
    await database.query("begin");
    const [explained] = await database.query<{ "QUERY PLAN": readonly [{ Plan: Record<string, number> }] }>(
      `explain (analyze, buffers, format json) select * from belfry.remove_occurrences('', null, 12, '{}', 10000, 500)`,
    );
    await database.query("rollback");
    // Each of the young rows would cost a look at its page, at least.
    expect(explained?.["QUERY PLAN"][0].Plan["Shared Hit Blocks"]).toBeLessThan((300 * 189) / 3);
    expect(await store.retention.removeOccurrences(cutoffs, null, 10_000)).toMatchObject({ removed: 600, next: null });
  });
});
