import { describe, expect, it } from "vitest";
import { InvalidBatch } from "../../../src/store/fence-check.ts";
import { frozenCopy } from "../../../src/store/memory/frozen-copy.ts";
import { createMemoryStore } from "../../../src/store/memory/memory-store.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import {
  aDefinition,
  aRequest,
  aSupervisor,
  anActorState,
  anAttempt,
  anEntry,
  anEvent,
  anInstance,
  anOccurrence,
  changed,
  ended,
} from "../../support/records.ts";
import { aPushState, aSession, aWorkItem } from "../../contract/store/given-approvals.ts";
import { type BatchRows, ShardWriter } from "../../support/shard-writer.ts";

async function aStore(clock = new ManualClock()) {
  const store = createMemoryStore({ clock });
  await store.shards.prepare(2);
  return { store, node: await ShardWriter.over(store) };
}

describe("the store in memory", () => {
  it("keeps what it was given, whatever its writer does to it afterwards", async () => {
    const { store, node } = await aStore();
    const labels: Record<string, string> = { team: "ops" };
    const instance = anInstance({ spec: { labels } });
    await node.write({ createdInstances: [instance] });
    labels["team"] = "changed";
    expect((await store.queries.getInstance(instance.id))?.spec.labels).toEqual({ team: "ops" });
  });

  it("gives out records that cannot be changed, also after they moved", async () => {
    const { store, node } = await aStore();
    const instance = anInstance({ spec: { payload: { list: [1] } } });
    await node.write({ createdInstances: [instance] });
    await node.write({ finishedInstances: [ended(instance, "COMPLETED", { result: { ok: true } })] });
    const stored = await store.queries.getInstance(instance.id);
    for (const part of [stored, stored?.spec, stored?.spec.payload?.["list"], stored?.life.result]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  it("writes of a known instance only what changes in its life", async () => {
    const { store, node } = await aStore();
    const instance = anInstance({ spec: { name: "as created" } });
    await node.write({ createdInstances: [instance] });
    await node.write({
      changedInstances: [changed(anInstance({ ...instance, spec: { name: "otherwise" } }), { state: "RUNNING" })],
    });
    expect(await store.queries.getInstance(instance.id)).toMatchObject({
      state: "RUNNING",
      spec: { name: "as created" },
    });
  });

  it("judges leases by elapsed time, not by the wall clock", async () => {
    const clock = new ManualClock();
    const { store, node } = await aStore(clock);
    clock.setWall(clock.now() + 86_400_000);
    expect(await store.shards.acquire("other", 1000, [0, 1])).toEqual([]);
    await clock.advance(600_000);
    expect(await store.shards.acquire("other", 1000, [0, 1])).toHaveLength(2);
    expect(await store.shards.renew(node.node, node.held, 1000)).toEqual([]);
  });

  it("refuses a batch that breaks the rules, and writes nothing of it", async () => {
    const { store, node } = await aStore();
    const active = anInstance({ id: "active" });
    const finished = ended(anInstance({ id: "finished" }), "FAILED");
    const definition = aDefinition({ shard: 1 });
    await node.write({
      definitions: [definition],
      supervisors: [aSupervisor(definition)],
      createdInstances: [active, finished],
      enqueued: [anEntry(active)],
      attempts: [anAttempt({ instanceId: "finished" })],
      events: node.announce(0, "created"),
    });
    const once = anInstance();
    const wrong: readonly (readonly [RegExp, BatchRows])[] = [
      [/instance active is created, but exists/, { createdInstances: [active] }],
      [/instance finished is created, but exists/, { createdInstances: [anInstance({ id: "finished" })] }],
      [/not active/, { changedInstances: [changed(finished, {})] }],
      [/not active/, { finishedInstances: [ended(once, "FAILED")] }],
      [/not finished/, { revivedInstances: [active] }],
      [/ended before/, { attempts: [anAttempt({ instanceId: "finished" })] }],
      [/waits in a queue already/, { enqueued: [anEntry(active)] }],
      [/instance active is named twice/, { changedInstances: [active], finishedInstances: [ended(active, "FAILED")] }],
      [/queue entry .* is named twice/, { enqueued: [anEntry(once)], dequeued: [anEntry(once)] }],
      [/occurrence .* is named twice/, { occurrences: [anOccurrence(), anOccurrence()] }],
      [/request key is named twice/, { requests: [aRequest({ key: "key" }), aRequest({ key: "key" })] }],
      [/actor state destination .* is named twice/, { actorStates: [anActorState(), anActorState()] }],
      [
        /actor state destination .* is named twice/,
        { actorStates: [anActorState()], removedActorStates: [anActorState()] },
      ],
      [
        /session s is named twice/,
        { sessions: [aSession({ session: { id: "s" } }), aSession({ session: { id: "s" } })] },
      ],
      [
        /work item i is named twice/,
        { workItems: [aWorkItem({ item: { id: "i" } }), aWorkItem({ item: { id: "i" } })] },
      ],
      [/push state .* is named twice/, { pushStates: [aPushState(), aPushState({ status: null })] }],
      [/next event of shard 0 has sequence 2, not 3/, { events: [anEvent({ sequence: 3 })] }],
      [/definition .* is deleted without a fence/, { deletedDefinitions: [definition.id] }],
    ];
    for (const [why, rows] of wrong) {
      const batch = node.batch({ ...rows, definitions: [aDefinition({ id: "with it" })] });
      await expect(node.send(batch), String(why)).rejects.toThrow(InvalidBatch);
      await expect(node.send(batch)).rejects.toThrow(why);
    }
    const outside = { ...node.batch({}, [0]), createdInstances: [anInstance({ shard: 1 })] };
    await expect(node.send(outside)).rejects.toThrow(
      /createdInstances has a row in shard 1, for which there is no fence/,
    );
    const short = node.batch({ events: node.announce(0, "a", "b") });
    const wrongLast = { ...short, fences: short.fences.map((fence) => ({ ...fence, lastSequence: 2 })) };
    await expect(node.send(wrongLast)).rejects.toThrow(/last event of shard 0 has sequence 3, not 2/);

    expect(await store.queries.countInstances({})).toBe(2);
    expect(await store.queries.listDefinitions({}, null, 10)).toHaveLength(1);
    expect(await store.queries.readEvents(0, 0, 10)).toHaveLength(1);
  });
});

describe("frozenCopy", () => {
  it("takes plain data only", () => {
    const plain = { text: "", nothing: null, missing: undefined, list: [{}, [1]], ["__proto__"]: { x: 1 } };
    expect(frozenCopy(plain)).toStrictEqual(plain);
    for (const other of [new Date(0), new Map(), () => 1, Symbol("s"), 1n, Number.NaN, Infinity]) {
      expect(() => frozenCopy({ deep: [other] })).toThrow(TypeError);
    }
  });
});
