/** 树维 is told of what it missed: what comes before, and what it lost. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PushState } from "../../../src/gen/belfry/v1/push_pb.ts";
import { LI, WANG, ZHAO } from "./approval.ts";
import { SHUWEI, SHUWEI_V2 } from "./centres.ts";
import type { Told } from "./living.ts";
import { aPlatform, doneOf, expectEnd, expectOrder, todosOf } from "./living.ts";
import { FULL } from "./lives.ts";
import type { PlatformSite } from "./site.ts";
import { openPlatformSite } from "./site.ts";

let site: PlatformSite;
beforeAll(async () => {
  site = await openPlatformSite();
});
afterAll(() => site[Symbol.asyncDispose]());

const operations = ({ platform }: Told, from: number): readonly string[] =>
  platform.calls.slice(from).map(({ operation }) => operation);

describe.each([SHUWEI, SHUWEI_V2])("$name", (centre) => {
  test("R-049: an item is completed after those before it, which it never heard of", async () => {
    await using told = await aPlatform(site, centre);
    const { platform, platformId } = told;
    const approval = told.begins();
    // 部门审核 happens while the platform is disabled.
    await site.platforms.disablePlatform({ platformId });
    await told.report(approval, FULL, 0, 4);
    await site.platforms.enablePlatform({ platformId });
    expect(platform.countOf()).toBe(0);
    await told.report(approval, FULL, 4);
    await site.settled(platformId);
    expect(todosOf(platform, approval)).toEqual({});
    expect(doneOf(platform, approval)).toEqual(FULL.done);
    expectOrder(told);
    // each was unknown, so it was put there, and completed then; the predecessor before the item.
    const done = platform.calls.filter(({ operation }) => operation === "complete").map(({ body }) => body);
    const [firstOfA, firstOfB] = ["a", "b"].map((name) =>
      done.findIndex((body) => body.includes(approval.thirdId(name as "a" | "b"))),
    ) as [number, number];
    expect(firstOfA).toBeGreaterThanOrEqual(0);
    expect(firstOfB).toBeGreaterThan(firstOfA);
    expect(platform.refusals.filter(({ kind }) => kind === "unknown").map(({ id }) => id)).toContain(
      approval.thirdId("a"),
    );

    // told once more, nothing of it is told again.
    const count = platform.countOf();
    await site.report(approval.event({ action: "after_end", item: "b", by: ZHAO }, 60));
    const logs = await site.settled(platformId);
    expect(logs.at(-1)).toMatchObject({ action: "after_end", state: PushState.SKIPPED });
    expect(platform.countOf()).toBe(count);
  });

  test("R-049: those before it are found by the process log too", async () => {
    await using told = await aPlatform(site, centre);
    const { platform, platformId } = told;
    const approval = told.begins();
    await site.platforms.disablePlatform({ platformId });
    await site.report(approval.event({ action: "receive", item: "a", to: [LI] }, 1));
    await site.report({
      ...approval.event({ action: "after_examine", item: "a", by: LI }, 2),
      log: [{ workItemId: approval.itemId("a"), actor: LI, operation: "同意" }],
    });
    await site.platforms.enablePlatform({ platformId });
    await site.report(approval.event({ action: "receive", item: "b", to: [WANG], previous: [] }, 3));
    await site.report(approval.event({ action: "after_examine", item: "b", by: WANG, previous: [] }, 4));
    await site.settled(platformId);
    expect(doneOf(platform, approval)).toEqual({ [LI.number]: ["a"], [WANG.number]: ["b"] });
    expectOrder(told);
  });

  test("R-050, R-051: a todo that it lost is put there again, and completed", async () => {
    await using told = await aPlatform(site, centre);
    const { platform, platformId } = told;
    const approval = told.begins();
    await told.report(approval, FULL, 0, 1);
    await site.settled(platformId);
    platform.believes.removeTask(approval.thirdId("a"));
    const heard = platform.calls.length;
    await site.report(approval.event({ action: "after_examine", item: "a", by: LI }, 4));
    const logs = await site.settled(platformId);
    expect(operations(told, heard)).toEqual(["complete", "add", "complete"]);
    expect(logs.at(-1)).toMatchObject({ state: PushState.SUCCEEDED, retryCount: 0 });
    expect(doneOf(platform, approval)).toEqual({ [LI.number]: ["a"] });
    expectOrder(told);
  });

  test("R-050: so is one that is handed over, urged, or belongs to what is cut short", async () => {
    await using told = await aPlatform(site, centre);
    const { platform, platformId } = told;
    const approval = told.begins();
    await told.report(approval, FULL, 0, 1);
    await site.settled(platformId);

    platform.believes.removeTask(approval.thirdId("a"));
    await told.report(approval, FULL, 1, 2);
    await site.settled(platformId);
    expect(todosOf(platform, approval)).toEqual({ [WANG.number]: ["a"] });

    for (const { id } of platform.believes.tasksOf(approval.id)) platform.believes.removeTask(id);
    await told.report(approval, FULL, 2, 3);
    await site.settled(platformId);
    expect(todosOf(platform, approval)).toEqual({ [WANG.number]: ["a"] });
    expect(platform.believes.urges).toHaveLength(1);

    platform.believes.removeInstance(approval.id);
    await site.report(approval.event({ action: "task_abort" }, 10));
    const logs = await site.settled(platformId);
    expect(logs.map(({ state }) => state)).not.toContain(PushState.FAILED);
    expect(todosOf(platform, approval)).toEqual({});
    expect(platform.believes.instance(approval.id)?.status).toBe("BREAK_UP");
    expectOrder(told);
  });

  test("R-050: what is to be deleted and is not there is as good as deleted", async () => {
    await using told = await aPlatform(site, centre);
    const { platform, platformId } = told;
    const approval = told.begins();
    await told.report(approval, FULL, 0, 1);
    await site.settled(platformId);
    platform.believes.removeInstance(approval.id);
    await site.report(approval.event({ action: "sess_delete" }, 10));
    const logs = await site.settled(platformId);
    expect(logs.at(-1)).toMatchObject({ action: "sess_delete", state: PushState.SUCCEEDED });
    expect(platform.believes.tasksOf(approval.id)).toEqual([]);
    expectOrder(told);
  });

  test("a whole life of which only the end is told (R-049, R-050)", async () => {
    await using told = await aPlatform(site, centre);
    const approval = told.begins();
    await site.platforms.isolatePlatform({ platformId: told.platformId });
    await told.report(approval, FULL);
    await site.platforms.resetBreaker({ platformId: told.platformId });
    await site.settled(told.platformId);
    expectEnd(told, approval, FULL, { isWhole: false, order: "all at once" });
    expectOrder(told);
  });
});
