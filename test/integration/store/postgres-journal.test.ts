import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Store } from "../../../src/ports/store/store.ts";
import {
  aDefinition,
  aLife,
  anEntry,
  anInstance,
  anOccurrence,
  aRequest,
  aSupervisor,
  anActorState,
  changed,
  ended,
} from "../../support/records.ts";
import { ShardWriter } from "../../support/shard-writer.ts";
import { aPushState, aSession, aWorkItem } from "../../contract/store/given-approvals.ts";
import { startDatabaseUnderTest, type DatabaseUnderTest } from "./postgres-under-test.ts";

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

afterEach(() => store.close());

describe("updates touch no index (HOT)", () => {
  it("when instances, supervisors, states of actors and approvals change but for deadlines, and when shards are written", async () => {
    const instances = Array.from({ length: 20 }, () => anInstance({ wakeAt: 1000, spec: { labels: { a: "b" } } }));
    const definition = aDefinition();
    const supervisor = aSupervisor(definition, { wakeAt: 9 });
    const [session, workItem] = [aSession(), aWorkItem()];
    await node.write({
      definitions: [definition],
      supervisors: [supervisor],
      createdInstances: instances,
      actorStates: [anActorState()],
      sessions: [session],
      workItems: [workItem],
      pushStates: [aPushState()],
    });
    await node.write({
      changedInstances: instances.map((instance) => changed(instance, { state: "RUNNING", life: { attemptCount: 1 } })),
      supervisors: [aSupervisor(definition, { wakeAt: 9, supervision: { takenUntil: 5 } })],
      actorStates: [anActorState({ state: { revision: 2 } })],
      sessions: [{ ...session, updatedAt: session.updatedAt + 1, session: { ...session.session, state: "ABORTED" } }],
      workItems: [{ ...workItem, updatedAt: workItem.updatedAt + 1, item: { ...workItem.item, state: "DONE" } }],
      pushStates: [aPushState({ status: "done", assignees: ["T1", "T2"], pushId: "push2" })],
    });
    // A connection reports what it did when it ends, at the latest.
    await store.close();
    for (;;) {
      const tables = await database.query<{ name: string; updates: number; hot: number }>(
        `select relname as name, n_tup_upd::int as updates, n_tup_hot_upd::int as hot from pg_stat_user_tables
         where schemaname = 'belfry' and relname in ('actor_state', 'approval_session', 'instance', 'push_state', 'supervisor', 'work_item') order by relname`,
      );
      if (tables.reduce((sum, { updates }) => sum + updates, 0) < 25) continue;
      expect(tables).toEqual([
        { name: "actor_state", updates: 1, hot: 1 },
        { name: "approval_session", updates: 1, hot: 1 },
        { name: "instance", updates: 20, hot: 20 },
        { name: "push_state", updates: 1, hot: 1 },
        { name: "supervisor", updates: 1, hot: 1 },
        { name: "work_item", updates: 1, hot: 1 },
      ]);
      break;
    }
    store = await database.openStore();
  });

  it("as no index looks at what changes in a life", async () => {
    const looked = await database.query<{ table: string; columns: string[] }>(`
      select i.indrelid::regclass::text as table, array_agg(distinct a.attname::text order by a.attname::text) as columns
      from pg_index i
      join pg_attribute a on a.attrelid = i.indrelid and a.attnum > 0
      where i.indrelid in ('belfry.instance'::regclass, 'belfry.supervisor'::regclass, 'belfry.shard_log'::regclass,
        'belfry.published_cursor'::regclass, 'belfry.actor_state'::regclass, 'belfry.push_state'::regclass,
        'belfry.approval_session'::regclass, 'belfry.work_item'::regclass)
        and (a.attnum = any (i.indkey) or exists (
          select from pg_depend d
          where d.objid = i.indexrelid and d.refobjid = i.indrelid and d.refobjsubid = a.attnum
        ))
      group by 1 order by 1`);
    expect(looked).toEqual([
      { table: "belfry.actor_state", columns: ["id", "kind"] },
      { table: "belfry.approval_session", columns: ["app_id", "created_at", "creator", "id", "updated_day"] },
      {
        table: "belfry.instance",
        columns: [
          "business_id",
          "created_at",
          "definition_id",
          "id",
          "keyed",
          "labels",
          "shard",
          "spec",
          "user_id",
          "wake_at",
        ],
      },
      { table: "belfry.published_cursor", columns: ["shard"] },
      { table: "belfry.push_state", columns: ["platform_id", "session_id", "third_id"] },
      { table: "belfry.shard_log", columns: ["shard"] },
      { table: "belfry.supervisor", columns: ["definition_id", "shard", "wake_at"] },
      // Who has an item changes seldom, and is what people ask for; the day of its last change, once a day at most.
      { table: "belfry.work_item", columns: ["app_id", "assignees", "created_at", "id", "session_id", "updated_day"] },
    ]);
  });
});

