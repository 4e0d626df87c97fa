import { describe, expect, it } from "vitest";
import { StoreUnavailable } from "../../../src/ports/store/journal.ts";
import { createMemoryStore } from "../../../src/store/memory/memory-store.ts";
import { emptyTables } from "../../../src/store/memory/tables.ts";
import { type OpenedStore } from "../../contract/store/given-store.ts";
import { storeContract } from "../../contract/store/store-contract.ts";
import { faultyStore } from "../../support/faulty-store.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { anInstance } from "../../support/records.ts";
import { ShardWriter } from "../../support/shard-writer.ts";
import { memoryRows } from "./memory-rows.ts";

async function aFaultyStore() {
  const store = faultyStore(createMemoryStore({ clock: new ManualClock() }));
  await store.shards.prepare(1);
  const node = await ShardWriter.over(store);
  return { store, node, batch: node.batch({ createdInstances: [anInstance({ id: "i" })] }) };
}

storeContract("a faulty store without faults", async (): Promise<OpenedStore> => {
  const clock = new ManualClock();
  const tables = emptyTables();
  const store = faultyStore(createMemoryStore({ clock, tables }));
  return {
    store,
    rows: async () => memoryRows(tables),
    close: () => store.close(),
    advance: (ms) => clock.advance(ms),
  };
});

describe("a faulty store", () => {
  it("fails before a commit: nothing is written, and the same batch is taken the next time", async () => {
    const { store, node, batch } = await aFaultyStore();
    store.failBeforeCommit();
    await expect(node.send(batch)).rejects.toThrow(StoreUnavailable);
    expect(await store.queries.getInstance("i")).toBeNull();
    expect(await node.send(batch)).toEqual({ kind: "committed" });
    expect(await store.queries.getInstance("i")).not.toBeNull();
    expect(store.sent).toEqual([batch, batch]);
  });

  it("fails after a commit: it is written, though the caller hears otherwise, and not written again", async () => {
    const { store, node, batch } = await aFaultyStore();
    store.failAfterCommit(2);
    await expect(node.send(batch)).rejects.toThrow(StoreUnavailable);
    expect(await store.queries.getInstance("i")).not.toBeNull();
    await expect(node.send(batch)).rejects.toThrow(StoreUnavailable);
    expect(await node.send(batch)).toEqual({ kind: "committed" });
    expect(await store.queries.countInstances({})).toBe(1);
  });

  it("holds commits until they are released", async () => {
    const { store, node, batch } = await aFaultyStore();
    const hold = store.holdCommits();
    const sending = node.send(batch);
    await hold.arrived();
    expect(hold.waiting).toBe(1);
    expect(await store.queries.getInstance("i")).toBeNull();
    hold.release();
    expect(await sending).toEqual({ kind: "committed" });
    await node.write({ createdInstances: [anInstance()] });
    expect(await store.queries.countInstances({})).toBe(2);
  });

  it("is away, for everything, until it is back", async () => {
    const { store, node, batch } = await aFaultyStore();
    const hold = store.holdCommits();
    const held = node.send(batch);
    await hold.arrived(1);
    store.goAway();
    hold.release();
    await expect(held).rejects.toThrow(StoreUnavailable);
    await expect(node.send(batch)).rejects.toThrow(StoreUnavailable);
    await expect(store.ping()).rejects.toThrow(StoreUnavailable);
    await expect(store.shards.list()).rejects.toThrow(StoreUnavailable);
    await expect(store.actors.loadInstances(["i"])).rejects.toThrow(StoreUnavailable);
    await expect(store.actorStates.load("destination", ["i"])).rejects.toThrow(StoreUnavailable);
    await expect(store.approvals.loadSessions(["s"])).rejects.toThrow(StoreUnavailable);
    await expect(store.queries.getInstance("i")).rejects.toThrow(StoreUnavailable);
    store.comeBack();
    await store.ping();
    expect(await node.send(batch)).toEqual({ kind: "committed" });
  });
});
