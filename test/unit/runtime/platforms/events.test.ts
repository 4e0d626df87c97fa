import { describe, expect, it } from "vitest";
import { answered } from "../../../support/fake-webhooks.ts";
import { gaplessEvents, reasonOf } from "../given.ts";
import { BY_TEST, aPlatform, aPushingCluster, aTrigger, anEvent, pushOf, pushesTo, pushing, report } from "./given.ts";

describe("an event", () => {
  it("that is reported twice, under a request id or not, is pushed once", async () => {
    const world = await pushing();
    const { node, pad, clock } = world;
    const id = await aPlatform(node);
    const event = anEvent("remind_task");
    const [first, second] = await Promise.all([report(node, "s1", event), report(node, "s1", event)]);
    await clock.advance(0);
    const third = await report(node, "s1", event);
    expect([first, second, third].map(({ pushes }) => pushes.length)).toEqual([1, 0, 0]);
    await clock.advance(1000);
    expect([pad.pushes.length, (await pushesTo(world, id)).length]).toEqual([1, 1]);
  });

  it("that is reported twice is pushed once though the node died in between", async () => {
    const { node, pad, clock, join } = await pushing();
    await aPlatform(node);
    const event = anEvent("remind_task");
    await report(node, "s1", event, "r1");
    await clock.advance(1000);
    await node.crash();
    const b = await join("b");
    await clock.advance(30_000);
    expect((await report(b, "s1", event, "r1")).pushes).toHaveLength(1);
    expect((await report(b, "s1", event)).pushes).toEqual([]);
    await clock.advance(1000);
    expect(pad.pushes).toHaveLength(1);
  });

  it("goes to the platforms whose triggers want it, and to none that is disabled (R-071)", async () => {
    const { node, clock } = await pushing();
    const all = await aPlatform(node);
    const urging = await aPlatform(node, { trigger: { actions: ["remind_task"] } });
    const ofApp = await aPlatform(node, { trigger: { appIds: ["travel"] } });
    const condition = { nodeIds: [], creators: [], assignees: ["p1"] };
    const ofPerson = await aPlatform(node, { trigger: { condition } });
    const disabled = await aPlatform(node, { enabled: false });
    await aPlatform(node, { trigger: null });
    const told = async (session: string, ...event: Parameters<typeof anEvent>): Promise<readonly string[]> =>
      (await report(node, session, anEvent(...event))).pushes.map(({ platformId }) => platformId).toSorted();
    expect(await told("s1", "receive")).toEqual([all, ofPerson].toSorted());
    expect(await told("s1", "remind_task")).toEqual([all, urging, ofPerson].toSorted());
    expect(await told("s2", "receive", { session: { appId: "travel" }, workItem: { id: "t1" } })).toEqual(
      [all, ofApp].toSorted(),
    );
    await node.taskCenters.platforms.enable(disabled, BY_TEST);
    expect(await told("s3", "receive")).toEqual([all, ofPerson, disabled].toSorted());
    await clock.advance(1000);
  });

  it("heeds a trigger that was made a moment before on another node, and none that was taken away", async () => {
    const { nodes, pad, clock } = await aPushingCluster(3);
    const [a, b, c] = nodes;
    if (a === undefined || b === undefined || c === undefined) throw new Error("there are three");
    const id = await aPlatform(a, { of: b, trigger: null });
    for (let n = 0; n < 12; n++) {
      const making = aTrigger(nodes[n % 3] ?? a, id);
      await clock.advance(100);
      const { id: triggerId } = await making;
      const reporting = report(nodes[(n + 1) % 3] ?? a, `s${n}`);
      await clock.advance(100);
      expect((await reporting).pushes).toHaveLength(1);
      const deleting = c.taskCenters.platforms.deleteTrigger(triggerId, BY_TEST);
      await clock.advance(100);
      await deleting;
      const after = report(nodes[(n + 2) % 3] ?? a, `after${n}`);
      await clock.advance(100);
      expect((await after).pushes).toEqual([]);
    }
    await clock.advance(5000);
    expect(pad.pushes).toHaveLength(12);
  });

  it("makes its push in the commit with its facts: when that fails, there is neither, and a repetition makes both", async () => {
    const { node, pad, clock, store } = await pushing();
    await aPlatform(node);
    await report(node, "s0");
    await clock.advance(1000);
    const event = anEvent("receive");
    const hold = store.holdCommits();
    const reported = report(node, "s1", event, "r1").then(
      () => "taken",
      () => "refused",
    );
    await clock.advance(10);
    expect(await store.approvals.loadSessions(["s1"])).toEqual([]);
    expect(pad.ids).toEqual(["s0_t1"]);
    hold.release();
    await clock.advance(1000);
    expect(await reported).toBe("taken");
    const written = store.sent.filter(({ sessions }) => sessions.some(({ session }) => session.id === "s1"));
    expect(written.map(({ createdInstances }) => createdInstances.map(({ spec }) => spec.action.kind))).toEqual([
      ["push"],
    ]);
    expect(pad.ids).toEqual(["s0_t1", "s1_t1"]);
  });

  it("that names a work item of another session is refused, and costs neither that item nor a shard", async () => {
    const { node, pad, clock, store } = await pushing();
    await aPlatform(node, { policy: { maxConcurrent: 50 } });
    const event = anEvent("receive");
    const sessions = Array.from({ length: 50 }, (_, n) => `s${n}`);
    const ask = () =>
      Promise.allSettled(sessions.map((id) => node.taskCenters.approvals.report(id, { event }))).then((all) =>
        all.map(reasonOf),
      );
    const first = await ask();
    expect(first.toSorted()).toEqual([...Array.from({ length: 49 }, () => "INVALID_FIELD"), "ok"]);
    await clock.advance(1000);
    expect(await ask()).toEqual(first);
    const [item] = await store.approvals.loadWorkItems({ ids: ["t1"] });
    expect(item?.item.sessionId).toBe(sessions[first.indexOf("ok")]);
    expect(pad.ids).toEqual(["t1"]);
  });

  it("of a questionnaire is recorded and not pushed (R-033)", async () => {
    const { node, pad, clock, store } = await pushing();
    await aPlatform(node);
    const { pushes } = await report(node, "s1", anEvent("receive", { session: { appId: "q", isQuestionnaire: true } }));
    await clock.advance(1000);
    expect([pushes, pad.pushes]).toEqual([[], []]);
    expect(await store.approvals.loadSessions(["s1"])).toHaveLength(1);
  });
});