describe("what a database cannot keep breaks no commit", () => {
  const STRANGE = "a\0b\u{D800}c";

  it("free data keeps NUL characters and lone surrogates", async () => {
    const payload = { [STRANGE]: STRANGE };
    const instance = anInstance({ spec: { payload, name: STRANGE, content: STRANGE }, life: { stateReason: STRANGE } });
    const finished = ended(anInstance(), "FAILED", { error: { code: STRANGE, message: STRANGE, traceback: "" } });
    await node.write({ createdInstances: [instance, finished] });
    expect(await store.queries.getInstance(instance.id)).toEqual(instance);
    expect(await store.queries.getInstance(finished.id)).toEqual(finished);
  });

  it("what can be searched is found by the same strange text", async () => {
    const spec = { userId: STRANGE, businessId: STRANGE, labels: { [STRANGE]: STRANGE } };
    const instance = anInstance({ spec });
    const definition = aDefinition({ spec: { ...spec, name: STRANGE } });
    await node.write({
      createdInstances: [instance],
      definitions: [definition],
      supervisors: [aSupervisor(definition)],
    });
    expect(await store.queries.listInstances(spec, null, 10)).toEqual([instance]);
    expect(await store.queries.listDefinitions(spec, null, 10)).toEqual([
      { definition, supervisor: aSupervisor(definition) },
    ]);
  });

  it("other texts get U+FFFD in place of what cannot be kept", async () => {
    const request = aRequest({ answer: STRANGE, key: STRANGE });
    const occurrence = anOccurrence({ reason: STRANGE });
    const entry = anEntry(anInstance(), { queue: STRANGE });
    await node.write({ requests: [request], occurrences: [occurrence], enqueued: [entry] });
    const kept = "a\u{FFFD}b\u{FFFD}c";
    expect(await store.actors.findRequests([STRANGE])).toEqual([{ ...request, key: kept, answer: kept }]);
    expect(await store.queries.listOccurrences({ definitionId: "definition" }, null, 1)).toEqual([
      { ...occurrence, reason: kept },
    ]);
    expect(await store.actors.queueLanes([0])).toMatchObject([{ queue: kept, count: 1 }]);
    await node.write({ dequeued: [entry] });
    expect(await store.actors.queueLanes([0])).toEqual([]);
  });

  it("ids and states of actors keep what they can, and are found by the same strange text", async () => {
    const state = anActorState({ id: STRANGE, state: { [STRANGE]: STRANGE } });
    await node.write({ actorStates: [state] });
    const kept = { ...state, id: "a\u{FFFD}b\u{FFFD}c" };
    expect(await store.actorStates.load("destination", [STRANGE])).toEqual([kept]);
    expect(await store.actorStates.list("destination", { prefix: "a\0" }, "", 10)).toEqual([kept]);
  });

  it("what was told of approvals keeps what it can, and is found by the same strange text", async () => {
    const person = { number: STRANGE, name: STRANGE };
    const session = aSession({ session: { id: STRANGE, appId: STRANGE, title: STRANGE, creator: person } });
    const item = aWorkItem({ item: { id: STRANGE, sessionId: STRANGE, nodeId: STRANGE, assignees: [person] } });
    const pushState = aPushState({ platformId: STRANGE, thirdId: STRANGE, sessionId: STRANGE, assignees: [STRANGE] });
    await node.write({ sessions: [session], workItems: [item], pushStates: [pushState] });
    const kept = "a\u{FFFD}b\u{FFFD}c";
    const { approvals } = store;
    const keptSession = { ...session, session: { ...session.session, id: kept, appId: kept } };
    expect(await approvals.loadSessions([STRANGE])).toEqual([keptSession]);
    expect(await approvals.listSessions({ appId: STRANGE, creator: STRANGE }, null, 10)).toEqual([keptSession]);
    const keptItem = { ...item, item: { ...item.item, id: kept, sessionId: kept, nodeId: kept } };
    expect(await approvals.loadWorkItems({ sessionIds: [STRANGE] })).toEqual([keptItem]);
    expect(await approvals.listWorkItems({ nodeId: STRANGE, assignee: STRANGE }, null, 10)).toEqual([keptItem]);
    const keptState = { ...pushState, platformId: kept, thirdId: kept, sessionId: kept, assignees: [kept] };
    expect(await approvals.loadPushStates(STRANGE)).toEqual([keptState]);
    expect(await approvals.loadPushStatesOf(STRANGE, STRANGE)).toEqual(keptState);
    expect(await approvals.loadPushStatesOfSessions(STRANGE, [STRANGE])).toEqual([keptState]);
  });

  it("a number that would not come back as it is stops the batch before it is sent", async () => {
    const sent = node.send(node.batch({ createdInstances: [anInstance({ wakeAt: 0.5 })] }));
    await expect(sent).rejects.toThrow(RangeError);
    await node.write({ createdInstances: [anInstance()] });
  });
});

