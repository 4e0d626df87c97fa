/** Destinations whose shards move, are nobody's for a while, or come back. */
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { BATCHES_QUEUE, JOBS_QUEUE, defaultTimeoutsOf } from "../../../../src/domain/action.ts";
import { StoreUnavailable } from "../../../../src/ports/store/journal.ts";
import type { StartedRuntime } from "../../../../src/runtime/index.ts";
import { Queues } from "../../../../src/runtime/queues.ts";
import { answered, DOWN } from "../../../support/fake-webhooks.ts";
import { aWebhook, destination, dispatch } from "../destinations-given.ts";
import { aRetry, gaplessEvents, reasonOf, stateOf, trigger } from "../given.ts";
import { aDefinitionOf, nameOf, ownerOf, owns } from "./given.ts";
import type { DispatchingCluster } from "./destinations-given.ts";
import { aDispatchingCluster, originOn } from "./destinations-given.ts";

/** A definition of this node whose action goes to the origin. */
function aSource(node: StartedRuntime, origin: string): Promise<string> {
  const action = aWebhook({ url: `${origin}/hook` });
  return aDefinitionOf(node, { action, retry: aRetry({ maxRetries: 0 }), timeouts: defaultTimeoutsOf(action) });
}

/** An instance of such a definition. */
async function fromDefinitionOf(node: StartedRuntime, origin: string): Promise<string> {
  return (await trigger(node, await aSource(node, origin))).id;
}

const to = (origin: string) => ({ action: { url: `${origin}/hook` } });

/** The owner gives the shard to the other node, which stays. */
async function move(world: DispatchingCluster, from: StartedRuntime): Promise<void> {
  await from.cluster.drain(nameOf(from), true);
  await world.clock.advance(5000);
  expect(from.status().ownedShards).toEqual([]);
}

describe("a destination that goes to another node", () => {
  it("gets what waited for it with instances of the node that had it", async () => {
    const world = await aDispatchingCluster(1);
    const { clock, webhooks, nodes } = world;
    const a = nodes[0] as StartedRuntime;
    const b = await world.join("b", { acquireEveryMs: 1_000_000 });
    await clock.advance(10_000);
    const origin = originOn(b);
    await move(world, b);
    await a.destinations.isolate(origin, { reason: "works" });
    const ids = [];
    for (let n = 0; n < 8; n++) ids.push(await fromDefinitionOf(a, origin));
    await clock.advance(100);
    expect(webhooks.sent).toEqual([]);
    await b.cluster.drain("b", false);
    await clock.advance(15_000);
    const b2 = ownerOf([a, b], origin);
    expect(nameOf(b2)).toBe("b");
    const left = ids.filter((id) => owns(a, id));
    expect(left.length).toBeGreaterThan(0);
    await a.destinations.reset(origin, {});
    await clock.advance(5000);
    for (const id of ids) expect(await stateOf(world, id)).toBe("COMPLETED");
    expect(webhooks.ids.toSorted()).toEqual(ids.toSorted());
  });

  it("gets what waited, though a delivery is under way where it was", async () => {
    const world = await aDispatchingCluster(2);
    const { clock, webhooks, nodes } = world;
    const [a, b] = nodes as [StartedRuntime, StartedRuntime];
    const origin = originOn(a);
    await a.destinations.update(origin, { change: { maxConcurrent: 1 } });
    webhooks.replies(() => null);
    const first = await fromDefinitionOf(b, origin);
    await clock.advance(100);
    expect(webhooks.ids).toEqual([first]);
    const more = [await fromDefinitionOf(b, origin), await fromDefinitionOf(a, origin)];
    webhooks.replies(() => answered(200));
    await move(world, a);
    await clock.advance(5000);
    for (const id of more) expect(await stateOf(world, id)).toBe("COMPLETED");
    expect(await stateOf(world, first)).toBe("RUNNING");
    webhooks.sent[0]?.answer(answered(200));
    await clock.advance(1000);
    expect(await stateOf(world, first)).toBe("COMPLETED");
    expect(webhooks.ids.toSorted()).toEqual([first, ...more].toSorted());
  });

  it("is as it was: open until its time, with its secrets and settings, and what it had taken is not sent twice", async () => {
    const world = await aDispatchingCluster(2);
    const { clock, webhooks, nodes } = world;
    const [a, b] = nodes as [StartedRuntime, StartedRuntime];
    const origin = originOn(a);
    await b.destinations.update(origin, { change: { maxConcurrent: 3 } });
    webhooks.replies(() => DOWN);
    for (let n = 0; n < 3; n++) {
      await dispatch(b, { ...to(origin), retry: aRetry({ maxRetries: 0 }) });
      await clock.advance(1000);
    }
    expect((await destination(b, origin)).breaker.state).toBe("OPEN");
    webhooks.replies(() => answered(200));
    const parked = (await dispatch(b, to(origin))).id;
    await move(world, a);
    await clock.advance(40_000);
    expect(webhooks.sent).toHaveLength(3);
    await clock.advance(30_000);
    expect(webhooks.ids.slice(3)).toEqual([parked]);
    expect(await destination(a, origin)).toMatchObject({
      breaker: { state: "CLOSED" },
      settings: { maxConcurrent: 3 },
    });
    const names = (await gaplessEvents(world))
      .filter(({ resource, resourceId }) => resource === "destination" && resourceId === origin)
      .map(({ name }) => name);
    expect(names).toEqual(["settings_updated", "breaker_opened", "breaker_half_opened", "breaker_closed"]);
  });

  it("and comes back is served again", async () => {
    const world = await aDispatchingCluster(2);
    const { clock, webhooks, nodes } = world;
    const [a, b] = nodes as [StartedRuntime, StartedRuntime];
    const origin = originOn(a);
    await a.destinations.isolate(origin, { reason: "works" });
    const ids = [await fromDefinitionOf(b, origin), (await dispatch(b, to(origin))).id];
    await move(world, a);
    await a.cluster.drain("a", false);
    await clock.advance(30_000);
    ids.push(await fromDefinitionOf(a, origin));
    await b.destinations.reset(origin, {});
    await clock.advance(5000);
    for (const id of ids) expect(await stateOf(world, id)).toBe("COMPLETED");
    expect(webhooks.ids.toSorted()).toEqual(ids.toSorted());
  });
});

