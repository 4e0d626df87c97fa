import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { allowanceOf, nextLookOf } from "../../../../src/actors/platform/allowance.ts";
import { tokenNeedOf } from "../../../../src/actors/platform/token.ts";
import { tokenHealthOf } from "../../../../src/domain/platform/token-health.ts";
import type { PlatformEvent } from "../../../../src/actors/platform/events.ts";
import { FAILURE_CAUSES } from "../../../../src/domain/breaker.ts";
import type { PlatformRecord } from "../../../../src/domain/platform/platform.ts";
import { Story, T0 } from "./given.ts";

const forwards = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 30_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 10_000_000 }) },
);
const anyhow = fc.oneof(
  { weight: 6, arbitrary: forwards },
  { weight: 1, arbitrary: fc.integer({ min: -10_000_000, max: 0 }) },
);

function stepOf(afterMs: fc.Arbitrary<number>) {
  return fc.record({
    kind: fc.constantFrom(
      "PUSH",
      "PUSH",
      "PUSH",
      "END",
      "END",
      "END",
      "FETCHED",
      "FETCHED",
      "LOOK",
      "COMMAND",
      "RESTART",
    ),
    afterMs,
    which: fc.nat(),
    ok: fc.integer({ min: 0, max: 2 }).map((one) => one > 0),
    cause: fc.constantFrom(...FAILURE_CAUSES),
    retryAfterMs: fc.option(fc.integer({ min: 0, max: 100_000 }), { nil: undefined, freq: 4 }),
    expiresInMs: fc.integer({ min: 0, max: 1_000_000 }),
    isRefused: fc.integer({ min: 0, max: 5 }).map((one) => one === 0),
  });
}
type Step = ReturnType<typeof stepOf> extends fc.Arbitrary<infer One> ? One : never;

function commandOf({ which, ok }: Step, at: number): PlatformEvent {
  switch (which % 6) {
    case 0:
      return { type: "UPDATE", at, change: ok ? { name: String(which) } : { settings: { host: String(which % 3) } } };
    case 1:
      return { type: "ISOLATE", at, reason: "r" };
    case 2:
      return { type: "DISABLE", at };
    case 3:
      return { type: "RESET", at };
    default:
      return { type: "ENABLE", at };
  }
}

interface Push {
  readonly sentAt: number;
  readonly sealed: string;
}

type Fetch = Pick<PlatformRecord, "connector" | "settings"> & { readonly sentAt: number };

/** What a node does with a platform: it pushes what may go when there is a token, fetches one when it has to, one at a time, and hears how that ended. */
class World {
  readonly story = new Story({ maxConcurrent: 3 });
  at = T0;
  readonly underWay: Push[] = [];
  fetching: Fetch | null = null;
  tokens = 0;
  /** Ends of tokens ahead of which a fetch was begun. */
  readonly aheadOf: number[] = [];

  /** @returns the event that was told; null: none. */
  take(one: Step): PlatformEvent["type"] | "SENT" | null {
    this.at += one.afterMs;
    const { story, at, underWay } = this;
    switch (one.kind) {
      case "PUSH":
        return this.#push();
      case "END": {
        const [ended] = underWay.splice(one.which % Math.max(1, underWay.length), 1);
        if (ended === undefined) {
          return null;
        }
        if (one.isRefused) {
          story.when({ type: "TOKEN_REFUSED", at, sealed: ended.sealed });
          return "TOKEN_REFUSED";
        }
        const { cause, retryAfterMs } = one;
        const outcome = one.ok ? ({ ok: true } as const) : ({ ok: false, cause, message: "m", retryAfterMs } as const);
        story.when({ type: "PUSHED", at, sentAt: ended.sentAt, outcome });
        return "PUSHED";
      }
      case "FETCHED":
        return this.#fetched(one);
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
        this.fetching = null;
        story.restart();
        return null;
    }
  }

  #push(): "SENT" | null {
    const { story, at, underWay } = this;
    const { record } = story;
    const allowance = allowanceOf(record, at);
    const slots = allowance.kind === "open" ? allowance.slots : allowance.kind === "probe" ? 1 : 0;
    if (!record.enabled || underWay.length >= slots) {
      return null;
    }
    const need = tokenNeedOf(record, at);
    if (need.kind === "wait") {
      throw new Error("nothing may go while it rests for want of a token");
    }
    if (need.kind !== "none" && this.fetching === null) {
      const { connector, settings } = record;
      this.fetching = { connector, settings, sentAt: at };
      if (need.kind === "ahead") {
        this.aheadOf.push(need.token.expiresAt);
      }
    }
    if (need.kind === "now") {
      return null;
    }
    underWay.push({ sentAt: at, sealed: record.token?.sealed ?? "" });
    return "SENT";
  }

  #fetched({ ok, which, expiresInMs }: Step): PlatformEvent["type"] | null {
    const { story, at, fetching } = this;
    if (fetching === null) {
      return null;
    }
    this.fetching = null;
    const { sentAt, ...askedWith } = fetching;
    if (ok) {
      const sealed = `${this.tokens++} for ${JSON.stringify(askedWith.settings)}`;
      story.when({ type: "TOKEN_OBTAINED", at, sealed, expiresInMs, askedWith });
      return "TOKEN_OBTAINED";
    }
    const isPermanent = which % 2 === 0;
    story.when({ type: "TOKEN_FAILED", at, sentAt, code: "c", message: "m", isPermanent, askedWith });
    return "TOKEN_FAILED";
  }
}

