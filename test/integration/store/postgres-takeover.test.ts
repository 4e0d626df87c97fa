import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { StoreUnavailable } from "../../../src/ports/store/journal.ts";
import type { Store } from "../../../src/ports/store/store.ts";
import { aDefinition, aRequest, aSupervisor, anEntry, anInstance } from "../../support/records.ts";
import { ShardWriter } from "../../support/shard-writer.ts";
import { startDatabaseUnderTest, type DatabaseUnderTest } from "./postgres-under-test.ts";

const ALL = [0, 1, 2, 3];
const TTL_MS = 600_000;
/** What connections of a store are called: that of its journal, and the others. */
const JOURNAL = "belfry journal";
const OTHERS = "belfry";

let database: DatabaseUnderTest;
let store: Store;
let next: Store;
let old: ShardWriter;

beforeAll(async () => {
  database = await startDatabaseUnderTest();
});

afterAll(() => database.stop());

/** Each test begins with an owner whose leases are over, and who does not know it. */
beforeEach(async () => {
  await database.clear();
  store = await database.openStore();
  next = await database.openStore();
  await store.shards.prepare(ALL.length);
  old = await ShardWriter.over(store, "old");
  await store.cursors.write(ALL.map((shard) => cursor(shard, 1)));
  await store.shards.release("old", old.held);
});

afterEach(async () => {
  // Whatever a test that failed still holds.
  await database.query("rollback");
  await Promise.all([store.close(), next.close()]);
});

/** A batch that writes in many tables; it stands still midway while `request` is locked. */
function manyRows(request = aRequest()) {
  const definition = aDefinition({ shard: 1 });
  const instances = [0, 1, 2].map((shard) => anInstance({ shard }));
  return old.batch({
    definitions: [definition],
    supervisors: [aSupervisor(definition)],
    createdInstances: instances,
    enqueued: instances.map((instance) => anEntry(instance)),
    requests: [request],
    events: [0, 1, 2].flatMap((shard) => old.announce(shard, "created", "announced")),
  });
}

function cursor(shard: number, sequence: number) {
  return { shard, sequence, stream: "stream", epoch: old.fence(shard).epoch };
}

/** From now until `release` a commit of this request's key stands still after its fence. */
async function holdRequest({ key }: { readonly key: string }): Promise<void> {
  await database.query("begin");
  await database.query(
    `insert into belfry.request (key, created_at, shard, fingerprint, answer) values ($1, 0, 0, '', '')`,
    [key],
  );
}

/** From now until `release` an acquisition of all shards stands still after it took the first ones. */
async function holdLastFence(): Promise<void> {
  await database.query("begin");
  await database.query("select from belfry.shard_log where shard = 3 for update");
}

async function holdLastCursor(): Promise<void> {
  await database.query("begin");
  await database.query("select from belfry.published_cursor where shard = 3 for update");
}

async function release(): Promise<void> {
  await database.query("rollback");
}

