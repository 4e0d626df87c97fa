import { describe, expect, it, vi } from "vitest";
import { seededRandom } from "../../../support/manual-clock.ts";
import { reasonOf } from "../given.ts";
import {
  aPlatform,
  examined,
  expectPushesSound,
  facts,
  factsOf,
  pushesOf,
  pushing,
  received,
  report,
  rowsOf,
  sessionsOn,
  START,
} from "./given.ts";
import type { Told } from "./given.ts";

/** What happens to a session in its life, in the order in which it happens. */
const LIFE: readonly Told[] = [
  { ...received("t1", 0), session: { title: "leave", createdAt: START, state: "RUNNING" } },
  { action: "change_assignee", happenedAt: START + 1, workItem: { id: "t1", assignees: [{ number: "2", name: "B" }] } },
  { action: "remind_task", happenedAt: START + 2, workItem: { id: "t1" }, note: "hurry" },
  examined("t1", 3),
  received("t2", 4),
  { action: "reject", happenedAt: START + 5, workItem: { id: "t2" } },
  received("t3", 6),
  { action: null, happenedAt: START + 7, session: { title: "leave, corrected" } },
  examined("t3", 8),
  { action: "after_end", happenedAt: START + 9, workItem: { id: "t3" } },
  { action: "archive", happenedAt: START + 10 },
];

function shuffled<Each>(all: readonly Each[], seed: number): readonly Each[] {
  const random = seededRandom(seed);
  return all
    .map((each) => ({ each, at: random.fraction() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ each }) => each);
}

describe("an event", () => {
  it("is in one commit with the pushes that it brings about", async () => {
    const { node, store } = await pushing();
    const platformId = await aPlatform(node);
    const before = store.sent.length;
    const { pushes } = await report(node, "s1", received("t1"));
    expect(pushes).toEqual([{ id: expect.any(String), platformId }]);
    const batches = store.sent.slice(before).filter(({ sessions }) => sessions.length > 0);
    expect(batches.map(({ workItems }) => workItems.map(({ item }) => item.id))).toEqual([["t1"]]);
    expect(batches[0]?.createdInstances.map(({ id }) => id)).toEqual([pushes[0]?.id]);
  });

  it("whose commit fails leaves neither facts nor pushes, and counts once when it is reported again", async () => {
    const world = await pushing();
    const { node, store, clock, platforms } = world;
    await aPlatform(node);
    store.goAway();
    const refused = report(node, "s1", { ...received("t1"), requestId: "r1" }).catch((error: unknown) => error);
    await clock.advance(200);
    store.comeBack();
    expect(await refused).toMatchObject({ code: "UNAVAILABLE" });
    await clock.advance(10_000);
    expect(await rowsOf(world, "s1")).toEqual({ session: undefined, items: [] });
    expect(await pushesOf(world)).toEqual([]);
    expect((await report(node, "s1", { ...received("t1"), requestId: "r1" })).pushes).toHaveLength(1);
    await clock.advance(1000);
    expect(platforms.thirdIds).toEqual(["s1_t1"]);
    await expectPushesSound(world);
  });

  it("whose commit broke off unheard is never half written, whichever way it went, and is pushed once", async () => {
    for (const fail of ["failBeforeCommit", "failAfterCommit"] as const) {
      const world = await pushing();
      const { node, store, clock, platforms } = world;
      await aPlatform(node);
      await report(node, "s1", received("t0"));
      await clock.advance(1000);
      store[fail]();
      const first = report(node, "s1", { ...received("t1", 1), requestId: "r1" }).catch((error: unknown) => error);
      await clock.advance(10_000);
      await first;
      await report(node, "s1", { ...received("t1", 1), requestId: "r1" });
      await clock.advance(10_000);
      expect(platforms.thirdIds, fail).toEqual(["s1_t0", "s1_t1"]);
      expect((await rowsOf(world, "s1")).items.map(({ item }) => item.id)).toEqual(["t0", "t1"]);
      await expectPushesSound(world);
    }
  });

  it("that is reported again, with or without its request id, brings about nothing more", async () => {
    const world = await pushing();
    const { node, clock, platforms } = world;
    await aPlatform(node);
    const first = await report(node, "s1", { ...received("t1"), requestId: "r1" });
    await clock.advance(1000);
    expect(await report(node, "s1", { ...received("t1"), requestId: "r1" })).toEqual(first);
    expect(await report(node, "s1", received("t1"))).toEqual({ pushes: [] });
    await expect(report(node, "s1", { ...received("t2"), requestId: "r1" })).rejects.toMatchObject({
      reason: "REQUEST_ID_REUSED",
    });
    await clock.advance(1000);
    expect(platforms.thirdIds).toEqual(["s1_t1"]);
  });

  it("that is reported again after the node was killed pushes nothing again", async () => {
    const world = await pushing();
    const { node, clock, platforms, join } = world;
    await aPlatform(node);
    const first = await report(node, "s1", { ...received("t1"), requestId: "r1" });
    await clock.advance(1000);
    await node.crash();
    const after = await join("b");
    await clock.advance(5000);
    expect(await report(after, "s1", { ...received("t1"), requestId: "r1" })).toEqual(first);
    expect(await report(after, "s1", received("t1"))).toEqual({ pushes: [] });
    await clock.advance(1000);
    expect(platforms.thirdIds).toEqual(["s1_t1"]);
  });

  it("that tells nothing new writes nothing", async () => {
    const { node, store } = await pushing();
    await report(node, "s1", received("t1"));
    const before = store.sent.length;
    await report(node, "s1", received("t1"));
    expect(store.sent.slice(before).flatMap(({ sessions, workItems }) => [...sessions, ...workItems])).toEqual([]);
  });
});

