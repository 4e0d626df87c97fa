import { expect, it } from "vitest";
import type { Store } from "../../../src/ports/store/store.ts";
import { seededRandom } from "../../support/manual-clock.ts";
import type { ShardWriter } from "../../support/shard-writer.ts";
import { ALL_SHARDS, type Given, LONG_TTL_MS, SHARDS } from "./given-store.ts";

/** How far events have been published, and where publishing anew begins. */
export function cursorsContract(given: Given): void {
  it(
    "a shard that was never published has no cursor",
    given(async ({ store, writer }) => {
      const node = await writer();
      await store.cursors.write([cursor(node, 2, 7)]);
      expect(await store.cursors.read(ALL_SHARDS)).toEqual([{ shard: 2, sequence: 7, stream: "stream" }]);
      expect(await store.cursors.read([0, 1, 3])).toEqual([]);
      expect(await store.cursors.read([])).toEqual([]);
    }),
  );

  it(
    "a cursor is replaced, also by an earlier one of another stream",
    given(async ({ store, writer }) => {
      const node = await writer();
      await store.cursors.write([cursor(node, 3, 7), cursor(node, 1, 8)]);
      await store.cursors.write([{ ...cursor(node, 1, 2), stream: "流 made anew" }]);
      expect(sorted(await store.cursors.read([3, 1]))).toEqual([
        { shard: 1, sequence: 2, stream: "流 made anew" },
        { shard: 3, sequence: 7, stream: "stream" },
      ]);
      await store.cursors.write([]);
    }),
  );

  it(
    "those whose shard is at another epoch are left alone, the others of the same call are written",
    given(async ({ store, writer }) => {
      const old = await writer("old");
      await store.cursors.write([cursor(old, 1, 5), cursor(old, 2, 5)]);
      await store.shards.release(
        "old",
        old.held.filter(({ shard }) => shard === 1),
      );
      await store.shards.acquire("next", LONG_TTL_MS, [1]);
      const early = { ...cursor(old, 3, 6), epoch: 99 };
      await store.cursors.write([cursor(old, 2, 6), cursor(old, 1, 6), early, { ...early, shard: SHARDS + 7 }]);
      expect(sorted(await store.cursors.read([...ALL_SHARDS, SHARDS + 7]))).toEqual([
        { shard: 1, sequence: 5, stream: "stream" },
        { shard: 2, sequence: 6, stream: "stream" },
      ]);
    }),
  );

  it(
    "the next owner reads how far the one before has come",
    given(async ({ store, writer }) => {
      const before = await writer("before");
      await store.cursors.write([cursor(before, 0, 5)]);
      await store.shards.release("before", before.held);
      const after = await writer("after");
      expect(await store.cursors.read([0])).toEqual([{ shard: 0, sequence: 5, stream: "stream" }]);
      await store.cursors.write([cursor(after, 0, 6)]);
      expect(await store.cursors.read([0])).toEqual([{ shard: 0, sequence: 6, stream: "stream" }]);
    }),
  );

  it(
    "a replay of what is younger begins after the last event before the instant, shard by shard",
    given(async ({ store, writer }) => {
      const node = await writer();
      await stamp(node, 0, [[100, 100, 200], [300], [300, 400]]);
      await stamp(node, 2, [[350]]);
      const begins = async (at: number) => (await beginnings(store, at)).join(" ");
      expect(await begins(0)).toBe("0 0 0 0");
      expect(await begins(100)).toBe("0 0 0 0");
      expect(await begins(101)).toBe("2 0 0 0");
      expect(await begins(300)).toBe("3 0 0 0");
      expect(await begins(301)).toBe("5 0 0 0");
      expect(await begins(400)).toBe("5 0 1 0");
      expect(await begins(401)).toBe("6 0 1 0");
      expect(await begins(Number.MAX_SAFE_INTEGER)).toBe("6 0 1 0");
      expect(await store.cursors.lastBefore([2], 400)).toEqual([{ shard: 2, sequence: 1 }]);
      expect(await store.cursors.lastBefore([SHARDS + 7], 400)).toEqual([]);
      expect(await store.cursors.lastBefore([], 400)).toEqual([]);
    }),
  );

  it(
    "it leaves out nothing younger when clocks fell back by up to a minute",
    given(async ({ store, writer }) => {
      const node = await writer();
      const clocks = [0, 1, 2, 3].map((shard) => unsteadyClock(shard, 60_000));
      for (const [shard, times] of clocks.entries()) await stamp(node, shard, inPacks(times));
      const instants = clocks.flat().filter((_, index) => index % 7 === 0);
      for (const at of instants.flatMap((instant) => [instant, instant + 1])) {
        const expected = clocks.map((times) => {
          const younger = times.findIndex((time) => time >= at);
          return younger === -1 ? times.length : younger;
        });
        expect(await beginnings(store, at), `at ${at}`).toEqual(expected);
      }
    }),
  );
}

function cursor(node: ShardWriter, shard: number, sequence: number) {
  return { shard, sequence, stream: "stream", epoch: node.fence(shard).epoch };
}

function sorted<Row extends { readonly shard: number }>(rows: readonly Row[]): Row[] {
  return rows.toSorted((one, other) => one.shard - other.shard);
}

/** Per shard, in order, where a replay of what is younger begins. */
async function beginnings(store: Store, at: number): Promise<readonly number[]> {
  return sorted(await store.cursors.lastBefore(ALL_SHARDS, at)).map(({ sequence }) => sequence);
}

/** Writes events with these times, one commit a pack. */
async function stamp(node: ShardWriter, shard: number, packs: readonly (readonly number[])[]): Promise<void> {
  for (const pack of packs) {
    const events = node.announce(shard, ...pack.map((time) => `at ${time}`));
    await node.write({ events: events.map((event, index) => ({ ...event, at: pack[index] ?? 0 })) });
  }
}

/** Times that mostly go on, and never fall back further than this behind what was reached. */
function unsteadyClock(seed: number, fallBackMs: number): readonly number[] {
  const random = seededRandom(seed);
  let reached = 1_000_000;
  return Array.from({ length: 50 }, () => {
    const time = reached + Math.floor((random.fraction() * 1.5 - 1) * fallBackMs);
    reached = Math.max(reached, time);
    return time;
  });
}

/** Packs of one event, of two, of three, and so on. */
function inPacks(times: readonly number[]): readonly (readonly number[])[] {
  const packs: number[][] = [];
  for (let from = 0; from < times.length; from += packs.length) packs.push(times.slice(from, from + packs.length + 1));
  return packs;
}
