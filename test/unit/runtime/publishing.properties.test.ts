import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type PublishingNode, PublishingWorld, type StreamFault, disorders } from "./publishing-world.ts";

const SHARDS = 3;
const RESOURCES = ["a", "b", "c"];
/** Small ones, so that every bound is met. */
const OPTIONS = { batch: 6, memoryLimit: 8, checkpointMs: 1000 };
const RUNS = Number(process.env["CHAOS_RUNS"] ?? 300);
const SEED = Number(process.env["CHAOS_SEED"] ?? 7);

type Step =
  | { readonly kind: "commit"; readonly shard: number; readonly resources: readonly string[] }
  | { readonly kind: "advance"; readonly ms: number }
  | { readonly kind: "faults"; readonly faults: readonly (StreamFault | null)[] }
  | { readonly kind: "stream"; readonly away: boolean; readonly told: boolean }
  | { readonly kind: "store"; readonly away: boolean }
  | { readonly kind: "hold" | "release" | "delete" }
  | { readonly kind: "crash"; readonly which: number }
  | { readonly kind: "move"; readonly shard: number; readonly settled: boolean; readonly told: boolean };

const shard = fc.nat(SHARDS - 1);
const fault = fc.constantFrom<StreamFault | null>("before", "partly", "after", "late", null);
const commit = fc.record({
  kind: fc.constant("commit" as const),
  shard,
  resources: fc.array(fc.constantFrom(...RESOURCES), { minLength: 1, maxLength: 12 }),
});
const advance = fc.record({
  kind: fc.constant("advance" as const),
  ms: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 300, max: 6000 }), fc.constant(70_000)),
});
const common = [
  { weight: 6, arbitrary: commit },
  { weight: 5, arbitrary: advance },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("faults" as const), faults: fc.array(fault, { maxLength: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("stream" as const), away: fc.boolean(), told: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("store" as const), away: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("hold" as const, "release" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("crash" as const), which: fc.nat(1) }) },
];
const move = fc.record({ kind: fc.constant("move" as const), shard, settled: fc.boolean(), told: fc.boolean() });
const deletion = fc.record({ kind: fc.constant("delete" as const) });

class Run {
  readonly world = new PublishingWorld(SHARDS, OPTIONS);
  #names = 0;
  #release: () => void = () => {};

  constructor(nodes: number) {
    for (let index = 0; index < nodes; index++) this.#newNode();
    for (const each of this.world.shards) this.world.acquire(this.world.living[each % nodes]!, [each]);
  }

  #newNode(): PublishingNode {
    this.#names++;
    return this.world.node(`node${this.#names}`);
  }

  #ownerOf(of: number): PublishingNode | undefined {
    // The last one that acquired it; others may not know yet that they lost it.
    return this.world.living
      .filter(({ owned }) => owned.has(of))
      .toSorted((one, other) => (other.owned.get(of) ?? 0) - (one.owned.get(of) ?? 0))[0];
  }

  async step(step: Step): Promise<void> {
    const { world } = this;
    const { server } = world;
    switch (step.kind) {
      case "commit": {
        const owner = this.#ownerOf(step.shard);
        if (owner !== undefined && !world.storeAway) world.commit(owner, step.shard, step.resources);
        break;
      }
      case "advance":
        await world.clock.advance(step.ms);
        break;
      case "faults":
        server.faults.push(...step.faults);
        break;
      case "stream":
        server.away = step.away;
        if (step.told) for (const { publisher } of world.living) publisher.connected(!step.away);
        break;
      case "store":
        world.storeAway = step.away;
        break;
      case "hold":
        this.#letThrough();
        this.#release = server.hold();
        break;
      case "release":
        this.#letThrough();
        break;
      case "delete":
        server.delete();
        break;
      case "crash": {
        const victim = world.living[step.which % world.living.length]!;
        const orphans = world.crash(victim);
        const heir = this.#newNode();
        world.acquire(
          heir,
          orphans.filter((orphan) => this.#ownerOf(orphan) === undefined),
        );
        break;
      }
      case "move":
        await this.#move(step);
        break;
    }
  }

  #letThrough(): void {
    this.#release();
    this.world.server.letThrough();
  }

  async #move(step: { readonly shard: number; readonly settled: boolean; readonly told: boolean }): Promise<void> {
    const { world } = this;
    const from = this.#ownerOf(step.shard);
    const to = world.living.find((node) => node !== from);
    if (from === undefined || to === undefined || to.owned.has(step.shard)) return;
    if (step.settled) {
      const settling = from.publisher.settled([step.shard], 200);
      await world.clock.advance(200);
      await settling;
    }
    // Who is not told goes on for a while with what it has.
    if (step.told) world.lose(from, [step.shard]);
    world.acquire(to, [step.shard]);
    if (!step.told) {
      await world.clock.advance(150);
      world.lose(from, [step.shard]);
    }
  }

  /** All is well again, and time enough. */
  async heal(): Promise<void> {
    const { world } = this;
    world.server.faults.length = 0;
    world.server.away = false;
    world.storeAway = false;
    this.#letThrough();
    await world.clock.advance(30_000);
  }
}

async function expectSound(nodes: number, steps: readonly Step[]): Promise<void> {
  const running = new Run(nodes);
  const { world } = running;
  for (const step of steps) await running.step(step);
  await running.heal();
  expect(world.server.violations).toEqual([]);
  expect(world.server.lives.flatMap(disorders)).toEqual([]);
  // All are younger than what a new stream is filled with, so the last one has them all.
  expect(world.server.life.ids.toSorted()).toEqual(world.ids.toSorted());
  expect(world.living.map(({ publisher }) => [publisher.lag(), publisher.held])).toEqual(
    world.living.map(() => [0, 0]),
  );
  for (const each of world.shards) {
    const last = world.events.filter((event) => event.shard === each).length;
    expect(world.cursor(each)).toBe(`${last} ${world.server.life.name}`);
  }
  expect(world.mostHeld).toBeLessThanOrEqual(OPTIONS.memoryLimit + OPTIONS.batch);
  await world.end();
  expect(world.clock.pendingTimers).toBe(0);
}

describe("whatever fails, in whatever order: every event of the log is on the stream once, in order per resource", () => {
  it("with shards that move between nodes, and nodes that crash", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(...common, { weight: 2, arbitrary: move }), { minLength: 5, maxLength: 40 }),
        (steps) => expectSound(2, steps),
      ),
      { numRuns: RUNS, seed: SEED, endOnFailure: true },
    );
  });

  it("with a stream that is deleted, and a node that crashes", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(...common, { weight: 1, arbitrary: deletion }), { minLength: 5, maxLength: 40 }),
        (steps) => expectSound(1, steps),
      ),
      { numRuns: RUNS, seed: SEED, endOnFailure: true },
    );
  });
});
