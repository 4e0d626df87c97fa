import { describe, expect, it } from "vitest";
import { MINUTE, aWorld, expectAllPublished, given, ids } from "./publishing-given.ts";

describe("the cursor", () => {
  it("follows about a second behind, only when something moved, and never runs ahead", async () => {
    const { world, node } = await given();
    await world.clock.advance(1000);
    expect(world.cursor(0)).toBe("0 S@1");
    const release = world.server.hold();
    world.commit(node, 0, ["a", "a"]);
    await world.clock.advance(1000);
    expect(world.cursor(0)).toBe("0 S@1");
    release();
    await world.clock.advance(999);
    expect(world.cursor(0)).toBe("0 S@1");
    await world.clock.advance(1);
    expect(world.cursor(0)).toBe("2 S@1");
    const { cursorWrites } = world;
    await world.clock.advance(MINUTE);
    expect(world.cursorWrites).toBe(cursorWrites);
  });

  it("does not move while a wave of its batch is missing", async () => {
    const { world, node } = await given();
    await world.clock.advance(1000);
    world.server.faults.push(null, ...Array.from({ length: 50 }, () => "before" as const));
    world.commit(node, 0, ["a", "a"]);
    await world.clock.advance(5000);
    expect(world.server.life.ids).toEqual(["0-1"]);
    expect(world.cursor(0)).toBe("0 S@1");
  });

  it("is left alone by an owner of before", async () => {
    const { world, node } = await given();
    await world.clock.advance(1000);
    world.server.away = true;
    world.commit(node, 0, ["a", "b"]);
    await world.clock.advance(1000);
    world.acquire(world.node("two"), [0]);
    world.crash(world.living[1]!);
    world.server.away = false;
    await world.clock.advance(10_000);
    expect(world.server.life.ids).toEqual(ids(1, 2));
    expect(world.cursor(0)).toBe("0 S@1");
  });

  it("is written in the end", async () => {
    const { world, node } = await given();
    world.commit(node, 0, ["a", "b"]);
    await world.clock.advance(10);
    await node.publisher.stop();
    expect(world.cursor(0)).toBe("2 S@1");
  });

  it("is never replaced by an older one that took long", async () => {
    const { world, node } = await given();
    await world.clock.advance(1000);
    const release = world.holdCursors();
    world.commit(node, 0, ["a"]);
    await world.clock.advance(1000);
    world.letCursorsThrough();
    world.commit(node, 0, ["b"]);
    const settling = node.publisher.settled([0], 500);
    await world.clock.advance(100);
    release();
    await settling;
    await world.clock.advance(0);
    expect(world.cursor(0)).toBe("2 S@1");
    await world.clock.advance(5000);
    expect(world.cursor(0)).toBe("2 S@1");
  });

  it("that cannot be written is tried again", async () => {
    const { world, node } = await given();
    await world.clock.advance(1000);
    world.commit(node, 0, ["a"]);
    await world.clock.advance(0);
    world.storeAway = true;
    await world.clock.advance(5000);
    expect(world.cursor(0)).toBe("0 S@1");
    world.storeAway = false;
    await world.clock.advance(1000);
    expect(world.cursor(0)).toBe("1 S@1");
  });
});

