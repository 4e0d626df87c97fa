/** Deliveries whose attempts somebody else ends before they are over: they go on, and count. */
import { describe, expect, it } from "vitest";
import type { RateLimit } from "../../../src/domain/webhook/destination.ts";
import { answered, DOWN } from "../../support/fake-webhooks.ts";
import type { Dispatching } from "./destinations-given.ts";
import { A, destination, dispatch, dispatching } from "./destinations-given.ts";
import { NO_TIMEOUTS, aRetry, gaplessEvents, stateOf } from "./given.ts";

const NO_RETRY = aRetry({ maxRetries: 0 });
const CALLBACK = { callback: { timeoutMs: 600_000 } };

async function limited(change: { rate?: RateLimit; maxConcurrent?: number }): Promise<Dispatching> {
  const world = await dispatching();
  await world.node.destinations.update(A, { change });
  return world;
}

/** The token of the attempt that was sent as the nth. */
function tokenOf({ webhooks }: Dispatching, nth: number): string {
  return webhooks.sent[nth]?.headers["Belfry-Attempt-Token"] ?? "";
}

describe("a delivery whose attempt is over before it is answered", () => {
  it("takes its place among so many at a time", async () => {
    const world = await limited({ maxConcurrent: 2 });
    const { node, webhooks, clock } = world;
    webhooks.replies(() => null);
    const ids: string[] = [];
    for (let n = 0; n < 6; n++) ids.push((await dispatch(node, { action: CALLBACK })).id);
    await clock.advance(0);
    await node.workers.complete(tokenOf(world, 0), {});
    await node.workers.complete(tokenOf(world, 1), {});
    await clock.advance(100);
    expect(webhooks.sent).toHaveLength(2);
    webhooks.sent[1]?.answer(answered(200));
    await clock.advance(100);
    expect(webhooks.sent).toHaveLength(3);
    webhooks.replies(() => answered(200));
    for (const request of webhooks.sent) request.answer(answered(200));
    await clock.advance(100);
    expect(webhooks.ids).toEqual(ids);
  });

  it("does not let another one go beyond the rate", async () => {
    const world = await limited({ rate: { perSecond: 1, burst: 1 } });
    const { node, webhooks, clock } = world;
    webhooks.replies(() => null);
    for (let n = 0; n < 5; n++) await dispatch(node, { action: CALLBACK });
    await clock.advance(0);
    await node.workers.complete(tokenOf(world, 0), {});
    await clock.advance(10);
    expect(webhooks.sent).toHaveLength(1);
    await clock.advance(1000);
    expect(webhooks.sent).toHaveLength(2);
  });

  it("does not either when it was terminated", async () => {
    const { node, webhooks, clock } = await limited({ rate: { perSecond: 1, burst: 1 } });
    webhooks.replies(() => null);
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) ids.push((await dispatch(node)).id);
    await clock.advance(0);
    for (const id of ids.slice(0, 3)) {
      await node.instances.cancel(id, { reason: "no", terminate: true });
      await clock.advance(1);
    }
    expect(webhooks.sent).toHaveLength(1);
    await clock.advance(1000);
    expect(webhooks.sent).toHaveLength(2);
  });

  it("that finds out how the destination is holds the others back until it is answered", async () => {
    const world = await dispatching();
    const { node, webhooks, clock } = world;
    webhooks.replies(() => DOWN);
    for (let n = 0; n < 3; n++) await dispatch(node, { retry: NO_RETRY, action: CALLBACK });
    await clock.advance(0);
    webhooks.replies(() => null);
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) ids.push((await dispatch(node, { action: CALLBACK })).id);
    await clock.advance(61_000);
    expect(webhooks.sent).toHaveLength(4);
    await node.workers.complete(tokenOf(world, 3), {});
    const events = (await gaplessEvents(world)).length;
    await clock.advance(1000);
    expect(webhooks.sent).toHaveLength(4);
    expect((await gaplessEvents(world)).length).toBe(events);
    webhooks.sent[3]?.answer(answered(200));
    await clock.advance(10);
    expect(webhooks.ids.slice(3).toSorted()).toEqual(ids);
  });
});

