import { describe, expect, it, vi } from "vitest";
import { gaplessEvents, reasonOf } from "../given.ts";
import { aPlatform, examined, facts, factsOf, pushesOf, pushing, received, report, rowsOf } from "./given.ts";
import type { Pushing } from "./given.ts";

async function withSessions({ node, clock }: Pushing, count: number): Promise<void> {
  const ids = Array.from({ length: count }, (_, n) => `s${n}`);
  for (let at = 0; at < ids.length; at += 2000) {
    await Promise.all(ids.slice(at, at + 2000).map((id) => report(node, id, facts(`${id}-1`))));
    await clock.advance(1);
  }
}

describe("a session", () => {
  it("that is used again just before it would leave the memory stays there, and then goes", async () => {
    const { node, store, clock } = await pushing();
    const read = vi.spyOn(store.approvals, "loadSessions");
    for (let n = 0; n < 5; n++) {
      await report(node, "s1", received("t1", n));
      await clock.advance(25_000);
    }
    expect(read).toHaveBeenCalledTimes(1);
    await clock.advance(36_000);
    await report(node, "s1", received("t1", 9));
    expect(read).toHaveBeenCalledTimes(2);
  });

  it("does not leave the memory while something of it is not durable, and what comes meanwhile counts on it", async () => {
    const world = await pushing({ leaseTtlMs: 600_000 });
    const { node, store, clock } = world;
    const read = vi.spyOn(store.approvals, "loadSessions");
    const hold = store.holdCommits();
    const first = report(node, "s1", received("t1"));
    await clock.advance(0);
    await clock.advance(60_000);
    const second = report(node, "s1", received("t2", 1));
    await clock.advance(0);
    hold.release();
    await clock.advance(0);
    await Promise.all([first, second]);
    expect(read).toHaveBeenCalledTimes(1);
    expect((await rowsOf(world, "s1")).items.map(({ item }) => item.id)).toEqual(["t1", "t2"]);
  });

  it("more than 20,000 in memory: idle ones leave soon, and none loses what was told of it", async () => {
    const world = await pushing();
    const { node, clock, store } = world;
    await withSessions(world, 20_000);
    await clock.advance(1000);
    await report(node, "one-more", facts("one-more-1"));
    const read = vi.spyOn(store.approvals, "loadSessions");
    await report(node, "s0", facts("s0-2", 1));
    expect(read).toHaveBeenCalledTimes(1);
    expect((await rowsOf(world, "s0")).items.map(({ item }) => item.id)).toEqual(["s0-1", "s0-2"]);
    expect(await store.approvals.countWorkItems({})).toBe(20_002);
  }, 60_000);

  it("more than 20,000 in memory: no event is refused because another came while the store was slow", async () => {
    const world = await pushing();
    const { node, clock, store } = world;
    await withSessions(world, 19_990);
    const { list } = store.actorStates;
    vi.spyOn(store.actorStates, "list").mockImplementation(async (...asked) => {
      await clock.sleep(20);
      return list(...asked);
    });
    const reported: Promise<unknown>[] = [];
    for (let n = 0; n < 20; n++) {
      reported.push(report(node, `new${n}`, facts(`new${n}-1`)));
      await clock.advance(5);
    }
    await clock.advance(1000);
    expect((await Promise.allSettled(reported)).map(reasonOf)).toEqual(reported.map(() => "ok"));
  }, 60_000);

  it("takes a thousand items and refuses the next, of which nothing is left", async () => {
    const world = await pushing();
    const { node, clock, platforms } = world;
    for (let n = 0; n < 1000; n++) await report(node, "s1", facts(`t${n}`, n));
    await aPlatform(node);
    const before = await factsOf(world, "s1");
    const events = (await gaplessEvents(world)).length;
    const refused = await Promise.allSettled([
      report(node, "s1", { ...received("t1000", 2000), session: { title: "new" }, requestId: "r1" }),
      report(node, "s1", { ...received("t1000", 2000), session: { title: "new" } }),
    ]);
    expect(refused.map(reasonOf)).toEqual(["BUSY", "BUSY"]);
    await clock.advance(1000);
    expect(await factsOf(world, "s1")).toEqual(before);
    expect((await gaplessEvents(world)).length).toBe(events);
    expect(await pushesOf(world)).toEqual([]);
    // The request id was not used up by it, and the session goes on.
    expect((await report(node, "s1", { ...examined("t1", 3000), requestId: "r1" })).pushes).toHaveLength(1);
    await clock.advance(1000);
    expect(platforms.thirdIds).toEqual(["s1_t1"]);
  });

  it("of a questionnaire is recorded and not pushed, whichever event says first that it is one", async () => {
    const world = await pushing();
    const { node, clock, platforms } = world;
    await aPlatform(node);
    await report(node, "s1", { ...received("t1"), session: { isQuestionnaire: true } });
    await report(node, "s1", examined("t1", 1));
    platforms.answers(() => null);
    await report(node, "s2", received("u0"));
    await clock.advance(0);
    await report(node, "s2", received("u1"));
    await report(node, "s2", { action: null, session: { isQuestionnaire: true } });
    platforms.answerAll();
    await clock.advance(1000);
    expect(platforms.thirdIds).toEqual(["s2_u0"]);
    expect((await rowsOf(world, "s1")).items).toHaveLength(1);
  });
});