describe("a destination whose node dies", () => {
  it("is served by who takes its shard, and what was handed on stays so", async () => {
    const world = await aDispatchingCluster(2);
    const { clock, webhooks, nodes } = world;
    const [a, b] = nodes as [StartedRuntime, StartedRuntime];
    const origin = originOn(a);
    webhooks.replies(() => null);
    const ids = [
      await fromDefinitionOf(b, origin),
      await fromDefinitionOf(a, origin),
      (await dispatch(b, { ...to(origin), retry: aRetry({ maxRetries: 0 }) })).id,
    ];
    const source = await aSource(b, origin);
    const callback = (await dispatch(b, { action: { ...to(origin).action, callback: { timeoutMs: 600_000 } } })).id;
    await clock.advance(1000);
    expect(webhooks.sent).toHaveLength(4);
    const told = webhooks.sent.find(({ headers }) => headers["webhook-id"] === callback);
    told?.answer(answered(202));
    await clock.advance(100);
    await a.crash();
    webhooks.replies(() => answered(200));
    const { id: waited } = await trigger(b, source);
    await clock.advance(30_000);
    for (const id of ids) expect(await stateOf(world, id)).toBe("TIMED_OUT");
    expect(await stateOf(world, waited)).toBe("COMPLETED");
    expect(await stateOf(world, callback)).toBe("RUNNING");
    await b.workers.complete(told?.headers["Belfry-Attempt-Token"] ?? "", { seen: true });
    expect(await stateOf(world, callback)).toBe("COMPLETED");
  });

  it("takes no command twice under one request id, over the change of its owner", async () => {
    const world = await aDispatchingCluster(2);
    const { clock, webhooks, nodes, network } = world;
    const [a, b] = nodes as [StartedRuntime, StartedRuntime];
    const origin = originOn(a);
    await b.destinations.get(origin);
    network.lose({ from: "a", says: "answer command" });
    const made = dispatch(b, { ...to(origin), requestId: "r1" });
    const updated = b.destinations.update(origin, { change: { maxConcurrent: 5 }, requestId: "u1" });
    const outcomes = Promise.allSettled([made, updated]);
    await clock.advance(500);
    const before = webhooks.ids;
    expect(before).toHaveLength(1);
    await a.crash();
    await clock.advance(30_000);
    for (const outcome of await outcomes) expect(reasonOf(outcome)).toMatch(/^(ok|OUTCOME_UNKNOWN)$/u);
    network.clear();
    const { id } = await dispatch(b, { ...to(origin), requestId: "r1" });
    expect(before).toEqual([id]);
    expect((await dispatch(b, { ...to(origin), requestId: "r1" })).id).toBe(id);
    await b.destinations.update(origin, { change: { maxConcurrent: 5 }, requestId: "u1" });
    expect((await destination(b, origin)).revision).toBe(1);
    await clock.advance(1000);
    expect(new Set(webhooks.ids)).toEqual(new Set([id]));
    expect(await stateOf(world, id)).toBe("COMPLETED");
  });
});

