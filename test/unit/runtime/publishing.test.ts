import { describe, expect, it } from "vitest";
import { MINUTE, expectAllPublished, given } from "./publishing-given.ts";

describe("events of a commit", () => {
  it("are on the stream at once, from memory, not marked as repeated", async () => {
    const { world, node } = await given();
    world.commit(node, 0, ["a", "b", "a"]);
    expect(node.publisher.lag()).toBe(3);
    await world.clock.advance(0);
    expect(world.server.calls.map(({ ids: all, repeated }) => [all.join(" "), repeated])).toEqual([
      ["0-1 0-2", false],
      ["0-3", false],
    ]);
    expect(world.reads).toEqual([]);
    expectAllPublished(world);
  });

  it("wait for the wave before, while other commits go on", async () => {
    const { world, node } = await given();
    const release = world.server.hold();
    world.commit(node, 0, ["a"]);
    await world.clock.advance(0);
    world.commit(node, 0, ["a", "b"]);
    await world.clock.advance(1000);
    expect(world.server.calls).toHaveLength(1);
    expect(node.publisher.lag()).toBe(3);
    release();
    await world.clock.advance(0);
    expect(world.server.calls.map(({ ids: all }) => all.join(" "))).toEqual(["0-1", "0-2 0-3"]);
    expectAllPublished(world);
  });

  it("of shards that are not this node's are left alone", async () => {
    const { world, node } = await given({ shards: 2 });
    const other = world.node("two");
    await world.handOver(node, other, [1]);
    world.commit(other, 1, ["a"], false);
    node.publisher.committed(world.events);
    await world.clock.advance(0);
    expect([world.server.calls.length, node.publisher.lag()]).toEqual([0, 0]);
  });
});

describe("a publish that fails", () => {
  it.each(["before", "partly", "after", "late"] as const)(
    "(%s): the same wave comes again, as repeated, before the next",
    async (fault) => {
      const { world, node } = await given();
      world.server.faults.push(fault, fault);
      world.commit(node, 0, ["a", "b", "c", "a", "b"]);
      await world.clock.advance(0);
      expect(world.server.calls).toHaveLength(1);
      await world.clock.advance(300);
      expect(world.server.calls.map(({ ids: all, repeated }) => [all.join(" "), repeated])).toEqual([
        ["0-1 0-2 0-3", false],
        ["0-1 0-2 0-3", true],
        ["0-1 0-2 0-3", true],
        ["0-4 0-5", false],
      ]);
      await world.clock.advance(2000);
      expectAllPublished(world);
    },
  );

  it("is tried less and less often, and told once", async () => {
    const { world, node } = await given();
    world.server.faults.push(...Array.from({ length: 1000 }, () => "before" as const));
    world.commit(node, 0, ["a"]);
    await world.clock.advance(MINUTE);
    expect(world.server.calls.length).toBeGreaterThan(10);
    expect(world.server.calls.length).toBeLessThan(20);
    expect(world.log.lines.map(({ message }) => message)).toEqual([
      "status events cannot be published; they wait in the log",
    ]);
    world.server.faults.length = 0;
    await world.clock.advance(5000);
    expectAllPublished(world);
    expect(world.log.lines.map(({ message }) => message).at(-1)).toBe("status events are published again");
  });

  it("is tried again at once when the network is back", async () => {
    const { world, node } = await given();
    world.server.away = true;
    world.commit(node, 0, ["a"]);
    await world.clock.advance(MINUTE);
    node.publisher.connected(false);
    await world.clock.advance(1);
    world.server.away = false;
    node.publisher.connected(true);
    await world.clock.advance(0);
    expectAllPublished(world);
  });
});

