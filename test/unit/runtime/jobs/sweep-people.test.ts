import { expect, it } from "vitest";
import { answered } from "../../../support/fake-webhooks.ts";
import { aPlatform, pushing, received, report, START, toldOf } from "../approvals/given.ts";
import { driftOf, sweepNow } from "./given.ts";

const GIVEN = { retryIntervalMs: 0, maxRetries: 9 };

it("An item that was handed over, of which the platform did not hear, is drift though its status is the same, and is told (R-074, R-076)", async () => {
  const world = await pushing();
  const { node, clock, platforms } = world;
  const platformId = await aPlatform(node, "https://one.example.com", GIVEN);
  const had = [{ number: "10086", name: "" }];
  const has = [{ number: "10010", name: "" }];
  await report(node, "s1", { ...received("t1"), workItem: { id: "t1", createdAt: START, assignees: had } });
  await clock.advance(1000);
  expect(await driftOf(node, platformId)).toEqual([]);

  platforms.answers(() => answered(422));
  await report(node, "s1", {
    action: "change_assignee",
    happenedAt: START + 5,
    workItem: { id: "t1", assignees: has },
  });
  await clock.advance(1000);
  expect(await driftOf(node, platformId)).toMatchObject([{ thirdId: "s1_t1", workItemId: "t1", reason: "FAILED" }]);

  platforms.answers(() => answered(200));
  await sweepNow(world, node);
  await clock.advance(1000);
  expect((await toldOf(world, platformId, "s1")).get("s1_t1")?.assignees).toEqual(["10010"]);
  expect(await driftOf(node, platformId)).toEqual([]);
});
