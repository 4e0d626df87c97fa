import { describe, expect, it } from "vitest";
import { DEFAULT_BREAKER_SETTINGS } from "../../../../src/domain/breaker.ts";
import { isFinal } from "../../../../src/domain/instance/instance.ts";
import { answered } from "../../../support/fake-webhooks.ts";
import { aPlatform, facts, pushesOf, pushing, received, report } from "../approvals/given.ts";
import { batchOf, recordOf, sessionsWithItems, startBatch, thirdIdOf, untilEnded } from "./given.ts";

describe("a batch of pushes", () => {
  it("pushes every work item once, by pages, and its counts and progress are exact (R-009, R-010, R-067, R-072)", async () => {
    const world = await pushing();
    const { node, platforms } = world;
    const ids = await sessionsWithItems(node, 95);
    const platformId = await aPlatform(node);
    const id = await startBatch(node, platformId);
    const ended = await untilEnded(world, id);
    expect(await batchOf(world, id)).toEqual({
      state: "COMPLETED",
      total: 95,
      submitted: 95,
      succeeded: 95,
      failed: 0,
      skipped: 0,
      superseded: 0,
    });
    expect(ended.life.progress).toMatchObject({ percent: 100 });
    expect(ended.life.result).toMatchObject({ total: 95, succeeded: 95 });
    expect(platforms.thirdIds.toSorted()).toEqual(ids.map(thirdIdOf).toSorted());
    expect(await pushesOf(world, { batch: id, origin: "batch" })).toHaveLength(95);
  });

  it("counts what failed, what was skipped and what succeeded, each as what it was", async () => {
    const world = await pushing();
    const { node, platforms } = world;
    const ids = await sessionsWithItems(node, 40);
    const platformId = await aPlatform(node, "https://one.example.com", {
      breaker: { ...DEFAULT_BREAKER_SETTINGS, consecutiveFailures: 0 },
    });
    // Drafts are not pushed.
    for (const id of ids.slice(0, 5)) await report(node, id, { ...facts(null, 9), session: { state: "DRAFT" } });
    const refused = new Set(ids.slice(5, 12).map(thirdIdOf));
    platforms.answers(({ thirdId }) => answered(refused.has(thirdId) ? 422 : 200));
    const id = await startBatch(node, platformId);
    await untilEnded(world, id);
    expect(await batchOf(world, id)).toMatchObject({
      state: "COMPLETED",
      submitted: 40,
      succeeded: 28,
      failed: 7,
      skipped: 5,
    });
    // Of what the platform was told with success nothing is sent again, unless it is forced.
    platforms.answers(() => answered(200));
    const calls = platforms.calls.length;
    const again = await startBatch(node, platformId);
    await untilEnded(world, again);
    expect(await batchOf(world, again)).toMatchObject({ succeeded: 7, skipped: 33 });
    expect(platforms.calls.length - calls).toBe(7);
    const forced = await startBatch(node, platformId, { force: true });
    await untilEnded(world, forced);
    expect(await batchOf(world, forced)).toMatchObject({ succeeded: 35, skipped: 5 });
  });

  it("of nothing is over at once, at a hundred percent", async () => {
    const world = await pushing();
    const platformId = await aPlatform(world.node);
    await sessionsWithItems(world.node, 3);
    const id = await startBatch(world.node, platformId, { filter: { appId: "none" } });
    const ended = await untilEnded(world, id);
    expect(await batchOf(world, id)).toMatchObject({ state: "COMPLETED", total: 0, submitted: 0 });
    expect(ended.life.progress?.percent).toBe(100);
    expect(await pushesOf(world)).toEqual([]);
  });

  it("has never more on their way than its window, says so, and what it tells stays small (R-072, R-078)", async () => {
    const world = await pushing();
    const { node, clock, platforms } = world;
    await sessionsWithItems(node, 1000);
    const platformId = await aPlatform(node);
    platforms.answers(() => null);
    const id = await startBatch(node, platformId);
    await clock.advance(60_000);
    const open = (await pushesOf(world, { batch: id })).filter(({ state }) => !isFinal(state));
    expect(open).toHaveLength(300);
    const { life } = await recordOf(world, id);
    expect(Buffer.byteLength(JSON.stringify(life.metadata))).toBeLessThan(32 * 1024);
    expect(await batchOf(world, id)).toMatchObject({ state: "RUNNING", total: 1000, submitted: 300, succeeded: 0 });
    platforms.answerAll();
    await untilEnded(world, id);
    expect(await batchOf(world, id)).toMatchObject({ state: "COMPLETED", submitted: 1000, succeeded: 1000 });
    expect(new Set(platforms.thirdIds).size).toBe(1000);
  });

  it("of the widest pages tells no more than what fits", async () => {
    const world = await pushing();
    const { node, clock, platforms } = world;
    await sessionsWithItems(node, 1200);
    const platformId = await aPlatform(node);
    platforms.answers(() => null);
    const id = await startBatch(node, platformId, { pageSize: 500 });
    await clock.advance(30_000);
    expect((await pushesOf(world, { batch: id })).filter(({ state }) => !isFinal(state))).toHaveLength(500);
    expect(Buffer.byteLength(JSON.stringify((await recordOf(world, id)).life.metadata))).toBeLessThan(256 * 1024);
    platforms.answerAll();
    await untilEnded(world, id);
    expect(await batchOf(world, id)).toMatchObject({ state: "COMPLETED", succeeded: 1200 });
  });

  it("runs one at a time a platform: another is refused with the id of the first, until that has ended (R-067)", async () => {
    const world = await pushing();
    const { node, clock, platforms } = world;
    await sessionsWithItems(node, 3);
    const platformId = await aPlatform(node);
    const other = await aPlatform(node, "https://two.example.com");
    platforms.answers(() => null);
    const id = await startBatch(node, platformId, { requestId: "r1" });
    await clock.advance(1000);
    await expect(startBatch(node, platformId)).rejects.toMatchObject({
      reason: "BATCH_RUNNING",
      metadata: { batch_id: id },
    });
    expect(await startBatch(node, platformId, { requestId: "r1" })).toBe(id);
    await startBatch(node, other);
    const both = await Promise.allSettled([startBatch(node, platformId), startBatch(node, platformId)]);
    expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    platforms.answerAll();
    await untilEnded(world, id);
    const raced = await Promise.allSettled([startBatch(node, platformId), startBatch(node, platformId)]);
    expect(raced.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  });

  it("that is cancelled stops soon and makes room for another; what it made goes on", async () => {
    const world = await pushing();
    const { node, clock, platforms } = world;
    await sessionsWithItems(node, 1000);
    const platformId = await aPlatform(node);
    platforms.answers(() => null);
    const id = await startBatch(node, platformId);
    await clock.advance(5000);
    await node.instances.cancel(id, { reason: "enough", terminate: false });
    await clock.advance(1000);
    expect(await batchOf(world, id)).toMatchObject({ state: "CANCELLED", submitted: 300 });
    const made = (await pushesOf(world, { batch: id })).length;
    expect(made).toBe(300);
    platforms.answerAll();
    await clock.advance(60_000);
    expect(await pushesOf(world, { batch: id })).toHaveLength(made);
    expect(new Set(platforms.thirdIds).size).toBe(made);
    const next = await startBatch(node, platformId);
    await untilEnded(world, next);
    expect(await batchOf(world, next)).toMatchObject({
      state: "COMPLETED",
      submitted: 1000,
      skipped: 300,
      succeeded: 700,
    });
  });

  it("waits for no push that was removed since it looked last", async () => {
    const world = await pushing();
    const { node, clock, store, platforms } = world;
    await sessionsWithItems(node, 3);
    const platformId = await aPlatform(node);
    platforms.answers(() => null);
    const id = await startBatch(node, platformId);
    await clock.advance(5000);
    // They end, and are old enough to be removed, before the batch looks again: as when it was paused for days.
    const ids = (await pushesOf(world, { batch: id })).map((push) => push.id);
    await Promise.all(ids.map((push) => node.instances.cancel(push, { reason: "enough", terminate: true })));
    expect(await store.retention.removeFinished(ids)).toBe(3);
    await untilEnded(world, id, 60_000);
    expect(await batchOf(world, id)).toMatchObject({ state: "COMPLETED", submitted: 3, succeeded: 0, failed: 0 });
  });

  it("takes in items that are created while it runs, and counts them", async () => {
    const world = await pushing();
    const { node, clock, platforms } = world;
    await sessionsWithItems(node, 400);
    const platformId = await aPlatform(node, "https://one.example.com", { actions: ["archive"] });
    platforms.answers(() => null);
    const id = await startBatch(node, platformId);
    await clock.advance(5000);
    await report(node, "late", facts("late-t", 1_000_000));
    platforms.answerAll();
    await untilEnded(world, id);
    expect(await batchOf(world, id)).toMatchObject({ state: "COMPLETED", total: 401, submitted: 401, succeeded: 401 });
  });

  it("whose platform is disabled while it runs ends and says why; what waits is skipped", async () => {
    const world = await pushing();
    const { node, clock, platforms } = world;
    await sessionsWithItems(node, 1000);
    const platformId = await aPlatform(node, "https://one.example.com", { maxConcurrent: 10 });
    platforms.answers(() => null);
    const id = await startBatch(node, platformId);
    await clock.advance(5000);
    await node.taskCenters.platforms.disable(platformId, { changedBy: "test" });
    platforms.answerAll();
    const ended = await untilEnded(world, id);
    expect(ended.state).toBe("FAILED");
    expect(ended.life.error).toMatchObject({ code: "STATE_FORBIDS" });
    await clock.advance(60_000);
    expect((await pushesOf(world, { batch: id })).every(({ state }) => state === "COMPLETED")).toBe(true);
    expect(platforms.calls).toHaveLength(10);
    await expect(startBatch(node, platformId)).rejects.toMatchObject({ reason: "STATE_FORBIDS" });
  });

  it("lets pushes of events go before its own", async () => {
    const world = await pushing();
    const { node, clock, platforms } = world;
    await sessionsWithItems(node, 200);
    const platformId = await aPlatform(node, "https://one.example.com", { maxConcurrent: 1 });
    platforms.answers(() => null);
    await startBatch(node, platformId);
    await clock.advance(5000);
    await report(node, "urgent", received("urgent-t"));
    platforms.answerAll();
    await clock.advance(5000);
    expect(platforms.thirdIds.indexOf("urgent_urgent-t")).toBe(1);
  });

  it("goes on for as long as its platform is down", async () => {
    const world = await pushing();
    const { node, clock, platforms } = world;
    await sessionsWithItems(node, 20);
    const platformId = await aPlatform(node);
    await node.taskCenters.platforms.isolate(platformId, { changedBy: "test", reason: "works" });
    const id = await startBatch(node, platformId);
    await clock.advance(2 * 3_600_000);
    expect((await batchOf(world, id)).state).not.toMatch(/FAILED|TIMED_OUT/);
    await node.taskCenters.platforms.reset(platformId, { changedBy: "test" });
    await untilEnded(world, id);
    expect(await batchOf(world, id)).toMatchObject({ state: "COMPLETED", submitted: 20, succeeded: 20 });
    expect(platforms.calls).toHaveLength(20);
  });
});
