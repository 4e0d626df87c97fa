/**
 * Full lives of approvals with the platform down in the middle: what happens meanwhile waits for it and costs no attempt once the breaker is open, and when
 * it is back it shows what happened.
 *
 * Of the platforms: 能力中心; 金智;
 * 树维, and V2 R-053; 统一待办; cppu R-064. What the lives are is in `lives.ts`, what the platforms are in `centres.ts`.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BreakerState } from "../../../src/gen/belfry/v1/dispatch_pb.ts";
import { PushState } from "../../../src/gen/belfry/v1/push_pb.ts";
import { until } from "../../support/until.ts";
import { CENTRES } from "./centres.ts";
import { aPlatform, expectEnd, expectOrder } from "./living.ts";
import { LIVES } from "./lives.ts";
import type { PlatformSite } from "./site.ts";
import { openPlatformSite, QUICK } from "./site.ts";

let site: PlatformSite;
beforeAll(async () => {
  site = await openPlatformSite();
});
afterAll(() => site[Symbol.asyncDispose]());

describe.concurrent.each(CENTRES)("$name, down in the middle", (centre) => {
  test.each(LIVES)("$name", async (life) => {
    await using told = await aPlatform(site, centre);
    const { platform, platformId } = told;
    const approval = told.begins();
    const half = Math.floor(life.steps.length / 2);
    await told.report(approval, life, 0, half);
    await site.settled(platformId);

    await platform.goDown();
    const heard = platform.countOf();
    await told.report(approval, life, half);
    const isTold = life.steps.some(({ action }) => !centre.skips.includes(action));
    const isKnown = life.steps.length > 1 || centre.showsStartAndEnd;
    if (isTold && isKnown) {
      await until(async () => {
        const { breaker, token } = await site.status(platformId);
        return breaker?.state === BreakerState.OPEN || token?.failure !== undefined;
      }, "the platform is known to be down");
    }
    expect(platform.countOf()).toBe(heard);
    await platform.comeBack();

    const logs = await site.settled(platformId);
    // What waited has cost nothing: the few attempts before it was known are all.
    const retries = logs.reduce((sum, { retryCount }) => sum + retryCount, 0);
    expect(retries).toBeLessThanOrEqual(QUICK.breaker.consecutiveFailures + 2);
    expect(logs.map(({ state }) => state)).not.toContain(PushState.FAILED);
    expectEnd(told, approval, life, { isWhole: false, order: "in order" });
    expectOrder(told);
    expect(await site.drift(platformId)).toEqual([]);
  });

  test("R-074, R-075, R-076: what failed while it was down is made good by a reconciliation", async () => {
    // Nothing is tried again, and no breaker keeps the pushes waiting: they fail.
    const policy = {
      ...QUICK,
      retryPolicy: { ...QUICK.retryPolicy, maxRetries: 0 },
      breaker: { consecutiveFailures: 0, failureRatio: 0 },
    };
    await using told = await aPlatform(site, centre, policy);
    const { platform, platformId } = told;
    const lives = LIVES.map((life) => ({ life, approval: told.begins() }));
    for (const { life, approval } of lives) await told.report(approval, life, 0, Math.floor(life.steps.length / 2));
    await site.settled(platformId);
    await platform.goDown();
    for (const { life, approval } of lives) await told.report(approval, life, Math.floor(life.steps.length / 2));
    const logs = await site.settled(platformId);
    expect(logs.map(({ state }) => state)).toContain(PushState.FAILED);
    expect(await site.drift(platformId)).not.toEqual([]);

    await platform.comeBack();
    await site.driftless(platformId);
    for (const { life, approval } of lives) expectEnd(told, approval, life, { isWhole: false, order: "in order" });
    expectOrder(told);
  });
});
