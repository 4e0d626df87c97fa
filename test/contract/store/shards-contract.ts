import { expect, it } from "vitest";
import type { ShardStore } from "../../../src/ports/store/shards.ts";
import { ALL_SHARDS, type Given, LONG_TTL_MS, SHARDS, SHORT_TTL_MS } from "./given-store.ts";

/** Leases of shards. */
export function shardsContract(given: Given): void {
  it(
    "shards are made once; later starts are told how many there are",
    given(async ({ store: { shards } }) => {
      expect(await shards.prepare(SHARDS)).toBe(SHARDS);
      expect(await shards.prepare(SHARDS * 2)).toBe(SHARDS);
      expect(await shards.list()).toHaveLength(SHARDS);
    }),
  );

  it(
    "starts at the same moment make the shards once",
    given(async ({ store: { shards } }) => {
      const counts = await Promise.all([shards.prepare(SHARDS), shards.prepare(SHARDS), shards.prepare(SHARDS)]);
      expect(counts).toEqual([SHARDS, SHARDS, SHARDS]);
      expect(numbers(await shards.list())).toEqual(ALL_SHARDS);
    }),
  );

  it(
    "at first nobody owns a shard",
    given(async ({ store: { shards } }) => {
      const leases = await shards.list();
      expect(numbers(leases)).toEqual(ALL_SHARDS);
      for (const lease of leases) {
        expect(lease.owner).toBeNull();
        expect(lease.remainingMs).toBeLessThanOrEqual(0);
      }
    }),
  );

  it(
    "what a node acquires is listed as its own, at the epoch it was told, for the time it asked",
    given(async ({ store: { shards } }) => {
      const acquired = await shards.acquire("a", LONG_TTL_MS, ALL_SHARDS);
      expect(numbers(acquired)).toEqual(ALL_SHARDS);
      for (const { shard, epoch } of acquired) {
        const lease = await leaseOf(shards, shard);
        expect(lease).toMatchObject({ shard, owner: "a", epoch });
        expect(lease.remainingMs).toBeGreaterThan(LONG_TTL_MS / 2);
        expect(lease.remainingMs).toBeLessThanOrEqual(LONG_TTL_MS);
      }
    }),
  );

  it(
    "only shards that are wanted are taken, whatever order they are named in",
    given(async ({ store: { shards } }) => {
      expect(await shards.acquire("a", LONG_TTL_MS, [])).toEqual([]);
      expect(numbers(await shards.acquire("a", LONG_TTL_MS, [3, 1]))).toEqual([1, 3]);
      expect((await shards.list()).map(({ owner }) => owner)).toEqual([null, "a", null, "a"]);
    }),
  );

  it(
    "of the wanted shards those that can be had are taken",
    given(async ({ store: { shards } }) => {
      await shards.acquire("a", LONG_TTL_MS, [1, 2]);
      expect(numbers(await shards.acquire("b", LONG_TTL_MS, [0, 1, 2]))).toEqual([0]);
      expect((await shards.list()).map(({ owner }) => owner)).toEqual(["b", "a", "a", null]);
    }),
  );

  it(
    "a shard that is named twice is taken once, and one that does not exist not at all",
    given(async ({ store: { shards } }) => {
      const acquired = await shards.acquire("a", LONG_TTL_MS, [2, SHARDS + 7, 2, -1]);
      expect(acquired).toEqual([{ shard: 2, epoch: 1, commit: 0, lastSequence: 0 }]);
    }),
  );

  it(
    "nodes that acquire at the same moment share no shard",
    given(async ({ store: { shards } }) => {
      const taken = await Promise.all(
        ["a", "b", "c", "d"].map((node) => shards.acquire(node, LONG_TTL_MS, ALL_SHARDS)),
      );
      const all = taken.flat();
      expect(new Set(all.map(({ shard }) => shard)).size).toBe(all.length);
      expect(numbers(await ownedShards(shards))).toEqual(numbers(all));
    }),
  );

  it(
    "live leases of others cannot be taken",
    given(async ({ store: { shards } }) => {
      await shards.acquire("a", LONG_TTL_MS, ALL_SHARDS);
      expect(await shards.acquire("b", LONG_TTL_MS, ALL_SHARDS)).toEqual([]);
      expect((await shards.list()).map(({ owner }) => owner)).toEqual(["a", "a", "a", "a"]);
    }),
  );

  it(
    "expired leases can be taken, at a higher epoch",
    given(async ({ store: { shards }, until }) => {
      const before = await shards.acquire("a", SHORT_TTL_MS, ALL_SHARDS);
      await until("the leases are over", async () =>
        (await shards.list()).every(({ remainingMs }) => remainingMs <= 0),
      );
      const after = await shards.acquire("b", LONG_TTL_MS, ALL_SHARDS);
      expect(numbers(after)).toEqual(ALL_SHARDS);
      for (const { shard, epoch } of after) expect(epoch).toBeGreaterThan(epochOf(before, shard));
    }),
  );

  it(
    "a node takes its own shards from an earlier life again, at a higher epoch, without waiting",
    given(async ({ store: { shards } }) => {
      const before = await shards.acquire("a", LONG_TTL_MS, ALL_SHARDS);
      const after = await shards.acquire("a", LONG_TTL_MS, ALL_SHARDS);
      expect(numbers(after)).toEqual(ALL_SHARDS);
      for (const { shard, epoch } of after) expect(epoch).toBeGreaterThan(epochOf(before, shard));
      expect(await shards.renew("a", before, LONG_TTL_MS), "the earlier life has lost them").toEqual([]);
    }),
  );

  it(
    "a node keeps the shards that it does not name, and gets further ones",
    given(async ({ store: { shards } }) => {
      const had = await shards.acquire("a", LONG_TTL_MS, [0, 1]);
      expect(numbers(await shards.acquire("a", LONG_TTL_MS, [2, 3]))).toEqual([2, 3]);
      expect(await shards.renew("a", had, LONG_TTL_MS)).toHaveLength(2);
    }),
  );

  it(
    "renewing keeps the leases at their epochs for the new time",
    given(async ({ store: { shards } }) => {
      const held = await shards.acquire("a", LONG_TTL_MS, ALL_SHARDS);
      expect(new Set(await shards.renew("a", held, 3 * LONG_TTL_MS))).toEqual(new Set(ALL_SHARDS));
      for (const lease of await shards.list()) {
        expect(lease.remainingMs).toBeGreaterThan(2 * LONG_TTL_MS);
        expect(lease).toMatchObject({ owner: "a", epoch: epochOf(held, lease.shard) });
      }
    }),
  );

  it(
    "renewing tells what was lost, and leaves it to its new owner",
    given(async ({ store: { shards } }) => {
      const held = await shards.acquire("a", LONG_TTL_MS, ALL_SHARDS);
      await shards.release(
        "a",
        held.filter(({ shard }) => shard === 2),
      );
      const [lost] = await shards.acquire("b", LONG_TTL_MS, ALL_SHARDS);
      expect(new Set(await shards.renew("a", held, 3 * LONG_TTL_MS))).toEqual(new Set([0, 1, 3]));
      const lease = await leaseOf(shards, 2);
      expect(lease).toMatchObject({ owner: "b", epoch: lost?.epoch });
      expect(lease.remainingMs).toBeLessThanOrEqual(LONG_TTL_MS);
      expect(await shards.renew("a", [], LONG_TTL_MS)).toEqual([]);
    }),
  );

  it(
    "releasing lets another node take the shard at once",
    given(async ({ store: { shards } }) => {
      const held = await shards.acquire("a", LONG_TTL_MS, ALL_SHARDS);
      await shards.release("a", held.slice(0, 2));
      expect(numbers(await ownedShards(shards))).toHaveLength(2);
      const taken = await shards.acquire("b", LONG_TTL_MS, ALL_SHARDS);
      expect(numbers(taken)).toEqual(numbers(held.slice(0, 2)));
      for (const { shard, epoch } of taken) expect(epoch).toBeGreaterThan(epochOf(held, shard));
    }),
  );

  it(
    "what was released cannot be renewed",
    given(async ({ store: { shards } }) => {
      const held = await shards.acquire("a", LONG_TTL_MS, ALL_SHARDS);
      await shards.release("a", held);
      expect(await shards.renew("a", held, LONG_TTL_MS)).toEqual([]);
      expect(await ownedShards(shards)).toEqual([]);
    }),
  );

  it(
    "releasing what is another's by now changes nothing",
    given(async ({ store: { shards } }) => {
      const held = await shards.acquire("a", LONG_TTL_MS, ALL_SHARDS);
      await shards.release("a", held);
      await shards.acquire("b", LONG_TTL_MS, ALL_SHARDS);
      await shards.release("a", held);
      await shards.release("b", held);
      await shards.release("b", []);
      expect((await shards.list()).map(({ owner }) => owner)).toEqual(["b", "b", "b", "b"]);
    }),
  );
}

function numbers(shards: readonly { readonly shard: number }[]): number[] {
  return shards.map(({ shard }) => shard).toSorted((one, other) => one - other);
}

function epochOf(held: readonly { readonly shard: number; readonly epoch: number }[], shard: number): number {
  return held.find((one) => one.shard === shard)?.epoch ?? Number.NaN;
}

async function leaseOf(shards: ShardStore, shard: number) {
  const lease = (await shards.list()).find((one) => one.shard === shard);
  if (!lease) throw new Error(`Shard ${shard} is not listed`);
  return lease;
}

async function ownedShards(shards: ShardStore) {
  return (await shards.list()).filter(({ owner }) => owner !== null);
}
