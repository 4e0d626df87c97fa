import { describe, expect, it } from "vitest";
import { aWorker } from "../../support/node.ts";
import { aSchedule } from "../../support/records.ts";
import {
  RARELY,
  aDefinition,
  aDiligentWorker,
  every,
  expectSound,
  gaplessEvents,
  given,
  instancesOf,
  ledger,
  reasonOf,
  stateOf,
  trigger,
} from "./given.ts";

describe("a definition that is manual", () => {
  it("is active with nothing due, in memory only while something is done, and runs when it is triggered (R-089, R-100)", async () => {
    const world = await given();
    const id = await aDefinition(world.node, { schedule: aSchedule({ timing: { kind: "manual" } }) });
    await world.clock.advance(60_000);
    expect(world.node.status().residents).toBe(0);
    const { done } = await aDiligentWorker(world.node);
    const instance = await trigger(world.node, id);
    await world.clock.advance(0);
    expect(done.map((assignment) => assignment.instance.id)).toEqual([instance.id]);
    const found = await world.store.queries.getDefinition(id);
    expect([found?.definition.state, found?.supervisor.wakeAt]).toEqual(["ACTIVE", null]);
    expect(await ledger(world, id)).toEqual([]);
    await expectSound(world, id);
  });
});

describe("cancelling a definition (R-101)", () => {
  it("with its running instances calls them off one and all, through a crash in the middle", async () => {
    const world = await given();
    const id = await aDefinition(world.node, { maxConcurrent: 3 });
    await aWorker(world.node, { slots: 3 });
    await Promise.all(Array.from({ length: 500 }, () => trigger(world.node, id)));
    await world.clock.advance(0);
    const cancelled = world.node.definitions.cancel(id, { reason: "over", cancelRunning: true, terminate: true });
    // The order is durable with the answer; the telling goes on in chunks after it.
    await cancelled;
    const hold = world.store.holdCommits();
    await hold.arrived();
    await world.node.crash();
    world.store.goAway();
    hold.release();
    await world.clock.advance(0);
    world.store.comeBack();
    expect((await instancesOf(world, id)).filter(({ state }) => state === "CANCELLED").length).toBeLessThan(500);
    await world.start("b");
    await world.clock.advance(6000);
    const states = new Set((await instancesOf(world, id)).map(({ state }) => state));
    expect([...states]).toEqual(["CANCELLED"]);
    await expectSound(world, id);
  });

  it("without its running instances calls off those that wait for their turn, and lets the running one finish", async () => {
    const world = await given();
    const id = await aDefinition(world.node, { overlapPolicy: "BUFFER_ALL" });
    const worker = await aWorker(world.node, { slots: 3 });
    const [first, second] = [await trigger(world.node, id), await trigger(world.node, id)];
    await world.node.definitions.cancel(id, { reason: "", cancelRunning: false, terminate: false });
    await world.clock.advance(0);
    expect([await stateOf(world, first.id), await stateOf(world, second.id)]).toEqual(["RUNNING", "CANCELLED"]);
    expect(await world.node.workers.complete(worker.assignments[0]?.token ?? "", null)).toBe("COMPLETED");
    await expectSound(world, id);
  });

  it("reaches an instance that is started anew in the same moment, or refuses that", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const instance = await trigger(world.node, id);
    await world.node.instances.cancel(instance.id, { reason: "", terminate: true });
    const results = await Promise.allSettled([
      world.node.instances.retry(instance.id, {}),
      world.node.definitions.cancel(id, { reason: "", cancelRunning: true, terminate: true }),
    ]);
    await world.clock.advance(1000);
    expect(results.map(reasonOf)).toEqual(["ok", "ok"]);
    expect(await stateOf(world, instance.id)).toBe("CANCELLED");
    await expectSound(world, id);
  });
});

