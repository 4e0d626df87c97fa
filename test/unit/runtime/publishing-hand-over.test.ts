import { describe, expect, it } from "vitest";
import { MINUTE, expectAllPublished, given, ids } from "./publishing-given.ts";

describe("a shard that is lost in the middle", () => {
  it("is not published any more, while the others of its batch are", async () => {
    const { world, node } = await given({ shards: 2 });
    const release = world.server.hold();
    world.commit(node, 0, ["a", "a", "a"]);
    world.commit(node, 1, ["b", "b", "b"]);
    await world.clock.advance(0);
    world.lose(node, [0]);
    release();
    await world.clock.advance(100);
    expect(world.server.life.ids).toEqual(["0-1", "1-1", "1-2", "1-3"]);
    expect(node.publisher.lag()).toBe(0);
    world.acquire(node, [0]);
    await world.clock.advance(100);
    expectAllPublished(world);
  });

  it("ends the repeating of what can be published nowhere", async () => {
    const { world, node } = await given();
    world.server.away = true;
    world.commit(node, 0, ["a"]);
    await world.clock.advance(MINUTE);
    world.lose(node, [0]);
    world.server.away = false;
    await world.clock.advance(MINUTE);
    expect(world.server.life.ids).toEqual([]);
  });

  it("and is back at once begins again from the cursor, whatever was under way", async () => {
    const { world, node } = await given();
    const release = world.server.hold();
    world.commit(node, 0, ["a", "a", "b"]);
    await world.clock.advance(0);
    world.lose(node, [0]);
    world.acquire(node, [0]);
    world.commit(node, 0, ["b"]);
    await world.clock.advance(0);
    release();
    await world.clock.advance(100);
    expectAllPublished(world);
  });

  it("goes to the next owner whole: what is in flight arrives there too, and is stored once", async () => {
    const { world, node } = await given({ shards: 2 });
    const other = world.node("two");
    world.server.faults.push(null, "late");
    world.commit(node, 0, ["a", "b", "a", "b"]);
    await world.clock.advance(0);
    world.lose(node, [0]);
    world.acquire(other, [0]);
    world.commit(other, 0, ["a", "b"]);
    await world.clock.advance(3000);
    expectAllPublished(world);
  });
});

describe("a hand-over", () => {
  it("is settled when all that was committed is published and the cursor says so", async () => {
    const { world, node } = await given({ shards: 2 });
    const release = world.server.hold();
    world.commit(node, 0, ["a", "a", "b"]);
    let isSettled = false;
    const settling = node.publisher.settled([0], 500).finally(() => {
      isSettled = true;
    });
    await world.clock.advance(100);
    expect(isSettled).toBe(false);
    release();
    await world.clock.advance(0);
    await settling;
    expect(world.cursor(0)).toBe("3 S@1");
    const other = world.node("two");
    world.server.calls.length = 0;
    world.lose(node, [0]);
    world.acquire(other, [0]);
    await world.clock.advance(1000);
    expect(world.server.calls).toEqual([]);
  });

  it("is not waited for longer than its bound", async () => {
    const { world, node } = await given();
    world.server.hold();
    world.commit(node, 0, ["a"]);
    const settling = node.publisher.settled([0], 500);
    await world.clock.advance(500);
    await settling;
    expect(node.publisher.lag()).toBe(1);
  });

  it("does not wait for a stream that is away", async () => {
    const { world, node } = await given();
    world.server.away = true;
    world.commit(node, 0, ["a"]);
    await world.clock.advance(10);
    await node.publisher.settled([0], 500);
    world.server.away = false;
    await world.clock.advance(5000);
    world.server.hold();
    world.commit(node, 0, ["a"]);
    await world.clock.advance(0);
    const settling = node.publisher.settled([0], 500);
    node.publisher.connected(false);
    await settling;
    expect(node.publisher.lag()).toBe(1);
  });

  it("of shards that were lost meanwhile, or never were here, is over at once", async () => {
    const { world, node } = await given();
    world.server.hold();
    world.commit(node, 0, ["a"]);
    const settling = node.publisher.settled([0, 7], 500);
    world.lose(node, [0]);
    await settling;
    expect(world.clock.monotonic()).toBe(0);
  });

  it("comes before the shards that nobody waits for", async () => {
    const { world, node } = await given({ shards: 5, publishing: { batch: 10 } });
    const release = world.server.hold();
    world.commit(node, 0, ["first"]);
    await world.clock.advance(0);
    for (const shard of world.shards) {
      world.commit(
        node,
        shard,
        Array.from({ length: 30 }, (_, index) => `r${index}`),
      );
    }
    const settling = node.publisher.settled([4], 500);
    release();
    await world.clock.advance(0);
    await settling;
    expect(world.server.calls.slice(1, 4).flatMap(({ ids: all }) => all)).toEqual(ids(1, 30, 4));
    expectAllPublished(world);
  });
});