function play(
  check: (world: World, did: ReturnType<World["take"]>, before: PlatformRecord) => void,
  afterMs = anyhow,
): void {
  fc.assert(
    fc.property(fc.array(stepOf(afterMs), { maxLength: 80 }), (steps) => {
      const world = new World();
      for (const one of steps) {
        const before = world.story.record;
        check(world, world.take(one), before);
      }
    }),
    { numRuns: 400 },
  );
}

describe("whatever happens to a platform, in whatever order, with whatever clock", () => {
  it("R-021: nothing is sent without a token that may be used", () => {
    play(({ story, at, underWay }, did) => {
      if (did === "SENT") {
        expect(["VALID", "EXPIRING"]).toContain(tokenHealthOf(story.record, at).state);
        expect(underWay.at(-1)?.sealed).toBe(story.record.token?.sealed);
      }
    });
  });

  it("R-015: a token is forgotten only by the refusal of itself, or by other settings", () => {
    play(({ story: { record } }, did, { token, settings }) => {
      if (token !== null && record.token === null) {
        expect(did === "TOKEN_REFUSED" || settings !== record.settings).toBe(true);
      }
    });
  });

  it("R-021: no request carries a token that was fetched with other settings", () => {
    play(({ story: { record }, underWay }, did) => {
      if (did === "SENT") {
        expect(underWay.at(-1)?.sealed).toContain(JSON.stringify(record.settings));
      }
    });
  });

  it("there is a failure to show exactly as long as nothing has come of it", () => {
    play(({ story: { record, last } }, did) => {
      if (did === "TOKEN_OBTAINED" && last.accepted) {
        expect(record.tokenFailure).toBeNull();
      }
      if ((did === "TOKEN_FAILED" || did === "TOKEN_REFUSED") && last.accepted) {
        expect(record.tokenFailure).not.toBeNull();
      }
    });
  });

  it("what is announced is written, what is written is what is in memory, and a revision is a command", () => {
    play(({ story }, did, before) => {
      if (did === null || did === "SENT") {
        return;
      }
      const { effects, isDurable, accepted } = story.last;
      expect(effects.length > 0 && !isDurable).toBe(false);
      expect(isDurable && !accepted).toBe(false);
      expect(accepted).toBe(story.record !== before);
      const isCommand = ["ENABLE", "DISABLE", "UPDATE", "RESET", "ISOLATE"].includes(did);
      expect(story.record.revision - before.revision).toBe(isCommand ? 1 : 0);
      expect(isCommand && !isDurable).toBe(false);
    });
  });

  it("R-086: a restart loses no token, opens nothing that was shut, and shuts nothing that was open", () => {
    play(({ story: { record, written }, at }) => {
      expect([written.token, written.tokenFailure, written.enabled]).toEqual([
        record.token,
        record.tokenFailure,
        record.enabled,
      ]);
      expect(written.breaker.state).toBe(record.breaker.state);
      if ((record.heldUntil ?? at) > at) {
        expect(allowanceOf(written, at).kind).toBe(allowanceOf(record, at).kind);
      }
    });
  });

  it("only a caller enables and disables, and only a reset ends an isolation", () => {
    play(({ story: { record } }, did, before) => {
      if (record.enabled !== before.enabled) {
        expect(did).toBe(record.enabled ? "ENABLE" : "DISABLE");
      }
      if (before.breaker.state === "ISOLATED" && record.breaker.state !== "ISOLATED") {
        expect(did).toBe("RESET");
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
});

describe("with a clock that goes forwards", () => {
  it("R-021: while no node dies and nobody resets it, there is no more than one fetch ahead of each end", () => {
    fc.assert(
      fc.property(fc.array(stepOf(forwards), { maxLength: 120 }), (steps) => {
        const world = new World();
        for (const one of steps.filter(({ kind }) => kind !== "RESTART" && kind !== "COMMAND")) {
          world.take(one);
        }
        expect(new Set(world.aheadOf).size).toBe(world.aheadOf.length);
      }),
      { numRuns: 400 },
    );
  });
});
