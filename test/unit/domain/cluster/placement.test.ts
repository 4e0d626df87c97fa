import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { placeShards } from "../../../../src/domain/cluster/placement.ts";

const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 12 });
const shardCounts = fc.constantFrom(1, 4, 16, 128, 1000);

function movedBetween(before: readonly string[], after: readonly string[]): number {
  return before.filter((node, shard) => node !== after[shard]).length;
}

describe("placement", () => {
  it("gives every shard to a node, and no node more than one above another", () => {
    fc.assert(
      fc.property(names, shardCounts, (nodes, shards) => {
        const placed = placeShards(shards, nodes);
        const counts = nodes.map((node) => placed.filter((each) => each === node).length);
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(shards);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("is the same for any order of the nodes, and for names said twice", () => {
    fc.assert(
      fc.property(
        names.chain((nodes) => fc.tuple(fc.constant(nodes), fc.shuffledSubarray(nodes, { minLength: nodes.length }))),
        ([nodes, shuffled]) => {
          expect(placeShards(128, [...shuffled, ...shuffled.slice(0, 2)])).toEqual(placeShards(128, nodes));
        },
      ),
    );
  });

  it("gives nothing when there is nobody", () => {
    expect(placeShards(128, [])).toEqual([]);
  });

  it("moves little more than a node's share when that node comes or goes", () => {
    for (let size = 1; size <= 12; size++) {
      const share = Math.ceil(128 / (size + 1));
      const rounds = Array.from({ length: 50 }, (_, round) => {
        const nodes = Array.from({ length: size }, (__, index) => `node-${round}-${index}`);
        const more = [...nodes, `node-${round}-${size}`];
        return movedBetween(placeShards(128, nodes), placeShards(128, more)) / share;
      });
      expect(rounds.reduce((sum, each) => sum + each, 0) / rounds.length).toBeLessThanOrEqual(1.8);
      expect(Math.max(...rounds)).toBeLessThanOrEqual(2.5);
    }
  });
});
