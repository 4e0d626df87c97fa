import { describe, expect, it } from "vitest";
import { PUNCTUAL_MS } from "../../../../src/actors/supervisor/taking.ts";
import { aSchedule } from "../../../support/records.ts";
import { T0, Told, everyTenSeconds, fixedDelay } from "./given.ts";

describe("a due time", () => {
  it("is taken when it is due, not before, once", () => {
    const told = new Told();
    expect(told.take(9.999).last.accepted).toBe(false);
    expect(told.take(10).outcomes).toEqual(["FIRED 10"]);
    expect(told.take(10).last.accepted).toBe(false);
    expect(told.dueAt).toBe(20);
    expect(told.supervision).toMatchObject({
      takenUntil: T0 + 10_000,
      lastFiredAt: T0 + 10_000,
      counters: { created: 1, active: 1, occurrences: 1 },
    });
  });

  it("is fired later by its jitter, which is the same for everyone who asks", () => {
    const told = new Told({ schedule: everyTenSeconds({ jitterMs: 9000 }) });
    const looksAt = told.looksAt ?? 0;
    expect(looksAt).toBeGreaterThanOrEqual(10);
    expect(looksAt).toBeLessThan(19);
    expect(told.take(looksAt - 0.001).last.accepted).toBe(false);
    expect(told.take(looksAt).outcomes).toEqual(["FIRED 10"]);
  });

  it("is still on time when it is late by less than PUNCTUAL_MS", () => {
    const told = new Told({ catchUp: { windowMs: 3_600_000, mode: "SKIP", maxRate: 10 }, overlapPolicy: "ALLOW_ALL" });
    expect(told.take(10 + PUNCTUAL_MS / 1000).outcomes).toEqual(["FIRED 10"]);
    expect(told.effect("spawn")?.reason).toBe("");
    expect(
      new Told({ catchUp: { windowMs: 3_600_000, mode: "SKIP", maxRate: 10 } }).take(10.001 + PUNCTUAL_MS / 1000)
        .outcomes,
    ).toEqual(["MISSED 10"]);
  });

  it("carries what the definition says, and its own time", () => {
    const spec = new Told({ payload: { a: 1 }, priority: 1, labels: { team: "x" }, orderingKey: "o" })
      .take(10)
      .effect("spawn")?.spec;
    expect(spec).toMatchObject({
      payload: { a: 1 },
      priority: 1,
      labels: { team: "x" },
      orderingKey: "o",
      trigger: "SCHEDULE",
      scheduledAt: T0 + 10_000,
      uniqueKey: "",
    });
  });
});

describe("while instances are unfinished, the overlap policy", () => {
  it("SKIP leaves the due time out, and says so", () => {
    const told = new Told({ overlapPolicy: "SKIP" }).take(10).take(20);
    expect(told.outcomes).toEqual(["SKIPPED_OVERLAP 20"]);
    expect(told.effects).toEqual(["ledger", "not_fired"]);
    expect(told.supervision.counters).toMatchObject({ active: 1, notFired: 1, occurrences: 2 });
    expect(told.ended(25).take(30).outcomes).toEqual(["FIRED 30"]);
  });

  it("BUFFER_ONE lets one wait, and skips the next", () => {
    const told = new Told({ overlapPolicy: "BUFFER_ONE" }).take(10).take(20);
    expect(told.effect("spawn")).toMatchObject({ exclusive: true });
    told.buffered = 1;
    expect(told.take(30).outcomes).toEqual(["SKIPPED_OVERLAP 30"]);
  });

  it("BUFFER_ALL lets as many wait as its limit, and drops the rest", () => {
    const told = new Told({ overlapPolicy: "BUFFER_ALL", bufferLimit: 2 }).take(10).take(20);
    told.buffered = 1;
    expect(told.take(30).outcomes).toEqual(["FIRED 30"]);
    told.buffered = 2;
    expect(told.take(40).outcomes).toEqual(["DROPPED 40"]);
  });

  it("CANCEL_OTHER asks the older ones to cancel and waits for them; TERMINATE_OTHER ends them and waits for nobody", () => {
    const cancelling = new Told({ overlapPolicy: "CANCEL_OTHER" }).take(10).take(20);
    expect(cancelling.effects).toEqual(["cancelOthers", "spawn"]);
    expect(cancelling.effect("spawn")).toMatchObject({ exclusive: true });
    expect(cancelling.supervision.cancelling).toMatchObject({ which: "all", terminate: false, olderThan: "i2" });
    const terminating = new Told({ overlapPolicy: "TERMINATE_OTHER" }).take(10).take(20);
    expect(terminating.effect("spawn")).toMatchObject({ exclusive: false });
    expect(terminating.supervision.cancelling).toMatchObject({ which: "all", terminate: true, olderThan: "i2" });
    expect(terminating.take(30).supervision.cancelling).toMatchObject({ olderThan: "i3" });
  });

  it("ALLOW_ALL fires whatever runs", () => {
    const told = new Told({ overlapPolicy: "ALLOW_ALL" }).take(10).take(20).take(30);
    expect(told.effect("spawn")).toMatchObject({ exclusive: false });
    expect(told.supervision.counters.active).toBe(3);
  });
});

