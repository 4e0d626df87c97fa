import { describe, expect, it } from "vitest";
import { PLACES, T0, BOOM } from "./given.ts";
import type { Life, Place } from "./given.ts";
import type { InstanceEvent } from "../../../../src/actors/instance/events.ts";

const at = T0 + 100;
const EVENTS = {
  RELEASE: () => ({ type: "RELEASE", at }),
  START: () => ({ type: "START", at, token: "new", workerId: "w2", heartbeatMs: null }),
  HEARTBEAT: ({ token }: Life) => ({ type: "HEARTBEAT", at, token }),
  COMPLETE: ({ token }: Life) => ({ type: "COMPLETE", at, token, result: null }),
  FAIL: ({ token }: Life) => ({ type: "FAIL", at, token, error: BOOM, retryable: true, chance: 0 }),
  "FAIL for good": ({ token }: Life) => ({ type: "FAIL", at, token, error: BOOM, retryable: false, chance: 0 }),
  HAND_ON: ({ token }: Life) => ({ type: "HAND_ON", at, token, withinMs: 1000, exchange: {} }),
  LOSE: ({ token }: Life) => ({ type: "LOSE", at, token, chance: 0 }),
  RETURN: ({ token }: Life) => ({ type: "RETURN", at, token }),
  WAKE: () => ({ type: "WAKE", at, chance: 0, heartbeatFloor: 0 }),
  CANCEL: () => ({ type: "CANCEL", at, reason: "r" }),
  TERMINATE: () => ({ type: "TERMINATE", at, reason: "r" }),
  PAUSE: () => ({ type: "PAUSE", at, reason: "r" }),
  RESUME: () => ({ type: "RESUME", at }),
  RETRY: () => ({ type: "RETRY", at, gate: null }),
} as const satisfies Record<string, (life: Life) => InstanceEvent>;
type EventName = keyof typeof EVENTS;

/** What each event makes of each place; what is not listed changes nothing. */
const ACCEPTED: Record<Place, Partial<Record<EventName, string>>> = {
  PENDING: { START: "RUNNING", CANCEL: "CANCELLED", TERMINATE: "CANCELLED", PAUSE: "PAUSED" },
  "PENDING, gated": { RELEASE: "PENDING", CANCEL: "CANCELLED", TERMINATE: "CANCELLED", PAUSE: "PAUSED" },
  RUNNING: {
    HEARTBEAT: "RUNNING",
    COMPLETE: "COMPLETED",
    FAIL: "BACKING_OFF",
    "FAIL for good": "FAILED",
    LOSE: "BACKING_OFF",
    HAND_ON: "RUNNING",
    RETURN: "PENDING",
    CANCEL: "RUNNING",
    TERMINATE: "CANCELLED",
    PAUSE: "PAUSED",
  },
  "RUNNING, handed on": {
    HEARTBEAT: "RUNNING",
    COMPLETE: "COMPLETED",
    FAIL: "BACKING_OFF",
    "FAIL for good": "FAILED",
    LOSE: "BACKING_OFF",
    HAND_ON: "RUNNING",
    RETURN: "PENDING",
    CANCEL: "CANCELLED",
    TERMINATE: "CANCELLED",
    PAUSE: "PAUSED",
  },
  "RUNNING, cancel asked": {
    HEARTBEAT: "RUNNING",
    COMPLETE: "COMPLETED",
    FAIL: "CANCELLED",
    "FAIL for good": "CANCELLED",
    LOSE: "CANCELLED",
    HAND_ON: "CANCELLED",
    RETURN: "CANCELLED",
    CANCEL: "RUNNING",
    TERMINATE: "CANCELLED",
  },
  BACKING_OFF: { CANCEL: "CANCELLED", TERMINATE: "CANCELLED", PAUSE: "PAUSED" },
  "PAUSED from PENDING": { CANCEL: "CANCELLED", TERMINATE: "CANCELLED", RESUME: "PENDING" },
  "PAUSED from gated": { RELEASE: "PAUSED", CANCEL: "CANCELLED", TERMINATE: "CANCELLED", RESUME: "PENDING" },
  "PAUSED from RUNNING": {
    HEARTBEAT: "PAUSED",
    COMPLETE: "COMPLETED",
    FAIL: "PAUSED",
    "FAIL for good": "FAILED",
    LOSE: "PAUSED",
    HAND_ON: "PAUSED",
    RETURN: "PAUSED",
    CANCEL: "RUNNING",
    TERMINATE: "CANCELLED",
    RESUME: "RUNNING",
  },
  "PAUSED, handed on": {
    HEARTBEAT: "PAUSED",
    COMPLETE: "COMPLETED",
    FAIL: "PAUSED",
    "FAIL for good": "FAILED",
    LOSE: "PAUSED",
    HAND_ON: "PAUSED",
    RETURN: "PAUSED",
    CANCEL: "CANCELLED",
    TERMINATE: "CANCELLED",
    RESUME: "RUNNING",
  },
  "PAUSED from BACKING_OFF": { CANCEL: "CANCELLED", TERMINATE: "CANCELLED", RESUME: "BACKING_OFF" },
  COMPLETED: { RETRY: "PENDING" },
  FAILED: { RETRY: "PENDING" },
  CANCELLED: { RETRY: "PENDING" },
  TIMED_OUT: { RETRY: "PENDING" },
};

