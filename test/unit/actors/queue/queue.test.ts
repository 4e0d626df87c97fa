import { describe, expect, it } from "vitest";
import { Queue } from "../../../../src/actors/queue/queue.ts";
import type { QueueItem } from "../../../../src/actors/queue/queue.ts";

function anItem(instanceId: string, { priority = 3, definitionId = "d" } = {}): QueueItem {
  return { instanceId, shard: 0, priority, definitionId };
}

/** Takes all that can be paired, as ids in order. */
function matches(queue: Queue, slots = 1000): string[] {
  queue.setFree("w", slots);
  const ids: string[] = [];
  for (let match = queue.match(); match !== null; match = queue.match()) {
    ids.push(match.item.instanceId);
  }
  queue.setFree("w", 0);
  return ids;
}

describe("a queue", () => {
  it("gives nothing without a free slot, and nothing when nobody waits", () => {
    const queue = new Queue({ frontLimit: 10, lowMark: 2 });
    queue.offer(anItem("1"));
    expect(queue.match()).toBeNull();
    expect(matches(queue)).toEqual(["1"]);
    expect(matches(queue)).toEqual([]);
    expect(queue.idle).toBe(true);
  });

  it("gives the more urgent first, then the older (R-111)", () => {
    const queue = new Queue({ frontLimit: 10, lowMark: 2 });
    for (const [id, priority] of [
      ["3", 3],
      ["1", 3],
      ["9", 1],
      ["2", 4],
      ["5", 2],
    ] as const) {
      queue.offer(anItem(id, { priority }));
    }
    expect(matches(queue)).toEqual(["9", "5", "1", "3", "2"]);
  });

  it("lets definitions take turns, so that a long backlog of one does not starve another", () => {
    const queue = new Queue({ frontLimit: 100, lowMark: 2 });
    for (let i = 0; i < 6; i++) {
      queue.offer(anItem(`a${i}`, { definitionId: "a" }));
    }
    expect(matches(queue, 3)).toEqual(["a0", "a1", "a2"]);
    queue.offer(anItem("b0", { definitionId: "b" }));
    queue.offer(anItem("b1", { definitionId: "b" }));
    // b does not get back the turns it did not use, and a does not keep the ones it had.
    expect(matches(queue)).toEqual(["b0", "a3", "b1", "a4", "a5"]);
  });

  it("keeps the turns of each priority apart: how much another priority was served is of no matter", () => {
    const queue = new Queue({ frontLimit: 1000, lowMark: 2, patience: 100 });
    queue.offer(anItem("m0", { definitionId: "old" }));
    for (let i = 0; i < 50; i++) {
      queue.offer(anItem(`c${String(i).padStart(2, "0")}`, { priority: 1, definitionId: "urgent" }));
    }
    matches(queue, 50);
    for (let i = 1; i < 6; i++) {
      queue.offer(anItem(`m${i}`, { definitionId: "old" }));
      queue.offer(anItem(`n${i}`, { definitionId: "new" }));
    }
    expect(matches(queue, 6).filter((id) => id.startsWith("n"))).toHaveLength(3);
  });

  it("gives takers with free slots their turns", () => {
    const queue = new Queue({ frontLimit: 10, lowMark: 2 });
    queue.setFree("x", 2);
    queue.setFree("y", 2);
    for (let i = 0; i < 5; i++) {
      queue.offer(anItem(`${i}`));
    }
    const takers = [queue.match(), queue.match(), queue.match(), queue.match(), queue.match()].map(
      (match) => match?.takerId,
    );
    expect(takers).toEqual(["x", "y", "x", "y", undefined]);
    expect(queue.freeOf("x")).toBe(0);
  });

  it("lets go of who no longer waits", () => {
    const queue = new Queue({ frontLimit: 10, lowMark: 2 });
    ["1", "2", "3"].map((id) => queue.offer(anItem(id)));
    queue.withdraw(anItem("2"));
    queue.withdraw(anItem("unknown"));
    expect(matches(queue)).toEqual(["1", "3"]);
  });

  it("forgets what belongs to shards that were lost", () => {
    const queue = new Queue({ frontLimit: 10, lowMark: 2 });
    queue.offer({ ...anItem("1"), shard: 1 });
    queue.offer({ ...anItem("2"), shard: 2 });
    queue.keepShards((shard) => shard === 2);
    expect(queue.waiting).toBe(1);
    expect(matches(queue)).toEqual(["2"]);
  });
});

