import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tell, textOf } from "../../../../src/domain/approval/telling.ts";
import type { Told } from "../../../../src/domain/approval/telling.ts";

interface Facts {
  readonly title: string;
  readonly people: readonly string[];
  readonly endedAt: number | null;
}

const NOTHING: Told<Facts> = { facts: { title: "", people: [], endedAt: null }, toldAt: {} };

describe("a fact", () => {
  it("that nobody told is filled in by any event, however old", () => {
    expect(tell(NOTHING, { title: "a" }, 0)).toEqual({
      facts: { title: "a", people: [], endedAt: null },
      toldAt: { title: 0 },
    });
  });

  it("gives way to a newer one only", () => {
    const known = tell(NOTHING, { title: "b" }, 10);
    expect(tell(known, { title: "c" }, 9)).toBe(known);
    expect(tell(known, { title: "a" }, 11).facts.title).toBe("a");
  });

  it("that is told to be nothing is nothing; one that is left out stays", () => {
    const known = tell(NOTHING, { title: "b", people: ["x"], endedAt: 3 }, 10);
    expect(tell(known, { title: "", endedAt: null, people: undefined }, 11)).toEqual({
      facts: { title: "", people: ["x"], endedAt: null },
      toldAt: { title: 11, endedAt: 11, people: 10 },
    });
  });

  it("of the same time: something outranks nothing, and else the greater text the lesser", () => {
    const known = tell(NOTHING, { title: "b", endedAt: 3 }, 10);
    expect(tell(known, { title: "a", endedAt: null }, 10)).toBe(known);
    expect(tell(known, { title: "c" }, 10).facts.title).toBe("c");
    expect(tell(tell(NOTHING, { people: [] }, 10), { people: ["x"] }, 10).facts.people).toEqual(["x"]);
  });

  it("told again at a later time is as old as that, and stays the same object", () => {
    const known = tell(NOTHING, { people: ["x"] }, 10);
    const again = tell(known, { people: ["x"] }, 20);
    expect(again.facts).toBe(known.facts);
    expect(tell(again, { people: ["y"] }, 15)).toBe(again);
  });

  it("may have any name", () => {
    const known = tell<Record<string, string>>({ facts: {}, toldAt: {} }, { constructor: "a", toString: "b" }, 1);
    expect(known.toldAt).toEqual({ constructor: 1, toString: 1 });
  });

  it("is the same at the end, in whatever order it is told and however often", () => {
    const news = fc.record({
      at: fc.integer({ min: 0, max: 4 }),
      facts: fc.record(
        {
          title: fc.constantFrom("", "a", "b"),
          people: fc.subarray(["x", "y"]),
          endedAt: fc.option(fc.integer({ min: 0, max: 3 })),
        },
        { requiredKeys: [] },
      ),
    });
    const ways = fc.array(news, { maxLength: 8 }).chain((all) =>
      fc.record({
        all: fc.constant(all),
        again: fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2, maxLength: all.length * 2 }),
      }),
    );
    fc.assert(
      fc.property(ways, ({ all, again }) => {
        const [one, other] = [all, again].map((each) =>
          each.reduce((known, { at, facts }) => tell(known, facts, at), NOTHING),
        );
        expect(other).toEqual(one);
      }),
    );
  });
});

describe("a value as text", () => {
  it("is the same for equal values, in whatever order their fields stand", () => {
    expect(textOf({ b: [{ d: 1, c: null }], a: "x" })).toBe(textOf({ a: "x", b: [{ c: null, d: 1 }] }));
    expect(textOf(["a", "b"])).not.toBe(textOf(["b", "a"]));
    expect(textOf(undefined)).toBe(textOf(null));
  });
});