describe("a commit of the old owner and the next owner's acquisition at the same moment", () => {
  it("when the commit is first, it is written whole, and the next owner goes on from it", async () => {
    const request = aRequest();
    const batch = manyRows(request);
    await holdRequest(request);
    const sending = old.send(batch);
    await database.untilItWaits(JOURNAL);
    const acquiring = next.shards.acquire("next", TTL_MS, ALL);
    await database.untilItWaits(OTHERS);
    await release();

    expect(await sending).toEqual({ kind: "committed" });
    expect((await acquiring).map(({ shard, commit, lastSequence }) => [shard, commit, lastSequence])).toEqual([
      [0, 1, 2],
      [1, 1, 2],
      [2, 1, 2],
      [3, 0, 0],
    ]);
    expect(await next.actors.loadInstances(batch.createdInstances.map(({ id }) => id))).toHaveLength(3);
    expect(await next.actors.loadDefinitions(batch.definitions.map(({ id }) => id))).toHaveLength(1);
    expect(await next.actors.findRequests([request.key])).toEqual([request]);
    expect(await next.actors.queueLanes(ALL)).toMatchObject([{ count: 3 }]);
    for (const shard of [0, 1, 2]) expect(await next.queries.readEvents(shard, 0, 10)).toHaveLength(2);
    expect(await old.send(old.batch({}, ALL)), "and what comes later").toEqual({ kind: "fenced", shards: ALL });
  });

  it("when the acquisition is first, the commit waits for it and writes nothing", async () => {
    const before = await database.rows();
    await holdLastFence();
    const acquiring = next.shards.acquire("next", TTL_MS, ALL);
    await database.untilItWaits(OTHERS);
    const sending = old.send(manyRows());
    await database.untilItWaits(JOURNAL);
    await release();

    expect(await sending).toEqual({ kind: "fenced", shards: [0, 1, 2] });
    expect((await acquiring).map(({ shard, commit, lastSequence }) => [shard, commit, lastSequence])).toEqual(
      ALL.map((shard) => [shard, 0, 0]),
    );
    expect((await database.rows()).others).toEqual(before.others);
  });

  it("an acquisition that broke off midway fences nobody", async () => {
    await holdLastFence();
    const acquiring = next.shards.acquire("next", TTL_MS, ALL).catch((error: unknown) => error);
    await database.untilItWaits(OTHERS);
    const sending = old.send(manyRows());
    await database.untilItWaits(JOURNAL);
    await database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = $1 and datname = current_database() and wait_event_type = 'Lock'`,
      [OTHERS],
    );
    expect(await acquiring).toBeInstanceOf(StoreUnavailable);
    expect(await sending).toEqual({ kind: "committed" });
    await release();
    expect((await store.shards.list()).map(({ owner }) => owner)).toEqual([null, null, null, null]);
  });
});

describe("cursors of publishing", () => {
  it("that are being written hold up no commit, but who takes the shard over", async () => {
    await holdLastCursor();
    const writing = store.cursors.write(ALL.map((shard) => cursor(shard, 2)));
    await database.untilItWaits(OTHERS);
    expect(await old.send(old.batch({}, ALL)), "a commit meanwhile").toEqual({ kind: "committed" });

    const acquiring = next.shards.acquire("next", TTL_MS, ALL);
    await database.untilItWaits(OTHERS, 2);
    await release();
    await writing;
    expect(await acquiring).toHaveLength(ALL.length);
    expect((await next.cursors.read(ALL)).map(({ sequence }) => sequence)).toEqual([2, 2, 2, 2]);
  });

  it("are not held up by a long commit", async () => {
    const request = aRequest();
    await holdRequest(request);
    const sending = old.send(manyRows(request));
    await database.untilItWaits(JOURNAL);
    await store.cursors.write(ALL.map((shard) => cursor(shard, 2)));
    expect((await store.cursors.read(ALL)).map(({ sequence }) => sequence)).toEqual([2, 2, 2, 2]);
    await release();
    expect(await sending).toEqual({ kind: "committed" });
  });

  it("wait for who is taking the shard over, and are left alone then", async () => {
    await holdLastFence();
    const acquiring = next.shards.acquire("next", TTL_MS, ALL);
    await database.untilItWaits(OTHERS);
    const writing = store.cursors.write([cursor(0, 2), cursor(2, 2)]);
    await database.untilItWaits(OTHERS, 2);
    await release();
    await writing;
    expect(await acquiring).toHaveLength(ALL.length);
    expect((await next.cursors.read(ALL)).map(({ sequence }) => sequence)).toEqual([1, 1, 1, 1]);
  });

  it("never wait in a circle with commits and with who takes shards over", async () => {
    const descending = ALL.toReversed();
    const rounds = async (count: number, round: () => Promise<unknown>): Promise<void> => {
      for (let done = 0; done < count; done++) await round();
    };
    await Promise.all([
      rounds(40, async () => {
        const held = await next.shards.acquire("old", TTL_MS, descending);
        await next.cursors.write(held.toReversed().map((one) => ({ ...one, sequence: 3, stream: "stream" })));
      }),
      rounds(80, () => store.cursors.write(descending.map((shard) => cursor(shard, 2)))),
      rounds(80, () => old.send(old.batch({}, [2, 0, 3, 1]))),
    ]);
    const epochs = (await store.shards.list()).map(({ epoch }) => epoch);
    expect(Math.min(...epochs), "shards were taken over").toBeGreaterThan(1);
  });
});
