import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { allowanceOf, nextLookOf } from "../../../../src/actors/destination/allowance.ts";
import type { DestinationEvent } from "../../../../src/actors/destination/events.ts";
import { FAILURE_CAUSES } from "../../../../src/domain/breaker.ts";
import type { DestinationRecord } from "../../../../src/domain/webhook/destination.ts";
import { Story, T0 } from "./given.ts";

const step = fc.record({
  kind: fc.constantFrom("SEND", "SEND", "SEND", "END", "END", "END", "LOOK", "LOOK", "COMMAND", "RESTART"),
  afterMs: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 3000 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 200_000_000 }) },
    { weight: 1, arbitrary: fc.integer({ min: -200_000_000, max: 0 }) },
  ),
  which: fc.nat(),
  ok: fc.boolean(),
  cause: fc.constantFrom(...FAILURE_CAUSES),
  retryAfterMs: fc.option(fc.integer({ min: 0, max: 10_000_000 }), { nil: undefined, freq: 4 }),
  isGone: fc.integer({ min: 0, max: 9 }).map((one) => one === 0),
});
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

function commandOf({ which, ok }: Step, at: number): DestinationEvent {
  switch (which % 6) {
    case 0:
      return { type: "UPDATE", at, change: { maxConcurrent: 1 + (which % 5), disableAfterMs: ok ? 86_400_000 : null } };
    case 1:
      return { type: "ISOLATE", at, reason: "r" };
    case 2:
      return { type: "ROTATE_SECRET", at, id: String(which), sealed: "sealed:x", overlapMs: ok ? 0 : which % 100_000 };
    default:
      return { type: "RESET", at };
  }
}

/** What a node does with a destination: it sends what may go, hears how that ended, and looks when a look is due. */
class World {
  readonly story = new Story({ maxConcurrent: 3 });
  at = T0;
  /** When each delivery under way was sent. */
  readonly underWay: { readonly sentAt: number }[] = [];
  /** The delivery that ended last. */
  ended: { readonly sentAt: number } | undefined;

  /** @returns what it did; null: nothing was to be done. */
  take(one: Step): DestinationEvent["type"] | "SENT" | "RESTARTED" | null {
    this.at += one.afterMs;
    const { story, at, underWay } = this;
    switch (one.kind) {
      case "SEND": {
        const allowance = allowanceOf(story.record, at);
        const slots = allowance.kind === "open" ? allowance.slots : allowance.kind === "probe" ? 1 : 0;
        // As slots of a queue are: those under way take up theirs, whenever they were sent.
        if (underWay.length >= slots) {
          return null;
        }
        underWay.push({ sentAt: at });
        return "SENT";
      }
      case "END": {
        const [ended] = underWay.splice(one.which % Math.max(1, underWay.length), 1);
        if (ended === undefined) {
          return null;
        }
        this.ended = ended;
        const { cause, retryAfterMs, isGone } = one;
        const outcome = one.ok
          ? ({ ok: true } as const)
          : ({ ok: false, cause, message: "m", retryAfterMs, isGone } as const);
        story.when({ type: "DELIVERED", at, sentAt: ended.sentAt, outcome });
        return "DELIVERED";
      }
      case "LOOK": {
        const look = nextLookOf(story.record, at);
        if (look === null || look > at) {
          return null;
        }
        story.when({ type: "WAKE", at });
        return "WAKE";
      }
      case "COMMAND": {
        const event = commandOf(one, at);
        story.when(event);
        return event.type;
      }
      case "RESTART":
        underWay.length = 0;
        story.restart();
        return "RESTARTED";
    }
  }
}

function isShutByHand({ disabled, breaker }: DestinationRecord): boolean {
  return disabled !== null || breaker.state === "ISOLATED";
}

function play(check: (world: World, did: ReturnType<World["take"]>, before: DestinationRecord) => void): void {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const world = new World();
      for (const one of steps) {
        const before = world.story.record;
        check(world, world.take(one), before);
      }
    }),
    { numRuns: 400 },
  );
}

describe("whatever happens to a destination, in whatever order, with whatever clock", () => {
  it("between an opening and a closing there is never more than one delivery that was sent since, the probe", () => {
    play(({ story, underWay }, did) => {
      const { state } = story.record.breaker;
      if (did === "SENT" && state !== "CLOSED") {
        expect(state).toBe("HALF_OPEN");
        expect(underWay).toHaveLength(1);
      }
    });
  });

  it("only the probe decides what becomes of a half-open breaker, and the first late answer what becomes of an open one", () => {
    play(({ story, at, ended }, did, { breaker: before }) => {
      const { breaker: after } = story.record;
      if (did !== "DELIVERED" || at < before.since || after.state === before.state) {
        return;
      }
      if (before.state === "HALF_OPEN") {
        expect(ended?.sentAt).toBeGreaterThanOrEqual(before.since);
      } else if (before.state === "OPEN") {
        expect([before.timesOpened, after.state]).toEqual([1, "HALF_OPEN"]);
      } else {
        expect([before.state, after.state]).toEqual(["CLOSED", "OPEN"]);
      }
    });
  });

  it("nothing is sent while it is disabled or isolated, and only a reset changes that", () => {
    play(({ story }, did, before) => {
      if (isShutByHand(before)) {
        expect(did).not.toBe("SENT");
        if (!isShutByHand(story.record)) {
          expect(did).toBe("RESET");
        }
      }
    });
  });

  it("what is announced is written, what is written is what is in memory, and a revision is a command", () => {
    play(({ story }, did, before) => {
      if (did === null || did === "SENT" || did === "RESTARTED") {
        return;
      }
      const { effects, isDurable, accepted } = story.last;
      expect(effects.length > 0 && !isDurable).toBe(false);
      expect(isDurable && !accepted).toBe(false);
      expect(accepted).toBe(story.record !== before);
      const isCommand = did !== "DELIVERED" && did !== "WAKE";
      expect(story.record.revision - before.revision).toBe(isCommand ? 1 : 0);
      expect(isCommand && !isDurable).toBe(false);
    });
  });

  it("a restart opens nothing that was shut, and shuts nothing that was open", () => {
    play(({ story, at }) => {
      const { written } = story;
      const [now, then] = [story.record, written ?? new Story({ maxConcurrent: 3 }).record];
      expect([then.breaker.state, then.disabled === null]).toEqual([now.breaker.state, now.disabled === null]);
      expect(then.failingSince === null).toBe(now.failingSince === null);
      const heldMs = (now.heldUntil ?? at) - at;
      if (heldMs > 0) {
        expect(then.heldUntil).not.toBeNull();
        expect(allowanceOf(then, at).kind).toBe(allowanceOf(now, at).kind);
      }
    });
  });

  it("a look that is due changes something, and is not due again at the same time", () => {
    play(({ story, at }, did) => {
      if (did === "WAKE") {
        expect(story.last.accepted).toBe(true);
        const look = nextLookOf(story.record, at);
        expect(look === null || look > at).toBe(true);
      }
    });
  });

  it("no more than five secrets sign, and ten tallies are kept", () => {
    play(({ story: { record } }) => {
      expect(record.secrets.length).toBeLessThanOrEqual(5);
      expect(record.breaker.window.length).toBeLessThanOrEqual(10);
    });
  });
});
