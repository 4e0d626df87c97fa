import { expect, it } from "vitest";
import { answered } from "../../../support/fake-webhooks.ts";
import type { Pushing } from "./given.ts";
import { BY_TEST, allRows, aPlatform, platformOf, pushing, report, resultOf } from "./given.ts";
import { SECRET, TOKEN } from "./pad.ts";

const NEW_SECRET = "another-s3cret-of-pad";

/** Texts that must stand nowhere, also as JSON and URLs write them. */
const FORBIDDEN = [SECRET, encodeURIComponent(SECRET), NEW_SECRET, TOKEN];

async function expectNothingTold(world: Pushing, more: unknown): Promise<void> {
  const rows = (await allRows(world)) + JSON.stringify(more);
  expect(rows.length).toBeGreaterThan(5000);
  for (const text of FORBIDDEN) {
    const at = rows.indexOf(text);
    expect(at < 0 ? "nowhere" : rows.slice(Math.max(0, at - 200), at + 60)).toBe("nowhere");
  }
}

it("secrets and tokens stand nowhere in the store, whatever went well or was changed", async () => {
  const world = await pushing();
  const { node, clock } = world;
  const { platforms } = node.taskCenters;
  const id = await aPlatform(node);
  await report(node, "s1");
  await clock.advance(1000);
  const tested = await platforms.test(id);
  const refreshed = await platforms.refreshToken(id, BY_TEST);
  await platforms.update(id, { ...BY_TEST, requestId: "u1", change: { settings: { appSecret: NEW_SECRET } } });
  await report(node, "s2");
  await clock.advance(1000);
  await platforms.disable(id, BY_TEST);
  await platforms.remove(id, BY_TEST);
  expect(tested.exchanges).toHaveLength(1);
  await expectNothingTold(world, [tested, refreshed]);
});

it("nor when the platform repeats them in what it says, or in an address that could not be reached", async () => {
  const world = await pushing();
  const { node, pad, clock } = world;
  const id = await aPlatform(node, { policy: { breaker: { consecutiveFailures: 2 } } });
  const replies = [
    answered(500, { body: `the token ${TOKEN}1 of ${SECRET} broke me` }),
    answered(401, { body: `unknown token ${TOKEN}1` }),
    answered(401, { body: JSON.stringify({ given: `${TOKEN}2`, signed: SECRET }) }),
    { kind: "failed", cause: "CONNECTION", message: `no way to /tell?access_token=${TOKEN}2`, durationMs: 1 } as const,
    answered(422, { body: `not with ${TOKEN}2 and ${SECRET}`, headers: { location: `/x?${TOKEN}2` } }),
  ];
  pad.pushesAre(() => replies.shift());
  const first = await report(node, "s1");
  await clock.advance(400_000);
  expect(await resultOf(world, first.pushes[0]?.id ?? "")).toMatch(/^(FAILED|SUCCEEDED)/u);
  pad.fetchesAre(() => answered(403, { body: `the secret ${SECRET} is wrong` }));
  pad.pushesAre(() => answered(401, { body: `no token ${TOKEN}2` }));
  await report(node, "s2");
  await clock.advance(100_000);
  expect((await platformOf(node, id)).tokenFailure).not.toBeNull();
  const tested = await node.taskCenters.platforms.test(id);
  await expectNothingTold(world, [tested, await platformOf(node, id)]);
});
