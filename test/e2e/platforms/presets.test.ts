/** Presets of 能力中心: each takes the events that its university is told of, and no others. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PushOrigin, PushState } from "../../../src/gen/belfry/v1/push_pb.ts";
import { until } from "../../support/until.ts";
import { LI, WANG, ZHAO } from "./approval.ts";
import type { Centre } from "./centres.ts";
import { ABILITY } from "./centres.ts";
import { aPlatform, doneOf, eventOf, expectOrder, todosOf } from "./living.ts";
import type { Life, Step } from "./lives.ts";
import { FULL } from "./lives.ts";
import type { PlatformSite } from "./site.ts";
import { openPlatformSite } from "./site.ts";

const preset = (connector: string): Centre => ({ ...ABILITY, name: connector, connector });

/** As gzucm and tmmu hear of it: each task created and finished, then the end of all. */
const STEPS: readonly Omit<Step, "todos" | "instance">[] = [
  { action: "receive", item: "a", to: [LI] },
  { action: "action.after_examine.0", item: "a", by: LI, opinion: "同意" },
  { action: "receive", item: "b", to: [ZHAO] },
  { action: "after_examine", item: "b", by: ZHAO, opinion: "同意" },
  { action: "after_end" },
];
const LIFE: Life = {
  name: "approved",
  steps: STEPS.map((step) => ({ ...step, todos: {}, instance: "RUNNING" })),
  done: { [LI.number]: ["a"], [ZHAO.number]: ["b"] },
};

let site: PlatformSite;
beforeAll(async () => {
  site = await openPlatformSite();
});
afterAll(() => site[Symbol.asyncDispose]());

describe("gzucm and tmmu", () => {
  test("R-061, R-032: gzucm is told when a task is created and when it is finished, instance and task in one", async () => {
    await using told = await aPlatform(site, preset("gzucm"));
    const { platform, platformId } = told;
    const approval = told.begins();
    const shown = [];
    for (const index of LIFE.steps.keys()) {
      await site.report(eventOf(approval, LIFE.steps, index));
      await site.settled(platformId);
      shown.push(todosOf(platform, approval));
    }
    expect(shown).toEqual([{ [LI.number]: ["a"] }, {}, { [ZHAO.number]: ["b"] }, {}, {}]);
    expect(doneOf(platform, approval)).toEqual(LIFE.done);
    expect(platform.countOf("push")).toBe(4);
    expect((await site.logs({ platformId })).map(({ action, state }) => [action, state === PushState.SKIPPED])).toEqual(
      [
        ["receive", false],
        ["after_examine", false],
        ["receive", false],
        ["after_examine", false],
        ["after_end", true],
      ],
    );
    expectOrder(told);
    expect(await site.drift(platformId)).toEqual([]);
  });

  test("R-062: tmmu is told when a task is finished and when all is", async () => {
    await using told = await aPlatform(site, preset("tmmu"));
    const { platform, platformId } = told;
    const approval = told.begins();
    for (const index of LIFE.steps.keys()) {
      await site.report(eventOf(approval, LIFE.steps, index));
      await site.settled(platformId);
      expect(todosOf(platform, approval)).toEqual({});
    }
    expect(doneOf(platform, approval)).toEqual(LIFE.done);
    expect(platform.believes.instance(approval.id)?.status).toBe(2);
    expectOrder(told);
    expect(await site.drift(platformId)).toEqual([]);
  });

  test("R-062: what is archived is deleted from tmmu where that is switched on", async () => {
    const centre = preset("tmmu");
    const settings: Centre["settings"] = (host, appId) => ({ ...centre.settings(host, appId), deleteOnArchive: true });
    await using told = await aPlatform(site, { ...centre, settings });
    const approval = told.begins();
    await told.report(approval, LIFE);
    await site.report(approval.event({ action: "archive" }, 10));
    await site.settled(told.platformId);
    expect(told.platform.believes.instance(approval.id)?.status).toBe(4);
    expectOrder(told);
  });

  test.each(["gzucm", "tmmu"])(
    "R-061, R-062: %s out of order, and down in the middle, ends right",
    async (connector) => {
      await using told = await aPlatform(site, preset(connector));
      const { platform, platformId } = told;
      const backwards = told.begins();
      for (const index of [...LIFE.steps.keys()].toReversed()) await site.report(eventOf(backwards, LIFE.steps, index));
      await site.settled(platformId);
      const interrupted = told.begins();
      await told.report(interrupted, LIFE, 0, 2);
      await site.settled(platformId);
      await platform.goDown();
      await told.report(interrupted, LIFE, 2);
      await until(
        async () =>
          (await site.logs({ platformId, states: [PushState.RETRYING] })).some(({ retryCount }) => retryCount > 0),
        "a push has found it down",
      );
      await platform.comeBack();
      const logs = await site.settled(platformId);
      expect(logs.map(({ state }) => state)).not.toContain(PushState.FAILED);
      for (const approval of [backwards, interrupted]) {
        expect(todosOf(platform, approval)).toEqual({});
        expect(doneOf(platform, approval)).toEqual(LIFE.done);
      }
      expectOrder(told);
      expect(await site.drift(platformId)).toEqual([]);
    },
  );
});

describe("cugb", () => {
  test("R-063: is told by hand and in batches: open while the session runs, done after it", async () => {
    await using told = await aPlatform(site, preset("cugb"));
    const { platform, platformId } = told;
    const approval = told.begins();
    await told.report(approval, FULL, 0, 2);
    const logs = await site.settled(platformId);
    expect(logs.map(({ state }) => state)).toEqual([PushState.SKIPPED, PushState.SKIPPED]);
    expect(platform.countOf()).toBe(0);

    // by hand.
    const { pushLog } = await site.pushes.pushWorkItem({ platformId, workItemId: approval.itemId("a") });
    await site.settled(platformId);
    const byHand = (await site.logs({ platformId })).find(({ id }) => id === pushLog?.id);
    expect(byHand).toMatchObject({ type: PushOrigin.MANUAL, state: PushState.SUCCEEDED, action: "manual" });
    expect(todosOf(platform, approval)).toEqual({ [WANG.number]: ["a"] });

    // in a batch.
    await told.report(approval, FULL, 2);
    await site.settled(platformId);
    const { batch } = await site.pushes.batchPush({ platformId, filter: { appId: approval.appId } });
    await until(
      async () => (await site.pushes.getBatchPush({ batchId: batch?.id ?? "" })).batch?.percent === 100,
      "the batch has ended",
    );
    await site.settled(platformId);
    expect(todosOf(platform, approval)).toEqual({});
    expect(doneOf(platform, approval)).toMatchObject(FULL.done);
    expect(platform.believes.tasksOf(approval.id).map((task) => task.told["taskStatus"])).toEqual([3, 3]);
    expectOrder(told);
  });
});
