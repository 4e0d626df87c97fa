import { describe, expect, it } from "vitest";
import { nameOf, ownerOf, strangerTo } from "../cluster/given.ts";
import {
  aPlatform,
  examined,
  expectPushesSound,
  facts,
  pushesOf,
  pushingCluster,
  received,
  report,
  rowsOf,
  sessionsOn,
} from "./given.ts";

describe("a session whose shard moves", () => {
  it("takes its events from any node, before, while and after, each once", async () => {
    const world = await pushingCluster(2);
    const { nodes, clock, platforms } = world;
    const [one, two] = nodes;
    if (one === undefined || two === undefined) throw new Error("two nodes began");
    await aPlatform(two);
    const [id = ""] = sessionsOn(one, 1);
    await report(two, id, received("t0"));
    const draining = one.cluster.drain(nameOf(one), true);
    const reported: Promise<unknown>[] = [];
    for (let n = 1; n <= 30; n++) {
      const told = { ...received(`t${n}`, n), requestId: `r${n}` };
      reported.push(report(n % 2 === 0 ? one : two, id, told), report(two, id, told));
      await clock.advance(100);
    }
    await draining;
    await clock.advance(20_000);
    await Promise.all(reported);
    expect(ownerOf(nodes, id)).toBe(two);
    expect((await rowsOf(world, id)).items).toHaveLength(31);
    expect(platforms.thirdIds.toSorted()).toEqual(Array.from({ length: 31 }, (_, n) => `${id}_t${n}`).toSorted());
    await expectPushesSound(world);
  });

  it("comes back to a node that had it in memory, which does not rely on what it remembers", async () => {
    const world = await pushingCluster(2);
    const { nodes, clock } = world;
    const [one, two] = nodes;
    if (one === undefined || two === undefined) throw new Error("two nodes began");
    const [id = ""] = sessionsOn(one, 1);
    await report(one, id, facts("t0"));
    await one.cluster.drain(nameOf(one), true);
    await clock.advance(10_000);
    expect(ownerOf(nodes, id)).toBe(two);
    await report(one, id, facts("t1", 1));
    await report(one, id, { action: "after_end", happenedAt: 2_000_000_000_000, workItem: { id: "t1" } });
    await one.cluster.drain(nameOf(one), false);
    await two.cluster.drain(nameOf(two), true);
    await clock.advance(10_000);
    expect(ownerOf(nodes, id)).toBe(one);
    await report(one, id, facts("t2", 2));
    const { session, items } = await rowsOf(world, id);
    expect(session?.session.state).toBe("COMPLETED");
    expect(items.map(({ item }) => [item.id, item.state])).toEqual([
      ["t0", "WITHDRAWN"],
      ["t1", "DONE"],
      ["t2", "WITHDRAWN"],
    ]);
  });

  it("for its node was killed: what was answered is there, what was not is reported again and counts once", async () => {
    const world = await pushingCluster(3);
    const { nodes, clock, platforms } = world;
    const [, , third] = nodes;
    if (third === undefined) throw new Error("three nodes began");
    await aPlatform(third);
    const ids = nodes.flatMap((node) => sessionsOn(node, 3)).filter((id, at, all) => all.indexOf(id) === at);
    await Promise.all(ids.map((id) => report(third, id, received(`${id}-1`))));
    const [id = ""] = ids;
    const owner = ownerOf(nodes, id);
    const other = strangerTo(nodes, id);
    const asked = ids.map((each) => {
      const told = { ...received(`${each}-2`, 1), requestId: `r-${each}` };
      return report(other, each, told).catch(() => report(other, each, told));
    });
    await owner.crash();
    await clock.advance(40_000);
    await Promise.all(asked);
    await clock.advance(40_000);
    expect(platforms.beliefs.size).toBe(2 * ids.length);
    // An attempt that was under way when its node was killed is made again, by the same key.
    const keys = new Set(platforms.calls.map(({ key }) => key));
    expect(keys.size).toBe(2 * ids.length);
    expect(await pushesOf(world)).toHaveLength(2 * ids.length);
    await expectPushesSound(world);
  });

  it("cut off from the store, the node refuses events, and another takes them when it has the shard", async () => {
    const world = await pushingCluster(2);
    const { nodes, clock, platforms, lineOf } = world;
    const [one, two] = nodes;
    if (one === undefined || two === undefined) throw new Error("two nodes began");
    await aPlatform(two);
    const [id = ""] = sessionsOn(one, 1);
    await report(one, id, received("t1"));
    await clock.advance(1000);
    lineOf(nameOf(one)).goAway();
    const told = { ...examined("t1", 1), requestId: "r1" };
    const first = report(one, id, told).catch((error: unknown) => error);
    await clock.advance(30_000);
    await first;
    await report(two, id, told);
    await clock.advance(1000);
    lineOf(nameOf(one)).comeBack();
    await clock.advance(20_000);
    expect(platforms.thirdIds).toEqual([`${id}_t1`, `${id}_t1`]);
    expect(await report(strangerTo(nodes, id), id, { ...told })).toMatchObject({ pushes: [expect.anything()] });
    expect(await pushesOf(world)).toHaveLength(2);
    await expectPushesSound(world);
  });
});
