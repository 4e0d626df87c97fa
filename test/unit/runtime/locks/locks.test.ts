import { describe, expect, it } from "vitest";
import type { Given } from "../given.ts";
import { gaplessEvents, given } from "../given.ts";
import { NAME, acquire } from "./given.ts";

async function told(world: Given): Promise<readonly string[]> {
  return (await gaplessEvents(world))
    .filter(({ resource }) => resource === "lock")
    .map(
      ({ resourceId, name, data }) => `${resourceId} ${name} ${data["holder"] as string} ${data["token"] as number}`,
    );
}

const refused = (reason: string) => expect.objectContaining({ reason }) as Error;

describe("R-129: locks of one node", () => {
  it("one is held by one caller until it is released, then by the next, with a greater token", async () => {
    const { node } = await given();
    expect((await acquire(node, "h1")).record).toMatchObject({ name: NAME, token: 1, hold: { holder: "h1" } });
    await expect(acquire(node, "h2")).rejects.toEqual(refused("LOCK_HELD"));
    expect((await node.locks.release(NAME, { token: 1 })).record.hold).toBeNull();
    expect((await acquire(node, "h2")).record.token).toBe(2);
  });

  it("a refusal says who has it, until when, and after how long to come again", async () => {
    const { node, clock } = await given();
    await acquire(node, "h1", { ttlMs: 60_000 });
    const expireTime = new Date(clock.now() + 60_000).toISOString();
    await clock.advance(10_000);
    await expect(acquire(node, "h2")).rejects.toMatchObject({
      reason: "LOCK_HELD",
      code: "ALREADY_EXISTS",
      metadata: { holder: "h1", expireTime },
      retryAfterMs: 50_000,
    });
  });

  it("a holder that asks again is refused as anybody else: two runs may call themselves the same", async () => {
    const { node } = await given();
    await acquire(node, "h1");
    await expect(acquire(node, "h1")).rejects.toEqual(refused("LOCK_HELD"));
  });

  it("a repetition by request id gives the same hold, and takes nothing", async () => {
    const { node } = await given();
    const [one, other] = await Promise.all([
      acquire(node, "h1", { requestId: "r1" }),
      acquire(node, "h1", { requestId: "r1" }),
    ]);
    expect(other).toEqual(one);
    expect(await acquire(node, "h1", { requestId: "r1" })).toEqual(one);
    await expect(acquire(node, "h2", { requestId: "r1" })).rejects.toEqual(refused("REQUEST_ID_REUSED"));
  });

  it("a repetition that comes when the hold has ended is told so, though the lock is free or another's", async () => {
    const { node } = await given();
    await acquire(node, "h1", { requestId: "r1" });
    await node.locks.release(NAME, { token: 1 });
    await expect(acquire(node, "h1", { requestId: "r1" })).rejects.toEqual(refused("LOCK_LOST"));
    await acquire(node, "h2");
    await expect(acquire(node, "h1", { requestId: "r1" })).rejects.toEqual(refused("LOCK_LOST"));
  });

  it("one whose refusal was heard may ask again with the same request id, and gets it", async () => {
    const { node } = await given();
    await acquire(node, "h1");
    await expect(acquire(node, "h2", { requestId: "r2" })).rejects.toEqual(refused("LOCK_HELD"));
    await node.locks.release(NAME, { token: 1 });
    expect((await acquire(node, "h2", { requestId: "r2" })).record.token).toBe(2);
  });

  it("of many who ask at once, one gets it", async () => {
    const { node } = await given();
    const asked = await Promise.allSettled(Array.from({ length: 50 }, (_, index) => acquire(node, `h${index}`)));
    expect(asked.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  it("one is kept by renewals, and lost without", async () => {
    const { node, clock } = await given();
    await acquire(node, "h1", { ttlMs: 3000 });
    for (let renewals = 0; renewals < 5; renewals++) {
      await clock.advance(2000);
      const { record } = await node.locks.renew(NAME, { token: 1 });
      expect(record.hold).toMatchObject({ grantedAt: clock.now(), ttlMs: 3000 });
    }
    await clock.advance(3000);
    await expect(node.locks.renew(NAME, { token: 1 })).rejects.toMatchObject({
      reason: "LOCK_LOST",
      code: "FAILED_PRECONDITION",
      metadata: { name: NAME, token: "1" },
    });
    expect((await node.locks.get(NAME)).record).toMatchObject({ hold: null, token: 1, ended: "expired" });
  });

  it("a repeated renewal by request id is one, and says when the lock was lost since", async () => {
    const { node, clock } = await given();
    await acquire(node, "h1", { ttlMs: 3000 });
    const first = await node.locks.renew(NAME, { token: 1, ttlMs: 5000, requestId: "r" });
    await clock.advance(1000);
    expect(await node.locks.renew(NAME, { token: 1, ttlMs: 5000, requestId: "r" })).toEqual(first);
    await clock.advance(4000);
    await expect(node.locks.renew(NAME, { token: 1, ttlMs: 5000, requestId: "r" })).rejects.toEqual(
      refused("LOCK_LOST"),
    );
  });

  it("a token of former days neither renews nor releases", async () => {
    const { node } = await given();
    await acquire(node, "h1");
    await node.locks.release(NAME, { token: 1 });
    await acquire(node, "h2");
    await expect(node.locks.renew(NAME, { token: 1 })).rejects.toEqual(refused("LOCK_LOST"));
    await expect(node.locks.release(NAME, { token: 1 })).rejects.toEqual(refused("LOCK_LOST"));
    expect((await node.locks.get(NAME)).record).toMatchObject({ token: 2, hold: { holder: "h2" } });
  });

  it("a release again is the same while nobody has taken it since", async () => {
    const { node } = await given();
    await acquire(node, "h1");
    await node.locks.release(NAME, { token: 1, requestId: "r" });
    await node.locks.release(NAME, { token: 1 });
    await acquire(node, "h2");
    expect((await node.locks.release(NAME, { token: 1, requestId: "r" })).record).toMatchObject({ token: 2 });
  });

  it("one that nobody ever held cannot be read, renewed or released, and asking leaves nothing behind", async () => {
    const { node, store } = await given();
    await expect(node.locks.get("nobody")).rejects.toMatchObject({ reason: "LOCK_NOT_FOUND", code: "NOT_FOUND" });
    await expect(node.locks.renew("nobody", { token: 1 })).rejects.toEqual(refused("LOCK_NOT_FOUND"));
    await expect(node.locks.release("nobody", { token: 1 })).rejects.toEqual(refused("LOCK_NOT_FOUND"));
    expect(await store.actorStates.list("lock", { prefix: "" }, "", 10)).toEqual([]);
  });

  it("the world is told of each acquisition and of its end; of an expiry when it is seen", async () => {
    const world = await given();
    const { node, clock } = world;
    await acquire(node, "h1");
    await node.locks.renew(NAME, { token: 1 });
    await node.locks.release(NAME, { token: 1 });
    await acquire(node, "h2", { ttlMs: 1000 });
    await clock.advance(5000);
    expect(await told(world)).toHaveLength(3);
    await acquire(node, "h3", { ttlMs: 1000 });
    await clock.advance(1000);
    await node.locks.get(NAME);
    expect(await told(world)).toEqual([
      `${NAME} acquired h1 1`,
      `${NAME} released h1 1`,
      `${NAME} acquired h2 2`,
      `${NAME} expired h2 2`,
      `${NAME} acquired h3 3`,
      `${NAME} expired h3 3`,
    ]);
  });

  it("an owner's own grant lasts as long as was said, whatever becomes of its wall clock", async () => {
    const { node, clock } = await given();
    await acquire(node, "h1", { ttlMs: 60_000 });
    clock.setWall(clock.now() + 86_400_000);
    await expect(acquire(node, "h2")).rejects.toEqual(refused("LOCK_HELD"));
    clock.setWall(clock.now() - 2 * 86_400_000);
    await clock.advance(60_000);
    expect((await acquire(node, "h2")).record.token).toBe(2);
  });
});

describe("R-129: locks through restarts", () => {
  it("one that was held is held still, by the same token, and its hold ends in time", async () => {
    const world = await given();
    await acquire(world.node, "h1", { ttlMs: 60_000, requestId: "r1" });
    await world.node.crash();
    await world.clock.advance(10_000);
    const next = await world.start("a");
    await world.clock.advance(5000);
    await expect(acquire(next, "h2")).rejects.toEqual(refused("LOCK_HELD"));
    expect((await acquire(next, "h1", { requestId: "r1" })).record).toMatchObject({ token: 1 });
    await world.clock.advance(44_999);
    await expect(acquire(next, "h2")).rejects.toEqual(refused("LOCK_HELD"));
    await world.clock.advance(1001);
    expect((await acquire(next, "h2")).record.token).toBe(2);
  });

  it("one that was free goes on from its token", async () => {
    const world = await given();
    await acquire(world.node, "h1");
    await world.node.locks.release(NAME, { token: 1 });
    await world.node.crash();
    await world.clock.advance(10_000);
    const next = await world.start("a");
    await world.clock.advance(5000);
    expect((await acquire(next, "h2")).record.token).toBe(2);
  });

  it("a clock that was put back in between lets a hold count anew, once, and not for ever", async () => {
    const world = await given();
    await acquire(world.node, "h1", { ttlMs: 60_000 });
    await world.node.crash();
    world.clock.setWall(world.clock.now() - 86_400_000);
    const next = await world.start("a");
    await world.clock.advance(5000);
    await expect(acquire(next, "h2")).rejects.toEqual(refused("LOCK_HELD"));
    await world.clock.advance(60_000);
    expect((await acquire(next, "h2")).record.token).toBe(2);
  });

  it("what is idle leaves the memory, and is as it was when it comes back", async () => {
    const { node, clock } = await given();
    const inMemory = async (): Promise<number> =>
      (await node.cluster.actors(100)).filter(({ kind }) => kind === "lock").length;
    await acquire(node, "h1", { ttlMs: 120_000 });
    await clock.advance(90_000);
    expect(await inMemory()).toBe(1);
    await node.locks.release(NAME, { token: 1 });
    await clock.advance(45_000);
    expect(await inMemory()).toBe(0);
    expect((await acquire(node, "h2")).record.token).toBe(2);
  });

  it("a grant that could not be written was not given: when the store is back, somebody else may have it", async () => {
    const { node, store, clock } = await given();
    store.goAway();
    const asked = acquire(node, "h1").then(
      () => "granted",
      (error: { reason?: string }) => error.reason,
    );
    await clock.advance(20_000);
    store.comeBack();
    await clock.advance(20_000);
    const said = await asked;
    const next = await acquire(node, "h2").then(
      ({ record }) => record.token,
      () => "held",
    );
    expect([said, next]).not.toEqual(["granted", 1]);
    expect(["SHARD_UNAVAILABLE", "OUTCOME_UNKNOWN", "STORE_UNAVAILABLE"]).toContain(said);
  });
});