describe("events in any order", () => {
  it("end in the same rows, also when the session leaves the memory between them", async () => {
    const inOrder = await pushing();
    for (const told of LIFE) await report(inOrder.node, "s1", told);
    const expected = await factsOf(inOrder, "s1");
    for (const seed of [1, 2, 3, 4]) {
      const world = await pushing();
      const read = vi.spyOn(world.store.approvals, "loadSessions");
      for (const told of shuffled(LIFE, seed)) {
        await report(world.node, "s1", told);
        await world.clock.advance(36_000);
      }
      expect(read.mock.calls.length, "it was read anew for each").toBe(LIFE.length);
      expect(await factsOf(world, "s1"), `seed ${seed}`).toEqual(expected);
    }
  });

  it("end in the same rows when all are reported at once, and the platform believes what they came to", async () => {
    const inOrder = await pushing();
    for (const told of LIFE) await report(inOrder.node, "s1", told);
    const world = await pushing();
    const { node, clock, platforms } = world;
    await aPlatform(node);
    const twice = shuffled([...LIFE, ...LIFE], 5);
    const reported = await Promise.all(twice.map((told) => report(node, "s1", told)));
    await clock.advance(60_000);
    expect(await factsOf(world, "s1")).toEqual(await factsOf(inOrder, "s1"));
    // Of each event that is pushed one push, however often it came.
    expect(reported.flatMap(({ pushes }) => pushes)).toHaveLength(LIFE.filter(({ action }) => action !== null).length);
    expect(Object.fromEntries(platforms.beliefs)).toMatchObject({
      "one.example.com s1_t1": "done",
      "one.example.com s1_t2": "gone",
      "one.example.com s1_t3": "done",
    });
    await expectPushesSound(world);
  });

  it("pushes of one session go one after the other, those of others beside them", async () => {
    const { node, clock, platforms } = await pushing();
    await aPlatform(node);
    platforms.answers(() => null);
    await report(node, "s1", received("t1"));
    await report(node, "s1", received("t2"));
    await report(node, "s2", received("t3"));
    await clock.advance(0);
    expect(platforms.thirdIds.toSorted()).toEqual(["s1_t1", "s2_t3"]);
    platforms.answerAll();
    await clock.advance(1000);
    expect(platforms.thirdIds.toSorted()).toEqual(["s1_t1", "s1_t2", "s2_t3"]);
  });
});

