import { describe, expect, it } from "vitest";
import type { StartedRuntime } from "../../../../src/runtime/index.ts";
import { answered } from "../../../support/fake-webhooks.ts";
import type { World } from "../../../support/node.ts";
import { gaplessEvents, stateOf } from "../given.ts";
import {
  BY_TEST,
  NO_BREAKER,
  aPlatform,
  aPushingCluster,
  anEvent,
  pushByHand,
  pushOf,
  pushing,
  report,
  resultOf,
} from "./given.ts";

/** Reports, and says which push came of it. */
async function pushed(node: StartedRuntime, ...reported: [string, ...Parameters<typeof anEvent>]): Promise<string> {
  const [sessionId, action, more] = reported;
  const { pushes } = await report(node, sessionId, anEvent(action, more));
  expect(pushes).toHaveLength(1);
  return pushes[0]?.id ?? "";
}

describe("pushes of one session to one platform", () => {
  it("go one after the other, beside those of other sessions", async () => {
    const { node, pad, clock } = await pushing();
    await aPlatform(node);
    pad.pushesAre(() => null);
    await pushed(node, "s1", "receive");
    await pushed(node, "s1", "receive", { item: "t2" });
    await pushed(node, "s1", "remind_task", { note: "now!" });
    await pushed(node, "s2", "receive");
    await clock.advance(0);
    expect(pad.underWay.map(({ thirdId }) => thirdId)).toEqual(["s1_t1", "s2_t1"]);
    pad.underWay[0]?.answer(answered(200));
    await clock.advance(0);
    expect(pad.underWay.map(({ thirdId }) => thirdId)).toEqual(["s2_t1", "s1_t2"]);
    pad.underWay[1]?.answer(answered(200));
    await clock.advance(0);
    expect(pad.underWay.map(({ thirdId, kind }) => `${kind} ${thirdId}`)).toEqual(["tell s2_t1", "remind s1_t1"]);
  });

  it("wait for one that is tried again, through all its attempts", async () => {
    const { node, pad, clock } = await pushing();
    await aPlatform(node, { policy: { breaker: NO_BREAKER } });
    pad.pushesAre(({ thirdId }) => (thirdId === "s1_t1" ? answered(503) : undefined));
    await pushed(node, "s1", "receive");
    await pushed(node, "s1", "receive", { item: "t2" });
    await clock.advance(2500);
    expect(pad.ids).toEqual(["s1_t1", "s1_t1", "s1_t1"]);
    await clock.advance(1000);
    expect(pad.ids).toEqual(["s1_t1", "s1_t1", "s1_t1", "s1_t1", "s1_t2"]);
  });

  it("go one after the other whichever nodes have the session and the platform", async () => {
    const { nodes, pad, clock } = await aPushingCluster(3);
    const [a, b] = nodes;
    if (a === undefined || b === undefined) throw new Error("there are three");
    await aPlatform(a, { of: b });
    pad.pushesAre(() => null);
    const asking: Promise<unknown>[] = [];
    for (let round = 0; round < 6; round++) {
      for (let session = 0; session < 6; session++) {
        asking.push(report(nodes[round % 3] ?? a, `s${session}`, anEvent("remind_task", { note: String(round) })));
      }
    }
    const busiest = new Map<string, number>();
    for (let n = 0; n < 400; n++) {
      await clock.advance(20);
      const counts = Map.groupBy(pad.underWay, ({ thirdId }) => thirdId);
      for (const [id, those] of counts) busiest.set(id, Math.max(busiest.get(id) ?? 0, those.length));
      pad.underWay[0]?.answer(answered(200));
    }
    await Promise.all(asking);
    expect(pad.pushes).toHaveLength(36);
    expect([...busiest.values()]).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it("rest on what the one before made the platform believe, though its end was written this very moment", async () => {
    const world = await pushing();
    const { node, pad, clock } = world;
    await aPlatform(node);
    pad.pushesAre(() => null);
    await pushed(node, "s1", "receive");
    const again = await pushByHand(node, "s1", await platformId(node, world), { force: false, origin: "BATCH" });
    await clock.advance(0);
    const hold = world.store.holdCommits();
    pad.underWay[0]?.answer(answered(200));
    await clock.advance(100);
    hold.release();
    await clock.advance(100);
    expect(await resultOf(world, again)).toBe("SKIPPED UNCHANGED");
    expect(pad.pushes).toHaveLength(1);
  });
});

async function platformId(node: StartedRuntime, { store }: World): Promise<string> {
  const [row] = await store.actorStates.list("platform", { prefix: "" }, "", 1);
  return (await node.taskCenters.platforms.get(row?.id ?? "")).record.id;
}

describe("a push that waits", () => {
  it("is superseded by the next about the same state, and says so; what says something is said each time", async () => {
    const world = await pushing();
    const { node, pad, clock } = world;
    const id = await aPlatform(node);
    await node.taskCenters.platforms.isolate(id, BY_TEST);
    const obsolete = await pushed(node, "s1", "receive");
    const transfers = [
      await pushed(node, "s1", "change_assignee", { workItem: { id: "t1", assignees: [{ number: "p2", name: "" }] } }),
      await pushed(node, "s1", "change_assignee", { workItem: { id: "t1", assignees: [{ number: "p3", name: "" }] } }),
    ];
    const reminds = [await pushed(node, "s1", "remind_task"), await pushed(node, "s1", "remind_task")];
    const newest = await pushed(node, "s1", "after_examine");
    expect(await resultOf(world, obsolete)).toBe("SUPERSEDED");
    await node.taskCenters.platforms.reset(id, BY_TEST);
    await clock.advance(1000);
    for (const each of reminds) expect(await resultOf(world, each)).toBe("SUCCEEDED");
    for (const each of [...transfers, newest]) expect(await resultOf(world, each)).toMatch(/SUCCEEDED|UNCHANGED/u);
    expect(pad.pushes.filter(({ kind }) => kind === "remind")).toHaveLength(2);
    expect(pad.beliefs.get("pad.example.com/s1_t1")).toMatchObject({ status: "DONE", assignees: ["p3"] });
    const superseded = (await gaplessEvents(world)).filter(({ name }) => name === "superseded");
    expect(superseded).toMatchObject([{ resource: "push", resourceId: "s1_t1", data: { pushId: obsolete } }]);
  });

  it("is not superseded once it is under way, nor by one of another item or session", async () => {
    const world = await pushing();
    const { node, pad, clock } = world;
    await aPlatform(node);
    pad.pushesAre(() => null);
    const ids = [
      await pushed(node, "s1", "receive"),
      await pushed(node, "s1", "receive", { item: "t2" }),
      await pushed(node, "s2", "receive"),
    ];
    await clock.advance(0);
    ids.push(await pushed(node, "s1", "after_examine"));
    for (let n = 0; n < 4; n++) {
      pad.underWay.forEach((push) => push.answer(answered(200)));
      await clock.advance(10);
    }
    for (const id of ids) expect(await resultOf(world, id)).toBe("SUCCEEDED");
  });
});

describe("what the platform was told before, with success", () => {
  it("is not told again by an event, and is by hand and when somebody urges (R-060, R-076)", async () => {
    const world = await pushing();
    const { node, pad, clock } = world;
    const id = await aPlatform(node);
    await pushed(node, "s1", "receive");
    await clock.advance(0);
    const same = await pushed(node, "s1", "task_resume", { workItem: undefined, session: { state: "RUNNING" } });
    await clock.advance(0);
    expect(await resultOf(world, same)).toBe("SKIPPED UNCHANGED");
    expect(pad.pushes).toHaveLength(1);
    const byHand = await pushByHand(node, "s1", id, { force: false });
    const urged = await pushed(node, "s1", "remind_task");
    await clock.advance(0);
    for (const each of [byHand, urged]) expect(await resultOf(world, each)).toBe("SUCCEEDED");
    expect(pad.pushes).toHaveLength(3);
    const names = (await gaplessEvents(world)).filter(({ resource }) => resource === "push").map(({ name }) => name);
    expect(names.toSorted()).toEqual(["skipped", "succeeded", "succeeded", "succeeded"]);
  });
});

describe("what a platform was told", () => {
  const statesOf = (world: World, session: string) => world.store.approvals.loadPushStates(session);

  it("is in the commit with the push's end: when that fails, neither is there (R-010, R-080)", async () => {
    const world = await pushing();
    const { node, pad, clock, store } = world;
    await aPlatform(node);
    pad.pushesAre(() => null);
    const id = await pushed(node, "s1", "receive");
    await clock.advance(0);
    const hold = store.holdCommits();
    pad.underWay[0]?.answer(answered(200));
    await clock.advance(100);
    expect([await stateOf(world, id), await statesOf(world, "s1")]).toEqual(["RUNNING", []]);
    store.failBeforeCommit(3);
    hold.release();
    await clock.advance(1);
    const [state, rows] = [await stateOf(world, id), await statesOf(world, "s1")];
    expect(state === "COMPLETED" ? rows.length : rows).toEqual(state === "COMPLETED" ? 1 : []);
    await clock.advance(30_000);
    expect(await stateOf(world, id)).toBe("COMPLETED");
    expect(await statesOf(world, "s1")).toMatchObject([
      { status: "OPEN", pushId: id, failures: 0, workItemId: "s1_t1" },
    ]);
    const telling = store.sent.filter(({ pushStates }) => pushStates.length > 0);
    expect(telling.length).toBeGreaterThan(0);
    for (const { finishedInstances } of telling) {
      expect(finishedInstances.map((record) => record.id)).toEqual([id]);
    }
  });

  it("counts a failure when the push has failed for good, not at each attempt; a success forgets them", async () => {
    const world = await pushing();
    const { node, pad, clock } = world;
    const platform = await aPlatform(node, { policy: { breaker: NO_BREAKER } });
    pad.pushesAre(() => answered(503));
    const id = await pushed(node, "s1", "receive");
    await clock.advance(2500);
    expect([pad.pushes.length, await statesOf(world, "s1")]).toEqual([3, []]);
    await clock.advance(10_000);
    expect(pad.pushes).toHaveLength(4);
    expect(new Set(pad.pushes.map(({ key }) => key)).size).toBe(1);
    expect(await statesOf(world, "s1")).toMatchObject([
      { status: null, pushId: "", failures: 1, failure: { pushId: id, isPermanent: false } },
    ]);
    await pushByHand(node, "s1", platform);
    await clock.advance(10_000);
    expect(await statesOf(world, "s1")).toMatchObject([{ status: null, failures: 2 }]);
    pad.pushesAre(() => undefined);
    const well = await pushByHand(node, "s1", platform);
    await clock.advance(1000);
    expect(await statesOf(world, "s1")).toMatchObject([{ status: "OPEN", pushId: well, failures: 0, failure: null }]);
  });

  it("does not change by a push that the platform refuses for good, which is tried once", async () => {
    const world = await pushing();
    const { node, pad, clock } = world;
    await aPlatform(node);
    await pushed(node, "s1", "receive");
    await clock.advance(0);
    pad.pushesAre(() => answered(422, { body: "no such user" }));
    const id = await pushed(node, "s1", "after_examine");
    await clock.advance(100_000);
    expect(pad.pushes).toHaveLength(2);
    expect(await resultOf(world, id)).toBe("FAILED PAD_422");
    expect((await pushOf(world, id)).life.error).toMatchObject({ code: "PAD_422", message: "no such user" });
    expect(await statesOf(world, "s1")).toMatchObject([
      { status: "OPEN", failures: 1, failure: { pushId: id, isPermanent: true } },
    ]);
    expect(
      (await gaplessEvents(world)).filter(({ name, resource }) => resource === "push" && name === "failed"),
    ).toHaveLength(1);
  });

  it("is acknowledged as far as it was taken, and the next attempt tells what is left", async () => {
    const world = await pushing();
    const { node, pad, clock } = world;
    await aPlatform(node, { trigger: { actions: ["after_end"] }, policy: { breaker: NO_BREAKER } });
    await report(node, "s1", anEvent("receive"));
    await report(node, "s1", anEvent("receive", { item: "t2" }));
    pad.pushesAre(({ thirdId }) => (thirdId === "s1_t2" && pad.pushes.length < 3 ? answered(500) : undefined));
    const id = await pushed(node, "s1", "after_end", { workItem: undefined, session: { state: "COMPLETED" } });
    await clock.advance(0);
    expect(await statesOf(world, "s1")).toMatchObject([{ thirdId: "s1_t1", pushId: id }]);
    await clock.advance(2000);
    expect(await resultOf(world, id)).toBe("SUCCEEDED");
    expect((await statesOf(world, "s1")).map(({ thirdId, failures }) => [thirdId, failures])).toEqual([
      ["s1_t1", 0],
      ["s1_t2", 0],
    ]);
  });
});
