import { describe, expect, it } from "vitest";
import type { PlatformEvent } from "../../../../src/actors/platform/events.ts";
import type { TokenState } from "../../../../src/domain/platform/token-health.ts";
import { tokenNeedOf } from "../../../../src/actors/platform/token.ts";
import { DEFAULT_PUSH_POLICY } from "../../../../src/domain/platform/platform.ts";
import { Story, T0 } from "./given.ts";

const S = 110;
const at = T0 + S * 1000;

/** All have a token but where it is said. */
const PLACES = {
  healthy: () => new Story().obtain(0),
  "one failure short of opening": () => new Story().obtain(0).fails(2, 100),
  held: () => new Story().obtain(0).hold(100, 60),
  "held, until now": () => new Story().obtain(0).hold(100, 10),
  open: () => new Story().obtain(0).fails(3, 100),
  "open, its time has come": () => new Story().obtain(0).fails(3, 50),
  "half open": () => new Story().obtain(0).fails(3, 40).wake(100),
  isolated: () => new Story().obtain(0).isolate(100),
  "without a token": () => new Story(),
  "without a token, one failure short of opening": () => new Story().fails(2, 100),
  "without a token and half open": () => new Story().fails(3, 40).wake(100),
  "with a token about to expire": () => new Story().obtain(55, 60),
  "with a token that has expired": () => new Story().obtain(0, 60),
  "with a token that was not taken": () => new Story().obtain(0).refuseToken(100),
  "resting for want of a token": () => new Story().failToken(S - 1),
  "resting for want of a token, until now": () => new Story().failToken(S - 5),
  disabled: () => new Story().obtain(0).disable(100),
  "disabled while open": () => new Story().obtain(0).fails(3, 50).disable(60),
  "disabled while held": () => new Story().obtain(0).hold(50, 100).disable(60),
} as const satisfies Record<string, () => Story>;
type Place = keyof typeof PLACES;

const failure = { ok: false, cause: "CONNECTION", message: "m" } as const;
const token = { type: "TOKEN_OBTAINED", at, sealed: "sealed:t2", expiresInMs: 7_200_000 } as const;
const noToken = { type: "TOKEN_FAILED", at, code: "c", message: "m", isPermanent: false } as const;
const askedWith = { connector: "jinzhi", settings: { host: "https://elsewhere.example.edu" } };
const EVENTS = {
  ENABLE: { type: "ENABLE", at },
  DISABLE: { type: "DISABLE", at },
  "UPDATE of its policy": { type: "UPDATE", at, change: { policy: { ...DEFAULT_PUSH_POLICY, maxConcurrent: 2 } } },
  "UPDATE of its settings": { type: "UPDATE", at, change: { settings: { host: "https://new.example.edu" } } },
  "UPDATE of nothing": { type: "UPDATE", at, change: { name: "任务中心" } },
  RESET: { type: "RESET", at },
  ISOLATE: { type: "ISOLATE", at, reason: "r" },
  WAKE: { type: "WAKE", at },
  "PUSHED well": { type: "PUSHED", at, outcome: { ok: true } },
  "PUSHED badly": { type: "PUSHED", at, outcome: failure },
  "PUSHED, to be refused": { type: "PUSHED", at, outcome: { ...failure, cause: "REFUSED" } },
  "PUSHED, to be asked for time": { type: "PUSHED", at, outcome: { ...failure, retryAfterMs: 30_000 } },
  TOKEN_OBTAINED: token,
  "TOKEN_OBTAINED with other settings": { ...token, askedWith },
  TOKEN_FAILED: noToken,
  "TOKEN_FAILED with other settings": { ...noToken, askedWith },
  TOKEN_REFUSED: { type: "TOKEN_REFUSED", at, sealed: "sealed:t1" },
  "TOKEN_REFUSED, an older one": { type: "TOKEN_REFUSED", at, sealed: "sealed:t0" },
} as const satisfies Record<string, PlatformEvent>;
type EventName = keyof typeof EVENTS;

/** What follows: what it is then, how its token fares, how it is written ("!": at once, "~": with the next write), and what is announced. */
type Outcome = readonly [is: string, health: TokenState, written: "!" | "~", ...told: string[]];
type Row = Partial<Record<EventName, Outcome>>;