describe("a work item of another session", () => {
  it("is refused, and neither session changes, though both are reported at once", async () => {
    const world = await pushing();
    const { node, clock, platforms } = world;
    await aPlatform(node);
    const both = await Promise.allSettled([report(node, "s1", received("t1")), report(node, "s2", received("t1"))]);
    expect(both.map(reasonOf)).toEqual(["ok", "INVALID_FIELD"]);
    await clock.advance(1000);
    expect((await rowsOf(world, "s1")).items.map(({ item }) => item.id)).toEqual(["t1"]);
    expect(await rowsOf(world, "s2")).toEqual({ session: undefined, items: [] });
    expect(platforms.thirdIds).toEqual(["s1_t1"]);
  });

  it("is refused when the other has left the memory, and after a restart", async () => {
    const world = await pushing();
    const { node, clock, join } = world;
    await report(node, "s1", facts("t1"));
    await clock.advance(36_000);
    expect(reasonOf((await Promise.allSettled([report(node, "s2", facts("t1"))]))[0])).toBe("INVALID_FIELD");
    await node.crash();
    const after = await join("b");
    await clock.advance(5000);
    expect(reasonOf((await Promise.allSettled([report(after, "s2", facts("t1"))]))[0])).toBe("INVALID_FIELD");
    await report(after, "s1", { ...examined("t1", 1) });
    expect((await rowsOf(world, "s1")).items).toMatchObject([{ item: { id: "t1", state: "DONE" } }]);
  });
});

describe("while the store is away", () => {
  it("an event is refused as UNAVAILABLE, and afterwards nothing is lost or doubled", async () => {
    const world = await pushing();
    const { node, store, clock, platforms } = world;
    await aPlatform(node);
    await report(node, "s1", received("t1"));
    await clock.advance(1000);
    store.goAway();
    const results = Promise.allSettled([
      report(node, "s1", received("t2", 1)),
      report(node, "s2", received("u1", 1)),
      report(node, "s1", examined("t1", 2)),
    ]);
    await clock.advance(20_000);
    expect((await results).map((each) => (each.status === "rejected" ? each.reason : null))).toEqual([
      expect.objectContaining({ code: "UNAVAILABLE" }),
      expect.objectContaining({ code: "UNAVAILABLE" }),
      expect.objectContaining({ code: "UNAVAILABLE" }),
    ]);
    store.comeBack();
    await clock.advance(10_000);
    const again = [received("t2", 1), examined("t1", 2)];
    for (const told of [...again, ...again]) await report(node, "s1", told);
    await report(node, "s2", received("u1", 1));
    await clock.advance(10_000);
    expect(platforms.thirdIds.toSorted()).toEqual(["s1_t1", "s1_t1", "s1_t2", "s2_u1"]);
    expect(Object.fromEntries(platforms.beliefs)).toEqual({
      "one.example.com s1_t1": "done",
      "one.example.com s1_t2": "todo",
      "one.example.com s2_u1": "todo",
    });
    await expectPushesSound(world);
  });

  it("events of many sessions whose commit is broken off count once, also when they are reported again", async () => {
    const world = await pushing();
    const { node, store, clock, platforms } = world;
    await aPlatform(node);
    const ids = sessionsOn(node, 40);
    store.failAfterCommit();
    const first = Promise.allSettled(ids.map((id) => report(node, id, received(`${id}-1`))));
    await clock.advance(10_000);
    await first;
    await Promise.all(ids.map((id) => report(node, id, received(`${id}-1`))));
    await clock.advance(10_000);
    expect(platforms.thirdIds.toSorted()).toEqual(ids.map((id) => `${id}_${id}-1`).toSorted());
    await expectPushesSound(world);
  });
});
