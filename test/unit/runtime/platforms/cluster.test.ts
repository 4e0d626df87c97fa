/** Pushes whose nodes go away, whose shards move, and whose store or network is not there, in the middle of it. */
import { describe, expect, it } from "vitest";
import type { StartedRuntime } from "../../../../src/runtime/index.ts";
import { answered } from "../../../support/fake-webhooks.ts";
import { gaplessEvents, stateOf } from "../given.ts";
import { nameOf, owns } from "../cluster/given.ts";
import type { PushingCluster } from "./given.ts";
import {
  BY_TEST,
  aPlatform,
  aPushingCluster,
  anEvent,
  platformOf,
  pushOf,
  pushing,
  report,
  resultOf,
  sessionsOn,
} from "./given.ts";

interface Pair extends PushingCluster {
  readonly a: StartedRuntime;
  readonly b: StartedRuntime;
}

async function aPair(): Promise<Pair> {
  const world = await aPushingCluster(2);
  const [a, b] = world.nodes;
  if (a === undefined || b === undefined) throw new Error("there are two");
  return { ...world, a, b };
}

/** While time goes on, for what other nodes have a part in. */
async function meanwhile<Value>({ clock }: PushingCluster, asked: Promise<Value>): Promise<Value> {
  await clock.advance(500);
  return asked;
}

async function pushed(world: Pair, node: StartedRuntime, session: string): Promise<string> {
  const { pushes } = await meanwhile(world, report(node, session, anEvent("receive")));
  return pushes[0]?.id ?? "";
}

/** The owner gives its shards to the other node, and stays. */
async function move({ clock }: PushingCluster, from: StartedRuntime): Promise<void> {
  await from.cluster.drain(nameOf(from), true);
  await clock.advance(5000);
  expect(from.status().ownedShards).toEqual([]);
}

async function expectTold(world: Pair, id: string, session: string): Promise<void> {
  expect(await resultOf(world, id)).toBe("SUCCEEDED");
  expect(await world.store.approvals.loadPushStates(session)).toMatchObject([
    { thirdId: `${session}_t1`, status: "OPEN", pushId: id, failures: 0, failure: null },
  ]);
  expect(world.pad.beliefs.get(`pad.example.com/${session}_t1`)).toMatchObject({ status: "OPEN" });
  const ends = (await gaplessEvents(world)).filter(
    ({ resource, data }) => resource === "push" && data["pushId"] === id,
  );
  expect(ends.map(({ name }) => name)).toEqual(["succeeded"]);
}

describe("a push under way", () => {
  it("ends as it does when the shard of its session moves to another node meanwhile", async () => {
    const world = await aPair();
    const { a, b, pad } = world;
    const platform = await meanwhile(world, aPlatform(b, { of: b }));
    const [session = ""] = sessionsOn(a, 1);
    pad.pushesAre(() => null);
    const id = await pushed(world, a, session);
    expect(pad.underWay).toHaveLength(1);
    await move(world, a);
    expect(owns(b, session)).toBe(true);
    pad.underWay[0]?.answer(answered(200));
    await world.clock.advance(10_000);
    await expectTold(world, id, session);
    expect(pad.pushes).toHaveLength(1);
    expect((await platformOf(b, platform)).breaker.state).toBe("CLOSED");
  });

  it("ends as it does when the shard of its platform moves meanwhile, and what waits goes on where that is now", async () => {
    const world = await aPair();
    const { a, b, pad, clock } = world;
    await meanwhile(world, aPlatform(a, { of: a, policy: { maxConcurrent: 1 } }));
    const [first = "", second = ""] = sessionsOn(b, 2);
    pad.pushesAre(() => null);
    const one = await pushed(world, b, first);
    const two = await pushed(world, b, second);
    expect(pad.ids).toEqual([`${first}_t1`]);
    pad.pushesAre(() => undefined);
    await move(world, a);
    await clock.advance(5000);
    await expectTold(world, two, second);
    pad.pushes[0]?.answer(answered(200));
    await clock.advance(5000);
    await expectTold(world, one, first);
    expect(pad.fetches).toHaveLength(1);
  });

  it("is pushed again when the node that makes it dies, under the same key, and its state is right in the end", async () => {
    const world = await aPair();
    const { a, b, pad, clock } = world;
    await meanwhile(world, aPlatform(a, { of: a }));
    const [session = ""] = sessionsOn(b, 1);
    pad.pushesAre(() => null);
    const id = await pushed(world, b, session);
    expect(pad.pushes).toHaveLength(1);
    await a.crash();
    pad.pushesAre(() => undefined);
    await clock.advance(200_000);
    await expectTold(world, id, session);
    expect(pad.pushes).toHaveLength(2);
    expect(new Set(pad.pushes.map(({ key }) => key)).size).toBe(1);
    expect(pad.fetches).toHaveLength(1);
  });

  it("is not lost when the node of its session dies, and ends once", async () => {
    const world = await aPair();
    const { a, b, pad, clock } = world;
    await meanwhile(world, aPlatform(b, { of: b }));
    const [session = ""] = sessionsOn(a, 1);
    pad.pushesAre(() => null);
    const id = await pushed(world, a, session);
    await a.crash();
    pad.pushes[0]?.answer(answered(200));
    pad.pushesAre(() => undefined);
    await clock.advance(200_000);
    await expectTold(world, id, session);
    expect(pad.pushes.length).toBeLessThanOrEqual(2);
    expect(owns(b, session)).toBe(true);
  });

  it("of a node that drains ends before the node goes, or is made again by another", async () => {
    const world = await aPair();
    const { a, b, pad, clock } = world;
    await meanwhile(world, aPlatform(a, { of: a }));
    const [mine = "", theirs = ""] = [...sessionsOn(a, 1), ...sessionsOn(b, 1)];
    pad.pushesAre(() => null);
    const ids = [await pushed(world, a, mine), await pushed(world, b, theirs)];
    const stopped = a.drain();
    await clock.advance(200);
    pad.underWay[0]?.answer(answered(200));
    await clock.advance(100_000);
    pad.pushesAre(() => undefined);
    pad.underWay.forEach((push) => push.answer(answered(200)));
    await clock.advance(200_000);
    await stopped;
    for (const [index, session] of [mine, theirs].entries()) await expectTold(world, ids[index] ?? "", session);
  });
});