/** What most places have in common: all that does not depend on how calls fared. */
function common(is: string, health: TokenState): Row {
  const isDisabled = is === "DISABLED";
  const isolated = isDisabled ? is : is.replace(/^[A-Z_]+/, "ISOLATED");
  const hasToken = health !== "NONE" && health !== "FAILED";
  const resting = is.endsWith(", resting") ? is : `${is}, resting`;
  const usable = health === "VALID" || health === "EXPIRING";
  return {
    ENABLE: [is, health, "!"],
    DISABLE: ["DISABLED", health, "!", "disabled"],
    "UPDATE of its policy": [is, health, "!", "settings_updated"],
    "UPDATE of its settings": [is.replace(/, .*/, ""), "NONE", "!", "settings_updated"],
    "UPDATE of nothing": [is, health, "!"],
    RESET: [isDisabled ? is : "CLOSED", health, "!"],
    ISOLATE: [isolated, health, "!", "breaker_isolated"],
    TOKEN_OBTAINED: [is.replace(", resting", ""), "VALID", "!", "token_refreshed"],
    TOKEN_FAILED: usable || isDisabled ? [is, health, "!", "token_failed"] : [resting, "FAILED", "!", "token_failed"],
    ...(hasToken ? { TOKEN_REFUSED: [is, "FAILED", "!"] } : {}),
  };
}

function closed(health: TokenState, is = "CLOSED"): Row {
  return {
    ...common(is, health),
    "PUSHED well": [is, health, "~"],
    "PUSHED badly": [is, health, "~"],
    "PUSHED, to be refused": [is, health, "~"],
    "PUSHED, to be asked for time": ["CLOSED, held", health, is === "CLOSED" ? "!" : "~"],
  };
}

const OPEN: Row = {
  ...common("OPEN", "VALID"),
  RESET: ["CLOSED", "VALID", "!", "breaker_closed"],
  "PUSHED well": ["HALF_OPEN", "VALID", "!", "breaker_half_opened"],
  "PUSHED badly": ["OPEN", "VALID", "~"],
  "PUSHED, to be refused": ["HALF_OPEN", "VALID", "!", "breaker_half_opened"],
  "PUSHED, to be asked for time": ["OPEN, held", "VALID", "!"],
};

function halfOpen(health: TokenState): Row {
  return {
    ...common("HALF_OPEN", health),
    RESET: ["CLOSED", health, "!", "breaker_closed"],
    "PUSHED well": ["CLOSED", health, "!", "breaker_closed"],
    "PUSHED badly": ["OPEN", health, "!", "breaker_opened"],
    "PUSHED, to be refused": ["CLOSED", health, "!", "breaker_closed"],
    "PUSHED, to be asked for time": ["HALF_OPEN, held", health, "!"],
  };
}

const DISABLED: Row = {
  ...common("DISABLED", "VALID"),
  ENABLE: ["CLOSED", "VALID", "!", "enabled"],
  DISABLE: ["DISABLED", "VALID", "!"],
};

