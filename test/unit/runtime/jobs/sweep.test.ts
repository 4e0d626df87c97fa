import { describe, expect, it } from "vitest";
import { DEFAULT_BREAKER_SETTINGS } from "../../../../src/domain/breaker.ts";
import { isFinal } from "../../../../src/domain/instance/instance.ts";
import { DOWN, answered } from "../../../support/fake-webhooks.ts";
import { aPlatform, examined, facts, pushesOf, pushing, received, report, START, toldOf } from "../approvals/given.ts";
import { driftOf, sessionsWithItems, sweepNow, thirdIdOf } from "./given.ts";

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

describe("a sweep", () => {
  it("finds sessions that ended when their items were long done, and lists none twice", async () => {
    const world = await pushing();
    const { node, clock, platforms } = world;
    const platformId = await aPlatform(node, "https://one.example.com", { retryIntervalMs: 0, maxRetries: 9 });
    await report(node, "s1", received("t1"));
    await report(node, "s2", received("t2"));
    await clock.advance(1000);
    clock.setWall(START + 4 * DAY_MS);
    platforms.answers(() => answered(422));
    await report(node, "s1", { action: "sess_delete", happenedAt: START + 4 * DAY_MS });
    await report(node, "s2", { action: null, happenedAt: START + 5, workItem: { id: "t2", state: "DONE" } });
    await report(node, "s2", { action: "sess_delete", happenedAt: START + 4 * DAY_MS });
    await clock.advance(1000);
    const since = { updatedAfter: START + 2 * DAY_MS };
    expect((await driftOf(node, platformId, since)).map(({ thirdId }) => thirdId).toSorted()).toEqual([
      "s1_t1",
      "s2_t2",
    ]);
    for (const limit of [1, 2, 3]) {
      expect(await driftOf(node, platformId, { limit })).toHaveLength(2);
    }
    platforms.answers(() => answered(200));
    await sweepNow(world, node);
    await clock.advance(1000);
    expect(platforms.beliefs.size).toBe(0);
  });

  it("passes over no session for what is told of it between two pages (R-074)", async () => {
    const { node, clock } = await pushing();
    await report(node, "s1", facts("old1", 1));
    await report(node, "s2", facts("old2", 2));
    clock.setWall(START + 4 * DAY_MS);
    const startedAt = START + 5 * DAY_MS;
    // Before s1, whose older item nothing was told of lately; of s2 as a whole, and none of its items.
    await report(node, "s0", facts("t0", 3));
    await report(node, "s1", facts("young1", 4));
    await report(node, "s2", { action: null, happenedAt: START + DAY_MS, session: { title: "another" } });
    const platformId = await aPlatform(node);
    clock.setWall(startedAt);
    const since = { updatedAfter: START + 2 * DAY_MS, startedAt, limit: 1 };
    const drift = await driftOf(node, platformId, since, async ({ entries }) => {
      await clock.advance(1000);
      // The older items of both come into the span behind the place where the scan is.
      const sessions = new Set(entries.map(({ sessionId }) => sessionId));
      const told = { action: null, happenedAt: startedAt };
      if (sessions.has("s0")) await report(node, "s1", { ...told, workItem: { id: "old1", state: "DONE" } });
      if (sessions.has("s1")) await report(node, "s2", { ...told, workItem: { id: "old2", state: "DONE" } });
    });
    expect(new Set(drift.map(({ sessionId }) => sessionId))).toEqual(new Set(["s0", "s1", "s2"]));
  });

  it("pushes what was never pushed, once, and the next finds nothing to do (R-074, R-075)", async () => {
    const world = await pushing();
    const { node, platforms } = world;
    const ids = await sessionsWithItems(node, 12);
    const platformId = await aPlatform(node);
    expect((await driftOf(node, platformId)).map(({ thirdId, reason }) => [thirdId, reason])).toEqual(
      ids.map((id) => [thirdIdOf(id), "NEVER_PUSHED"]),
    );
    const swept = await sweepNow(world, node);
    expect(swept).toMatchObject({ state: "COMPLETED", life: { result: expect.objectContaining({ submitted: 12 }) } });
    await world.clock.advance(1000);
    expect(platforms.thirdIds.toSorted()).toEqual(ids.map(thirdIdOf));
    expect(await driftOf(node, platformId)).toEqual([]);
    expect((await sweepNow(world, node)).life.result).toMatchObject({ submitted: 0 });
    expect(await pushesOf(world, { origin: "sweep" })).toHaveLength(12);
  });

  it("lists the same as drift as it pushes", async () => {
    const world = await pushing();
    const { node, clock, platforms } = world;
    const platformId = await aPlatform(node, "https://one.example.com", { retryIntervalMs: 0, maxRetries: 100 });
    platforms.answers(({ thirdId }) => answered(thirdId.endsWith("3") || thirdId.endsWith("4") ? 422 : 200));
    for (let n = 0; n < 20; n++) await report(node, `s${n}`, received(`t${n}`, n));
    await clock.advance(10_000);
    await sessionsWithItems(node, 5, "never");
    const drift = await driftOf(node, platformId);
    platforms.calls.length = 0;
    platforms.answers(() => answered(200));
    await sweepNow(world, node);
    await clock.advance(1000);
    expect(drift).toHaveLength(4 + 5);
    expect(platforms.thirdIds.toSorted()).toEqual(drift.map(({ thirdId }) => thirdId).toSorted());
    expect(await driftOf(node, platformId)).toEqual([]);
  });

  it("tries again what failed, not before its interval, and leaves it after its retries: GIVEN_UP (R-076, R-077)", async () => {
    const world = await pushing();
    const { node, clock, platforms } = world;
    const platformId = await aPlatform(node, "https://one.example.com", {
      maxRetries: 2,
      retryIntervalMs: 10 * MINUTE_MS,
    });
    platforms.answers(() => answered(422));
    await report(node, "s1", received("t1"));
    await clock.advance(1000);
    const reasons = async () => (await driftOf(node, platformId)).map(({ reason, failures }) => [reason, failures]);
    expect(await reasons()).toEqual([["FAILED", 1]]);
    await sweepNow(world, node);
    expect(platforms.calls).toHaveLength(1);
    for (const failures of [2, 3]) {
      await clock.advance(10 * MINUTE_MS);
      await sweepNow(world, node);
      await clock.advance(1000);
      expect(platforms.calls).toHaveLength(failures);
    }
    expect(await reasons()).toEqual([["GIVEN_UP", 3]]);
    await clock.advance(60 * MINUTE_MS);
    await sweepNow(world, node);
    expect(platforms.calls).toHaveLength(3);
    // Somebody asks for it by hand, and it succeeds: what failed before is forgotten.
    platforms.answers(() => answered(200));
    await node.taskCenters.pushes.push("s1", {
      push: {
        platformId,
        workItemId: "t1",
        action: "manual",
        transfer: null,
        note: "",
        origin: "MANUAL",
        force: false,
      },
    });
    await clock.advance(1000);
    expect(await reasons()).toEqual([]);
    expect((await toldOf(world, platformId, "s1")).get("s1_t1")).toMatchObject({ failures: 0, failure: null });
    platforms.answers(() => answered(422));
    await report(node, "s1", examined("t1", 1));
    await clock.advance(1000);
    expect(await reasons()).toEqual([["FAILED", 1]]);
  });

  it("leaves what failed for good where the policy says so, and tries again what failed otherwise", async () => {
    const world = await pushing();
    const { node, clock, platforms } = world;
    const policy = { retryIntervalMs: 0, breaker: { ...DEFAULT_BREAKER_SETTINGS, consecutiveFailures: 0 } };
    const one = await aPlatform(node, "https://one.example.com", { ...policy, sweepPermanent: false });
    const two = await aPlatform(node, "https://two.example.com", { ...policy, sweepPermanent: true });
    platforms.answers(({ thirdId }) => answered(thirdId === "s1_t1" ? 422 : 500));
    await report(node, "s1", received("t1"));
    await report(node, "s2", received("t2"));
    await clock.advance(60_000);
    platforms.answers(() => answered(200));
    platforms.calls.length = 0;
    expect((await driftOf(node, one)).map(({ thirdId, reason }) => [thirdId, reason])).toEqual([
      ["s1_t1", "GIVEN_UP"],
      ["s2_t2", "FAILED"],
    ]);
    expect((await driftOf(node, two)).map(({ reason }) => reason)).toEqual(["FAILED", "FAILED"]);
    await sweepNow(world, node);
    await clock.advance(1000);
    expect(platforms.calls.map(({ host, thirdId }) => `${host} ${thirdId}`).toSorted()).toEqual([
      "one.example.com s2_t2",
      "two.example.com s1_t1",
      "two.example.com s2_t2",
    ]);
  });

  it("pushes what the platform was told otherwise: facts that came without an event to push (R-076)", async () => {
    const world = await pushing();
    const { node, clock, platforms } = world;
    const platformId = await aPlatform(node);
    await report(node, "s1", received("t1"));
    await clock.advance(1000);
    await report(node, "s1", { action: null, happenedAt: START + 5, workItem: { id: "t1", state: "DONE" } });
    expect(await driftOf(node, platformId)).toMatchObject([
      { reason: "DIFFERS", desired: "done", acknowledged: "todo", thirdId: "s1_t1" },
    ]);
    await sweepNow(world, node);
    await clock.advance(1000);
    expect(platforms.beliefs.get("one.example.com s1_t1")).toBe("done");
  });

  it("tells of deleted sessions that they are gone, and of sessions without items as a whole; not of questionnaires and drafts", async () => {
    const world = await pushing();
    const { node, clock, platforms } = world;
    const platformId = await aPlatform(node, "https://one.example.com", { maxRetries: 5, retryIntervalMs: 0 });
    await report(node, "gone", received("t1"));
    await clock.advance(1000);
    platforms.answers(() => answered(422));
    await report(node, "gone", { action: "sess_delete", happenedAt: START + 5 });
    await clock.advance(1000);
    await report(node, "bare", { ...facts(null), session: { title: "without items" } });
    await report(node, "asks", { ...facts("q1"), session: { isQuestionnaire: true } });
    await report(node, "draft", { ...facts("d1"), session: { state: "DRAFT" } });
    await report(node, "never", facts("n1"));
    await report(node, "never", { action: null, session: {}, happenedAt: START + 6 });
    platforms.answers(() => answered(200));
    platforms.calls.length = 0;
    await sweepNow(world, node);
    await clock.advance(1000);
    expect(platforms.calls.map(({ thirdId, status }) => `${thirdId} ${status}`).toSorted()).toEqual([
      "bare RUNNING",
      "gone_t1 null",
      "never_n1 todo",
    ]);
    expect([...platforms.beliefs.keys()].toSorted()).toEqual(["one.example.com bare", "one.example.com never_n1"]);
    expect(await driftOf(node, platformId)).toEqual([]);
  });

  it("does not tell a platform of a session that was deleted before it heard of it", async () => {
    const world = await pushing();
    const { node, clock, platforms } = world;
    await report(node, "s1", facts("t1"));
    await report(node, "s1", { action: "sess_delete", happenedAt: START + 5 });
    const platformId = await aPlatform(node);
    expect(await driftOf(node, platformId)).toEqual([]);
    await sweepNow(world, node);
    await clock.advance(1000);
    expect(platforms.calls).toEqual([]);
  });

  it("leaves alone what is on its way already", async () => {
    const world = await pushing();
    const { node, clock, platforms } = world;
    await aPlatform(node);
    platforms.answers(() => null);
    await report(node, "s1", received("t1"));
    await clock.advance(0);
    expect((await sweepNow(world, node)).life.result).toMatchObject({ submitted: 0 });
    expect(await pushesOf(world)).toHaveLength(1);
    platforms.answerAll();
    await clock.advance(1000);
    expect(platforms.calls).toHaveLength(1);
  });

  it("goes back three days and no further (R-074)", async () => {
    const world = await pushing();
    const { node, clock, platforms } = world;
    await report(node, "old", facts("t1"));
    clock.setWall(START + DAY_MS);
    await report(node, "young", facts("t2"));
    clock.setWall(START + 3 * DAY_MS + 1000);
    await aPlatform(node);
    await sweepNow(world, node);
    await clock.advance(1000);
    expect(platforms.thirdIds).toEqual(["young_t2"]);
  });

  it("tells each platform what its own triggers ask for", async () => {
    const world = await pushing();
    const { node, clock, platforms } = world;
    await report(node, "s1", facts("t1"));
    await report(node, "s2", facts("t2"));
    await report(node, "s2", { action: null, happenedAt: START + 5, workItem: { id: "t2", state: "DONE" } });
    const one = await aPlatform(node, "https://one.example.com", { actions: ["receive"] });
    const two = await aPlatform(node, "https://two.example.com", { actions: ["after_examine"] });
    const drift = async (id: string) => (await driftOf(node, id)).map(({ thirdId }) => thirdId);
    expect([await drift(one), await drift(two)]).toEqual([["s1_t1"], ["s2_t2"]]);
    await sweepNow(world, node);
    await clock.advance(1000);
    expect(Object.fromEntries(platforms.beliefs)).toEqual({
      "one.example.com s1_t1": "todo",
      "two.example.com s2_t2": "done",
    });
  });

  it("of one platform leaves the others alone", async () => {
    const world = await pushing();
    const { node, clock, platforms } = world;
    await report(node, "s1", facts("t1"));
    await aPlatform(node, "https://one.example.com");
    const two = await aPlatform(node, "https://two.example.com");
    await sweepNow(world, node, two);
    await clock.advance(1000);
    expect([...platforms.beliefs.keys()]).toEqual(["two.example.com s1_t1"]);
    await expect(node.taskCenters.pushes.reconcile({ platformId: "none" })).rejects.toMatchObject({
      reason: "PLATFORM_NOT_FOUND",
    });
  });

  it("does not wait for a platform that is down, nor do the others", async () => {
    const world = await pushing();
    const { node, clock, platforms } = world;
    await sessionsWithItems(node, 400);
    const hosts = ["https://one.example.com", "https://two.example.com"] as const;
    const ids = [await aPlatform(node, hosts[0]), await aPlatform(node, hosts[1])];
    // The first to be swept is down.
    const [first = "", second = ""] = ids.toSorted();
    const down = new URL(hosts[ids.indexOf(first)] ?? "").host;
    const up = new URL(hosts[ids.indexOf(second)] ?? "").host;
    await node.taskCenters.platforms.isolate(first, { changedBy: "test", reason: "works" });
    platforms.answers(({ host }) => (host === down ? DOWN : answered(200)));
    const swept = await sweepNow(world, node);
    await clock.advance(60_000);
    expect([...platforms.beliefs.keys()].filter((key) => key.startsWith(up))).toHaveLength(400);
    expect(isFinal(swept.state)).toBe(true);
  });

  it("of a session with many items spread over pages pushes each once, and is well", async () => {
    const world = await pushing();
    const { node, clock, platforms } = world;
    for (let n = 0; n < 450; n++) {
      await report(node, "big", facts(`b${n}`, 2 * n));
      await report(node, `small${n}`, facts(`t${n}`, 2 * n + 1));
    }
    const platformId = await aPlatform(node);
    const swept = await sweepNow(world, node);
    expect(swept.life.error).toBeNull();
    expect(swept.state).toBe("COMPLETED");
    await clock.advance(10_000);
    expect(platforms.thirdIds).toHaveLength(900);
    expect(new Set(platforms.thirdIds).size).toBe(900);
    expect(swept.life.result).toMatchObject({ submitted: 900 });
    expect(await driftOf(node, platformId)).toEqual([]);
  });

  it("has never more on their way than its window, also of sessions with many items (R-078)", async () => {
    const world = await pushing();
    const { node, clock, platforms } = world;
    for (let s = 0; s < 20; s++) {
      await Promise.all(Array.from({ length: 100 }, (_, n) => report(node, `s${s}`, facts(`s${s}-${n}`, n * 20 + s))));
    }
    await aPlatform(node);
    platforms.answers(() => null);
    await node.taskCenters.pushes.reconcile({ platformId: null });
    await clock.advance(60_000);
    const open = (await pushesOf(world)).filter(({ state }) => !isFinal(state));
    expect(open.length).toBeLessThanOrEqual(300 + 100);
  });
});