describe("what comes of pushes", () => {
  it("is announced under the work item, with the push, the platform and what it said (R-043)", async () => {
    const world = await pushing();
    const { node, pad, clock } = world;
    const id = await aPlatform(node);
    const well = (await report(node, "s1")).pushes[0]?.id ?? "";
    await clock.advance(0);
    pad.pushesAre(() => answered(422, { body: "no such user" }));
    const ill = (await report(node, "s2")).pushes[0]?.id ?? "";
    await clock.advance(1000);
    const events = (await gaplessEvents(world)).filter(({ resource }) => resource === "push");
    expect(events.map(({ name, resourceId }) => `${name} ${resourceId}`).toSorted()).toEqual([
      "failed s2_t1",
      "succeeded s1_t1",
    ]);
    expect(events.find(({ name }) => name === "succeeded")?.data).toMatchObject({
      pushId: well,
      platformId: id,
      sessionId: "s1",
      workItemId: "s1_t1",
      action: "receive",
      origin: "EVENT",
      thirdId: "s1_t1",
    });
    expect(events.find(({ name }) => name === "failed")?.data).toMatchObject({
      pushId: ill,
      result: { class: "permanent", code: "PAD_422", message: "no such user" },
    });
    expect((await pushOf(world, ill)).state).toBe("FAILED");
  });
});