describe("a priority that waits while more urgent ones are served", () => {
  const CRITICAL = 1;
  const HIGH = 2;
  const MEDIUM = 3;
  const LOW = 4;

  function backlog(queue: Queue, count: number, priorities: readonly number[]): void {
    for (const priority of priorities) {
      for (let i = 0; i < count; i++) {
        queue.offer(anItem(`${priority}-${String(i).padStart(4, "0")}`, { priority, definitionId: `d${priority}` }));
      }
    }
  }

  /** Priorities in the order in which they are served. */
  const served = (queue: Queue, slots: number): string =>
    matches(queue, slots)
      .map(([first]) => first)
      .join("");

  it("goes once after it was passed over 32 times, and then waits as long again", () => {
    const queue = new Queue({ frontLimit: 10_000, lowMark: 2 });
    backlog(queue, 100, [CRITICAL, LOW]);
    expect(served(queue, 66)).toBe(`${"1".repeat(32)}4${"1".repeat(32)}4`);
  });

  it("is passed over no more often when others are overdue, too: of those the least urgent goes first", () => {
    const queue = new Queue({ frontLimit: 10_000, lowMark: 2, patience: 5 });
    backlog(queue, 100, [CRITICAL, HIGH, MEDIUM, LOW]);
    // HIGH and MEDIUM pass over LOW as well, so its turn comes a little earlier each time.
    expect(served(queue, 16)).toBe("1111143211141312");
  });

  it("takes its turn from whoever is more urgent, not from CRITICAL only", () => {
    const queue = new Queue({ frontLimit: 100, lowMark: 2, patience: 3 });
    backlog(queue, 20, [HIGH, MEDIUM]);
    expect(served(queue, 8)).toBe("22232223");
  });

  it("does not keep what it waited once nobody of it waits any more", () => {
    const queue = new Queue({ frontLimit: 100, lowMark: 2, patience: 4 });
    backlog(queue, 20, [CRITICAL]);
    queue.offer(anItem("4-a", { priority: LOW }));
    expect(served(queue, 3)).toBe("111");
    queue.withdraw(anItem("4-a", { priority: LOW }));
    queue.offer(anItem("4-b", { priority: LOW }));
    expect(served(queue, 5)).toBe("11114");
  });

  it("lets definitions take turns in the slots that it gets", () => {
    const queue = new Queue({ frontLimit: 100, lowMark: 2, patience: 3 });
    backlog(queue, 20, [CRITICAL]);
    ["a1", "a2", "b1", "b2"].map((id) => queue.offer(anItem(id, { priority: LOW, definitionId: id.slice(0, 1) })));
    expect(matches(queue, 16).filter((id) => !id.startsWith("1"))).toEqual(["a1", "b1", "a2", "b2"]);
  });

  it("counts as most urgent to other nodes when its turn has come", () => {
    const queue = new Queue({ frontLimit: 100, lowMark: 2, patience: 3 });
    expect(queue.mostUrgent).toBeNull();
    backlog(queue, 3, [HIGH, LOW]);
    expect(queue.mostUrgent).toBe(HIGH);
    expect(served(queue, 3)).toBe("222");
    expect(queue.mostUrgent).toBe(CRITICAL);
    expect(served(queue, 1)).toBe("4");
    expect(queue.mostUrgent).toBe(LOW);
  });

  it("counts slots that went to more urgent ones of other nodes, too", () => {
    const queue = new Queue({ frontLimit: 100, lowMark: 2, patience: 3 });
    backlog(queue, 3, [MEDIUM]);
    for (const priority of [MEDIUM, LOW, CRITICAL, HIGH]) queue.passOver(priority);
    expect(queue.mostUrgent).toBe(MEDIUM);
    queue.passOver(HIGH);
    expect(queue.mostUrgent).toBe(CRITICAL);
  });

  it("is read on from the store when its turn has come, though the memory is full of more urgent ones, and goes then", () => {
    const queue = new Queue({ frontLimit: 10, lowMark: 2, patience: 3 });
    const low = { priority: LOW, definitionId: "low" };
    backlog(queue, 10, [CRITICAL]);
    queue.addTail(low.priority, low.definitionId, 1);
    queue.addTail(CRITICAL, "other", 100);
    const one = { ...anItem("4-x", low), shard: 0 };
    served(queue, 2);
    expect(queue.shortage()).toEqual({ priority: CRITICAL, definitionId: "other" });
    served(queue, 1);
    expect(queue.shortage()).toEqual(low);
    queue.beginRefill(low);
    queue.refill({ ...low, entries: [one], readTo: null });
    expect(served(queue, 2)).toBe("41");
  });
});

