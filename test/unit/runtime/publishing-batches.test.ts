import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type StatusEvent, eventId } from "../../../src/domain/event/status-event.ts";
import { nextBatch } from "../../../src/runtime/publishing/next-batch.ts";

function line(shard: number, resources: readonly string[]): StatusEvent[] {
  return resources.map((resourceId, index) => {
    return { shard, sequence: index + 1, resource: "instance", resourceId, name: "changed", at: 0, data: {} };
  });
}

function ids(waves: readonly (readonly StatusEvent[])[]): string[] {
  return waves.map((wave) => wave.map(eventId).join(" "));
}

describe("the next batch", () => {
  it("has each resource once a wave, its next event in the next wave", () => {
    const batch = nextBatch([line(0, ["a", "b", "a", "a", "c"]), line(1, ["d", "d"])], 100);
    expect(ids(batch.waves)).toEqual(["0-1 0-2 0-5 1-1", "0-3 1-2", "0-4"]);
    expect([...batch.upTo]).toEqual([
      [0, 5],
      [1, 2],
    ]);
  });

  it("tells a definition from an instance of the same id", () => {
    const [first, second] = line(0, ["a", "a"]);
    const batch = nextBatch([[first!, { ...second!, resource: "definition" }]], 100);
    expect(ids(batch.waves)).toEqual(["0-1 0-2"]);
  });

  it("ends when it is full, in the middle of a shard", () => {
    const batch = nextBatch([line(0, ["a", "b"]), line(1, ["c", "d"]), line(2, ["e"])], 3);
    expect([...batch.upTo]).toEqual([
      [0, 2],
      [1, 1],
    ]);
  });

  it("does not let one resource with many events hold up the others", () => {
    const hot = line(
      0,
      Array.from({ length: 300 }, () => "hot"),
    );
    const batch = nextBatch([[...hot, ...line(0, ["z"])], line(1, ["a", "b"])], 500);
    expect(batch.waves).toHaveLength(16);
    expect([...batch.upTo]).toEqual([
      [0, 16],
      [1, 2],
    ]);
  });

  it("of nothing is empty", () => {
    expect(nextBatch([], 10)).toEqual({ waves: [], upTo: new Map() });
    expect(nextBatch([[]], 10).waves).toEqual([]);
  });

  it("is, whatever there is, of each shard the beginning without a gap, each resource in order, once a wave", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.constantFrom("a", "b", "c", "d", "e"), { maxLength: 40 }), { maxLength: 5 }),
        fc.integer({ min: 1, max: 60 }),
        (shards, size) => {
          const lines = shards.map((resources, shard) =>
            line(
              shard,
              resources.map((resource) => `${shard}${resource}`),
            ),
          );
          const { waves, upTo } = nextBatch(lines, size);
          const all = waves.flat();
          expect(all.length).toBeLessThanOrEqual(size);
          if (lines.some(({ length }) => length > 0)) expect(all.length).toBeGreaterThan(0);
          const beginnings = lines.flatMap((events, shard) => events.slice(0, upTo.get(shard) ?? 0));
          expect(all.map(eventId).toSorted()).toEqual(beginnings.map(eventId).toSorted());
          for (const wave of waves) expect(new Set(wave.map(({ resourceId }) => resourceId)).size).toBe(wave.length);
          for (const resource of new Set(all.map(({ resourceId }) => resourceId))) {
            const sequences = all.filter(({ resourceId }) => resourceId === resource).map(({ sequence }) => sequence);
            expect(sequences).toEqual(sequences.toSorted((one, other) => one - other));
          }
        },
      ),
      { numRuns: 300, seed: 5 },
    );
  });
});