describe("deleting a definition", () => {
  it("is refused while instances are unfinished, and removes it with its ledger when none is", async () => {
    const world = await given();
    const id = await aDefinition(world.node, { schedule: every(1000) });
    await world.clock.advance(1000);
    await expect(world.node.definitions.delete(id, {})).rejects.toMatchObject({ reason: "STATE_FORBIDS" });
    await world.node.definitions.cancel(id, { reason: "", cancelRunning: true, terminate: true });
    await world.clock.advance(0);
    await world.node.definitions.delete(id, {});
    expect(await world.store.queries.getDefinition(id)).toBeNull();
    expect(await ledger(world, id)).toEqual([]);
    expect(await instancesOf(world, id)).toHaveLength(1);
    await expect(world.node.definitions.delete(id, {})).rejects.toMatchObject({ reason: "DEFINITION_NOT_FOUND" });
    await world.clock.advance(5000);
    expect(await world.store.queries.getDefinition(id)).toBeNull();
  });

  it("wins or loses against what comes at the same time, and never leaves half of either", async () => {
    for (const other of ["pause", "trigger", "update", "cancel", "delete", "resume"] as const) {
      for (const [order, headStart] of [
        ["first", true],
        ["last", true],
        ["first", false],
        ["last", false],
      ] as const) {
        const world = await given();
        const { node } = world;
        const id = await aDefinition(node);
        const commands = {
          pause: () => node.definitions.pause(id, { reason: "" }),
          resume: () => node.definitions.resume(id, {}),
          trigger: () => trigger(node, id),
          update: () => node.definitions.update(id, { change: (spec) => ({ ...spec, content: "new" }) }),
          cancel: () => node.definitions.cancel(id, { reason: "", cancelRunning: true, terminate: true }),
          delete: () => node.definitions.delete(id, {}),
        };
        const both = order === "first" ? [commands.delete, commands[other]] : [commands[other], commands.delete];
        // A commit is under way, so that both are decided for the one after it.
        const hold = world.store.holdCommits();
        const before = aDefinition(node);
        await hold.arrived();
        const one = Promise.allSettled([both[0]?.()]);
        if (headStart) await world.clock.advance(0);
        const settled = Promise.all([one, Promise.allSettled([both[1]?.()])]).then((results) => results.flat());
        await world.clock.advance(0);
        hold.release();
        const reasons = (await settled).map(reasonOf);
        await before;
        expect(reasons).not.toContain("SHARD_UNAVAILABLE");
        await world.clock.advance(1000);
        const survived = (await world.store.queries.getDefinition(id)) !== null;
        expect(survived).toBe(
          reasons[order === "first" ? 0 : 1] !== "ok" && !(other === "delete" && reasons.includes("ok")),
        );
        expect(node.status().ownedShards).toHaveLength(4);
        const wakeups = await world.store.actors.dueWakeups([0, 1, 2, 3], null, Number.MAX_SAFE_INTEGER, 1000);
        expect(survived || wakeups.every((wakeup) => wakeup.id !== id)).toBe(true);
        await gaplessEvents(world);
      }
    }
  });

  it("leaves finished instances behind, which cannot be tried anew (R-089)", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const instance = await trigger(world.node, id);
    await world.node.instances.cancel(instance.id, { reason: "", terminate: true });
    await world.node.definitions.delete(id, {});
    await expect(world.node.instances.retry(instance.id, {})).rejects.toMatchObject({ reason: "DEFINITION_NOT_FOUND" });
    await world.clock.advance(60_000);
    await expect(world.node.instances.retry(instance.id, {})).rejects.toMatchObject({ reason: "DEFINITION_NOT_FOUND" });
    expect(await stateOf(world, instance.id)).toBe("CANCELLED");
  });
});

