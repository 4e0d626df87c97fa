import { describe, expect, it } from "vitest";
import { dispatchDefinitionId } from "../../../src/domain/webhook/origin.ts";
import { isDispatchId } from "../../../src/domain/webhook/dispatch-id.ts";
import { shardOf } from "../../../src/domain/routing.ts";
import { sealed } from "../../support/fake-secret-box.ts";
import { answered, DOWN } from "../../support/fake-webhooks.ts";
import { SHARDS } from "../../support/node.ts";
import { A, destination, dispatch, dispatching } from "./destinations-given.ts";
import { aRetry, expectSound, gaplessEvents, stateOf } from "./given.ts";

describe("a dispatch", () => {
  it("is an instance with an id of its own, delivered at once, and COMPLETED by the receiver's 2xx (R-107, R-108)", async () => {
    const { node, webhooks, clock, store, ...world } = await dispatching();
    const { id, shard } = await dispatch(node, { payload: { n: 1 } });
    expect(isDispatchId(id)).toBe(true);
    expect([shard, shardOf(id, SHARDS), shardOf(dispatchDefinitionId(A), SHARDS)]).toEqual(
      Array.from({ length: 3 }, () => shardOf(A, SHARDS)),
    );
    await clock.advance(0);
    expect(webhooks.ids).toEqual([id]);
    expect(JSON.parse(webhooks.sent[0]?.body ?? "")).toMatchObject({ task_type: "alert", data: { n: 1 } });
    expect(await stateOf({ ...world, store, clock }, id)).toBe("COMPLETED");
    expect(await store.queries.listAttempts(id, null, 10)).toEqual([
      expect.objectContaining({
        outcome: "SUCCEEDED",
        exchange: expect.objectContaining({ response: expect.objectContaining({ status: 200 }) }),
      }),
    ]);
    await expectSound({ ...world, store, clock }, dispatchDefinitionId(A));
  });

  it("under a request id is made once, also when its destination takes none any more", async () => {
    const { node, webhooks } = await dispatching();
    webhooks.replies(() => null);
    const first = await dispatch(node, { requestId: "r1" });
    await node.destinations.isolate(A, { reason: "works" });
    expect((await dispatch(node, { requestId: "r1", failFast: true })).id).toBe(first.id);
    await expect(dispatch(node, { requestId: "r2", failFast: true })).rejects.toMatchObject({
      reason: "BREAKER_OPEN",
    });
  });

  it("is tried again as the policy says when the receiver refuses it, and fails in the end with what it said (R-107, R-113, R-114)", async () => {
    const world = await dispatching();
    const { node, webhooks, clock, store } = world;
    webhooks.replies(() => answered(422, { body: '{"why":"wrong"}' }));
    const { id } = await dispatch(node, { retry: aRetry({ maxRetries: 2 }) });
    await clock.advance(3000);
    expect(webhooks.ids).toEqual([id, id, id]);
    expect((await store.queries.getInstance(id))?.life.error).toMatchObject({ code: "HTTP_422" });
    expect(await stateOf(world, id)).toBe("FAILED");
    expect((await destination(node)).breaker.state).toBe("CLOSED");
  });

  it("that is cancelled while it waits is not sent, and one under way is broken off", async () => {
    const world = await dispatching();
    const { node, webhooks, clock } = world;
    await node.destinations.update(A, { change: { maxConcurrent: 1 } });
    webhooks.replies(() => null);
    const first = await dispatch(node);
    const second = await dispatch(node);
    await clock.advance(0);
    await node.instances.cancel(second.id, { reason: "no", terminate: false });
    await node.instances.cancel(first.id, { reason: "no", terminate: false });
    await clock.advance(0);
    expect(webhooks.sent.map(({ aborted }) => aborted)).toEqual([true]);
    expect([await stateOf(world, first.id), await stateOf(world, second.id)]).toEqual(["CANCELLED", "CANCELLED"]);
  });

  it("with an ordering key waits for those before it with the same key, through their retries", async () => {
    const { node, webhooks, clock } = await dispatching();
    webhooks.replies(() => answered(500));
    await node.destinations.update(A, {
      change: { breaker: { ...(await destination(node)).settings.breaker, consecutiveFailures: 0 } },
    });
    const first = await dispatch(node, { orderingKey: "k", retry: aRetry() });
    const second = await dispatch(node, { orderingKey: "k", retry: aRetry() });
    const other = await dispatch(node, { orderingKey: "other", retry: aRetry() });
    await clock.advance(0);
    expect(webhooks.ids).toEqual([first.id, other.id]);
    webhooks.replies(() => answered(200));
    await clock.advance(1000);
    expect(webhooks.ids.slice(2).toSorted()).toEqual([first.id, second.id, other.id].toSorted());
    expect(webhooks.ids.indexOf(second.id)).toBeGreaterThan(webhooks.ids.lastIndexOf(first.id));
  });

  it("with a supersede key takes the place of those that wait, not of one that is under way", async () => {
    const world = await dispatching();
    const { node, webhooks, clock, store } = world;
    webhooks.replies(() => null);
    await node.destinations.update(A, { change: { maxConcurrent: 1 } });
    const running = await dispatch(node, { supersedeKey: "k" });
    await clock.advance(0);
    const parked = await dispatch(node, { supersedeKey: "k" });
    const newest = await dispatch(node, { supersedeKey: "k" });
    expect(await stateOf(world, parked.id)).toBe("CANCELLED");
    expect((await store.queries.getInstance(parked.id))?.life.error?.code).toBe("SUPERSEDED");
    webhooks.replies(() => answered(200));
    webhooks.sent[0]?.answer(answered(200));
    await clock.advance(0);
    expect(webhooks.ids).toEqual([running.id, newest.id]);
  });

  it("that failed after a newer one with its supersede key came gives way to it", async () => {
    const world = await dispatching();
    const { node, webhooks, clock, store } = world;
    webhooks.replies(() => null);
    const older = await dispatch(node, { supersedeKey: "k" });
    await clock.advance(0);
    const newer = await dispatch(node, { supersedeKey: "k" });
    await clock.advance(0);
    webhooks.sent[0]?.answer(answered(503));
    webhooks.sent[1]?.answer(answered(200));
    await clock.advance(100_000);
    expect(webhooks.ids).toEqual([older.id, newer.id]);
    expect([await stateOf(world, older.id), await stateOf(world, newer.id)]).toEqual(["CANCELLED", "COMPLETED"]);
    expect((await store.queries.getInstance(older.id))?.life.error?.code).toBe("SUPERSEDED");
  });

  it("goes before others by priority, then by age (R-111)", async () => {
    const { node, webhooks, clock } = await dispatching();
    webhooks.replies(() => null);
    await node.destinations.update(A, { change: { maxConcurrent: 1 } });
    const ids: string[] = [];
    for (const priority of [3, 4, 3, 1, 2] as const) {
      ids.push((await dispatch(node, { priority })).id);
      await clock.advance(0);
    }
    webhooks.replies(() => answered(200));
    webhooks.sent[0]?.answer(answered(200));
    await clock.advance(0);
    expect(webhooks.ids.map((id) => ids.indexOf(id))).toEqual([0, 3, 4, 2, 1]);
  });
});