describe("a queue that is longer than its front (R-120)", () => {
  it("leaves what comes later to the store, and reads on from where its front ends", () => {
    const queue = new Queue({ frontLimit: 2, lowMark: 2 });
    expect(["1", "2", "3", "4"].map((id) => queue.offer(anItem(id)).kind)).toEqual(["kept", "kept", "tail", "tail"]);
    expect(matches(queue, 1)).toEqual(["1"]);
    // There is room again, yet 5 is younger than those in the store.
    expect(queue.offer(anItem("5")).kind).toBe("tail");
    expect(queue.shortage()).toEqual({ priority: 3, definitionId: "d" });
    expect(queue.beginRefill({ priority: 3, definitionId: "d" })).toBe("2");
    queue.refill({ priority: 3, definitionId: "d", entries: [anItem("3"), anItem("4")], readTo: "4" });
    expect(matches(queue)).toEqual(["2", "3", "4"]);
    expect(queue.beginRefill({ priority: 3, definitionId: "d" })).toBe("4");
    queue.refill({ priority: 3, definitionId: "d", entries: [anItem("5")], readTo: null });
    expect(matches(queue)).toEqual(["5"]);
    expect(queue.idle).toBe(true);
  });

  it("takes one that comes back with an old id to its front, and leaves the youngest to the store instead", () => {
    const queue = new Queue({ frontLimit: 2, lowMark: 2 });
    ["2", "3", "4"].map((id) => queue.offer(anItem(id)));
    expect(queue.offer(anItem("1"))).toEqual({ kind: "kept", displaced: "3" });
    expect(queue.waiting).toBe(2);
    expect(matches(queue)).toEqual(["1", "2"]);
    expect(queue.beginRefill({ priority: 3, definitionId: "d" }) < "3").toBe(true);
  });

  it("does not lose one that comes back while the store is being read past its place", () => {
    const lane = { priority: 3, definitionId: "d" };
    const queue = new Queue({ frontLimit: 10, lowMark: 2 });
    queue.addTail(3, "d", 3);
    const after = queue.beginRefill(lane);
    expect(after).toBe("");
    queue.offer(anItem("15"));
    queue.refill({ ...lane, entries: [anItem("11"), anItem("20")], readTo: null });
    expect(queue.hasTail).toBe(true);
    expect(queue.beginRefill(lane) < "15").toBe(true);
    queue.refill({ ...lane, entries: [anItem("15")], readTo: null });
    expect(matches(queue)).toEqual(["11", "15", "20"]);
    expect(queue.idle).toBe(true);
  });

  it("reads a lane from its beginning when a shard with older entries comes, though younger ones came before they were counted", () => {
    const queue = new Queue({ frontLimit: 10, lowMark: 2 });
    queue.offer(anItem("9"));
    queue.addTail(3, "d", 2);
    expect(queue.beginRefill({ priority: 3, definitionId: "d" })).toBe("");
    queue.refill({ priority: 3, definitionId: "d", entries: [anItem("1")], readTo: null });
    expect(matches(queue)).toEqual(["1", "9"]);
  });

  it("reads on only in more urgent lanes while the memory is full", () => {
    const queue = new Queue({ frontLimit: 2, lowMark: 2 });
    ["1", "2", "3"].map((id) => queue.offer(anItem(id)));
    queue.addTail(3, "other", 5);
    expect(queue.shortage()).toBeNull();
    queue.addTail(1, "urgent", 5);
    const urgent = { priority: 1, definitionId: "urgent" };
    expect(queue.shortage()).toEqual(urgent);
    queue.beginRefill(urgent);
    queue.refill({ ...urgent, entries: [], readTo: null });
    expect(queue.shortage()).toBeNull();
    matches(queue, 1);
    expect(queue.shortage()).toEqual({ priority: 3, definitionId: "other" });
  });

  it("does not forget that the store has more because one of it was withdrawn", () => {
    const queue = new Queue({ frontLimit: 1, lowMark: 2 });
    ["1", "2"].map((id) => queue.offer(anItem(id)));
    queue.withdraw(anItem("2"));
    expect(queue.hasTail).toBe(true);
    queue.beginRefill({ priority: 3, definitionId: "d" });
    queue.refill({ priority: 3, definitionId: "d", entries: [], readTo: null });
    expect(queue.hasTail).toBe(false);
  });
});
