import { describe, expect, it } from "vitest";
import type { BreakerEvent } from "../../../../src/actors/breaker/events.ts";
import { PLACES, T0 } from "./given.ts";
import type { Place } from "./given.ts";

const at = T0 + 110_000;
const message = "m";
/** Before any of the places came into its state. */
const sentAt = T0 + 1000;
const EVENTS = {
  SUCCEEDED: { type: "SUCCEEDED", at },
  "SUCCEEDED, sent before": { type: "SUCCEEDED", at, sentAt },
  FAILED: { type: "FAILED", at, cause: "CONNECTION", message },
  "FAILED, sent before": { type: "FAILED", at, sentAt, cause: "CONNECTION", message },
  "FAILED, REFUSED": { type: "FAILED", at, cause: "REFUSED", message },
  "FAILED, REFUSED, sent before": { type: "FAILED", at, sentAt, cause: "REFUSED", message },
  "FAILED, of no account": { type: "FAILED", at, cause: "TIMEOUT", message },
  WAKE: { type: "WAKE", at },
  RESET: { type: "RESET", at },
  ISOLATE: { type: "ISOLATE", at, reason: "r" },
} as const satisfies Record<string, BreakerEvent>;
type EventName = keyof typeof EVENTS;

/** The state that follows and what is announced. `noted`: only the last failure is another. What is not listed changes nothing. */
type Outcome = "noted" | "counted" | readonly [state: string, ...told: string[]];

const OPENED: Outcome = ["OPEN", "breaker_opened"];
const HALF_OPENED: Outcome = ["HALF_OPEN", "breaker_half_opened"];
const CLOSED: Outcome = ["CLOSED", "breaker_closed"];
const ISOLATED: Outcome = ["ISOLATED", "breaker_isolated"];

/** These are closed since the beginning of time: nothing was sent before. */
const CLOSED_ROW: Partial<Record<EventName, Outcome>> = {
  SUCCEEDED: "counted",
  "SUCCEEDED, sent before": "counted",
  FAILED: "counted",
  "FAILED, sent before": "counted",
  "FAILED, REFUSED": "counted",
  "FAILED, REFUSED, sent before": "counted",
  "FAILED, of no account": "noted",
  RESET: ["CLOSED"],
  ISOLATE: ISOLATED,
};
const OPEN_ROW: Partial<Record<EventName, Outcome>> = {
  SUCCEEDED: HALF_OPENED,
  "SUCCEEDED, sent before": HALF_OPENED,
  FAILED: "noted",
  "FAILED, sent before": "noted",
  "FAILED, REFUSED": HALF_OPENED,
  "FAILED, REFUSED, sent before": HALF_OPENED,
  "FAILED, of no account": "noted",
  RESET: CLOSED,
  ISOLATE: ISOLATED,
};

const EXPECTED: Record<Place, Partial<Record<EventName, Outcome>>> = {
  CLOSED: CLOSED_ROW,
  "CLOSED, one failure short": { ...CLOSED_ROW, FAILED: OPENED, "FAILED, sent before": OPENED },
  "CLOSED by a probe": {
    ...CLOSED_ROW,
    "SUCCEEDED, sent before": undefined,
    "FAILED, sent before": "noted",
    "FAILED, REFUSED, sent before": "noted",
  },
  OPEN: OPEN_ROW,
  "OPEN, its time has come": { ...OPEN_ROW, WAKE: HALF_OPENED },
  "OPEN after a failed probe": {
    FAILED: "noted",
    "FAILED, sent before": "noted",
    "FAILED, REFUSED": "noted",
    "FAILED, REFUSED, sent before": "noted",
    "FAILED, of no account": "noted",
    RESET: CLOSED,
    ISOLATE: ISOLATED,
  },
  HALF_OPEN: {
    SUCCEEDED: CLOSED,
    FAILED: OPENED,
    "FAILED, sent before": "noted",
    "FAILED, REFUSED": CLOSED,
    "FAILED, REFUSED, sent before": "noted",
    "FAILED, of no account": "noted",
    RESET: CLOSED,
    ISOLATE: ISOLATED,
  },
  ISOLATED: {
    FAILED: "noted",
    "FAILED, sent before": "noted",
    "FAILED, REFUSED": "noted",
    "FAILED, REFUSED, sent before": "noted",
    "FAILED, of no account": "noted",
    RESET: CLOSED,
    ISOLATE: ISOLATED,
  },
};

describe.each(Object.keys(PLACES) as Place[])("a breaker that is %s", (place) => {
  it.each(Object.keys(EVENTS) as EventName[])("on %s goes where the table says, or stays as it is", (name) => {
    const story = PLACES[place]();
    const before = story.breaker;
    const expected = EXPECTED[place][name];
    const event = EVENTS[name];
    story.when(event);
    const failure = event.type === "FAILED" ? { cause: event.cause, message, at } : before.lastFailure;
    if (expected === undefined) {
      expect(story.last).toEqual({ breaker: before, effects: [] });
      expect(story.breaker).toBe(before);
    } else if (expected === "noted") {
      expect(story.last).toEqual({ breaker: { ...before, lastFailure: failure }, effects: [] });
    } else if (expected === "counted") {
      expect(story.last.effects).toEqual([]);
      expect(story.breaker).toMatchObject({ state: "CLOSED", since: before.since, lastFailure: failure });
      expect(story.breaker.window).not.toEqual(before.window);
    } else {
      const [state, ...told] = expected;
      expect([story.state, ...story.told]).toEqual([state, ...told]);
      expect(story.breaker.since).toBe(place === "ISOLATED" && state === place ? before.since : at);
      expect(story.breaker.openUntil !== null).toBe(state === "OPEN");
      expect(story.breaker.lastFailure).toEqual(event.type === "RESET" ? null : failure);
    }
  });
});
