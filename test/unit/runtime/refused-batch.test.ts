import { expect, it, onTestFinished } from "vitest";
import { shardOf } from "../../../src/domain/routing.ts";
import type { JournalBatch } from "../../../src/ports/store/journal.ts";
import { SHARDS, aWorkerSpec, aWorld } from "../../support/node.ts";

it("what the store refuses for what is in it costs its own shard, and the rest of the batch is written", async () => {
  const world = await aWorld();
  onTestFinished(() => world.stop());
  const { journal } = world.store;
  const { commit } = journal;
  const sizes: number[] = [];
  Object.assign(journal, {
    commit: async (batch: JournalBatch) => {
      sizes.push(batch.definitions.length);
      if (batch.definitions.some(({ spec }) => spec.name === "poison")) {
        throw new Error("value out of range, as the test asked for");
      }
      return commit(batch);
    },
  });
  const node = await world.start("a");
  const ids = ["one", "two", "six"] as const;
  expect(new Set(ids.map((id) => shardOf(id, SHARDS))).size).toBe(ids.length);
  const created = Promise.allSettled(
    ids.map((id) =>
      node.definitions.create({ id, spec: aWorkerSpec({ name: id === "two" ? "poison" : id }), startPaused: false }),
    ),
  );
  await world.clock.advance(0);
  expect((await created).map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(sizes[0], "the three were one batch").toBe(3);
  expect(await world.store.queries.getDefinition("one")).not.toBeNull();
  expect(await world.store.queries.getDefinition("two")).toBeNull();
  // The shard comes back, and decides again.
  await world.clock.advance(1000);
  await node.definitions.create({ id: "two", spec: aWorkerSpec({ name: "sound" }), startPaused: false });
  expect(await world.store.queries.getDefinition("two")).not.toBeNull();
});
