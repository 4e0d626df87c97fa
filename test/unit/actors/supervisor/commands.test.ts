import { describe, expect, it } from "vitest";
import { calledOff } from "../../../../src/actors/supervisor/calling-off.ts";
import { DEFAULT_RETRY_POLICY } from "../../../../src/domain/policy/retry.ts";
import { DEFAULT_TIMEOUTS } from "../../../../src/domain/policy/timeouts.ts";
import { aSchedule } from "../../../support/records.ts";
import { T0, Told, everyTenSeconds, fixedDelay } from "./given.ts";

describe("pausing a definition (R-092, R-098, R-099)", () => {
  it("records what falls due as PAUSED, with the reason, and fires again when resumed", () => {
    const told = new Told().pause(5).take(10);
    expect(told.outcomes).toEqual(["PAUSED 10"]);
    expect(told.effect("ledger")?.reason).toBe("the definition was paused: holidays");
    told.resume(15);
    expect([told.state, told.definition.stateReason]).toEqual(["ACTIVE", ""]);
    expect(told.take(20).outcomes).toEqual(["FIRED 20"]);
  });

  it("counts as a change by a caller; what it does by itself does not", () => {
    const told = new Told().take(10);
    const { revision } = told.definition;
    expect(told.pause(11).definition).toMatchObject({ revision: revision + 1, updatedAt: T0 + 11_000 });
    expect(told.take(20).definition.revision).toBe(revision + 1);
  });

  it("does not keep it from being triggered by hand (R-100)", () => {
    expect(new Told().pause(1).trigger(2).effects).toEqual(["spawn"]);
  });

  it("ends in COMPLETED when nothing is left to fire on resume", () => {
    const told = new Told({ schedule: everyTenSeconds({ maxOccurrences: 1 }) }).pause(1).take(10);
    expect(told.state).toBe("PAUSED");
    expect(told.resume(20).effects).toEqual(["resumed", "completed"]);
    expect(told.state).toBe("COMPLETED");
  });
});

describe("failures in a row", () => {
  const given = { pauseOnFailures: 2, overlapPolicy: "ALLOW_ALL" } as const;

  it("pause it when they reach the number it names", () => {
    const told = new Told(given).take(10).take(20).ended(21, "FAILED");
    expect(told.state).toBe("ACTIVE");
    told.ended(22, "TIMED_OUT");
    expect([told.state, told.definition.stateReason]).toEqual(["PAUSED", "paused by itself after 2 failures in a row"]);
    expect(told.effects).toEqual(["paused"]);
    expect(told.resume(30).supervision.counters.consecutiveFailures).toBe(0);
  });

  it("are forgotten by a success, and not counted by a cancel", () => {
    const told = new Told(given).take(10).take(20).take(30).take(40);
    told.ended(41, "FAILED").ended(42, "CANCELLED");
    expect(told.supervision.counters.consecutiveFailures).toBe(1);
    expect(told.ended(43, "COMPLETED").supervision.counters.consecutiveFailures).toBe(0);
    expect(told.ended(44, "FAILED").state).toBe("ACTIVE");
  });

  it("are without consequence when it names none", () => {
    const told = new Told({ overlapPolicy: "ALLOW_ALL" }).take(10).take(20).ended(21, "FAILED").ended(22, "FAILED");
    expect(told.state).toBe("ACTIVE");
  });
});

