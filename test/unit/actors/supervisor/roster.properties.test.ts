import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Roster } from "../../../../src/actors/supervisor/roster.ts";
import type { Member } from "../../../../src/actors/supervisor/roster.ts";

/** A roster as simple as can be: everyone in order of arrival, and who has gone. */
class Model {
  readonly members: Member[] = [];
  readonly admitted = new Set<string>();
  max: number;

  constructor(max: number) {
    this.max = max;
  }

  /** Whether a rule keeps this one back now. */
  blocked(member: Member): boolean {
    const gone = this.members.filter(({ id }) => this.admitted.has(id));
    const { orderingKey, concurrency } = member;
    return (
      (member.exclusive && gone.length > 0) ||
      (orderingKey !== "" && this.members.find((other) => other.orderingKey === orderingKey)?.id !== member.id) ||
      (concurrency !== null &&
        gone.filter((other) => other.concurrency?.key === concurrency.key).length >= concurrency.limit) ||
      (this.max > 0 && gone.length >= this.max)
    );
  }

  get waiting(): readonly Member[] {
    return this.members.filter(({ id }) => !this.admitted.has(id));
  }

  /** What distinguishes members for the rules: those alike must go in order of arrival. */
  alike(one: Member, other: Member): boolean {
    return (
      one.exclusive === other.exclusive &&
      one.orderingKey === other.orderingKey &&
      one.concurrency?.key === other.concurrency?.key
    );
  }
}

type Move =
  | { readonly kind: "add"; readonly exclusive: boolean; readonly ordering: number; readonly concurrency: number }
  | { readonly kind: "remove"; readonly which: number }
  | { readonly kind: "review"; readonly max: number };

const moves: fc.Arbitrary<Move[]> = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant("add" as const),
        exclusive: fc.boolean(),
        ordering: fc.integer({ min: 0, max: 2 }),
        concurrency: fc.integer({ min: 0, max: 2 }),
      }),
    },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("remove" as const), which: fc.nat(50) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("review" as const), max: fc.integer({ min: 0, max: 3 }) }) },
  ),
  { maxLength: 60 },
);

describe("whoever comes and goes, in whatever order", () => {
  it("never more go than the rules allow, nobody waits when nothing blocks it, and those alike go in order of arrival", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3 }), moves, (max, all) => {
        const roster = new Roster(max);
        const model = new Model(max);
        let number = 0;

        const admit = (ids: readonly string[]): void => {
          for (const id of ids) {
            const member = model.members.find((other) => other.id === id);
            expect(member).toBeDefined();
            if (member === undefined) return;
            // What a review admits all at once was allowed when each of them went.
            expect(model.blocked(member)).toBe(false);
            const ahead = model.waiting.find((other) => model.alike(other, member));
            expect(ahead?.id).toBe(id);
            model.admitted.add(id);
          }
        };

        for (const move of all) {
          if (move.kind === "add") {
            const member: Member = {
              id: `m${number++}`,
              uniqueKey: "",
              supersedeKey: "",
              orderingKey: move.ordering === 0 ? "" : `o${move.ordering}`,
              concurrency: move.concurrency === 0 ? null : { key: `c${move.concurrency}`, limit: move.concurrency },
              exclusive: move.exclusive,
            };
            model.members.push(member);
            if (roster.add(member) === null) {
              expect(model.blocked(member)).toBe(false);
              model.admitted.add(member.id);
            }
          } else if (move.kind === "remove") {
            const [gone] = model.members.splice(move.which % Math.max(1, model.members.length), 1);
            if (gone !== undefined) {
              model.admitted.delete(gone.id);
              admit(roster.remove(gone.id));
            }
          } else {
            model.max = move.max;
            admit(roster.review(move.max, ({ exclusive }) => exclusive));
          }
          expect(roster.size).toBe(model.members.length);
          expect(roster.gated).toBe(model.waiting.length);
          expect(model.waiting.filter((member) => !model.blocked(member))).toEqual([]);
        }
      }),
      { numRuns: 1500, seed: 20260101 },
    );
  });
});