describe("an open breaker", () => {
  async function opened() {
    const world = await dispatching();
    const { node, webhooks, clock } = world;
    webhooks.replies(() => DOWN);
    const failing = [];
    for (let n = 0; n < 3; n++) {
      failing.push(await dispatch(node));
      await clock.advance(0);
    }
    expect((await destination(node)).breaker.state).toBe("OPEN");
    webhooks.sent.length = 0;
    return { ...world, failing };
  }

  it("parks what comes: no attempt begins, however long it is open", async () => {
    const world = await opened();
    const { node, webhooks, clock, store } = world;
    await node.destinations.isolate(A, { reason: "works on the line" });
    const { id } = await dispatch(node);
    await clock.advance(3_600_000);
    expect(webhooks.sent).toEqual([]);
    expect(await stateOf(world, id)).toBe("PENDING NO_WORKER");
    expect((await store.queries.getInstance(id))?.life.attemptCount).toBe(0);
    webhooks.replies(() => answered(200));
    await node.destinations.reset(A, {});
    await clock.advance(0);
    expect(await stateOf(world, id)).toBe("COMPLETED");
  });

  it("refuses who asks to fail fast, with the time after which to try again (R-118)", async () => {
    const { node } = await opened();
    await expect(dispatch(node, { failFast: true })).rejects.toMatchObject({
      reason: "BREAKER_OPEN",
      retryAfterMs: 60_000,
    });
    await expect(dispatch(node)).resolves.toMatchObject({ state: "PENDING" });
  });

  it("tries with the oldest that waits, one at a time, and lets all go when that succeeds (R-115)", async () => {
    const { node, webhooks, clock, failing } = await opened();
    webhooks.replies(() => null);
    const parked = await dispatch(node);
    await clock.advance(59_000);
    expect(webhooks.ids).toEqual([]);
    await clock.advance(2000);
    expect(webhooks.ids).toEqual([failing[0]?.id]);
    await clock.advance(10_000);
    expect(webhooks.ids).toHaveLength(1);
    webhooks.replies(() => answered(200));
    webhooks.sent[0]?.answer(answered(200));
    await clock.advance(0);
    expect((await destination(node)).breaker.state).toBe("CLOSED");
    expect(webhooks.ids.toSorted()).toEqual([...failing.map(({ id }) => id), parked.id].toSorted());
  });

  it("opens for twice as long when the probe fails", async () => {
    const { node, webhooks, clock } = await opened();
    await clock.advance(60_000);
    expect(webhooks.ids).toHaveLength(1);
    expect((await destination(node)).breaker.state).toBe("OPEN");
    await clock.advance(119_000);
    expect(webhooks.ids).toHaveLength(1);
    await clock.advance(2000);
    expect(webhooks.ids).toHaveLength(2);
  });

  it("is still open after the node was killed, and half open when its time comes", async () => {
    const { node, webhooks, clock, join } = await opened();
    await node.crash();
    const after = await join("b");
    await clock.advance(5000);
    expect((await destination(after)).breaker.state).toBe("OPEN");
    await dispatch(after);
    await clock.advance(10_000);
    expect(webhooks.ids).toEqual([]);
    webhooks.replies(() => answered(200));
    await clock.advance(60_000);
    expect((await destination(after)).breaker.state).toBe("CLOSED");
  });

  it("announces its changes, in the order in which they came (R-122)", async () => {
    const world = await opened();
    world.webhooks.replies(() => answered(200));
    await world.clock.advance(61_000);
    const names = (await gaplessEvents(world))
      .filter(({ resource, resourceId }) => resource === "destination" && resourceId === A)
      .map(({ name }) => name);
    expect(names).toEqual(["breaker_opened", "breaker_half_opened", "breaker_closed"]);
  });
});