describe("due times that nobody could fire in time", () => {
  const late = (mode: "FIRE_ALL" | "FIRE_LAST" | "SKIP", windowMs = 3_600_000, maxRate = 10) =>
    new Told({ overlapPolicy: "ALLOW_ALL", catchUp: { mode, windowMs, maxRate } });

  it("FIRE_LAST: only the last of them is fired", () => {
    const told = late("FIRE_LAST");
    expect(told.takeAll(55)).toEqual(["MISSED 10", "MISSED 20", "MISSED 30", "MISSED 40", "FIRED 50"]);
  });

  it("SKIP: all are missed, except the one that is still on time", () => {
    expect(late("SKIP").takeAll(35)).toEqual(["MISSED 10", "MISSED 20", "FIRED 30"]);
    expect(late("SKIP").takeAll(40.5)).toEqual(["MISSED 10", "MISSED 20", "MISSED 30", "FIRED 40"]);
  });

  it("FIRE_ALL: all are fired, no faster than the rate, and what leaves the window meanwhile is missed", () => {
    const told = late("FIRE_ALL", 100_000, 3);
    expect(told.takeAll(145)).toEqual(["MISSED 10", "MISSED 20", "MISSED 30", "MISSED 40", "FIRED 50"]);
    expect(told.effect("spawn")).toBeUndefined();
    expect(told.looksAt).toBe(145.334);
    expect(Number.isInteger((told.looksAt ?? 0) * 1000)).toBe(true);
    expect(told.takeAll(145.3)).toEqual([]);
    expect(told.takeAll(145.334)).toEqual(["FIRED 60"]);
    expect(told.take(146).effect("spawn")?.reason).toBe("fired 76 s late: nobody could fire it in time");
  });

  it("the window counts from the fire time", () => {
    expect(late("FIRE_ALL", 20_000).takeAll(30.001)).toEqual(["MISSED 10", "FIRED 20"]);
    expect(late("FIRE_ALL", 20_000).take(30).outcomes).toEqual(["FIRED 10"]);
  });

  it("after catching up, the rate holds nobody back", () => {
    const told = late("FIRE_ALL", 3_600_000, 1).take(25);
    expect(told.looksAt).toBe(26);
    expect(told.take(26).outcomes).toEqual(["FIRED 20"]);
    expect(told.looksAt).toBe(30);
    expect(told.supervision.lateFireAt).toBeUndefined();
  });
});

describe("the end of a schedule", () => {
  it("comes after max_occurrences due times, fired or not", () => {
    const told = new Told({ schedule: everyTenSeconds({ maxOccurrences: 3 }), overlapPolicy: "SKIP" })
      .take(10)
      .take(20);
    expect(told.state).toBe("ACTIVE");
    told.take(30);
    expect([told.state, told.dueAt]).toEqual(["COMPLETED", null]);
    expect(told.effects).toEqual(["ledger", "not_fired", "completed"]);
  });

  it("comes with the one time it had, though its instance runs on", () => {
    const told = new Told({ schedule: aSchedule({ timing: { kind: "at", at: T0 + 5000 } }) });
    expect(told.take(4).last.accepted).toBe(false);
    told.take(5);
    expect([told.state, told.supervision.counters.active]).toEqual(["COMPLETED", 1]);
    expect(told.ended(6, "FAILED").supervision.counters).toMatchObject({ active: 0, failed: 1 });
    expect(told.state).toBe("COMPLETED");
  });

  it("of a fixed delay comes after the last end only", () => {
    const told = new Told({ schedule: fixedDelay({ maxOccurrences: 2 }) }).take(10);
    expect([told.state, told.dueAt]).toEqual(["ACTIVE", null]);
    told.ended(17);
    expect(told.dueAt).toBe(27);
    told.take(27);
    expect([told.state, told.dueAt]).toEqual(["COMPLETED", null]);
    expect(told.ended(30).dueAt).toBeNull();
  });
});

describe("a fixed delay", () => {
  it("counts from the end of the last instance, also of one that was triggered by hand", () => {
    const told = new Told({ schedule: fixedDelay(), overlapPolicy: "ALLOW_ALL" }).take(10).trigger(12).ended(13);
    expect(told.dueAt).toBeNull();
    expect(told.ended(20).dueAt).toBe(30);
  });

  it("never comes to a due time again that it has taken, though the clock was set back before the end", () => {
    const told = new Told({ schedule: fixedDelay() }).take(10);
    expect(told.ended(0).dueAt).toBe(20);
    told.take(20);
    expect(told.ended(3).dueAt).toBe(23);
  });

  it("goes on after a due time that was not fired", () => {
    const paused = new Told({ schedule: fixedDelay() }).pause(1).take(10);
    expect([paused.outcomes, paused.dueAt]).toEqual([["PAUSED 10"], 20]);
    const skipped = new Told({ schedule: fixedDelay() }).trigger(5).take(10);
    expect([skipped.outcomes, skipped.dueAt]).toEqual([["SKIPPED_OVERLAP 10"], null]);
    expect(skipped.ended(12).dueAt).toBe(22);
  });

  it("has no next due time once it is cancelled, whatever ends then", () => {
    const told = new Told({ schedule: fixedDelay() }).take(10).cancel(11).ended(12);
    expect([told.state, told.dueAt]).toEqual(["CANCELLED", null]);
  });
});
