import { expect, it } from "vitest";
import { anEvent } from "../../support/records.ts";
import { type Given, SHARDS } from "./given-store.ts";
import { readPages } from "./pages.ts";

/** The log of status events. */
export function eventsContract(given: Given): void {
  it(
    "events come out as they went in, in order",
    given(async ({ store, writer }) => {
      const node = await writer();
      const events = [
        anEvent({
          sequence: 1,
          resource: "definition",
          resourceId: "任务",
          name: "created",
          at: 7,
          data: { 状态: "好", deep: { list: [1, null, "x"] } },
        }),
        anEvent({ sequence: 2, resource: "instance", resourceId: 'i"2\\', name: "cancel_requested", at: 5, data: {} }),
        anEvent({ sequence: 3, resourceId: "", name: "progressed", data: { percent: 0.5, message: "4 of 10 🚀\n" } }),
      ];
      await node.write({ events });
      expect(await store.queries.readEvents(0, 0, 10)).toEqual(events);
    }),
  );

  it(
    "sequences of a shard go on without a gap over many batches",
    given(async ({ store, writer }) => {
      const node = await writer();
      for (const names of [["a"], ["b", "c", "d"], ["e", "f"]])
        await node.write({ events: node.announce(1, ...names) });
      await node.write({}, [1]);
      await node.write({ events: node.announce(1, "g") });
      const events = await store.queries.readEvents(1, 0, 100);
      expect(events.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6, 7]);
      expect(events.map(({ name }) => name).join("")).toBe("abcdefg");
    }),
  );

  it(
    "each shard counts for itself, also within one batch",
    given(async ({ store, writer }) => {
      const node = await writer();
      const [a1, a2] = node.announce(0, "a1", "a2");
      const [b1] = node.announce(2, "b1");
      await node.write({ events: [a1!, b1!, a2!] });
      await node.write({ events: node.announce(2, "b2") });
      const names = async (shard: number) =>
        (await store.queries.readEvents(shard, 0, 10)).map(({ name, sequence }) => `${sequence} ${name}`);
      expect(await names(0)).toEqual(["1 a1", "2 a2"]);
      expect(await names(1)).toEqual([]);
      expect(await names(2)).toEqual(["1 b1", "2 b2"]);
    }),
  );

  it(
    "reading goes on after any sequence, with any limit",
    given(async ({ store, writer }) => {
      const node = await writer();
      for (const names of [
        ["a", "b", "c"],
        ["d", "e"],
        ["f", "g", "h", "i"],
      ])
        await node.write({ events: node.announce(0, ...names) });
      const read = async (after: number, limit: number) =>
        (await store.queries.readEvents(0, after, limit)).map(({ name }) => name).join("");
      expect(await read(0, 100)).toBe("abcdefghi");
      expect(await read(0, 1)).toBe("a");
      expect(await read(1, 1)).toBe("b");
      expect(await read(1, 3)).toBe("bcd");
      expect(await read(2, 5)).toBe("cdefg");
      expect(await read(3, 2)).toBe("de");
      expect(await read(8, 100)).toBe("i");
      expect(await read(9, 100)).toBe("");
      expect(await read(500, 100)).toBe("");
    }),
  );

  it(
    "pages of any size hold every event once",
    given(async ({ store, writer }) => {
      const node = await writer();
      for (const count of [5, 1, 7, 3])
        await node.write({ events: node.announce(3, ...Array.from({ length: count }, () => "x")) });
      for (const size of [1, 2, 3, 4, 16]) {
        const read = await readPages(
          size,
          (after, limit) => store.queries.readEvents(3, after?.at ?? 0, limit),
          ({ sequence }) => ({ at: sequence, id: "" }),
        );
        const sequences = read.map(({ sequence }) => sequence);
        expect(sequences, `pages of ${size}`).toEqual(Array.from({ length: 16 }, (_, index) => index + 1));
      }
    }),
  );

  it(
    "the bounds name the first and the last event of each shard, 0 when there is none",
    given(async ({ store, writer }) => {
      const node = await writer();
      const bounds = async () => (await store.queries.eventBounds()).toSorted((one, other) => one.shard - other.shard);
      expect(await bounds()).toEqual(Array.from({ length: SHARDS }, (_, shard) => ({ shard, first: 0, last: 0 })));
      await node.write({ events: [...node.announce(1, "a", "b"), ...node.announce(3, "c")] });
      await node.write({ events: node.announce(1, "d") });
      expect(await bounds()).toEqual([
        { shard: 0, first: 0, last: 0 },
        { shard: 1, first: 1, last: 3 },
        { shard: 2, first: 0, last: 0 },
        { shard: 3, first: 1, last: 1 },
      ]);
    }),
  );

  it(
    "the sequence goes on under the next owner",
    given(async ({ store, writer }) => {
      const before = await writer("before");
      await before.write({ events: before.announce(0, "a", "b") });
      await store.shards.release("before", before.held);
      const after = await writer("after");
      await after.write({ events: after.announce(0, "c") });
      expect((await store.queries.readEvents(0, 0, 10)).map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    }),
  );
}