describe("a destination", () => {
  it("that answers 410 is disabled: nothing new is taken, what waits stays, until it is reset", async () => {
    const world = await dispatching();
    const { node, webhooks, clock } = world;
    await node.destinations.update(A, { change: { maxConcurrent: 1 } });
    webhooks.replies(() => null);
    const gone = await dispatch(node);
    const waits = await dispatch(node);
    await clock.advance(0);
    webhooks.sent[0]?.answer(answered(410));
    await clock.advance(0);
    expect(await stateOf(world, gone.id)).toBe("FAILED");
    expect(await stateOf(world, waits.id)).toBe("PENDING NO_WORKER");
    await expect(dispatch(node)).rejects.toMatchObject({ reason: "DESTINATION_DISABLED" });
    webhooks.replies(() => answered(200));
    await node.destinations.reset(A, {});
    await clock.advance(0);
    expect(await stateOf(world, waits.id)).toBe("COMPLETED");
  });

  it("that says Retry-After is left alone so long, and the dispatch is not tried before", async () => {
    const { node, webhooks, clock } = await dispatching();
    webhooks.replies(() => answered(429, { headers: { "retry-after": "30" } }));
    await dispatch(node, { retry: aRetry() });
    await clock.advance(0);
    const second = await dispatch(node);
    webhooks.replies(() => answered(200));
    await clock.advance(29_000);
    expect(webhooks.ids).toHaveLength(1);
    await clock.advance(2000);
    expect(webhooks.ids).toHaveLength(3);
    expect(webhooks.ids).toContain(second.id);
  });

  it("gets no more at a time than it may bear (R-141)", async () => {
    const { node, webhooks, clock } = await dispatching();
    webhooks.replies(() => null);
    await node.destinations.update(A, { change: { maxConcurrent: 2 } });
    for (let n = 0; n < 5; n++) await dispatch(node);
    await clock.advance(0);
    expect(webhooks.sent).toHaveLength(2);
    webhooks.sent[0]?.answer(answered(200));
    await clock.advance(0);
    expect(webhooks.sent).toHaveLength(3);
    await node.destinations.update(A, { change: { maxConcurrent: 10 } });
    await clock.advance(0);
    expect(webhooks.sent).toHaveLength(5);
  });

  it("gets no more in a second than its rate, whatever comes back when", async () => {
    const { node, webhooks, clock } = await dispatching();
    await node.destinations.update(A, { change: { rate: { perSecond: 2, burst: 3 } } });
    for (let n = 0; n < 10; n++) await dispatch(node);
    await clock.advance(0);
    expect(webhooks.sent).toHaveLength(3);
    await clock.advance(499);
    expect(webhooks.sent).toHaveLength(3);
    await clock.advance(1);
    expect(webhooks.sent).toHaveLength(4);
    await clock.advance(3000);
    expect(webhooks.sent).toHaveLength(10);
  });

  it("signs with its secrets: with both during a rotation, with the new one after it", async () => {
    const { node, webhooks, clock } = await dispatching();
    const signatures = async (): Promise<number> => {
      await dispatch(node);
      await clock.advance(0);
      return (webhooks.sent.at(-1)?.headers["webhook-signature"] ?? "").split(" ").filter((part) => part !== "").length;
    };
    expect(await signatures()).toBe(0);
    const secret = (name: string) => sealed(`whsec_${Buffer.from(name.repeat(4)).toString("base64")}`);
    await node.destinations.rotateSecret(A, { sealed: secret("one-secret"), overlapMs: 1000 });
    expect(await signatures()).toBe(1);
    await node.destinations.rotateSecret(A, { sealed: secret("two-secret"), overlapMs: 1000 });
    expect(await signatures()).toBe(2);
    await clock.advance(1000);
    expect(await signatures()).toBe(1);
  });

  it("is changed by who knows its etag, and keeps what is not named", async () => {
    const { node } = await dispatching();
    const { record } = await node.destinations.update(A, { change: { maxConcurrent: 7 } });
    await expect(node.destinations.update(A, { etag: "0", change: { connectMs: 1 } })).rejects.toMatchObject({
      reason: "ETAG_MISMATCH",
    });
    const next = await node.destinations.update(A, { etag: String(record.revision), change: { connectMs: 1 } });
    expect(next.record.settings).toMatchObject({ maxConcurrent: 7, connectMs: 1 });
  });

  it("is in the store once something was sent to it, and not because somebody looked", async () => {
    const { node, store, clock } = await dispatching();
    await node.destinations.get("https://b.example.com");
    await dispatch(node);
    await clock.advance(100_000);
    const rows = await store.actorStates.list("destination", { prefix: "" }, "", 10);
    expect(rows.map(({ id }) => id)).toEqual([A]);
  });

  it("leaves the memory when nothing has come for a while, and is as it was when something does", async () => {
    const { node, clock } = await dispatching();
    await node.destinations.update(A, { change: { maxConcurrent: 7 } });
    await dispatch(node);
    await clock.advance(80_000);
    expect((await node.cluster.actors(100)).filter(({ kind }) => kind === "destination")).toEqual([]);
    expect((await destination(node)).settings.maxConcurrent).toBe(7);
  });
});
