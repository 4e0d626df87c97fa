/** Deliveries in which something goes wrong that must not, or is out of anybody's hands. */
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { BelfryError } from "../../../src/domain/error.ts";
import { FakeSecretBox } from "../../support/fake-secret-box.ts";
import { answered, DOWN } from "../../support/fake-webhooks.ts";
import { MANUAL_START_AT } from "../../support/manual-clock.ts";
import { A, aWebhook, destination, dispatch, dispatching } from "./destinations-given.ts";
import { aRetry, aDefinition, stateOf, trigger } from "./given.ts";

const NO_RETRY = aRetry({ maxRetries: 0 });

describe("a client", () => {
  it("that rejects, which it must not, costs an attempt, and its slot is free", async () => {
    const world = await dispatching();
    const { node, webhooks, clock, store } = world;
    await node.destinations.update(A, { change: { maxConcurrent: 1 } });
    const { send } = webhooks;
    webhooks.send = () => Promise.reject(new Error("a defect"));
    const broken = await dispatch(node, { retry: NO_RETRY });
    await clock.advance(10);
    webhooks.send = send;
    const next = await dispatch(node);
    await clock.advance(10);
    expect(await stateOf(world, broken.id)).toBe("FAILED");
    expect((await store.queries.getInstance(broken.id))?.life.error?.code).toBe("EXECUTOR_ERROR");
    expect(await stateOf(world, next.id)).toBe("COMPLETED");
  });

  it("that never ends what was broken off holds nobody up", async () => {
    const world = await dispatching();
    const { node, webhooks, clock } = world;
    await node.destinations.update(A, { change: { maxConcurrent: 1, rate: { perSecond: 1, burst: 1 } } });
    webhooks.replies(() => null);
    const ids: string[] = [];
    for (let n = 0; n < 4; n++) ids.push((await dispatch(node)).id);
    for (const id of ids.slice(0, 3)) {
      await clock.advance(1000);
      await node.instances.cancel(id, { reason: "no", terminate: false });
    }
    await clock.advance(1000);
    expect(webhooks.ids).toEqual(ids);
    expect(webhooks.sent.map(({ aborted }) => aborted)).toEqual([true, true, true, false]);
  });
});

describe("a secret that no key opens", () => {
  it("fails what it is for, and says nothing about the destination: others go, a half open breaker stays so", async () => {
    const world = await dispatching();
    const { node, webhooks, clock, store } = world;
    const box = vi.spyOn(FakeSecretBox.prototype, "open").mockImplementation(() => {
      throw new BelfryError("SECRET_UNREADABLE", "No key opens it.");
    });
    onTestFinished(() => box.mockRestore());
    webhooks.replies(() => DOWN);
    for (let n = 0; n < 3; n++) await dispatch(node, { retry: NO_RETRY });
    const bad = await dispatch(node, { action: { headers: { authorization: "sealed:elsewhere" } }, retry: NO_RETRY });
    const good = await dispatch(node);
    webhooks.replies(() => answered(200));
    await clock.advance(61_000);
    expect((await store.queries.getInstance(bad.id))?.life.error?.code).toBe("SECRET_UNREADABLE");
    expect(await stateOf(world, good.id)).toBe("COMPLETED");
    expect((await destination(node)).breaker.state).toBe("CLOSED");
    expect(webhooks.sent).toHaveLength(4);
  });
});

describe("a wall clock that is set back", () => {
  it.each([1, 40, 2000])("%i min keeps no breaker open and no hold for longer than they may be", async (minutes) => {
    const world = await dispatching();
    const { node, webhooks, clock } = world;
    webhooks.replies(() => DOWN);
    for (let n = 0; n < 3; n++) await dispatch(node, { retry: NO_RETRY });
    await clock.advance(1000);
    expect((await destination(node)).breaker.state).toBe("OPEN");
    clock.setWall(MANUAL_START_AT + 1000 - minutes * 60_000);
    webhooks.replies(() => answered(200));
    const { id } = await dispatch(node);
    // The rest it had, and at most the longest one after it.
    await clock.advance(661_000);
    expect(await stateOf(world, id)).toBe("COMPLETED");
    webhooks.replies(() => answered(429, { headers: { "retry-after": "3000" } }));
    await dispatch(node, { retry: NO_RETRY });
    await clock.advance(1000);
    clock.setWall(MANUAL_START_AT - minutes * 60_000);
    webhooks.replies(() => answered(200));
    const next = await dispatch(node);
    await clock.advance(3_000_000 + 3_601_000);
    expect(await stateOf(world, next.id)).toBe("COMPLETED");
  });
});

describe("a node that ends", () => {
  it("by a crash leaves nothing running, also of destinations that left it before", async () => {
    const world = await dispatching();
    const { node, webhooks, clock, join } = world;
    webhooks.replies(() => null);
    for (let n = 0; n < 4; n++) {
      const url = `https://r${n}.example.com/hook`;
      await dispatch(node, { action: { url } });
      await dispatch(node, { action: { url, callback: { timeoutMs: 60_000 } } });
    }
    await clock.advance(100);
    expect(webhooks.sent).toHaveLength(8);
    const other = await join("b");
    await clock.advance(10_000);
    expect(node.status().ownedShards.length).toBeLessThan(4);
    await node.crash();
    await other.crash();
    await clock.advance(60_000);
    expect(webhooks.sent.slice(0, 8).map(({ aborted }) => aborted)).toEqual(Array(8).fill(true));
    await clock.advance(60_000);
    expect(clock.pendingTimers).toBe(0);
  });

  it("by draining hands what it could not end to the others, which deliver it", async () => {
    const world = await dispatching();
    const { node, webhooks, clock, join } = world;
    webhooks.replies(() => null);
    const ids: string[] = [];
    for (let n = 0; n < 6; n++)
      ids.push((await dispatch(node, { action: { url: `https://r${n}.example.com/hook` } })).id);
    await clock.advance(100);
    await join("b");
    await clock.advance(10_000);
    webhooks.replies(() => answered(200));
    const drained = node.drain();
    await clock.advance(15_000);
    await drained;
    await clock.advance(40_000);
    for (const id of ids) expect(await stateOf(world, id)).toBe("COMPLETED");
  });
});

describe("an instance whose URL no node can read any more", () => {
  it("harms no other", async () => {
    const world = await dispatching();
    const { node, webhooks, clock } = world;
    const definition = await aDefinition(node, { action: aWebhook() });
    const bad = trigger(node, definition, { action: aWebhook({ url: "https://" }) }).catch(() => null);
    const good = await dispatch(node);
    await clock.advance(10);
    await bad;
    expect(await stateOf(world, good.id)).toBe("COMPLETED");
    expect(webhooks.ids).toEqual([good.id]);
    expect(await stateOf(world, (await trigger(node, definition)).id)).toMatch(/^(COMPLETED|RUNNING|PENDING.*)$/u);
  });
});
