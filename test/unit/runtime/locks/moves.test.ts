import { describe, expect, it } from "vitest";
import type { LockRecord } from "../../../../src/domain/lock/lock.ts";
import { expireAtOf } from "../../../../src/domain/lock/lock.ts";
import type { StartedRuntime } from "../../../../src/runtime/index.ts";
import type { GivenCluster } from "../cluster/given.ts";
import { aCluster, nameOf, ownerOf, strangerTo } from "../cluster/given.ts";
import { NAME, acquire, asking, within } from "./given.ts";

interface Pair extends GivenCluster {
  readonly owner: StartedRuntime;
  readonly other: StartedRuntime;
}

function endOf({ hold }: LockRecord): number {
  return hold === null ? 0 : expireAtOf(hold);
}

async function given(): Promise<Pair> {
  const cluster = await aCluster(2);
  return { ...cluster, owner: ownerOf(cluster.nodes, NAME), other: strangerTo(cluster.nodes, NAME) };
}

describe("R-129: locks in a cluster", () => {
  it("are the same on every node", async () => {
    const { owner, other, clock } = await given();
    expect((await within(clock, 10, acquire(other, "h1"))).record.token).toBe(1);
    await expect(within(clock, 10, acquire(owner, "h2"))).rejects.toMatchObject({ reason: "LOCK_HELD" });
    await expect(within(clock, 10, acquire(other, "h2"))).rejects.toMatchObject({
      reason: "LOCK_HELD",
      metadata: { holder: "h1" },
    });
    await within(clock, 10, other.locks.renew(NAME, { token: 1 }));
    await within(clock, 10, other.locks.release(NAME, { token: 1 }));
    expect((await within(clock, 10, owner.locks.get(NAME))).record).toMatchObject({ hold: null, token: 1 });
  });

  it("are waited for from every node, first come, first served", async () => {
    const { owner, other, clock } = await given();
    await within(clock, 10, acquire(owner, "h1"));
    const first = asking(other, "h2", { waitMs: 50_000 });
    await clock.advance(100);
    const second = asking(owner, "h3", { waitMs: 50_000 });
    await clock.advance(20_000);
    await within(clock, 10, owner.locks.release(NAME, { token: 1 }));
    expect([first.said, second.said]).toEqual(["token 2", "waits"]);
    await within(clock, 10, other.locks.release(NAME, { token: 2 }));
    expect(second.said).toBe("token 3");
  });

  it("that are held stay so when their owner dies, and the next owner takes them over only when their time is up", async () => {
    const { owner, other, clock } = await given();
    await within(clock, 10, acquire(other, "h1", { ttlMs: 30_000 }));
    const grantedAt = clock.now();
    await owner.crash();
    await clock.advance(10_000);
    await expect(within(clock, 10, acquire(other, "h2"))).rejects.toMatchObject({ reason: "LOCK_HELD" });
    await within(clock, 10, other.locks.renew(NAME, { token: 1 }));
    await clock.advance(grantedAt + 31_000 - clock.now());
    await expect(within(clock, 10, acquire(other, "h2"))).rejects.toMatchObject({ reason: "LOCK_HELD" });
    await clock.advance(10_000);
    expect((await within(clock, 10, acquire(other, "h2"))).record.token).toBe(2);
  });

  it("that are waited for when their owner dies are waited for on, and granted once, in the order of coming", async () => {
    const { owner, other, clock } = await given();
    await within(clock, 10, acquire(other, "h1", { ttlMs: 20_000 }));
    const first = asking(other, "h2", { waitMs: 60_000 });
    await clock.advance(1500);
    const second = asking(other, "h3", { waitMs: 60_000 });
    await clock.advance(1500);
    await owner.crash();
    await clock.advance(15_000);
    expect([first.said, second.said]).toEqual(["waits", "waits"]);
    await clock.advance(5000);
    expect([first.said, second.said]).toEqual(["token 2", "waits"]);
    await within(clock, 10, other.locks.release(NAME, { token: 2 }));
    expect(second.said).toBe("token 3");
  });

  it("whose waiting caller's node dies go to the next one, and to nobody who is gone", async () => {
    const { owner, other, clock } = await given();
    await within(clock, 10, acquire(owner, "h1"));
    asking(other, "gone", { waitMs: 60_000 });
    await clock.advance(100);
    const next = asking(owner, "h3", { waitMs: 60_000 });
    await clock.advance(100);
    await other.crash();
    await within(clock, 10, owner.locks.release(NAME, { token: 1 }));
    await clock.advance(3000);
    expect(next.said).toBe("token 2");
  });

  it("wander with their shard when a node drains: held and waited for, without a refusal", async () => {
    const { owner, other, clock } = await given();
    await within(clock, 10, acquire(other, "h1"));
    const waiting = asking(other, "h2", { waitMs: 60_000 });
    await clock.advance(100);
    const drained = owner.drain();
    await clock.advance(5000);
    await drained;
    expect(waiting.said).toBe("waits");
    await within(clock, 10, other.locks.release(NAME, { token: 1 }));
    expect(waiting.said).toBe("token 2");
  });

  it("are not granted by a node that stood still past its lease and wakes up with a question in its hands", async () => {
    const world = await given();
    const { owner, other, clock } = world;
    await within(clock, 10, acquire(owner, "h1", { ttlMs: 5000 }));
    const late = asking(owner, "late", { waitMs: 0 });
    const stalled = world.stall(nameOf(owner), 20_000);
    await clock.advance(0).catch(() => {});
    await stalled;
    const next = await within(clock, 3000, acquire(other, "h2"));
    const valid = [late.token, next.record.token];
    expect(late.said).toBe("LOCK_HELD");
    expect(new Set(valid).size).toBe(2);
  });

  it("whose grant was committed, but whose answer was lost with its node, are the repetition's and nobody else's", async () => {
    const world = await given();
    const { owner, other, clock } = world;
    world.network.lose({ says: "answer command" });
    const asked = asking(other, "h1", { requestId: "r1" });
    await clock.advance(100);
    await owner.crash();
    world.network.clear();
    await clock.advance(10_000);
    expect(asked.said).toBe("token 1");
    await expect(within(clock, 10, acquire(other, "h2"))).rejects.toMatchObject({ reason: "LOCK_HELD" });
  });

  it("that may have been granted are not refused as if they were not, however long the caller waits", async () => {
    const world = await given();
    const { owner, other, clock } = world;
    world.network.lose({ says: "answer command" });
    const asked = asking(other, "h1", { requestId: "r1", waitMs: 5000 });
    await clock.advance(100);
    // Its owner is gone, and nobody can have its shard.
    world.lineOf(nameOf(other)).hang("shards.acquire");
    await owner.crash();
    await clock.advance(30_000);
    expect(asked.said).toBe("OUTCOME_UNKNOWN");
    world.lineOf(nameOf(other)).mend();
    await clock.advance(10_000);
    expect((await within(clock, 10, other.locks.get(NAME))).record).toMatchObject({ hold: { holder: "h1" } });
  });

  it("whose renewal comes late, after one for longer, are held for as long as the later one was told", async () => {
    const world = await given();
    const { owner, other, clock } = world;
    await within(clock, 10, acquire(owner, "h1", { ttlMs: 3000 }));
    world.network.delay({ says: "ask command", from: nameOf(other) }, 1000, 1);
    const late = other.locks.renew(NAME, { token: 1, ttlMs: 2000 });
    await clock.advance(500);
    const { record } = await within(clock, 10, owner.locks.renew(NAME, { token: 1, ttlMs: 20_000 }));
    await clock.advance(600);
    expect(endOf((await within(clock, 100, late)).record)).toBe(endOf(record));
    await clock.advance(15_000);
    await expect(within(clock, 10, acquire(other, "h2"))).rejects.toMatchObject({ reason: "LOCK_HELD" });
  });

  it("that are refused by a fenced owner are granted by the next one with the token after", async () => {
    const world = await given();
    const { owner, other, clock } = world;
    await within(clock, 10, acquire(owner, "h1", { ttlMs: 1000 }));
    // Its commits reach the store no more, nor do its renewals; it does not know yet.
    const line = world.lineOf(nameOf(owner));
    line.hang("journal.commit");
    line.hang("shards.renew");
    await clock.advance(1000);
    const fenced = asking(owner, "h2", { waitMs: 0 });
    await clock.advance(20_000);
    const next = await within(clock, 100, acquire(other, "h3"));
    line.mend();
    await clock.advance(20_000);
    expect(next.record).toMatchObject({ token: 2, hold: { holder: "h3" } });
    expect(fenced.token).toBe(0);
    expect((await within(clock, 100, other.locks.get(NAME))).record).toMatchObject({ token: 2 });
  });
});
