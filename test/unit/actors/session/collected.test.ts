import { describe, expect, it } from "vitest";
import { MAX_ITEMS } from "../../../../src/actors/session/bounds.ts";
import { MAX_LOG_ENTRIES } from "../../../../src/actors/session/collected.ts";
import type { ProcessLogEntry } from "../../../../src/domain/approval/session.ts";
import { LI, Story, T0, WANG } from "./given.ts";

function entry(s: number, operation = "同意"): ProcessLogEntry {
  return { workItemId: "9001", actor: LI, operation, opinion: "", at: T0 + s * 1000 };
}

function entries(count: number, from = 0): readonly ProcessLogEntry[] {
  return Array.from({ length: count }, (_, index) => entry(from + index));
}

const todo = { id: "t1", nodeId: "n3", procTaskId: "p7", total: 3, complete: 0, createdAt: T0, finishedAt: null };

describe("R-083: totals of todos", () => {
  it("a newer one takes the place of an older one, whichever comes first", () => {
    const story = new Story().tell(20, "", { todos: [{ ...todo, complete: 2 }] });
    story.tell(10, "", { todos: [{ ...todo, complete: 1 }] });
    expect(story.record.todos).toEqual([{ ...todo, complete: 2 }]);
    story.tell(20, "", { todos: [{ ...todo, complete: 2, procTaskId: "p8" }] });
    expect(story.record.todos[0]?.procTaskId).toBe("p8");
    const done = { ...todo, complete: 3, finishedAt: T0 + 30_000 };
    expect(story.tell(30, "", { todos: [done] }).record.todos).toEqual([done]);
  });

  it("of two that are told for the same second the one stands in which more have acted", () => {
    for (const [first, second] of [
      [9, 10],
      [10, 9],
    ] as const) {
      const story = new Story().tell(20, "", { todos: [{ ...todo, complete: first }] });
      expect(story.tell(20, "", { todos: [{ ...todo, complete: second }] }).record.todos[0]?.complete).toBe(10);
    }
  });

  it("stand by age, whatever their ids are", () => {
    const odd = ["__proto__", "7", "constructor"].map((id, index) => ({ ...todo, id, createdAt: T0 - index }));
    const story = new Story().tell(20, "", { todos: odd }).tell(21, "", { todos: odd });
    expect(story.record.todos.map(({ id }) => id)).toEqual(["constructor", "7", "__proto__"]);
    expect(story.decided.session.revision).toBe(2);
    expect(story.tell(21, "", { todos: odd }).decided.effects).toEqual([]);
  });
});

describe("R-084: shares", () => {
  const share = { workItemId: "9001", from: "10086", to: "10087", at: T0 + 5000 };

  it("each stands once, with the last time", () => {
    const story = new Story().tell(10, "", { shares: [share] }).tell(20, "", { shares: [{ ...share, at: T0 + 1000 }] });
    expect(story.record.shares).toEqual([share]);
    story.tell(5, "", {
      shares: [
        { ...share, at: T0 + 9000 },
        { ...share, to: "10088" },
      ],
    });
    expect(story.record.shares.map(({ to, at }) => [to, at - T0])).toEqual([
      ["10088", 5000],
      ["10087", 9000],
    ]);
  });

  it("is a fact, and nothing that is pushed", () => {
    const story = new Story().tell(10, "", { shares: [share] });
    expect([story.pushes, story.told]).toEqual([[], ["created", "reported"]]);
  });
});

describe("the process log", () => {
  it("is by time, each entry once", () => {
    const story = new Story().tell(10, "", { log: [entry(9), entry(3)] }).tell(5, "", { log: [entry(5), entry(3)] });
    expect(story.record.log).toEqual([entry(3), entry(5), entry(9)]);
    const other = {
      at: T0 + 3000,
      opinion: "",
      operation: "同意",
      actor: { name: "李四", number: "10086" },
      workItemId: "9001",
    };
    expect(story.tell(6, "", { log: [other] }).decided.effects).toEqual([]);
    expect(story.tell(7, "", { log: [entry(3, "转办"), { ...entry(3), actor: WANG }] }).record.log).toHaveLength(5);
  });

  it("keeps the newest thousand, whatever comes late", () => {
    const story = new Story().tell(1, "", { log: entries(MAX_LOG_ENTRIES, 100) });
    story.tell(2, "", { log: [entry(2000), entry(50)] });
    expect([story.record.log.length, story.record.log[0], story.record.log.at(-1)]).toEqual([
      MAX_LOG_ENTRIES,
      entry(101),
      entry(2000),
    ]);
    story.tell(3, "", { log: [entry(60)] });
    expect(story.decided.effects).toEqual([]);
  });
});

describe("bounds", () => {
  it("an event with more log than is kept is refused, and changes nothing", () => {
    const story = new Story().tell(1, "", { log: entries(MAX_LOG_ENTRIES + 1) });
    expect(story.refused).toEqual({
      kind: "refused",
      reason: "LOG_TOO_LONG",
      message: "An event may bring 1000 entries of the process log, not 1001: report them in several.",
    });
    expect(story.state.record).toBeNull();
  });

  it("a session takes a thousand work items, and then only news of those", () => {
    const story = new Story();
    for (let number = 1; number <= MAX_ITEMS; number++) {
      story.tell(number, "receive", { workItem: { id: String(number) } });
    }
    const { state } = story;
    expect(story.tell(2000, "receive", { workItem: { id: "one more" } }).refused).toMatchObject({
      reason: "TOO_MANY_ITEMS",
      message: "Session 77 has 1000 work items, and takes no more.",
    });
    expect(story.state).toBe(state);
    expect(story.tell(2001, "after_examine", { workItem: { id: "500" } }).item("500").state).toBe("DONE");
    expect(story.tell(2002, "task_abort").decided.changedItems).toHaveLength(MAX_ITEMS - 1);
  });

  it("and a thousand totals, and a thousand shares", () => {
    const ids = Array.from({ length: MAX_ITEMS + 1 }, (_, index) => String(index));
    const todos = ids.map((id) => ({ ...todo, id }));
    const shares = ids.map((to) => ({ workItemId: "9001", from: "10086", to, at: T0 }));
    expect(new Story().tell(1, "", { todos }).refused.reason).toBe("TOO_MANY_TODOS");
    expect(new Story().tell(1, "", { todos: todos.slice(1) }).record.todos).toHaveLength(MAX_ITEMS);
    expect(new Story().tell(1, "", { shares }).refused.reason).toBe("TOO_MANY_SHARES");
    expect(new Story().tell(1, "", { shares: shares.slice(1) }).record.shares).toHaveLength(MAX_ITEMS);
  });
});
