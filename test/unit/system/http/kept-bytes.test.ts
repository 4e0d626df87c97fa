import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KeptBytes } from "../../../../src/system/http/kept-bytes.ts";

describe("kept bytes", () => {
  it("are the first ones, and whether there were more is told at the first that is not kept", () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 20 });
    fc.assert(
      fc.property(pieces, fc.nat(20_000), (given, bound) => {
        const kept = new KeptBytes(bound);
        let before = 0;
        for (const piece of given) {
          expect(kept.push(piece)).toBe(before + piece.length <= bound || piece.length === 0);
          before = Math.min(before + piece.length, bound);
        }
        expect(kept.bytes.equals(Buffer.concat(given).subarray(0, bound))).toBe(true);
        // However little was kept, no more memory is held than the bound, and little more than twice of what came.
        expect(kept.bytes.buffer.byteLength).toBeLessThanOrEqual(Math.min(bound, Math.max(2 * before, 1024)));
      }),
      { seed: 20260308, numRuns: 300 },
    );
  });

  it("do not change with the piece they came in", () => {
    const piece = Buffer.from("before");
    const kept = new KeptBytes(100);
    kept.push(piece);
    piece.fill("x");
    expect(kept.bytes.toString()).toBe("before");
  });
});
