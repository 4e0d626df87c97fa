import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Queue } from "../../../../src/actors/queue/queue.ts";
import type { LaneShortage, QueueItem } from "../../../../src/actors/queue/queue.ts";

const LOW_MARK = 2;
const READ_AT_ONCE = 3;

interface Reading {
  readonly lane: LaneShortage;
  readonly after: string;
  /** What was in the store when the reading began: whatever it sees, it sees that. */
  readonly atLeast: ReadonlySet<string>;
}

/** The queue with a store that is as simple as can be: the set of who waits. */
class World {
  readonly queue: Queue;
  readonly store = new Map<string, QueueItem>();
  readonly inMemory = new Set<string>();
  readonly given: string[] = [];
  reading: Reading | null = null;

  constructor(frontLimit: number) {
    this.queue = new Queue({ frontLimit, lowMark: LOW_MARK });
  }

  offer(item: QueueItem): void {
    if (this.store.has(item.instanceId)) return;
    this.store.set(item.instanceId, item);
    const place = this.queue.offer(item);
    if (place.kind === "kept") {
      this.inMemory.add(item.instanceId);
      if (place.displaced !== null) this.inMemory.delete(place.displaced);
    }
  }

  /** Entries of a shard that was just acquired. */
  adopt(item: QueueItem): void {
    if (this.store.has(item.instanceId)) return;
    this.store.set(item.instanceId, item);
    this.queue.addTail(item.priority, item.definitionId, 1);
  }

  withdraw(which: number): void {
    const item = [...this.store.values()][which % Math.max(1, this.store.size)];
    if (item !== undefined) {
      this.store.delete(item.instanceId);
      this.inMemory.delete(item.instanceId);
      this.queue.withdraw(item);
    }
  }

  take(): boolean {
    this.queue.setFree("w", 1);
    const match = this.queue.match();
    this.queue.setFree("w", 0);
    if (match === null) return false;
    const { instanceId } = match.item;
    // Only who waits is given, and only once each time it waits.
    const waited = this.inMemory.delete(instanceId) && this.store.delete(instanceId);
    if (!waited) throw new Error(`${instanceId} was given, but did not wait`);
    this.given.push(instanceId);
    return true;
  }

  beginReading(): void {
    const lane = this.queue.shortage();
    if (this.reading === null && lane !== null) {
      const after = this.queue.beginRefill(lane);
      this.reading = { lane, after, atLeast: new Set(this.store.keys()) };
    }
  }

  /** @param all whether the reading sees also what came after it began. */
  endReading(all: boolean): void {
    const { reading } = this;
    if (reading === null) return;
    this.reading = null;
    const { priority, definitionId } = reading.lane;
    const read = [...this.store.values()]
      .filter(
        (item) => item.priority === priority && item.definitionId === definitionId && item.instanceId > reading.after,
      )
      .filter(({ instanceId }) => all || reading.atLeast.has(instanceId))
      .toSorted((one, other) => (one.instanceId < other.instanceId ? -1 : 1))
      .slice(0, READ_AT_ONCE);
    const entries = read.filter(({ instanceId }) => !this.inMemory.has(instanceId));
    entries.forEach(({ instanceId }) => this.inMemory.add(instanceId));
    this.queue.refill({
      ...reading.lane,
      entries,
      readTo: read.length < READ_AT_ONCE ? null : (read.at(-1)?.instanceId ?? null),
    });
  }
}

type Move =
  | { readonly kind: "offer" | "adopt"; readonly id: number }
  | { readonly kind: "withdraw"; readonly which: number }
  | { readonly kind: "take" | "begin" }
  | { readonly kind: "end"; readonly all: boolean };

const entry = (kind: "offer" | "adopt") => fc.record({ kind: fc.constant(kind), id: fc.integer({ min: 10, max: 60 }) });

const moves: fc.Arbitrary<Move[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: entry("offer") },
    { weight: 2, arbitrary: entry("adopt") },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("withdraw" as const), which: fc.nat(40) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("take" as const) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("begin" as const) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("end" as const), all: fc.boolean() }) },
  ),
  { maxLength: 80 },
);

describe("whatever comes, goes and is read on meanwhile", () => {
  it("everyone who waits is given in the end, nobody who does not, nobody twice, and the front keeps its bound", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), moves, (frontLimit, all) => {
        const world = new World(frontLimit);
        for (const move of all) {
          if (move.kind === "offer" || move.kind === "adopt") {
            // An instance keeps its lane for ever; it may come again with its old id.
            const lane = (move.id * 7) % 4;
            const item = {
              instanceId: `${move.id}`,
              shard: 0,
              priority: lane < 2 ? 1 : 3,
              definitionId: `d${lane % 2}`,
            };
            const before = world.queue.waiting;
            world[move.kind](item);
            expect(world.queue.waiting).toBeLessThanOrEqual(Math.max(frontLimit, before));
          } else if (move.kind === "withdraw") {
            world.withdraw(move.which);
          } else if (move.kind === "take") {
            world.take();
          } else if (move.kind === "end") {
            world.endReading(move.all);
          } else {
            world.beginReading();
          }
          expect(world.queue.waiting).toBe(world.inMemory.size);
        }
        for (let rounds = 0; world.store.size > 0 && rounds < 200; rounds++) {
          while (world.take());
          world.endReading(true);
          world.beginReading();
          world.endReading(true);
        }
        expect([...world.store.keys()]).toEqual([]);
        // One more reading of each lane at most, and nothing is left to be looked for.
        for (let rounds = 0; world.queue.hasTail && rounds < 10; rounds++) {
          world.beginReading();
          world.endReading(true);
        }
        expect(world.queue.idle).toBe(true);
      }),
      { numRuns: 1500, seed: 20260101 },
    );
  });
});