describe("pushes of many sessions", () => {
  it("all arrive, though nodes come, go and die while the platform is down for a minute", async () => {
    const world = await aPushingCluster(3);
    const { nodes, pad, clock, join } = world;
    const [a, b, c] = nodes;
    if (a === undefined || b === undefined || c === undefined) throw new Error("there are three");
    await aPlatform(a, { of: c, policy: { retry: { ...aPolicyRetry, maxRetries: 20 } } });
    let isDown = false;
    pad.pushesAre(() => (isDown ? answered(503) : undefined));
    const living = new Set([a, b, c]);
    const ids = new Map<string, string>();
    const tell = async (count: number): Promise<void> => {
      const asking = Array.from({ length: count }, async (_, n) => {
        const session = `m${ids.size + n}`;
        const from = [...living][n % living.size] ?? a;
        const { pushes } = await report(from, session, anEvent("receive"), `of ${session}`);
        return [session, pushes[0]?.id ?? ""] as const;
      });
      await clock.advance(15_000);
      for (const [session, id] of await Promise.all(asking)) ids.set(session, id);
    };
    await tell(20);
    isDown = true;
    await tell(20);
    living.delete(c);
    await c.crash();
    await clock.advance(30_000);
    await tell(20);
    living.add(await join("d"));
    await clock.advance(20_000);
    isDown = false;
    living.delete(a);
    const stopped = a.drain();
    await clock.advance(60_000);
    await stopped;
    await tell(20);
    await clock.advance(600_000);
    expect(ids.size).toBe(80);
    for (const [session, id] of ids) {
      expect(await resultOf(world, id)).toBe("SUCCEEDED");
      expect(await world.store.approvals.loadPushStates(session)).toMatchObject([{ status: "OPEN", pushId: id }]);
      expect(pad.beliefs.get(`pad.example.com/${session}_t1`)).toMatchObject({ status: "OPEN" });
    }
    expect(pad.fetches).toHaveLength(1);
    await gaplessEvents(world);
  });
});

const aPolicyRetry = { initialDelayMs: 1000, factor: 2, maxDelayMs: 30_000, jitterMs: 0, nonRetryableCodes: [] };

describe("a node alone that dies", () => {
  it("in the middle of a push leaves it to who comes after, with the platform as it was", async () => {
    const world = await pushing();
    const { node, pad, clock, join } = world;
    const platform = await aPlatform(node);
    pad.pushesAre(() => null);
    const id = (await report(node, "s1")).pushes[0]?.id ?? "";
    await clock.advance(0);
    expect(pad.pushes).toHaveLength(1);
    await node.crash();
    pad.pushesAre(() => undefined);
    const b = await join("b");
    await clock.advance(200_000);
    expect(await resultOf(world, id)).toBe("SUCCEEDED");
    expect((await pushOf(world, id)).life.attemptCount).toBe(2);
    expect(pad.fetches).toHaveLength(1);
    expect((await platformOf(b, platform)).enabled).toBe(true);
  });

  it("before it could write what came of a push pushes again, which the platform knows by its key", async () => {
    const world = await pushing();
    const { node, pad, clock, join, store } = world;
    await aPlatform(node);
    pad.pushesAre(() => null);
    const id = (await report(node, "s1")).pushes[0]?.id ?? "";
    await clock.advance(0);
    const hold = store.holdCommits();
    pad.pushes[0]?.answer(answered(200));
    await clock.advance(10);
    expect(await stateOf(world, id)).toBe("RUNNING");
    await node.crash();
    store.goAway();
    hold.release();
    await clock.advance(0);
    store.comeBack();
    pad.pushesAre(() => undefined);
    await join("b");
    await clock.advance(200_000);
    expect(await resultOf(world, id)).toBe("SUCCEEDED");
    expect(new Set(pad.pushes.map(({ key }) => key)).size).toBe(1);
    expect(await store.approvals.loadPushStates("s1")).toMatchObject([{ status: "OPEN", pushId: id }]);
  });
});

describe("a platform whose shard is nobody's for a while", () => {
  it("is changed by its next owner once only, under one request id", async () => {
    const world = await aPair();
    const { a, b, network, clock } = world;
    const id = await meanwhile(world, aPlatform(a, { of: a }));
    network.lose({ from: "a", says: "answer command" });
    const command = { ...BY_TEST, requestId: "u1", change: { name: "new" } };
    const first = b.taskCenters.platforms.update(id, command).then(
      () => "ok",
      () => "refused",
    );
    await clock.advance(500);
    await a.crash();
    await clock.advance(30_000);
    await first;
    network.clear();
    const { record } = await meanwhile(world, b.taskCenters.platforms.update(id, command));
    expect([record.name, record.revision]).toEqual(["new", 3]);
    const rows = await world.store.actorStates.list("platform_change", { prefix: `${id}/` }, "", 100);
    expect(rows.filter(({ state }) => state["kind"] === "UPDATED")).toHaveLength(1);
  });
});
