import { describe, expect, it } from "vitest";
import { BelfryError } from "../../../../src/domain/error.ts";
import { readAfter, startPositions } from "../../../../src/server/events/event-tail.ts";
import { selectionOf } from "../../../../src/server/events/subject-pattern.ts";
import { createMemoryStore } from "../../../../src/store/memory/memory-store.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { ShardWriter } from "../../../support/shard-writer.ts";

const SHARDS = 2;
const ALL = selectionOf([], SHARDS);

/** Five events in shard 0, one in shard 1; of shard 0 the oldest were removed. */
async function aLog(removed: number) {
  const store = createMemoryStore({ clock: new ManualClock() });
  await store.shards.prepare(SHARDS);
  const node = await ShardWriter.over(store);
  await node.write({ events: [...node.announce(0, "a", "b", "c", "d", "e"), ...node.announce(1, "x")] });
  await store.retention.removeEvents(0, removed, 100);
  return { store, node };
}

async function reasonOf(call: () => Promise<unknown>): Promise<string> {
  try {
    await call();
    return "ok";
  } catch (error) {
    return error instanceof BelfryError ? error.reason : String(error);
  }
}

describe("when the oldest events were removed", () => {
  it.each([
    [3, 2, "RESUME_TOKEN_EXPIRED"],
    [3, 3, "ok"],
    [3, 5, "ok"],
    [5, 0, "RESUME_TOKEN_EXPIRED"],
    [5, 4, "RESUME_TOKEN_EXPIRED"],
    [5, 5, "ok"],
    [0, 0, "ok"],
  ])("and the first %i of 5 were, who has seen %i of them hears: %s", async (removed, seen, expected) => {
    const { store } = await aLog(removed);
    const from = { kind: "after", positions: [seen, 0] } as const;
    expect(await reasonOf(() => startPositions(store.queries, ALL, { ...from, positions: [seen, 0] }, SHARDS))).toBe(
      expected,
    );
  });

  it("who wants all from the start gets all that is left, and what comes later", async () => {
    for (const [removed, left] of [
      [3, [4, 5]],
      [5, []],
    ] as const) {
      const { store, node } = await aLog(removed);
      const { positions, behind } = await startPositions(store.queries, ALL, { kind: "log-start" }, SHARDS);
      expect(behind).toEqual(new Set(left.length === 0 ? [1] : [0, 1]));
      const sequences = async () => (await readAfter(store.queries, 0, positions)).map(({ sequence }) => sequence);
      expect(await sequences()).toEqual(left);
      await node.write({ events: node.announce(0, "f") });
      expect(await sequences()).toEqual([6]);
    }
  });

  it("and more go before somebody who wants all from the start has come there, that reader begins with what is left", async () => {
    const { store, node } = await aLog(1);
    const { positions, unread } = await startPositions(store.queries, ALL, { kind: "log-start" }, SHARDS);
    await store.retention.removeEvents(0, 3, 100);
    const left = await readAfter(store.queries, 0, positions, { limit: 1, unread });
    expect(left.map(({ sequence }) => sequence)).toEqual([4]);
    // From there on nothing is left out.
    await node.write({ events: node.announce(0, "f", "g") });
    await store.retention.removeEvents(0, 6, 100);
    expect(await reasonOf(() => readAfter(store.queries, 0, positions, { unread }))).toBe("RESUME_TOKEN_EXPIRED");
  });

  it("and all goes before such a reader has come there, it begins with what comes then", async () => {
    const { store, node } = await aLog(0);
    const { positions, unread } = await startPositions(store.queries, ALL, { kind: "log-start" }, SHARDS);
    await store.retention.removeEvents(0, 5, 100);
    expect(await readAfter(store.queries, 0, positions, { unread })).toEqual([]);
    await node.write({ events: node.announce(0, "f") });
    const came = await readAfter(store.queries, 0, positions, { unread });
    expect(came.map(({ sequence }) => sequence)).toEqual([6]);
  });

  it("and more go while somebody reads, that reader is told instead of being led past a gap", async () => {
    const { store, node } = await aLog(0);
    const { positions } = await startPositions(store.queries, ALL, { kind: "log-start" }, SHARDS);
    await readAfter(store.queries, 0, positions, { limit: 2 });
    await store.retention.removeEvents(0, 4, 100);
    expect(await reasonOf(() => readAfter(store.queries, 0, positions))).toBe("RESUME_TOKEN_EXPIRED");
    await store.retention.removeEvents(0, 5, 100);
    expect(await readAfter(store.queries, 0, positions)).toEqual([]);
    await node.write({ events: node.announce(0, "f") });
    expect(await reasonOf(() => readAfter(store.queries, 0, positions))).toBe("RESUME_TOKEN_EXPIRED");
  });
});
