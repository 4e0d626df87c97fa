import { describe, expect, it } from "vitest";
import { given } from "../given.ts";
import type { Answer } from "./given.ts";
import { NAME, acquire, asking } from "./given.ts";

describe("R-129: waiting for a lock", () => {
  it("ends as soon as it is released", async () => {
    const { node, clock } = await given();
    await acquire(node, "h1");
    const waiting = asking(node, "h2", { waitMs: 30_000 });
    await clock.advance(20_000);
    expect(waiting.said).toBe("waits");
    await node.locks.release(NAME, { token: 1 });
    await clock.advance(0);
    expect(waiting.said).toBe("token 2");
  });

  it("ends as soon as the time of its holder is up", async () => {
    const { node, clock } = await given();
    await acquire(node, "h1", { ttlMs: 10_000 });
    const waiting = asking(node, "h2", { waitMs: 30_000 });
    await clock.advance(9999);
    expect(waiting.said).toBe("waits");
    await clock.advance(2);
    expect(waiting.said).toBe("token 2");
  });

  it("goes on while the holder renews, and ends unheard when its own time is over", async () => {
    const { node, clock } = await given();
    await acquire(node, "h1", { ttlMs: 10_000 });
    const waiting = asking(node, "h2", { waitMs: 15_000 });
    await clock.advance(9000);
    await node.locks.renew(NAME, { token: 1 });
    await clock.advance(5999);
    expect(waiting.said).toBe("waits");
    await clock.advance(1);
    expect(waiting.said).toBe("LOCK_HELD");
    expect(waiting.error?.metadata).toMatchObject({ holder: "h1" });
    expect((await node.locks.get(NAME)).waiting).toBe(0);
  });

  it("serves those who came first first, and counts who waits", async () => {
    const { node, clock } = await given();
    await acquire(node, "h0");
    const waiting: Answer[] = [];
    for (const holder of ["h1", "h2", "h3"]) {
      waiting.push(asking(node, holder, { waitMs: 60_000 }));
      await clock.advance(100);
    }
    expect((await node.locks.get(NAME)).waiting).toBe(3);
    for (const token of [1, 2, 3]) {
      await node.locks.release(NAME, { token });
      await clock.advance(0);
    }
    expect(waiting.map(({ said }) => said)).toEqual(["token 2", "token 3", "token 4"]);
    expect((await node.locks.get(NAME)).waiting).toBe(0);
  });

  it("is not overtaken by one who does not wait, in the same moment", async () => {
    const { node, clock } = await given();
    await acquire(node, "h1");
    const waiting = asking(node, "h2", { waitMs: 30_000 });
    await clock.advance(100);
    const released = node.locks.release(NAME, { token: 1 });
    const hasty = asking(node, "h3");
    await clock.advance(0);
    await released;
    expect([waiting.said, hasty.said]).toEqual(["token 2", "LOCK_HELD"]);
    expect(hasty.error?.metadata).toMatchObject({ holder: "h2" });
  });

  it("is over with its caller: who went away takes nothing, and the next gets it at once", async () => {
    const { node, clock } = await given();
    await acquire(node, "h1");
    const caller = new AbortController();
    const gone = asking(node, "h2", { waitMs: 30_000 }, caller.signal);
    await clock.advance(100);
    const next = asking(node, "h3", { waitMs: 30_000 });
    await clock.advance(100);
    caller.abort(new DOMException("gone", "AbortError"));
    await clock.advance(0);
    expect(gone.said).toBe("AbortError");
    await node.locks.release(NAME, { token: 1 });
    await clock.advance(0);
    expect(next.said).toBe("token 2");
    await node.locks.release(NAME, { token: 2 });
    await clock.advance(10_000);
    expect((await node.locks.get(NAME)).record).toMatchObject({ token: 2, hold: null });
  });

  it("that is repeated by request id stands in the same place, and is granted once", async () => {
    const { node, clock } = await given();
    await acquire(node, "h1");
    const asked = { waitMs: 30_000, requestId: "r2" };
    const [one, other] = [asking(node, "h2", asked), asking(node, "h2", asked)];
    await clock.advance(5000);
    expect((await node.locks.get(NAME)).waiting).toBe(1);
    await node.locks.release(NAME, { token: 1 });
    await clock.advance(5000);
    expect([one.said, other.said]).toEqual(["token 2", "token 2"]);
  });

  it("takes a lock that is free at once", async () => {
    const { node, clock } = await given();
    const asked = asking(node, "h1", { waitMs: 30_000 });
    await clock.advance(0);
    expect(asked.said).toBe("token 1");
  });

  it("is bounded: more than a thousand for one lock are refused, and the others wait on", async () => {
    const { node, clock } = await given();
    await acquire(node, "h1");
    const waiting = Array.from({ length: 1001 }, (_, index) => asking(node, `w${index}`, { waitMs: 60_000 }));
    await clock.advance(5000);
    const said = Map.groupBy(waiting, (each) => each.said);
    expect([said.get("waits")?.length, said.get("BUSY")?.length]).toEqual([1000, 1]);
    await node.locks.release(NAME, { token: 1 });
    await clock.advance(10);
    expect(waiting.filter(({ token }) => token > 0)).toHaveLength(1);
  });

  it("at a node that drains is refused in a moment, and takes nothing", async () => {
    const { node, clock } = await given();
    await acquire(node, "h1");
    const waiting = asking(node, "h2", { waitMs: 60_000 });
    await clock.advance(100);
    const drained = node.drain();
    await clock.advance(5000);
    await drained;
    await clock.advance(5000);
    expect(["DRAINING", "SHARD_UNAVAILABLE"]).toContain(waiting.said);
  });
});
