/** 融合平台: one that stands for another is told nothing itself; whatever is for it goes to the other, on each of the ways. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { PushOrigin, PushState } from "../../../src/gen/belfry/v1/push_pb.ts";
import { until } from "../../support/until.ts";
import { anApplication, Approval, LI } from "./approval.ts";
import { ABILITY, JINZHI_CENTRE } from "./centres.ts";
import type { PlatformSite } from "./site.ts";
import { openPlatformSite } from "./site.ts";

let site: PlatformSite;
beforeAll(async () => {
  site = await openPlatformSite();
});
afterAll(() => site[Symbol.asyncDispose]());

test("events, pushes by hand, batches and the reconciliation reach the platform that is stood for (R-006, R-073)", async () => {
  const appId = anApplication();
  await using real = await ABILITY.start(appId);
  await using fusion = await JINZHI_CENTRE.start(appId);
  const realId = await site.enabled({
    connector: "ability_center",
    settings: ABILITY.settings(real.origin, appId),
    appIds: [],
  });
  const fusionId = await site.enabled({
    connector: "jinzhi",
    settings: JINZHI_CENTRE.settings(fusion.origin, appId),
    appIds: [appId],
    standsFor: realId,
  });
  const approval = new Approval(appId);
  const settled = async () => {
    await site.settled(fusionId);
    return site.settled(realId);
  };

  await site.report(approval.event({ action: "receive", item: "a", to: [LI] }, 1));
  expect(await settled()).toMatchObject([{ type: PushOrigin.EVENT, state: PushState.SUCCEEDED, platformId: realId }]);
  expect(real.believes.todosOf(LI.number)).toEqual([approval.itemId("a")]);

  const { pushLog } = await site.pushes.pushWorkItem({ platformId: fusionId, workItemId: approval.itemId("a") });
  expect(pushLog?.platformId).toBe(realId);
  expect((await settled()).at(-1)).toMatchObject({ type: PushOrigin.MANUAL, state: PushState.SUCCEEDED });

  const { batch } = await site.pushes.batchPush({ platformId: fusionId, filter: { appId }, force: true });
  await until(
    async () => (await site.pushes.getBatchPush({ batchId: batch?.id ?? "" })).batch?.percent === 100,
    "the batch has ended",
  );
  expect((await settled()).at(-1)).toMatchObject({ type: PushOrigin.BATCH, state: PushState.SUCCEEDED });

  // The platform was away, and nothing was tried again.
  await site.platforms.updatePlatform({
    platform: { id: realId, policy: { retryPolicy: { maxRetries: 0 }, sweepInterval: { seconds: 1n } } },
    updateMask: { paths: ["policy"] },
  });
  await real.goDown();
  await site.report(approval.event({ action: "after_end", item: "a", by: LI }, 2));
  expect((await settled()).at(-1)).toMatchObject({ type: PushOrigin.EVENT, state: PushState.FAILED });
  await real.comeBack();
  await site.driftless(realId);
  expect((await settled()).at(-1)).toMatchObject({ type: PushOrigin.SWEEP, state: PushState.SUCCEEDED });
  expect(real.believes.todosOf(LI.number)).toEqual([]);
  expect(real.believes.doneOf(LI.number)).toEqual([approval.itemId("a")]);
  expect(real.violations).toEqual([]);
  expect(fusion.countOf()).toBe(0);
});
