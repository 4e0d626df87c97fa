/**
 * Full lives of approvals whose events come in any order, and each of them twice: an older one never undoes a newer one, and in the end the platform shows
 * what happened.
 *
 * Of the platforms: 能力中心; 金智;
 * 树维, and V2 R-053; 统一待办; cppu R-064. What the lives are is in `lives.ts`, what the platforms are in `centres.ts`.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PushState } from "../../../src/gen/belfry/v1/push_pb.ts";
import { seededRandom } from "../../support/load.ts";
import { CENTRES } from "./centres.ts";
import type { Told } from "./living.ts";
import { aPlatform, eventOf, expectEnd, expectOrder } from "./living.ts";
import type { Life } from "./lives.ts";
import { DELETED, LIVES } from "./lives.ts";
import type { PlatformSite } from "./site.ts";
import { openPlatformSite } from "./site.ts";

/** What is done with the places of the events. */
type Order = (places: readonly number[]) => readonly number[];

const ORDERS: readonly { readonly order: string; readonly of: Order }[] = [
  { order: "backwards", of: (places) => places.toReversed() },
  ...[3, 8, 21].map((seed) => ({ order: `shuffled by ${seed}`, of: shuffled(seed) })),
];

let site: PlatformSite;
beforeAll(async () => {
  site = await openPlatformSite();
});
afterAll(() => site[Symbol.asyncDispose]());

describe.concurrent.each(CENTRES)("$name, told out of order", (centre) => {
  test.each(LIVES)("$name", async (life) => {
    await using told = await aPlatform(site, centre);
    const { platformId } = told;
    const twice = [...life.steps.keys(), ...life.steps.keys()];
    const approvals = await Promise.all(
      ORDERS.map(async ({ order, of }) => {
        const approval = told.begins();
        for (const index of of(twice)) await site.report(eventOf(approval, life.steps, index));
        return { order, approval };
      }),
    );
    const logs = await site.settled(platformId);
    for (const { order, approval } of approvals) {
      expectEnd(told, approval, life, { isWhole: false, order });
      // Each event is pushed once, though it came twice; after a deletion nothing but that is pushed.
      const own = logs.filter(({ sessionId }) => sessionId === approval.id);
      expect(own.length).toBeLessThanOrEqual(life.steps.length);
      expect(own.map(({ state }) => state)).not.toContain(PushState.FAILED);
    }
    expectOrder(told);
    await expectNoDrift(told, life);
  });

  test.each(LIVES)("one event after the other, waiting for what comes of it: $name", async (life) => {
    await using told = await aPlatform(site, centre);
    const approval = told.begins();
    for (const index of [...life.steps.keys()].toReversed()) {
      await site.report(eventOf(approval, life.steps, index));
      await site.settled(told.platformId);
    }
    expectEnd(told, approval, life, { isWhole: false, order: "backwards" });
    expectOrder(told);
    await expectNoDrift(told, life);
  });
});

/** Nothing is left for the reconciliation but tasks that came to light after their instance was deleted: those it closes. */
async function expectNoDrift(told: Told, life: Life): Promise<void> {
  if (life !== DELETED) {
    expect(await site.drift(told.platformId)).toEqual([]);
    return;
  }
  await site.driftless(told.platformId);
  expect(told.platform.believes.openTasks).toEqual([]);
  expectOrder(told);
}

function shuffled(seed: number): Order {
  return (places) => {
    const random = seededRandom(seed);
    return places
      .map((place) => ({ place, at: random() }))
      .toSorted((one, other) => one.at - other.at)
      .map(({ place }) => place);
  };
}
