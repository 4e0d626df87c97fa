import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HeardNumbers } from "../../../../src/runtime/cluster/heard-numbers.ts";

describe("numbers that were heard", () => {
  it("each is new once, in whatever order and however often it comes, unless it is thousands too late", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 20_000 })), { maxLength: 400 }),
        (numbers) => {
          const heard = new HeardNumbers();
          const known = new Set<number>();
          const wrong: number[] = [];
          let highest = 0;
          for (const number of numbers) {
            const isTooLate = number <= highest - 4096;
            if (heard.isNew(number) === known.has(number) && !isTooLate) wrong.push(number);
            known.add(number);
            highest = Math.max(highest, number);
          }
          expect(wrong).toEqual([]);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("go on past what fits into 32 bits", () => {
    const heard = new HeardNumbers();
    const far = 2 ** 32;
    expect([far - 1, far, far + 1, far, far - 1].map((number) => heard.isNew(number))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});