describe("what waits for a destination on another node", () => {
  it("goes when that node can hear of it again", async () => {
    const world = await aDispatchingCluster(2);
    const { clock, webhooks, nodes, network } = world;
    const [a, b] = nodes as [StartedRuntime, StartedRuntime];
    const origin = originOn(a);
    network.lose({ says: "demand" }, 2);
    network.lose({ says: "grant" }, 2);
    const id = await fromDefinitionOf(b, origin);
    await clock.advance(20_000);
    expect(await stateOf(world, id)).toBe("COMPLETED");
    expect(webhooks.ids).toEqual([id]);
    const source = await aSource(b, origin);
    network.part("a", "b");
    await clock.advance(3000);
    const { id: next } = await trigger(b, source);
    await clock.advance(3000);
    network.clear();
    await clock.advance(20_000);
    expect(await stateOf(world, next)).toBe("COMPLETED");
  });

  it("goes in turn with what waits here, one after the other, at so many at a time", async () => {
    const world = await aDispatchingCluster(3);
    const { clock, webhooks, nodes } = world;
    const a = nodes[0] as StartedRuntime;
    const origin = originOn(a);
    await a.destinations.update(origin, { change: { maxConcurrent: 2 } });
    webhooks.replies(() => null);
    const ids: string[] = [];
    for (let round = 0; round < 4; round++) for (const node of nodes) ids.push(await fromDefinitionOf(node, origin));
    const answers = new Set<number>();
    for (let n = 0; n < 400 && answers.size < ids.length; n++) {
      await clock.advance(50);
      expect(webhooks.sent.length - answers.size).toBeLessThanOrEqual(2);
      const next = webhooks.sent.findIndex((_, index) => !answers.has(index));
      if (next >= 0) {
        answers.add(next);
        webhooks.sent[next]?.answer(answered(200));
      }
    }
    await clock.advance(1000);
    expect(webhooks.ids.toSorted()).toEqual(ids.toSorted());
    for (const id of ids) expect(await stateOf(world, id)).toBe("COMPLETED");
  });

  it("is brought back when it was assigned there and may not go after all", async () => {
    const world = await aDispatchingCluster(2);
    const { clock, webhooks, nodes, network } = world;
    const [a, b] = nodes as [StartedRuntime, StartedRuntime];
    const origin = originOn(a);
    const held = network.hold({ from: "b", says: "ask assign" });
    const id = await fromDefinitionOf(b, origin);
    await clock.advance(1000);
    await a.destinations.isolate(origin, { reason: "works" });
    held.release();
    await clock.advance(10_000);
    expect(webhooks.sent).toEqual([]);
    expect(await stateOf(world, id)).toBe("PENDING NO_WORKER");
    expect((await world.store.queries.getInstance(id))?.life.attemptCount).toBe(0);
    await a.destinations.reset(origin, {});
    await clock.advance(5000);
    expect(await stateOf(world, id)).toBe("COMPLETED");
  });
});

describe("a node that stood still", () => {
  it("wakes its destinations when it goes on and still has them", async () => {
    for (let ms = 500; ms < 9000; ms += 500) {
      const world = await aDispatchingCluster(1);
      const { clock, webhooks, nodes } = world;
      const [a] = nodes as [StartedRuntime];
      const origin = originOn(a);
      webhooks.replies(() => DOWN);
      for (let n = 0; n < 3; n++) {
        await dispatch(a, { ...to(origin), retry: aRetry({ maxRetries: 0 }) });
        await clock.advance(0);
      }
      webhooks.replies(() => answered(200));
      const { id } = await dispatch(a, to(origin));
      await clock.advance(59_900 - 250);
      expect(webhooks.sent).toHaveLength(3);
      await world.stall("a", ms);
      await clock.advance(20_000);
      expect(await stateOf(world, id)).toBe("COMPLETED");
    }
  });
});

describe("a store that does not answer", () => {
  it("keeps no destination from coming to memory later", async () => {
    const world = await aDispatchingCluster(1);
    const { clock, webhooks, nodes } = world;
    const [a] = nodes as [StartedRuntime];
    const origin = originOn(a);
    const { actorStates } = world.lineOf("a");
    const { load } = actorStates;
    let failures = 2;
    Object.assign(actorStates, {
      load: async (...given: Parameters<typeof load>) => {
        if (failures-- > 0) throw new StoreUnavailable("no line");
        return load.apply(actorStates, given);
      },
    });
    const id = await fromDefinitionOf(a, origin);
    await clock.advance(10_000);
    expect(failures).toBeLessThan(0);
    expect(await stateOf(world, id)).toBe("COMPLETED");
    expect(webhooks.ids).toEqual([id]);
  });
});

describe("destinations of another node", () => {
  it("leave nothing behind when nothing waits for them any more, however many there were", async () => {
    const world = await aDispatchingCluster(2);
    const { clock, webhooks, nodes } = world;
    const [a, b] = nodes as [StartedRuntime, StartedRuntime];
    const origins = new Set(Array.from({ length: 40 }, (_, number) => `https://many${number}.example.com`));
    const theirs = [...origins].filter((origin) => owns(a, origin));
    expect(theirs.length).toBeGreaterThan(5);
    for (const origin of theirs) await fromDefinitionOf(b, origin);
    await clock.advance(120_000);
    expect(webhooks.sent).toHaveLength(theirs.length);
    const looks = vi.spyOn(Queues.prototype, "stir");
    onTestFinished(() => looks.mockRestore());
    await clock.advance(10_000);
    expect(looks.mock.calls).toEqual([]);
    const left = (await a.cluster.actors(1000)).filter(({ kind }) => kind === "destination" || kind === "queue");
    // Each node takes Belfry's own work, as long as it lives.
    expect(left.map(({ id }) => id)).toEqual([JOBS_QUEUE, BATCHES_QUEUE, JOBS_QUEUE, BATCHES_QUEUE]);
    expect(
      world.network.passed
        .slice(-20)
        .flatMap(({ says }) => says)
        .filter((say) => say === "demand"),
    ).toEqual([]);
  });
});