describe("triggering by hand", () => {
  it("takes what the caller overrides, and the rest from the definition", () => {
    const told = new Told({ payload: { a: 1 }, labels: { x: "1", y: "1" }, priority: 3 });
    told.trigger(1, {
      overrides: {
        payload: { b: 2 },
        labels: { y: "2" },
        priority: 1,
        uniqueKey: { key: "u", onConflict: "REJECT" },
        concurrency: { key: "c", limit: 2 },
      },
    });
    expect(told.effect("spawn")?.spec).toMatchObject({
      payload: { b: 2 },
      labels: { x: "1", y: "2" },
      priority: 1,
      uniqueKey: "u",
      concurrency: { key: "c", limit: 2 },
      trigger: "MANUAL",
      scheduledAt: null,
    });
  });

  it("takes what it runs, for whom and how from the caller, too", () => {
    const overrides = {
      name: "tell the neighbour",
      userId: "user2",
      action: { kind: "external" },
      retry: { ...DEFAULT_RETRY_POLICY, maxRetries: 9 },
      timeouts: { ...DEFAULT_TIMEOUTS, startToCloseMs: 1 },
      supersedeKey: "s",
    } as const;
    const told = new Told().trigger(1, { overrides });
    expect(told.effect("spawn")?.spec).toMatchObject(overrides);
    const plain = told.trigger(2, { ignoreOverlap: true }).effect("spawn")?.spec;
    expect(plain).toMatchObject({ name: "watch-servers", userId: "user1", action: { kind: "worker" } });
    expect(plain).not.toHaveProperty("supersedeKey");
  });

  it("is refused by the overlap policy, unless it is to be ignored", () => {
    expect(new Told().take(10).trigger(11).effect("refuse")).toMatchObject({ reason: "OVERLAP" });
    expect(new Told().take(10).trigger(11, { ignoreOverlap: true }).effect("spawn")).toMatchObject({
      exclusive: false,
    });
  });

  it("with a unique key that is taken is refused, answered with the holder, or takes its place", () => {
    const taken = (onConflict: "REJECT" | "USE_EXISTING" | "CANCEL_EXISTING") =>
      new Told().take(10).trigger(11, { overrides: { uniqueKey: { key: "u", onConflict } }, uniqueHolder: "i1" });
    expect(taken("REJECT").last.effects).toEqual([
      expect.objectContaining({ kind: "refuse", reason: "UNIQUE_KEY_TAKEN", instanceId: "i1" }),
    ]);
    expect(taken("USE_EXISTING").last.effects).toEqual([{ kind: "existing", instanceId: "i1" }]);
    // The holder does not count: it is gone when the new one comes.
    expect(taken("CANCEL_EXISTING").effects).toEqual(["replace", "spawn"]);
    expect(taken("REJECT").supervision.counters.created).toBe(1);
  });

  it("does not take the place of a holder when the overlap policy refuses the new one anyway", () => {
    const told = new Told().trigger(1).trigger(2, { ignoreOverlap: true });
    told.trigger(3, { overrides: { uniqueKey: { key: "u", onConflict: "CANCEL_EXISTING" } }, uniqueHolder: "i1" });
    expect(told.effects).toEqual(["refuse"]);
  });
});

describe("triggering with a supersede key", () => {
  const overrides = { supersedeKey: "s" };
  const older = (...ids: readonly string[]) => ids.map((instanceId) => ({ instanceId, buffered: false }));

  it("takes the place of older ones, with the reason and the code", () => {
    const told = new Told({ overlapPolicy: "ALLOW_ALL" }).take(10).take(20).take(30);
    told.trigger(31, { overrides, superseded: older("i1", "i2") });
    expect(told.effects).toEqual(["replace", "replace", "spawn"]);
    expect(told.last.effects[0]).toEqual({
      kind: "replace",
      instanceId: "i1",
      reason: "superseded by i4",
      error: {
        code: "SUPERSEDED",
        message: 'Instance i4, which is newer, has the supersede key "s" too, and took its place.',
        traceback: "",
      },
    });
  });

  it("goes where the policy had no room but theirs", () => {
    expect(new Told().trigger(1, { overrides }).trigger(2, { overrides, superseded: older("i1") }).effects).toEqual([
      "replace",
      "spawn",
    ]);
    const told = new Told({ overlapPolicy: "BUFFER_ONE" }).trigger(1).trigger(2, { overrides });
    told.buffered = 1;
    expect(told.trigger(3, { overrides }).effects).toEqual(["refuse"]);
    const superseded = [{ instanceId: "i2", buffered: true }];
    expect(told.trigger(4, { overrides, superseded }).effects).toEqual(["replace", "spawn"]);
  });

  it("leaves them alone when it is refused, or answered with another", () => {
    const unique = (onConflict: "REJECT" | "USE_EXISTING") =>
      new Told({ overlapPolicy: "ALLOW_ALL" })
        .take(10)
        .take(20)
        .trigger(21, {
          overrides: { ...overrides, uniqueKey: { key: "u", onConflict } },
          uniqueHolder: "i1",
          superseded: older("i2"),
        });
    expect([unique("REJECT").effects, unique("USE_EXISTING").effects]).toEqual([["refuse"], ["existing"]]);
    const told = new Told().trigger(1).trigger(2, { overrides, ignoreOverlap: true });
    expect(told.trigger(3, { overrides, superseded: older("i2") }).effects).toEqual(["refuse"]);
  });

  it("replaces one that has its unique key as well only once", () => {
    const told = new Told().take(10).trigger(11, {
      overrides: { ...overrides, uniqueKey: { key: "u", onConflict: "CANCEL_EXISTING" } },
      uniqueHolder: "i1",
      superseded: older("i1"),
    });
    expect(told.effects).toEqual(["replace", "spawn"]);
  });
});

describe("a definition that is manual", () => {
  const manual = aSchedule({ timing: { kind: "manual" } });

  it("is never due, has nothing to finish, and runs when it is triggered", () => {
    const told = new Told({ schedule: manual });
    expect([told.state, told.dueAt, told.looksAt]).toEqual(["ACTIVE", null, null]);
    expect(told.take(1000).last.accepted).toBe(false);
    expect(told.trigger(1001).effects).toEqual(["spawn"]);
    expect([told.ended(1002).state, told.pause(1003).resume(1004).state, told.dueAt]).toEqual([
      "ACTIVE",
      "ACTIVE",
      null,
    ]);
  });

  it("becomes so by an update, also when it had completed, and stops being so", () => {
    const told = new Told().take(10).ended(11).update(12, { schedule: manual });
    expect([told.state, told.dueAt]).toEqual(["ACTIVE", null]);
    expect(told.update(15, { schedule: everyTenSeconds() }).dueAt).toBe(20);
    told.update(16, { schedule: everyTenSeconds({ endAt: T0 + 17_000 }) });
    expect(told.state).toBe("COMPLETED");
    expect([told.update(18, { schedule: manual }).state, told.dueAt]).toEqual(["ACTIVE", null]);
  });
});

