import { expect, it } from "vitest";
import { anInstance, changed } from "../../support/records.ts";
import { NO_ROWS } from "../../support/shard-writer.ts";
import { ALL_SHARDS, type Given, LONG_TTL_MS, SHARDS } from "./given-store.ts";

/** Who may write, and how often. */
export function fencingContract(given: Given): void {
  it(
    "a batch at an old epoch writes nothing and names the lost shards",
    given(async ({ store, writer }) => {
      const late = await writer("late");
      const batch = late.batch({
        createdInstances: [anInstance({ id: "in-lost", shard: 1 }), anInstance({ id: "in-kept", shard: 2 })],
        events: [...late.announce(1, "created"), ...late.announce(2, "created")],
      });
      await store.shards.release(
        "late",
        late.held.filter(({ shard }) => shard === 1),
      );
      const [taken] = await store.shards.acquire("next", LONG_TTL_MS, [1]);
      expect(taken?.shard).toBe(1);

      expect(await late.send(batch)).toEqual({ kind: "fenced", shards: [1] });
      expect(await store.actors.loadInstances(["in-lost", "in-kept"])).toEqual([]);
      expect(await store.queries.readEvents(1, 0, 10)).toEqual([]);
      expect(await store.queries.readEvents(2, 0, 10)).toEqual([]);
    }),
  );

  it(
    "every lost shard is named",
    given(async ({ store, writer }) => {
      const late = await writer("late");
      const batch = late.batch({}, [0, 1, 2, 3]);
      await store.shards.release(
        "late",
        late.held.filter(({ shard }) => shard === 0 || shard === 3),
      );
      await store.shards.acquire("next", LONG_TTL_MS, ALL_SHARDS);
      const outcome = await late.send(batch);
      expect(outcome.kind).toBe("fenced");
      expect(outcome.kind === "fenced" && new Set(outcome.shards)).toEqual(new Set([0, 3]));
    }),
  );

  it(
    "the shards that are still held can be written on after a fenced batch",
    given(async ({ store, writer }) => {
      const late = await writer("late");
      await store.shards.release(
        "late",
        late.held.filter(({ shard }) => shard === 1),
      );
      await store.shards.acquire("next", LONG_TTL_MS, [1]);
      expect(await late.send(late.batch({}, [1, 2]))).toEqual({ kind: "fenced", shards: [1] });
      expect(await late.send(late.batch({ createdInstances: [anInstance({ shard: 2 })] }))).toEqual({
        kind: "committed",
      });
    }),
  );

  it(
    "the next owner goes on from the count and the sequence of the one before",
    given(async ({ store, writer }) => {
      const before = await writer("before");
      await before.write({ events: before.announce(2, "a", "b") });
      await before.write({ events: before.announce(2, "c") });
      await store.shards.release("before", before.held);
      const acquired = await store.shards.acquire("after", LONG_TTL_MS, ALL_SHARDS);
      expect(acquired.find(({ shard }) => shard === 2)).toMatchObject({ commit: 2, lastSequence: 3 });
      expect(acquired.find(({ shard }) => shard === 3)).toMatchObject({ commit: 0, lastSequence: 0 });
    }),
  );

  it(
    "the same batch sent twice is written once",
    given(async ({ store, writer }) => {
      const node = await writer();
      const instance = anInstance();
      const batch = node.batch({ createdInstances: [instance], events: node.announce(0, "created", "started") });
      expect(await node.send(batch)).toEqual({ kind: "committed" });
      expect(await node.send(batch)).toEqual({ kind: "committed" });
      expect(await store.queries.listInstances({}, null, 10)).toEqual([instance]);
      expect(await store.queries.readEvents(0, 0, 10)).toHaveLength(2);

      const running = changed(instance, { state: "RUNNING" });
      const second = node.batch({ changedInstances: [running], events: node.announce(0, "progressed") });
      expect(second.fences).toMatchObject([{ commit: 1, lastSequence: 3 }]);
      expect(await node.send(second)).toEqual({ kind: "committed" });
      expect(await node.send(second)).toEqual({ kind: "committed" });
      expect(await store.queries.getInstance(instance.id)).toEqual(running);
      expect(await store.queries.readEvents(0, 0, 10)).toHaveLength(3);
    }),
  );

  it(
    "the same batch sent twice at once is written once",
    given(async ({ store, writer }) => {
      const node = await writer();
      const batch = node.batch({
        createdInstances: [anInstance({ shard: 1 }), anInstance({ shard: 2 })],
        events: [...node.announce(1, "created"), ...node.announce(2, "created")],
      });
      const outcomes = await Promise.all([store.journal.commit(batch), store.journal.commit(batch)]);
      expect(outcomes).toEqual([{ kind: "committed" }, { kind: "committed" }]);
      expect(await store.queries.countInstances({})).toBe(2);
      expect(await store.queries.readEvents(1, 0, 10)).toHaveLength(1);
    }),
  );

  it(
    "a batch whose commit counter is behind is fenced and writes nothing",
    given(async ({ store, writer }) => {
      const node = await writer();
      const stale = node.batch({
        createdInstances: [anInstance({ id: "stale" })],
        events: node.announce(0, "created"),
      });
      await node.write({ events: node.announce(0, "a") });
      await node.write({ events: node.announce(0, "b") });
      expect(await store.journal.commit(stale)).toEqual({ kind: "fenced", shards: [0] });
      expect(await store.queries.getInstance("stale")).toBeNull();
      expect(await store.queries.readEvents(0, 0, 10)).toMatchObject([{ name: "a" }, { name: "b" }]);
    }),
  );

  it(
    "a batch whose commit counter runs ahead is fenced and writes nothing",
    given(async ({ store, writer }) => {
      const node = await writer();
      const batch = node.batch({ createdInstances: [anInstance({ id: "early" })] });
      const ahead = { ...batch, fences: batch.fences.map((fence) => ({ ...fence, commit: fence.commit + 1 })) };
      expect(await store.journal.commit(ahead)).toEqual({ kind: "fenced", shards: [0] });
      expect(await store.queries.getInstance("early")).toBeNull();
    }),
  );

  it(
    "a batch that was written is fenced when it is sent again after another node took the shard",
    given(async ({ store, writer }) => {
      const node = await writer("before");
      const batch = node.batch({ events: node.announce(0, "created") });
      await node.send(batch);
      await store.shards.release("before", node.held);
      await store.shards.acquire("after", LONG_TTL_MS, ALL_SHARDS);
      expect(await store.journal.commit(batch)).toEqual({ kind: "fenced", shards: [0] });
      expect(await store.queries.readEvents(0, 0, 10)).toHaveLength(1);
    }),
  );

  it(
    "of a shard's writers at the same moment, old and new, only the new one writes",
    given(async ({ store, writer }) => {
      const old = await writer("old");
      const late = old.batch({ createdInstances: [anInstance({ id: "by-old" })] });
      await store.shards.release("old", old.held);
      const next = await writer("next");
      const timely = next.batch({ createdInstances: [anInstance({ id: "by-next" })] });
      const outcomes = await Promise.all([store.journal.commit(late), store.journal.commit(timely)]);
      expect(outcomes).toEqual([{ kind: "fenced", shards: [0] }, { kind: "committed" }]);
      expect((await store.queries.listInstances({}, null, 10)).map(({ id }) => id)).toEqual(["by-next"]);
    }),
  );

  it(
    "a batch for a shard that does not exist is fenced",
    given(async ({ store }) => {
      const fences = [{ shard: SHARDS + 7, epoch: 1, commit: 0, lastSequence: 0 }];
      expect(await store.journal.commit({ ...NO_ROWS, fences })).toEqual({ kind: "fenced", shards: [SHARDS + 7] });
    }),
  );
}