describe("the next owner", () => {
  it("goes on after the cursor: what may be there comes as repeated, each id is stored once, in order", async () => {
    const { world, node } = await given();
    world.commit(node, 0, ["a", "b"]);
    await world.clock.advance(1000);
    world.commit(node, 0, ["a", "b", "a"]);
    await world.clock.advance(10);
    world.commit(node, 0, ["b"], false);
    world.crash(node);
    world.server.calls.length = 0;
    const next = world.node("two");
    world.acquire(next, [0]);
    world.commit(next, 0, ["a"]);
    await world.clock.advance(10);
    expect(world.server.calls[0]).toMatchObject({ repeated: true, node: "two" });
    expect(world.server.calls.flatMap(({ ids: all }) => all).toSorted()).toEqual(ids(3, 7));
    expectAllPublished(world);
    world.commit(next, 0, ["a"]);
    await world.clock.advance(0);
    expect(world.server.calls.at(-1)).toMatchObject({ ids: ["0-8"], repeated: false });
  });

  it("repeats without doubling what was published longer ago than the stream remembers", async () => {
    const { world, node } = await given();
    await world.clock.advance(1000);
    world.commit(node, 0, ["a", "b", "a", "a"]);
    await world.clock.advance(0);
    world.crash(node);
    await world.clock.advance(10 * MINUTE);
    const next = world.node("two");
    world.acquire(next, [0]);
    await world.clock.advance(5000);
    expect(world.server.calls.filter((call) => call.node === "two").length).toBeGreaterThan(0);
    expectAllPublished(world);
  });

  it("waits for a store that does not answer, and misses nothing committed meanwhile", async () => {
    const { world, node } = await given();
    world.commit(node, 0, ["a"]);
    await world.clock.advance(1000);
    world.crash(node);
    const next = world.node("two");
    world.storeAway = true;
    world.acquire(next, [0]);
    world.commit(next, 0, ["b", "a"]);
    await world.clock.advance(5000);
    expect(world.server.life.ids).toEqual(["0-1"]);
    expect(next.publisher.lag()).toBe(2);
    world.storeAway = false;
    await world.clock.advance(1000);
    expectAllPublished(world);
  });

  it("of a shard that was never published begins ten minutes back, and does not forget that while there is no stream", async () => {
    const world = aWorld(1);
    world.append(0, ["a", "b"]);
    await world.clock.advance(5 * MINUTE);
    world.append(0, ["a", "b"]);
    await world.clock.advance(6 * MINUTE);
    world.server.away = true;
    world.acquire(world.node("one"), [0]);
    await world.clock.advance(60 * MINUTE);
    world.server.away = false;
    await world.clock.advance(5000);
    expect(world.server.life.ids).toEqual(ids(3, 4));
  });

  it("of many shards publishes the first of them before it has read them all", async () => {
    const world = aWorld(30);
    for (const shard of world.shards) world.append(shard, ["a"]);
    world.acquire(world.node("one"), world.shards);
    await world.clock.advance(0);
    expect(world.server.calls.map(({ ids: all }) => all.length)).toEqual([8, 8, 8, 6]);
    expectAllPublished(world);
  });

  it("has what it commits to itself: the owner before, who does not know of it, publishes only its own", async () => {
    const { world, node } = await given({ publishing: { memoryLimit: 1 } });
    world.server.away = true;
    world.commit(node, 0, ["a", "b", "c"]);
    await world.clock.advance(1000);
    const next = world.node("two");
    world.acquire(next, [0]);
    world.commit(next, 0, ["a", "d"]);
    world.crash(next);
    world.server.away = false;
    await world.clock.advance(10_000);
    expect(world.server.life.ids).toEqual(ids(1, 3));
  });

  it("of a log that was cut short goes on where it begins, and says so", async () => {
    const { world, node } = await given({ away: true });
    world.commit(node, 0, ["a", "b", "c", "d"]);
    await world.clock.advance(1000);
    world.crash(node);
    world.cutLog(0, 3);
    const next = world.node("two");
    world.acquire(next, [0]);
    world.server.away = false;
    await world.clock.advance(5000);
    expect(world.server.life.ids).toEqual(ids(3, 4));
    expect(world.log.lines.filter(({ level }) => level === "error")).toHaveLength(1);
  });

  it("of a log of which nothing is left goes on with what comes", async () => {
    const { world, node } = await given({ away: true });
    world.commit(node, 0, ["a", "b"]);
    await world.clock.advance(1000);
    world.crash(node);
    world.cutLog(0, 3);
    const next = world.node("two");
    world.acquire(next, [0]);
    world.server.away = false;
    await world.clock.advance(5000);
    expect(next.publisher.lag()).toBe(0);
    world.commit(next, 0, ["c"]);
    await world.clock.advance(0);
    expect(world.server.life.ids).toEqual(ids(3, 3));
  });
});
