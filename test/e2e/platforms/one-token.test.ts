/** nodes share the token of a platform; whichever pushes come first, it is fetched once. */
import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { SessionState } from "../../../src/gen/belfry/v1/approval_pb.ts";
import { PushState } from "../../../src/gen/belfry/v1/push_pb.ts";
import { until } from "../../support/until.ts";
import { startNodeCluster } from "../../support/node-cluster.ts";
import type { Approval } from "./approval.ts";
import { LI } from "./approval.ts";
import { ABILITY } from "./centres.ts";
import { aPlatform, expectOrder } from "./living.ts";
import { platformCalls } from "./site.ts";

const FIRST_PUSHES = 200;

test(
  "two nodes fetch one token for 200 first pushes at the same time, and one more when it is taken no longer (R-015, R-021, R-086)",
  { timeout: 180_000 },
  async () => {
    await using cluster = await startNodeCluster({
      nodes: 2,
      env: {
        BELFRY_ALLOW_PRIVATE_TARGETS: "loopback",
        BELFRY_SECRET_KEY: randomBytes(32).toString("base64"),
        BELFRY_LOG_LEVEL: "warn",
      },
    });
    await cluster.shared();
    await using stack = new AsyncDisposableStack();
    const sites = cluster.nodes.map(({ url }) => {
      const calls = platformCalls(url);
      stack.defer(() => calls.close());
      return calls;
    });
    const [one, other] = sites as [(typeof sites)[number], (typeof sites)[number]];
    await using told = await aPlatform(one, ABILITY);
    const { platform, platformId } = told;
    // Drafts are not pushed: so they tell whether a node has heard of the platform, and need no token.
    for (const site of [one, other]) {
      await until(async () => {
        const draft = told.begins().event({ action: "receive", state: SessionState.DRAFT }, 1);
        return (await site.workItems.reportEvent({ event: draft })).pushes.length > 0;
      }, "the node has heard of the platform");
    }
    await one.settled(platformId);
    expect(platform.countOf()).toBe(0);

    const approvals = Array.from({ length: FIRST_PUSHES }, () => told.begins());
    const receive = (site: typeof one, approval: Approval, minute: number) =>
      site.report(approval.event({ action: "receive", item: "a", to: [LI] }, minute));

    await Promise.all(approvals.map((approval, index) => receive(index % 2 === 0 ? one : other, approval, 1)));
    const logs = await one.settled(platformId);
    expect(logs.filter(({ state }) => state === PushState.SUCCEEDED)).toHaveLength(FIRST_PUSHES);
    expect(platform.believes.todosOf(LI.number)).toHaveLength(FIRST_PUSHES);
    expect(platform.tokensIssued).toBe(1);
    expect(platform.countOf("token")).toBe(1);

    platform.expireTokens();
    const next = Array.from({ length: FIRST_PUSHES }, () => told.begins());
    await Promise.all(next.map((approval, index) => receive(index % 2 === 0 ? other : one, approval, 1)));
    await other.settled(platformId);
    expect(platform.believes.todosOf(LI.number)).toHaveLength(2 * FIRST_PUSHES);
    expect(platform.tokensIssued).toBe(2);
    expect(platform.duplicates).toEqual([]);
    expectOrder(told);
  },
);