describe("updating a definition", () => {
  it("is refused with an old etag, and carried out once under a request id", async () => {
    const world = await given();
    const id = await aDefinition(world.node);
    const change = (spec: Parameters<Parameters<typeof world.node.definitions.update>[1]["change"]>[0]) => ({
      ...spec,
      content: `${spec.content}!`,
    });
    await expect(world.node.definitions.update(id, { etag: "7", change })).rejects.toMatchObject({
      reason: "ETAG_MISMATCH",
      metadata: { etag: "1" },
    });
    const first = await world.node.definitions.update(id, { etag: "1", change, requestId: "u1" });
    const again = await world.node.definitions.update(id, { etag: "1", change, requestId: "u1" });
    expect(again.definition).toEqual(first.definition);
    expect(first.definition.revision).toBe(2);
  });

  it("wakes a completed definition up when its new schedule has something to fire", async () => {
    const world = await given();
    const id = await aDefinition(world.node, { schedule: { ...every(1000), maxOccurrences: 1 } });
    await world.clock.advance(1000);
    expect((await world.store.queries.getDefinition(id))?.definition.state).toBe("COMPLETED");
    await world.node.definitions.update(id, { change: (spec) => ({ ...spec, schedule: every(5000) }) });
    await world.clock.advance(5000);
    expect((await ledger(world, id)).map(({ outcome }) => outcome)).toEqual(["FIRED", "FIRED"]);
    await expectSound(world, id);
  });
});

describe("backfilling", () => {
  const minutes = (n: number) => n * 60_000;

  it("fires the due times of a stretch of the past that have no record, in order, once", async () => {
    const world = await given();
    const { node, clock } = world;
    const id = await aDefinition(node, {
      schedule: every(minutes(1), { anchorAt: clock.now() }),
      overlapPolicy: "ALLOW_ALL",
    });
    await clock.advance(minutes(3));
    const from = clock.now() - minutes(10);
    const range = { from, to: clock.now(), validateOnly: false };
    expect(await node.definitions.backfill(id, { ...range, validateOnly: true })).toEqual({
      fired: 8,
      known: 2,
      nextFrom: null,
    });
    expect(await instancesOf(world, id)).toHaveLength(3);
    const [one, two] = await Promise.all([node.definitions.backfill(id, range), node.definitions.backfill(id, range)]);
    expect([one.fired, two.fired]).toEqual([8, 0]);
    const rows = await ledger(world, id);
    expect(rows.map(({ scheduledAt }) => scheduledAt)).toEqual(Array.from({ length: 11 }, (_, n) => from + minutes(n)));
    expect(new Set(rows.map(({ instanceId }) => instanceId)).size).toBe(11);
    expect(await instancesOf(world, id)).toHaveLength(11);
    await expectSound(world, id);
  });

  it("leaves what falls due while it looks to the schedule", async () => {
    const world = await given();
    const { node, clock, store } = world;
    const id = await aDefinition(node, {
      schedule: every(1000, { anchorAt: clock.now() }),
      overlapPolicy: "ALLOW_ALL",
    });
    await clock.advance(3500);
    const hold = store.holdCommits();
    // A commit is under way when the backfill begins; the next due time comes before it can look at the ledger.
    const triggered = trigger(node, id);
    await hold.arrived();
    const filled = node.definitions.backfill(id, { from: clock.now() - 10_000, to: clock.now(), validateOnly: false });
    await clock.advance(1000);
    hold.release();
    await Promise.all([triggered, filled]);
    await clock.advance(3000);
    const rows = await ledger(world, id);
    expect(new Set(rows.map(({ scheduledAt }) => scheduledAt)).size).toBe(rows.length);
    expect((await instancesOf(world, id)).length).toBe(rows.length + 1);
    await expectSound(world, id);
  });

  it("is refused for the future, and for a cancelled definition, and then leaves no trace under its request id", async () => {
    const world = await given();
    const id = await aDefinition(world.node, { schedule: RARELY });
    const { clock, node } = world;
    await expect(
      node.definitions.backfill(id, { from: 0, to: clock.now() + 1, validateOnly: false }),
    ).rejects.toMatchObject({ reason: "INVALID_FIELD" });
    await node.definitions.cancel(id, { reason: "", cancelRunning: false, terminate: false });
    const year = 365 * 86_400_000;
    await expect(
      node.definitions.backfill(id, {
        from: clock.now() - 2 * year,
        to: clock.now(),
        validateOnly: false,
        requestId: "b1",
      }),
    ).rejects.toMatchObject({ reason: "STATE_FORBIDS" });
    expect(await world.store.actors.findRequests(["BackfillDefinition/b1"])).toEqual([]);
  });
});