describe("documents", () => {
  it("leave out what is usual, by values that never change", async () => {
    const instance = anInstance({ spec: { userId: "", content: "", trigger: "SCHEDULE" } });
    await node.write({ createdInstances: [instance] });
    const [row] = await database.query<{ spec: object; life: object }>("select spec, life from belfry.instance");
    const { name, action } = instance.spec;
    const { stateAt, readyAt, openedAt, waitingReason } = instance.life;
    expect(row).toEqual({
      spec: { definitionId: "definition", name, action },
      life: { stateAt, readyAt, openedAt, waitingReason },
    });
  });

  it("of old rows are completed with what was usual when they were written", async () => {
    const instance = anInstance();
    await node.write({ createdInstances: [instance] });
    await database.query(
      `update belfry.instance set life = '{"stateAt": 1, "openedAt": 2}', spec = '{"name": "n", "action": {"kind": "external"}}'`,
    );
    expect(await store.queries.getInstance(instance.id)).toEqual({
      ...instance,
      life: aLife({ stateAt: 1, openedAt: 2, waitingReason: null, readyAt: null }),
      spec: {
        name: "n",
        action: { kind: "external" },
        definitionId: null,
        userId: "",
        content: "",
        payload: null,
        priority: 3,
        labels: {},
        businessId: "",
        uniqueKey: "",
        orderingKey: "",
        concurrency: null,
        trigger: "SCHEDULE",
        scheduledAt: null,
        retry: {
          initialDelayMs: 30_000,
          factor: 2,
          maxDelayMs: 3_600_000,
          jitterMs: 10_000,
          maxRetries: 3,
          nonRetryableCodes: [],
        },
        timeouts: {
          scheduleToStartMs: null,
          startToCloseMs: 3_600_000,
          scheduleToCloseMs: null,
          cancelGraceMs: 30_000,
        },
      },
    });
  });
});

describe("who takes a shard over", () => {
  it("waits for the commit under way, and goes on from it", async () => {
    await database.query("begin");
    await database.query("update belfry.shard_log set commit_count = 7, last_sequence = 9 where shard = 2");
    const acquiring = store.shards.acquire("writer", 60_000, [3, 0, 2, 1]);
    await database.untilItWaits("belfry");
    await database.query("commit");
    expect((await acquiring).find(({ shard }) => shard === 2)).toMatchObject({ commit: 7, lastSequence: 9 });
  });

  it("never waits in a circle with those who write", async () => {
    const other = await database.openStore();
    const taking = async (): Promise<void> => {
      for (let round = 0; round < 50; round++) {
        const held = await other.shards.acquire("writer", 60_000, [3, 0, 2, 1]);
        await other.shards.renew("writer", held, 60_000);
      }
    };
    const outcomes = new Set<string>();
    const writing = async (): Promise<void> => {
      for (let round = 0; round < 150; round++) outcomes.add((await node.send(node.batch({}, [3, 1, 0, 2]))).kind);
    };
    await Promise.all([taking(), writing()]);
    await other.close();
    expect(outcomes, "and is fenced off at once").toContain("fenced");
  });
});