describe("a stream that is away", () => {
  it("costs a bounded memory and no event: what does not fit is read from the log", async () => {
    const { world, node } = await given({ shards: 3, publishing: { memoryLimit: 50, batch: 20 } });
    world.server.away = true;
    let most = 0;
    for (let round = 0; round < 100; round++) {
      for (const shard of world.shards) world.commit(node, shard, [`${round}`, `${round}`, "x"]);
      await world.clock.advance(100);
      most = Math.max(most, node.publisher.held);
    }
    expect(node.publisher.lag()).toBe(900);
    expect(most).toBe(50);
    world.server.away = false;
    const release = world.server.hold();
    await world.clock.advance(5000);
    for (let round = 0; round < 50; round++) world.commit(node, round % 3, ["y", "z"]);
    expect(node.publisher.held).toBeLessThanOrEqual(70);
    release();
    await world.clock.advance(100);
    expectAllPublished(world);
    expect(node.publisher.held).toBe(0);
  });

  it("and one resource that has it all: what is read ahead of its turn is not kept beyond the bound", async () => {
    const { world, node } = await given({ shards: 8, publishing: { memoryLimit: 50, batch: 100 }, away: true });
    const all = Array.from({ length: 100 }, () => "hot");
    for (const shard of world.shards) world.commit(node, shard, all);
    world.server.away = false;
    await world.clock.advance(5000);
    expectAllPublished(world);
    expect(world.mostHeld).toBeLessThanOrEqual(150);
  });

  it("and was never there is waited for, however long, across owners", async () => {
    const { world, node } = await given({ away: true });
    world.commit(node, 0, ["a", "b"]);
    await world.clock.advance(60 * MINUTE);
    expect(node.publisher.lag()).toBe(2);
    world.crash(node);
    const next = world.node("two");
    world.acquire(next, [0]);
    world.commit(next, 0, ["a"]);
    await world.clock.advance(60 * MINUTE);
    world.server.away = false;
    await world.clock.advance(5000);
    expectAllPublished(world);
  });

  it("holds up neither one shard for another's sake nor the oldest for the newest", async () => {
    const { world, node } = await given({ shards: 4, publishing: { memoryLimit: 40, batch: 10 } });
    world.server.away = true;
    for (let round = 0; round < 25; round++) {
      for (const shard of world.shards) world.commit(node, shard, [`r${round}`]);
    }
    await world.clock.advance(1000);
    world.server.away = false;
    const release = world.server.hold();
    await world.clock.advance(5000);
    world.server.calls.length = 0;
    release();
    await world.clock.advance(100);
    const order = world.server.calls.map(({ ids: all }) => all[0]?.split("-")[0]);
    expect(new Set(order.slice(0, 4)).size).toBe(4);
    expectAllPublished(world);
  });
});

describe("a process that stood still", () => {
  it("asks the stream for what others may have published meanwhile", async () => {
    const { world, node } = await given();
    await world.clock.advance(1000);
    const release = world.server.hold("answer");
    world.commit(node, 0, ["a", "a", "b", "b"]);
    await world.clock.advance(0);
    node.clock.stall();
    const other = world.node("two");
    world.acquire(other, [0]);
    world.server.letThrough();
    await world.clock.advance(5 * MINUTE);
    expect(other.publisher.lag()).toBe(0);
    world.server.calls.length = 0;
    release();
    await world.clock.advance(0);
    expect(world.server.calls).toMatchObject([{ ids: ["0-2", "0-4"], node: "one", repeated: true }]);
    node.clock.wake();
    await world.clock.advance(1000);
    expectAllPublished(world);
  });

  it("is no other thing than a rest to a node that still owns all", async () => {
    const { world, node } = await given();
    world.commit(node, 0, ["a"]);
    node.clock.stall();
    await world.clock.advance(MINUTE);
    world.commit(node, 0, ["a"]);
    node.clock.wake();
    await world.clock.advance(MINUTE);
    expectAllPublished(world);
  });
});

describe("stopping", () => {
  it("is bounded, whatever hangs", async () => {
    const { world, node } = await given();
    world.server.hold();
    world.commit(node, 0, ["a"]);
    await world.clock.advance(0);
    node.dead = true;
    let isStopped = false;
    const stopping = node.publisher.stop().finally(() => {
      isStopped = true;
    });
    await world.clock.advance(1999);
    expect(isStopped).toBe(false);
    await world.clock.advance(1);
    await stopping;
  });

  it("ends the repeating: nothing is published, and nothing asked for, afterwards", async () => {
    const { world, node } = await given();
    world.server.away = true;
    world.commit(node, 0, ["a"]);
    await world.clock.advance(1000);
    await node.publisher.stop();
    const { length } = world.server.calls;
    world.server.away = false;
    world.commit(node, 0, ["b"]);
    await world.clock.advance(MINUTE);
    expect(world.server.calls).toHaveLength(length);
    expect(world.clock.pendingTimers).toBe(0);
  });
});
