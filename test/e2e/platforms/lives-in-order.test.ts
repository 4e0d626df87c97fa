/**
 * Full lives of approvals, told in the order in which they happen: after each event the platform shows what the process system says (R-001, R-008, R-009,
 * What the platform believes is read from a strict fake of it.
 *
 * Of the platforms: 能力中心; 金智;
 * 树维, and V2 R-053; 统一待办; cppu R-064. What the lives are is in `lives.ts`, what the platforms are in `centres.ts`.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PushOrigin, PushState } from "../../../src/gen/belfry/v1/push_pb.ts";
import type { Approval } from "./approval.ts";
import { CENTRES } from "./centres.ts";
import { aPlatform, eventOf, expectEnd, expectOrder, expectStanding } from "./living.ts";
import type { Told } from "./living.ts";
import { DELETED, FULL, LIVES, START_AND_END, URGED } from "./lives.ts";
import type { PlatformSite } from "./site.ts";
import { openPlatformSite } from "./site.ts";

let site: PlatformSite;
beforeAll(async () => {
  site = await openPlatformSite();
});
afterAll(() => site[Symbol.asyncDispose]());

describe.concurrent.each(CENTRES)("$name, told in order", (centre) => {
  test.each(LIVES)("$name", async (life) => {
    await using told = await aPlatform(site, centre);
    const { platform, platformId } = told;
    const approval = told.begins();
    for (const index of life.steps.keys()) {
      await site.report(eventOf(approval, life.steps, index));
      await site.settled(platformId);
      expectStanding(told, approval, life, { index, isWhole: true, order: "in order" });
    }
    expectEnd(told, approval, life, { isWhole: true, order: "in order" });
    expectOrder(told);
    if (life === FULL) expectUrge(told, approval);
    if (life === DELETED) await expectDeletion(told, approval);
    expect(platform.believes.reopened).toEqual([]);
    expect(platform.tokensIssued).toBeLessThanOrEqual(1);

    // The logs say so, too.
    const logs = await site.logs({ platformId });
    expect(logs.map(({ action }) => action)).toEqual(life.steps.map(({ action }) => action));
    const isUntold = life === START_AND_END && !centre.showsStartAndEnd;
    const skipped = (action: string): boolean => isUntold || centre.skips.includes(action);
    for (const { action, state, type, retryCount, failTime, error } of logs) {
      expect([action, state]).toEqual([action, skipped(action) ? PushState.SKIPPED : PushState.SUCCEEDED]);
      expect({ type, retryCount, failTime, error }).toEqual({ type: PushOrigin.EVENT, retryCount: 0 });
    }
    expect(await site.drift(platformId)).toEqual([]);
  });
});

/** Who has the todo is urged, in the words of the one who urges; a platform that knows no urging hears nothing of it. */
function expectUrge({ centre, platform }: Told, approval: Approval): void {
  const { urges, messages } = platform.believes;
  const urged = urges.map(({ by, words }) => ({ by, words }));
  expect(urged).toEqual(centre.urges === "urge" ? [{ by: "2021001", words: URGED }] : []);
  expect(messages.map(({ id, to }) => ({ id, to }))).toEqual(
    centre.urges === "message" ? [{ id: approval.itemId("a"), to: ["10010"] }] : [],
  );
}

/** every todo first, then the instance. R-081: it stands in the delete log. */
async function expectDeletion({ centre, platform, platformId }: Told, approval: Approval): Promise<void> {
  if (centre.instances?.GONE === undefined && centre.instances !== null) {
    expect(platform.believes.deletions.map(({ what }) => what)).toEqual(["task", "task", "instance"]);
    expect(platform.believes.tasksOf(approval.id)).toEqual([]);
  } else {
    expect(platform.believes.deletions).toEqual([]);
  }
  // 树维 lets go of all that is in a transaction with its first todo, and says of the others that they are unknown: that is as good.
  expect(platform.refusals.filter(({ kind, operation }) => kind !== "unknown" || operation !== "delete")).toEqual([]);
  const deletions = await site.logs({ platformId, deletionsOnly: true });
  expect(deletions).toMatchObject([{ action: "sess_delete", state: PushState.SUCCEEDED, retryCount: 0 }]);
  expect(deletions[0]?.result).toMatchObject({ class: "ok" });
}
