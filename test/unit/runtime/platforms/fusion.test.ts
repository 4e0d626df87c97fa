/** 融合平台: a platform that stands for another. */
import { describe, expect, it } from "vitest";
import { BY_TEST, anEvent, aPlatform, pushByHand, pushing, pushesTo, report, resultOf } from "./given.ts";
import { reasonOf } from "../given.ts";

const [REAL, FRONT] = ["https://real.example.com", "https://front.example.com"];

async function fused(more: { readonly isFused?: boolean } = {}) {
  const world = await pushing();
  const { node } = world;
  const real = await aPlatform(node, { settings: { host: REAL }, trigger: null });
  const front = await aPlatform(node, {
    settings: { host: FRONT },
    standsFor: more.isFused === false ? null : real,
  });
  return { ...world, real, front };
}

describe("a platform that stands for another", () => {
  it("brings what it hears of to that one, once: events, by hand, batches, sweeps (R-006, R-009, R-073)", async () => {
    const { node, pad, clock, real, front, ...world } = await fused();
    const { pushes } = await report(node, "s1");
    expect(pushes.map(({ platformId }) => platformId)).toEqual([real]);
    await clock.advance(0);
    const byHand = await pushByHand(node, "s1", front);
    await clock.advance(0);
    await node.taskCenters.pushes.batch(front, { filter: {}, pageSize: 30, force: true });
    await clock.advance(5000);
    expect(pad.pushes.map(({ host, thirdId }) => `${host} ${thirdId}`)).toEqual(
      Array(3).fill("real.example.com s1_t1"),
    );
    expect(await resultOf({ ...world, clock }, byHand)).toBe("SUCCEEDED");
    expect(await pushesTo({ ...world, clock }, front)).toEqual([]);
    await node.taskCenters.pushes.reconcile({ platformId: front });
    await clock.advance(10_000);
    expect(pad.pushes).toHaveLength(3);
  });

  it("and that one, both subscribed, get one push of an event", async () => {
    const { node, pad, clock, real } = await fused();
    const condition = { nodeIds: [], creators: [], assignees: [] };
    await node.taskCenters.platforms.createTrigger(real, {
      ...BY_TEST,
      trigger: { actions: [], appIds: [], condition },
    });
    expect((await report(node, "s1")).pushes).toHaveLength(1);
    await clock.advance(1000);
    expect(pad.pushes.map(({ host }) => host)).toEqual(["real.example.com"]);
  });

  it("hands on what waits for it when it begins to", async () => {
    const { node, pad, clock, real, front, ...world } = await fused({ isFused: false });
    await node.taskCenters.platforms.isolate(front, BY_TEST);
    const waiting = (await report(node, "s1")).pushes[0]?.id ?? "";
    await node.taskCenters.platforms.update(front, { ...BY_TEST, change: { standsFor: real } });
    await node.taskCenters.platforms.reset(front, BY_TEST);
    await clock.advance(1000);
    expect(pad.pushes.map(({ host }) => host)).toEqual(["real.example.com"]);
    expect(await resultOf({ ...world, clock }, waiting)).toBe("SKIPPED PASSED_ON");
    const handed = await pushesTo({ ...world, clock }, real);
    expect(handed.map(({ spec }) => spec.action)).toMatchObject([{ origin: "EVENT", action: "receive" }]);
  });

  it("skips what waits for it, and says why, when nothing goes to that one", async () => {
    const { node, pad, clock, real, front, ...world } = await fused({ isFused: false });
    await node.taskCenters.platforms.isolate(front, BY_TEST);
    const waiting = (await report(node, "s1")).pushes[0]?.id ?? "";
    await node.taskCenters.platforms.update(front, { ...BY_TEST, change: { standsFor: real } });
    await node.taskCenters.platforms.disable(real, BY_TEST);
    await node.taskCenters.platforms.reset(front, BY_TEST);
    await clock.advance(60_000);
    expect(await resultOf({ ...world, clock }, waiting)).toBe("SKIPPED PLATFORM_DISABLED");
    expect((await report(node, "s2", anEvent("receive"))).pushes).toEqual([]);
    expect(pad.pushes).toEqual([]);
  });

  it("is refused when that goes round in a circle, or names none", async () => {
    const { node, real, front } = await fused();
    const { platforms } = node.taskCenters;
    const refusals = await Promise.allSettled([
      platforms.update(real, { ...BY_TEST, change: { standsFor: front } }),
      platforms.update(real, { ...BY_TEST, change: { standsFor: real } }),
      platforms.update(real, { ...BY_TEST, change: { standsFor: "nobody" } }),
      aPlatform(node, { standsFor: "nobody" }),
    ]);
    expect(refusals.map(reasonOf)).toEqual(Array(4).fill("INVALID_FIELD"));
  });

  it("of two that come to stand for each other at once, neither loops: what is for them goes nowhere or to one", async () => {
    const { node, pad, clock, real, front } = await fused({ isFused: false });
    const { platforms } = node.taskCenters;
    await Promise.allSettled([
      platforms.update(real, { ...BY_TEST, change: { standsFor: front } }),
      platforms.update(front, { ...BY_TEST, change: { standsFor: real } }),
    ]);
    await report(node, "s1").catch(() => {});
    await clock.advance(60_000);
    expect(pad.pushes.length).toBeLessThanOrEqual(1);
  });
});