describe("a request whose receiver has reported the result", () => {
  it("is not broken off: it is answered when the receiver is ready, and the breaker hears of it", async () => {
    const world = await dispatching();
    const { node, webhooks, clock } = world;
    webhooks.replies(() => DOWN);
    await dispatch(node, { retry: NO_RETRY });
    await clock.advance(0);
    webhooks.replies(() => null);
    const { id } = await dispatch(node, { action: CALLBACK });
    await clock.advance(0);
    await node.workers.complete(tokenOf(world, 1), {});
    await clock.advance(15_000);
    expect(webhooks.sent[1]?.aborted).toBe(false);
    expect((await destination(node)).failingSince).not.toBeNull();
    webhooks.sent[1]?.answer(answered(200));
    await clock.advance(10);
    expect((await destination(node)).failingSince).toBeNull();
    expect(await stateOf(world, id)).toBe("COMPLETED");
  });

  it("is broken off when it was terminated", async () => {
    const { node, webhooks, clock } = await dispatching();
    webhooks.replies(() => null);
    const { id } = await dispatch(node);
    await clock.advance(0);
    await node.instances.cancel(id, { reason: "no", terminate: true });
    await clock.advance(0);
    expect(webhooks.sent[0]?.aborted).toBe(true);
  });
});

describe("what comes for the slot of such a delivery", () => {
  it("has all the time its attempt may take, however long it waits for its turn", async () => {
    const world = await limited({ rate: { perSecond: 1 / 60, burst: 1 } });
    const { node, webhooks, clock, store } = world;
    webhooks.replies(() => null);
    await dispatch(node, { action: CALLBACK });
    const second = await dispatch(node, { action: CALLBACK });
    await clock.advance(0);
    await node.workers.complete(tokenOf(world, 0), {});
    await clock.advance(59_000);
    expect(webhooks.sent).toHaveLength(1);
    await clock.advance(2000);
    expect(webhooks.ids.slice(1)).toEqual([second.id]);
    webhooks.sent[1]?.answer(answered(200));
    await clock.advance(10);
    expect(await store.queries.listAttempts(second.id, null, 10)).toEqual([]);
    expect((await store.queries.getInstance(second.id))?.life.attemptCount).toBe(1);
  });

  it("goes to its destination where that went meanwhile", async () => {
    const world = await limited({ rate: { perSecond: 1 / 60, burst: 1 } });
    const { node, webhooks, clock, join } = world;
    webhooks.replies(() => null);
    await dispatch(node, { action: CALLBACK });
    const second = await dispatch(node, { action: CALLBACK, timeouts: NO_TIMEOUTS });
    await clock.advance(0);
    await node.workers.complete(tokenOf(world, 0), {});
    webhooks.sent[0]?.answer(answered(200));
    await clock.advance(1000);
    await join("b");
    await node.cluster.drain("a", true);
    await clock.advance(30_000);
    expect(node.status().ownedShards).toEqual([]);
    expect(webhooks.ids.slice(1)).toEqual([second.id]);
  });
});

describe("a limit that becomes lower", () => {
  it("holds for what was decided before and is not durable yet", async () => {
    const world = await limited({ maxConcurrent: 10 });
    const { node, webhooks, clock, store } = world;
    webhooks.replies(() => null);
    await dispatch(node);
    await clock.advance(0);
    const hold = store.holdCommits();
    const made = Promise.all(Array.from({ length: 5 }, () => dispatch(node)));
    await clock.advance(0);
    const lowered = node.destinations.update(A, { change: { maxConcurrent: 2 } });
    await clock.advance(0);
    hold.release();
    await clock.advance(100);
    await Promise.all([made, lowered]);
    expect(webhooks.sent).toHaveLength(2);
    for (let n = 0; n < 6; n++) {
      webhooks.sent[n]?.answer(answered(200));
      await clock.advance(10);
    }
    expect(new Set(webhooks.ids).size).toBe(6);
    for (const { id } of await made) expect(await stateOf(world, id)).toBe("COMPLETED");
  });
});