describe.each(Object.keys(PLACES) as Place[])("an instance that is %s", (place) => {
  it.each(Object.keys(EVENTS) as EventName[])("on %s goes where the table says, or stays as it is", (name) => {
    const life = PLACES[place]();
    const before = life.record;
    const expected = ACCEPTED[place][name];
    life.when(EVENTS[name](life));
    if (expected === undefined) {
      expect(life.last).toEqual({ accepted: false, record: before, effects: [] });
      expect(life.record).toBe(before);
    } else {
      expect(life.state).toBe(expected);
      expect(life.last.accepted).toBe(true);
      expect(life.record.revision).toBe(before.revision + 1);
      expect(life.record.spec).toBe(before.spec);
    }
  });

  it.each(["HEARTBEAT", "COMPLETE", "FAIL", "FAIL for good", "LOSE", "HAND_ON", "RETURN"] as const)(
    "is not changed by %s with the token of another attempt",
    (name) => {
      const life = PLACES[place]();
      const before = life.record;
      life.when({ ...EVENTS[name](life), token: "stale" });
      expect(life.record).toBe(before);
      expect(life.last.effects).toEqual([]);
    },
  );
});

describe("the effects of a transition", () => {
  it("an instance is offered when it is created, released, resumed, backed off, or tried anew, and withdrawn when it stops waiting", () => {
    expect(PLACES.PENDING().effects).toEqual(["created", "offer"]);
    expect(PLACES["PENDING, gated"]().effects).toEqual(["created"]);
    expect(PLACES["PENDING, gated"]().release().effects).toEqual(["offer"]);
    expect(PLACES["PAUSED from PENDING"]().effects).toEqual(["paused", "withdraw"]);
    expect(PLACES["PAUSED from PENDING"]().resume().effects).toEqual(["resumed", "offer"]);
    expect(PLACES["PAUSED from gated"]().effects).toEqual(["paused"]);
    expect(PLACES["PAUSED from gated"]().resume().effects).toEqual(["resumed"]);
    expect(PLACES["PAUSED from gated"]().release().resume().effects).toEqual(["resumed", "offer"]);
    expect(PLACES.BACKING_OFF().wake(30).effects).toEqual(["offer"]);
    expect(PLACES.COMPLETED().retry(1).effects).toEqual(["revived", "retried", "offer"]);
    expect(PLACES.COMPLETED().retry(1, "CONCURRENCY").effects).toEqual(["revived", "retried"]);
    expect(PLACES.PENDING().cancel().effects).toEqual(["withdraw", "cancelled", "ended"]);
    expect(PLACES["PENDING, gated"]().cancel().effects).toEqual(["cancelled", "ended"]);
    expect(PLACES["PAUSED from PENDING"]().cancel().effects).toEqual(["cancelled", "ended"]);
  });

  it("a worker is told when it is asked to cancel or pause, when it may go on, and when its attempt was taken away", () => {
    const signal = { kind: "signal", token: "token1", cancelRequested: false, pauseRequested: false, stale: false };
    expect(PLACES["RUNNING, cancel asked"]().last.effects).toContainEqual({ ...signal, cancelRequested: true });
    expect(PLACES["PAUSED from RUNNING"]().last.effects).toContainEqual({ ...signal, pauseRequested: true });
    expect(PLACES["PAUSED from RUNNING"]().resume().last.effects).toContainEqual(signal);
    expect(PLACES.RUNNING().terminate().last.effects).toContainEqual({ ...signal, stale: true });
    expect(PLACES.RUNNING().complete().effects).toEqual(["record", "completed", "ended"]);
  });
});
