import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Queue } from "../../../../src/actors/queue/queue.ts";
import type { QueueItem } from "../../../../src/actors/queue/queue.ts";

type Move =
  | { readonly kind: "offer"; readonly priority: number; readonly definition: number }
  | { readonly kind: "withdraw"; readonly which: number }
  | { readonly kind: "take"; readonly times: number };

const moves: fc.Arbitrary<Move[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant("offer" as const),
        // Mostly urgent: those are what lets others wait.
        priority: fc.constantFrom(1, 1, 1, 1, 2, 2, 3, 4),
        definition: fc.integer({ min: 0, max: 2 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("withdraw" as const), which: fc.nat(200) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("take" as const), times: fc.integer({ min: 1, max: 3 }) }) },
  ),
  { maxLength: 400, size: "max" },
);

describe("whatever is offered, withdrawn and taken", () => {
  it("who waits is passed over at most `patience` times in a row, and who goes before a more urgent one was passed over so often", () => {
    let early = 0;
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 8 }), moves, (patience, all) => {
        const queue = new Queue({ frontLimit: 10_000, lowMark: 2, patience });
        queue.setFree("w", Number.MAX_SAFE_INTEGER);
        const waiting: QueueItem[] = [];
        const passedOver = new Map([1, 2, 3, 4].map((priority) => [priority, 0]));
        let beforeMoreUrgent = 0;
        let ids = 1000;

        const counts = (priority: number): boolean => waiting.some((item) => item.priority === priority);
        const forgetIdle = (): void => {
          for (const priority of passedOver.keys()) if (!counts(priority)) passedOver.set(priority, 0);
        };

        for (const move of all) {
          if (move.kind === "offer") {
            const item = {
              instanceId: `${++ids}`,
              shard: 0,
              priority: move.priority,
              definitionId: `d${move.definition}`,
            };
            waiting.push(item);
            queue.offer(item);
          } else if (move.kind === "withdraw") {
            const [gone] = waiting.splice(move.which % Math.max(1, waiting.length), 1);
            if (gone !== undefined) queue.withdraw(gone);
          } else {
            for (let times = 0; times < move.times && waiting.length > 0; times++) {
              const taken = queue.match()?.item;
              if (taken === undefined) throw new Error("somebody waits, and nobody was taken");
              const { priority } = taken;
              const mostUrgent = Math.min(...waiting.map((item) => item.priority));
              const waited = passedOver.get(priority) ?? 0;
              if (priority > mostUrgent) {
                // Q1: it had to be, and was not asked for more patience than that.
                expect(waited).toBe(patience);
                early++;
              }
              // Q2.
              beforeMoreUrgent = priority > mostUrgent ? beforeMoreUrgent + 1 : 0;
              expect(beforeMoreUrgent).toBeLessThanOrEqual(3);
              waiting.splice(
                waiting.findIndex(({ instanceId }) => instanceId === taken.instanceId),
                1,
              );
              passedOver.set(priority, 0);
              for (const [other, times_] of passedOver) {
                if (other > priority && counts(other)) passedOver.set(other, times_ + 1);
              }
              // Q1.
              expect(Math.max(...passedOver.values())).toBeLessThanOrEqual(patience);
              forgetIdle();
            }
          }
          forgetIdle();
        }
      }),
      { numRuns: 500, seed: 20260101 },
    );
    // It was put to the test.
    expect(early).toBeGreaterThan(1000);
  });
});