/** What is not listed changes nothing. */
const EXPECTED: Record<Place, Row> = {
  healthy: closed("VALID"),
  "one failure short of opening": { ...closed("VALID"), "PUSHED badly": ["OPEN", "VALID", "!", "breaker_opened"] },
  held: closed("VALID", "CLOSED, held"),
  "held, until now": { ...closed("VALID"), WAKE: ["CLOSED", "VALID", "~"] },
  open: OPEN,
  "open, its time has come": {
    ...OPEN,
    "UPDATE of its policy": ["HALF_OPEN", "VALID", "!", "settings_updated", "breaker_half_opened"],
    "UPDATE of its settings": ["HALF_OPEN", "NONE", "!", "settings_updated", "breaker_half_opened"],
    "UPDATE of nothing": ["HALF_OPEN", "VALID", "!", "breaker_half_opened"],
    WAKE: ["HALF_OPEN", "VALID", "!", "breaker_half_opened"],
  },
  "half open": halfOpen("VALID"),
  isolated: {
    ...common("ISOLATED", "VALID"),
    RESET: ["CLOSED", "VALID", "!", "breaker_closed"],
    "PUSHED badly": ["ISOLATED", "VALID", "~"],
    "PUSHED, to be refused": ["ISOLATED", "VALID", "~"],
    "PUSHED, to be asked for time": ["ISOLATED, held", "VALID", "!"],
  },
  "without a token": closed("NONE"),
  "without a token, one failure short of opening": {
    ...closed("NONE"),
    "PUSHED badly": ["OPEN", "NONE", "!", "breaker_opened"],
    TOKEN_FAILED: ["OPEN, resting", "FAILED", "!", "token_failed", "breaker_opened"],
  },
  "without a token and half open": {
    ...halfOpen("NONE"),
    TOKEN_FAILED: ["OPEN, resting", "FAILED", "!", "token_failed", "breaker_opened"],
  },
  "with a token about to expire": closed("EXPIRING"),
  "with a token that has expired": closed("EXPIRED"),
  "with a token that was not taken": { ...closed("FAILED"), RESET: ["CLOSED", "NONE", "!"] },
  "resting for want of a token": {
    ...closed("FAILED", "CLOSED, resting"),
    RESET: ["CLOSED", "NONE", "!"],
    "PUSHED, to be asked for time": ["CLOSED, held, resting", "FAILED", "!"],
  },
  "resting for want of a token, until now": {
    ...closed("FAILED"),
    RESET: ["CLOSED", "NONE", "!"],
    WAKE: ["CLOSED", "FAILED", "!"],
  },
  disabled: DISABLED,
  "disabled while open": {
    ...DISABLED,
    ENABLE: ["OPEN", "VALID", "!", "enabled"],
    "UPDATE of its policy": ["DISABLED", "VALID", "!", "settings_updated", "breaker_half_opened"],
    "UPDATE of its settings": ["DISABLED", "NONE", "!", "settings_updated", "breaker_half_opened"],
    "UPDATE of nothing": ["DISABLED", "VALID", "!", "breaker_half_opened"],
    RESET: ["DISABLED", "VALID", "!", "breaker_closed"],
  },
  "disabled while held": { ...DISABLED, ENABLE: ["CLOSED, held", "VALID", "!", "enabled"] },
};

function what({ record }: Story): string {
  const { breaker, enabled, heldUntil } = record;
  if (!enabled) {
    return "DISABLED";
  }
  const isHeld = heldUntil !== null && heldUntil > at;
  const isResting = tokenNeedOf(record, at).kind === "wait";
  return `${breaker.state}${isHeld ? ", held" : ""}${isResting ? ", resting" : ""}`;
}

const COMMANDS: ReadonlySet<PlatformEvent["type"]> = new Set(["ENABLE", "DISABLE", "UPDATE", "RESET", "ISOLATE"]);

describe.each(Object.keys(PLACES) as Place[])("a platform that is %s", (place) => {
  it.each(Object.keys(EVENTS) as EventName[])("on %s goes where the table says, or stays as it is", (name) => {
    const story = PLACES[place]();
    const before = story.record;
    const event = EVENTS[name];
    const expected = EXPECTED[place][name];
    story.when(event);
    const { accepted, effects, isDurable } = story.last;
    if (expected === undefined) {
      expect(story.last).toEqual({ accepted: false, record: before, effects: [], isDurable: false });
      expect(story.record).toBe(before);
      return;
    }
    expect(accepted).toBe(true);
    expect([what(story), story.health(S), isDurable ? "!" : "~", ...effects.map((effect) => effect.name)]).toEqual(
      expected,
    );
    expect(story.record.revision).toBe(before.revision + (COMMANDS.has(event.type) ? 1 : 0));
    expect(story.record.updatedAt).toBe(isDurable ? at : before.updatedAt);
  });
});

it("R-086: each of these is written by the time it matters: another node that reads it does what this one would", () => {
  for (const place of Object.keys(PLACES) as Place[]) {
    const [here, there] = [PLACES[place](), PLACES[place]().restart()];
    const seen = (story: Story): unknown[] => [
      place,
      story.allowance(S),
      story.lookS(),
      story.need(S),
      story.health(S),
    ];
    expect(seen(there)).toEqual(seen(here));
  }
});
