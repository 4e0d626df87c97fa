import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import type { Store } from "../../../src/ports/store/store.ts";
import { startDatabaseUnderTest, type DatabaseUnderTest } from "./postgres-under-test.ts";

const MINUTE_MS = 60_000;

let database: DatabaseUnderTest;
let store: Store;

beforeAll(async () => {
  database = await startDatabaseUnderTest();
});

afterAll(() => database.stop());

beforeEach(async () => {
  await database.clear();
  store = await database.openStore();
  await store.shards.prepare(2);
});

afterEach(() => store.close());

/** A log of shard 1 with so many packs of two events. The times of a pack are those of its number in SQL. */
async function aLog(packs: number, time: string): Promise<void> {
  await database.query(
    `insert into belfry.event (shard, last_sequence, first_sequence, events)
     select 1, 2 * pack, 2 * pack - 1, json_build_array(
       json_build_array('instance', 'i', 'created', ${time}, '{}'::json),
       json_build_array('instance', 'i', 'started', ${time}, '{}'::json))
     from generate_series(1, ${packs}) as pack`,
  );
  await database.query(`update belfry.shard_log set last_sequence = ${2 * packs} where shard = 1`);
}

async function lastBefore(at: number): Promise<number | undefined> {
  const found = await store.cursors.lastBefore([1], at);
  return found[0]?.sequence;
}

it("a place in a long log is found, wherever it is", async () => {
  await aLog(5_000, "pack * 1000");
  for (const pack of [1, 2, 3, 59, 60, 61, 62, 2_048, 2_500, 4_097, 4_999, 5_000]) {
    expect(await lastBefore(pack * 1000), `pack ${pack}`).toBe(2 * (pack - 1));
    expect(await lastBefore(pack * 1000 + 1), `after pack ${pack}`).toBe(2 * pack);
  }
});

it("of a log whose beginning was dropped a replay begins at what is left", async () => {
  await aLog(1_000, "pack * 1000");
  await database.query("delete from belfry.event where last_sequence <= 800");
  expect(await lastBefore(0)).toBe(800);
  expect(await lastBefore(401_000)).toBe(800);
  expect(await lastBefore(500_000)).toBe(998);
  expect(await lastBefore(2_000_000)).toBe(2_000);
  await database.query("delete from belfry.event");
  expect(await lastBefore(500_000)).toBe(2_000);
});

it("of a log whose clock was ahead for an hour, and then set right, a replay still begins where times rise past the instant", async () => {
  const hour = 60 * MINUTE_MS;
  // Every 10 s; packs 101 to 200 are stamped an hour ahead.
  const time = (pack: number): number => pack * 10_000 + (pack > 100 && pack <= 200 ? hour : 0);
  await aLog(400, `pack * 10000 + case when pack > 100 and pack <= 200 then ${hour} else 0 end`);
  for (let at = 5_000; at < 400 * 10_000; at += 70_000) {
    const place = (await lastBefore(at)) ?? Number.NaN;
    expect(place % 2).toBe(0);
    expect(place === 800 || time(place / 2 + 1) >= at, `what follows ${place} is at ${at} or later`).toBe(true);
    expect(place === 0 || time(place / 2) < at, `${place} is before ${at}`).toBe(true);
  }
});