describe("cancelling a definition", () => {
  it("ends it for good, and calls off those that wait, or all of them", () => {
    const told = new Told({ overlapPolicy: "ALLOW_ALL" }).take(10).cancel(11);
    expect([told.state, told.dueAt, told.effects]).toEqual(["CANCELLED", null, ["cancelled", "cancelOthers"]]);
    expect(told.supervision.cancelling).toMatchObject({ which: "gated", terminate: false, olderThan: "" });
    expect(new Told().cancel(1, { cancelRunning: true, terminate: true }).supervision.cancelling).toMatchObject({
      which: "all",
      terminate: true,
    });
  });

  it("keeps an order that is wider and under way already", () => {
    const told = new Told({ overlapPolicy: "TERMINATE_OTHER" }).take(10).take(20).cancel(21);
    expect(told.supervision.cancelling).toMatchObject({ which: "all", terminate: true, olderThan: "" });
    expect(calledOff(told.supervision).cancelling).toBeUndefined();
  });

  it("leaves it deaf to everything but the ends of its instances", () => {
    const told = new Told().take(10).cancel(11);
    for (const deaf of [
      () => told.take(20),
      () => told.trigger(20),
      () => told.pause(20),
      () => told.resume(20),
      () => told.cancel(20),
      () => told.update(20, {}),
      () => told.backfill(20, 5),
    ]) {
      expect(deaf().last.accepted).toBe(false);
    }
    expect(told.ended(21).supervision.counters).toMatchObject({ active: 0, completed: 1 });
  });
});

describe("updating a definition", () => {
  it("makes nothing due retroactively: a new schedule counts from now on", () => {
    const told = new Told()
      .take(10)
      .update(95, { schedule: everyTenSeconds({ timing: { kind: "every", intervalMs: 7000, fixedDelay: false } }) });
    expect(told.dueAt).toBe(98);
    expect(told.effects).toEqual(["updated"]);
  });

  it("that does not touch the schedule leaves the next due time alone", () => {
    const told = new Told().take(10).update(15, { priority: 1 });
    expect(told.dueAt).toBe(20);
    expect(told.take(20).outcomes).toEqual(["SKIPPED_OVERLAP 20"]);
  });

  it("completes it when the new schedule has nothing left, and wakes it up again when it has", () => {
    const told = new Told().update(5, { schedule: everyTenSeconds({ endAt: T0 + 5000 }) });
    expect([told.state, told.effects]).toEqual(["COMPLETED", ["updated", "completed"]]);
    told.update(6, { schedule: everyTenSeconds() });
    expect([told.state, told.dueAt]).toEqual(["ACTIVE", 10]);
  });

  it("does not fire the same single time twice", () => {
    const told = new Told({ schedule: aSchedule({ timing: { kind: "at", at: T0 + 5000 } }) }).take(5);
    told.update(6, { schedule: aSchedule({ timing: { kind: "at", at: T0 + 5000 } }) });
    expect([told.state, told.dueAt]).toEqual(["COMPLETED", null]);
    told.update(7, { schedule: aSchedule({ timing: { kind: "at", at: T0 + 60_000 } }) });
    expect([told.state, told.dueAt]).toEqual(["ACTIVE", 60]);
  });

  it("to a fixed delay waits for the end of what runs, also when it had completed", () => {
    const told = new Told({ schedule: aSchedule({ timing: { kind: "at", at: T0 + 5000 } }) })
      .take(5)
      .update(6, { schedule: fixedDelay() });
    expect([told.state, told.dueAt]).toEqual(["ACTIVE", null]);
    expect(told.ended(8).dueAt).toBe(18);
  });
});

describe("backfilling", () => {
  it("fires a due time of the past, one after the other unless they may overlap, and leaves the schedule alone", () => {
    const told = new Told().take(10);
    const { dueAt } = told;
    told.backfill(15, -30);
    expect(told.effect("spawn")).toMatchObject({
      exclusive: true,
      spec: { trigger: "BACKFILL", scheduledAt: T0 - 30_000 },
    });
    expect([told.dueAt, told.supervision.lastFiredAt, told.supervision.counters.occurrences]).toEqual([
      dueAt,
      T0 + 10_000,
      1,
    ]);
    expect(new Told({ overlapPolicy: "ALLOW_ALL" }).backfill(1, -10).effect("spawn")).toMatchObject({
      exclusive: false,
    });
  });
});
