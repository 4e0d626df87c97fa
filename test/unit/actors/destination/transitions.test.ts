import { describe, expect, it } from "vitest";
import type { DestinationEvent } from "../../../../src/actors/destination/events.ts";
import { Story, T0 } from "./given.ts";

const at = T0 + 110_000;

const PLACES = {
  "new and healthy": () => new Story(),
  "one failure short of opening": () => new Story().fails(2, 100),
  "failing for as long as it may": () => new Story({ disableAfterMs: 10_000 }).fail(100),
  held: () => new Story().hold(100, 60),
  "held, until now": () => new Story().hold(100, 10),
  open: () => new Story().fails(3, 100),
  "open, its time has come": () => new Story().fails(3, 50),
  "half open": () => new Story().fails(3, 40).wake(100),
  isolated: () => new Story().isolate(100),
  disabled: () => new Story().gone(100),
  "disabled while open": () => new Story().fails(3, 100).gone(101),
} as const satisfies Record<string, () => Story>;
type Place = keyof typeof PLACES;

const failure = { ok: false, cause: "CONNECTION", message: "m" } as const;
const EVENTS = {
  "DELIVERED well": { type: "DELIVERED", at, outcome: { ok: true } },
  "DELIVERED badly": { type: "DELIVERED", at, outcome: failure },
  "DELIVERED, to be refused": { type: "DELIVERED", at, outcome: { ...failure, cause: "REFUSED" } },
  "DELIVERED, to be asked for time": { type: "DELIVERED", at, outcome: { ...failure, retryAfterMs: 30_000 } },
  "DELIVERED, to nobody": { type: "DELIVERED", at, outcome: { ...failure, isGone: true } },
  WAKE: { type: "WAKE", at },
  UPDATE: { type: "UPDATE", at, change: { maxConcurrent: 5 } },
  RESET: { type: "RESET", at },
  ISOLATE: { type: "ISOLATE", at, reason: "r" },
  ROTATE_SECRET: { type: "ROTATE_SECRET", at, id: "s1", sealed: "sealed:1", overlapMs: 0 },
} as const satisfies Record<string, DestinationEvent>;
type EventName = keyof typeof EVENTS;

/** What follows: what it is then, how it is written ("!": at once, "~": with the next write), and what is announced. */
type Outcome = readonly [is: string, written: "!" | "~", ...told: string[]];
type Row = Partial<Record<EventName, Outcome>>;

function commands(is: string, isolated = "ISOLATED"): Row {
  return {
    UPDATE: [is, "!", "settings_updated"],
    ISOLATE: [isolated, "!", "breaker_isolated"],
    ROTATE_SECRET: [is, "!", "secret_rotated"],
  };
}

const GONE: Row = { "DELIVERED, to nobody": ["DISABLED", "!", "disabled"] };
const CLOSED_ROW: Row = {
  ...commands("CLOSED"),
  ...GONE,
  "DELIVERED well": ["CLOSED", "!"],
  "DELIVERED badly": ["CLOSED", "~"],
  "DELIVERED, to be refused": ["CLOSED", "~"],
  "DELIVERED, to be asked for time": ["CLOSED, held", "!"],
  RESET: ["CLOSED", "!"],
};
const OPEN_ROW: Row = {
  ...commands("OPEN"),
  ...GONE,
  "DELIVERED well": ["HALF_OPEN", "!", "breaker_half_opened"],
  "DELIVERED badly": ["OPEN", "~"],
  "DELIVERED, to be refused": ["HALF_OPEN", "!", "breaker_half_opened"],
  "DELIVERED, to be asked for time": ["OPEN, held", "!"],
  RESET: ["CLOSED", "!", "breaker_closed"],
};

/** What is not listed changes nothing. */
const EXPECTED: Record<Place, Row> = {
  "new and healthy": {
    ...CLOSED_ROW,
    "DELIVERED well": ["CLOSED", "~"],
    "DELIVERED badly": ["CLOSED", "!"],
    "DELIVERED, to be refused": ["CLOSED", "!"],
  },
  "one failure short of opening": { ...CLOSED_ROW, "DELIVERED badly": ["OPEN", "!", "breaker_opened"] },
  "failing for as long as it may": {
    ...CLOSED_ROW,
    "DELIVERED badly": ["DISABLED", "!", "disabled"],
    "DELIVERED, to be refused": ["DISABLED", "!", "disabled"],
    "DELIVERED, to be asked for time": ["DISABLED", "!", "disabled"],
  },
  held: {
    ...CLOSED_ROW,
    ...commands("CLOSED, held", "ISOLATED, held"),
    "DELIVERED well": ["CLOSED, held", "!"],
    "DELIVERED badly": ["CLOSED, held", "~"],
    "DELIVERED, to be refused": ["CLOSED, held", "~"],
    // Until second 140; it was held until 160.
    "DELIVERED, to be asked for time": ["CLOSED, held", "~"],
  },
  "held, until now": { ...CLOSED_ROW, WAKE: ["CLOSED", "~"] },
  open: OPEN_ROW,
  "open, its time has come": {
    ...OPEN_ROW,
    UPDATE: ["HALF_OPEN", "!", "settings_updated", "breaker_half_opened"],
    WAKE: ["HALF_OPEN", "!", "breaker_half_opened"],
  },
  "half open": {
    ...commands("HALF_OPEN"),
    ...GONE,
    "DELIVERED well": ["CLOSED", "!", "breaker_closed"],
    "DELIVERED badly": ["OPEN", "!", "breaker_opened"],
    "DELIVERED, to be refused": ["CLOSED", "!", "breaker_closed"],
    "DELIVERED, to be asked for time": ["HALF_OPEN, held", "!"],
    RESET: ["CLOSED", "!", "breaker_closed"],
  },
  isolated: {
    ...commands("ISOLATED"),
    ...GONE,
    "DELIVERED badly": ["ISOLATED", "!"],
    "DELIVERED, to be refused": ["ISOLATED", "!"],
    "DELIVERED, to be asked for time": ["ISOLATED, held", "!"],
    RESET: ["CLOSED", "!", "breaker_closed"],
  },
  disabled: { ...commands("DISABLED", "DISABLED"), RESET: ["CLOSED", "!", "enabled"] },
  "disabled while open": { ...commands("DISABLED", "DISABLED"), RESET: ["CLOSED", "!", "breaker_closed", "enabled"] },
};

function what({ record }: Story): string {
  const { breaker, disabled, heldUntil } = record;
  if (disabled !== null) {
    return "DISABLED";
  }
  return heldUntil !== null && heldUntil > at ? `${breaker.state}, held` : breaker.state;
}

describe.each(Object.keys(PLACES) as Place[])("a destination that is %s", (place) => {
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
    expect([what(story), isDurable ? "!" : "~", ...effects.map((effect) => effect.name)]).toEqual(expected);
    const isCommand = event.type !== "DELIVERED" && event.type !== "WAKE";
    expect(story.record.revision).toBe(before.revision + (isCommand ? 1 : 0));
    expect(story.record.updatedAt).toBe(isDurable ? at : before.updatedAt);
  });
});

it("each of these is written by the time it matters: another node that reads it lets through what this one would", () => {
  for (const place of Object.keys(PLACES) as Place[]) {
    const story = PLACES[place]();
    const before = story.allowance(105);
    expect([place, story.restart().allowance(105)]).toEqual([place, before]);
    expect(story.lookS()).toEqual(PLACES[place]().lookS());
  }
});
