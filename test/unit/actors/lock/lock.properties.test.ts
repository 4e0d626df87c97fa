import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Story, T0 } from "./given.ts";

const step = fc.record({
  kind: fc.constantFrom("ACQUIRE", "ACQUIRE", "ACQUIRE", "RENEW", "RENEW", "RELEASE", "RELEASE", "WAKE", "RESTART"),
  afterMs: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 900 }) },
    { weight: 2, arbitrary: fc.integer({ min: 900, max: 5000 }) },
  ),
  /** By how much the wall clock is put forward or back. */
  jumpMs: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.integer({ min: -100_000, max: 100_000 })),
  caller: fc.integer({ min: 0, max: 3 }),
  ttlMs: fc.integer({ min: 1000, max: 4000 }),
  /** Which of the tokens that were ever given, counted from the last. */
  which: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 5 })),
});
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

/** A holder that was told so, and until when it may believe it: from before it asked, by a clock that only goes forward. */
interface Believer {
  readonly token: number;
  until: number;
}

class World {
  readonly story = new Story();
  readonly believers: Believer[] = [];
  monotonic = 0;
  #jump = 0;
  #grantedAt = 0;

  take({ kind, afterMs, jumpMs, caller, ttlMs, which }: Step): string | null {
    const { story } = this;
    this.monotonic += afterMs;
    this.#jump += jumpMs;
    const when = { at: T0 + this.monotonic + this.#jump, elapsedMs: this.monotonic - this.#grantedAt };
    const token = Math.max(1, story.record.token - which);
    switch (kind) {
      case "ACQUIRE":
        story.when({ type: "ACQUIRE", ...when, holder: `h${caller}`, ttlMs });
        if (story.last.granted) {
          this.#grantedAt = this.monotonic;
          this.believers.push({ token: story.record.token, until: this.monotonic + ttlMs });
        }
        return kind;
      case "RENEW": {
        story.when({ type: "RENEW", ...when, token, ttlMs });
        if (story.last.granted) {
          this.#grantedAt = this.monotonic;
          const believer = this.believers.find((one) => one.token === token);
          if (believer) believer.until = this.monotonic + ttlMs;
        }
        return kind;
      }
      case "RELEASE": {
        story.when({ type: "RELEASE", ...when, token });
        const believer = this.believers.find((one) => one.token === token);
        if (story.last.granted && believer) believer.until = this.monotonic;
        return kind;
      }
      case "WAKE":
        story.when({ type: "WAKE", ...when });
        return kind;
      case "RESTART":
        story.restart();
        return null;
    }
  }
}

function play(check: (world: World, did: string | null, before: Story["record"]) => void): void {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const world = new World();
      for (const one of steps) {
        const before = world.story.record;
        check(world, world.take(one), before);
      }
    }),
    { numRuns: 500 },
  );
}

describe("R-129: whatever happens to a lock, in whatever order, with whatever wall clock", () => {
  it("never do two believe that they hold it", () => {
    play(({ believers, monotonic }) => {
      expect(believers.filter(({ until }) => until > monotonic).length).toBeLessThanOrEqual(1);
    });
  });

  it("whoever believes so has the token of the record, and the record says held", () => {
    play(({ believers, monotonic, story: { record } }) => {
      const believer = believers.find(({ until }) => until > monotonic);
      if (believer !== undefined) {
        expect(record).toMatchObject({ token: believer.token, hold: {} });
      }
    });
  });

  it("tokens only grow, by one with each acquisition, and never otherwise", () => {
    play(({ story: { last, record } }, did, before) => {
      expect(record.token - before.token).toBe(did === "ACQUIRE" && last.granted ? 1 : 0);
    });
  });

  it("a refusal by which nothing changes leaves the very same record, and tells nothing", () => {
    play(({ story: { last, record } }, did, before) => {
      if (did !== null && !last.accepted) {
        expect(record).toBe(before);
        expect(last.effects).toEqual([]);
      }
    });
  });

  it("each acquisition is told, and each has one end, before the next one", () => {
    const open = new WeakMap<World, number[]>();
    play((world, did) => {
      const tokens = open.get(world) ?? [];
      open.set(world, tokens);
      for (const { name, data } of did === null ? [] : world.story.last.effects) {
        if (name === "acquired") {
          expect(tokens).toEqual([]);
          tokens.push(Number(data["token"]));
        } else {
          expect(tokens).toEqual([data["token"]]);
          tokens.pop();
        }
      }
      expect(tokens.length).toBe(world.story.record.hold === null ? 0 : 1);
    });
  });
});
