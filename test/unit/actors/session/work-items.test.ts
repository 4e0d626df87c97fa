import { describe, expect, it } from "vitest";
import { WORK_ITEM_STATES } from "../../../../src/domain/approval/session.ts";
import type { WorkItemState } from "../../../../src/domain/approval/session.ts";
import { LI, Story, T0, WANG } from "./given.ts";

const workItem = { id: "9001", nodeId: "n3", assignees: [LI] };

function received(): Story {
  return new Story().tell(10, "receive", { workItem });
}

describe("R-031: what an action says of its work item", () => {
  it.each([
    ["receive", "OPEN"],
    ["after_examine", "DONE"],
    ["after_end", "DONE"],
    ["action.after_examine.0", "DONE"],
  ] as const)("%s: it is %s", (name, state) => {
    expect(new Story().tell(10, name, { workItem }).item().state).toBe(state);
  });

  it("after_examine: the one it names is done, the others stay open", () => {
    const story = received().tell(15, "receive", { workItem: { id: "9002" } });
    story.tell(20, "after_examine", { workItem: { id: "9001" } });
    expect([story.item().state, story.item("9002").state]).toEqual(["DONE", "OPEN"]);
    expect(story.item()).toMatchObject({ assignees: [LI], nodeId: "n3", finishedAt: T0 + 20_000 });
    expect(story.decided.effects).toContainEqual({
      kind: "announce",
      name: "work_items_done",
      data: { workItemIds: ["9001"] },
    });
    expect(story.session.state).toBe("RUNNING");
  });

  it("after_examine of one of several who have to sign: the facts say that it is open, and they count", () => {
    const story = received().tell(20, "after_examine", { workItem: { id: "9001", state: "OPEN", assignees: [WANG] } });
    expect(story.item()).toMatchObject({ state: "OPEN", assignees: [WANG], finishedAt: null });
  });

  it("after_end: the one it names is done, the session completed, and what is still open withdrawn", () => {
    const story = received().tell(15, "receive", { workItem: { id: "9002" } });
    story.tell(20, "after_end", { workItem: { id: "9001" } });
    expect([story.session.state, story.item().state, story.item("9002").state]).toEqual([
      "COMPLETED",
      "DONE",
      "WITHDRAWN",
    ]);
    expect(story.item("9002").finishedAt).toBeNull();
    expect(story.told).toEqual(["completed", "work_items_done", "work_items_withdrawn", "reported"]);
  });

  it.each(["task_abort", "revoke", "reject", "sess_delete"])(
    "%s: what is open is withdrawn, what was done stays so",
    (name) => {
      const story = received()
        .tell(12, "after_examine", { workItem })
        .tell(14, "receive", { workItem: { id: "9002" } });
      story.tell(15, "", { workItem: { id: "9003", state: "CLAIMED" } }).tell(20, name);
      expect(["9001", "9002", "9003"].map((id) => story.item(id).state)).toEqual(["DONE", "WITHDRAWN", "WITHDRAWN"]);
      expect(story.decided.changedItems.map(({ item }) => item.id)).toEqual(["9002", "9003"]);
    },
  );

  it("change_assignee: those have it to whom it went, unless the facts name them", () => {
    const story = received().tell(20, "change_assignee", {
      workItem: { id: "9001" },
      transfer: { from: [LI], to: [WANG] },
    });
    expect(story.item()).toMatchObject({ state: "OPEN", assignees: [WANG] });
    const told = { workItem: { id: "9001", assignees: [LI, WANG] }, transfer: { from: [], to: [LI] } };
    expect(story.tell(30, "change_assignee", told).item().assignees).toEqual([LI, WANG]);
  });

  it.each(["remind_task", "archive", "manual", "other"])("%s says nothing of it", (name) => {
    const story = received().tell(12, "", { workItem: { id: "9001", state: "CLAIMED" } });
    expect(story.tell(20, name, { workItem: { id: "9001" } }).item().state).toBe("CLAIMED");
  });
});

describe("R-082: what the process system keeps beside a work item", () => {
  const data = { task_type: 1, task_data: { days: 3 }, flags: [1, 2], agent_uid: "10087" };

  it("is a fact like others: nothing until it is told, then as a whole what was told last", () => {
    const story = received();
    expect(story.item().data).toBeNull();
    story.tell(30, "", { workItem: { id: "9001", data } });
    story.tell(20, "after_examine", { workItem: { id: "9001", data: { task_type: 0 } } });
    expect([story.item().data, story.item().state]).toEqual([data, "DONE"]);
    expect(story.tell(40, "", { workItem: { id: "9001" } }).item().data).toEqual(data);
    expect(story.tell(50, "", { workItem: { id: "9001", data: {} } }).item().data).toEqual({});
  });

  it("says nothing to anybody: what would be states there changes none, and nothing is pushed", () => {
    const story = received().tell(20, "", { workItem: { id: "9001", data: { status: 2, finished: 1, users: [] } } });
    expect(story.item()).toMatchObject({ state: "OPEN", assignees: [LI], finishedAt: null });
    expect(story.pushes).toEqual([]);
  });
});

describe("an older event of a work item", () => {
  it("a late receive brings nothing back that was done, and tells what nobody told", () => {
    const story = new Story().tell(20, "after_examine", { workItem: { id: "9001", handledBy: LI } });
    expect(story.item().createdAt).toBe(T0 + 20_000);
    story.tell(10, "receive", { workItem });
    expect(story.item()).toMatchObject({ state: "DONE", nodeId: "n3", handledBy: LI, createdAt: T0 + 10_000 });
  });

  it("a late transfer takes it from nobody", () => {
    const story = received().tell(30, "change_assignee", { workItem: { id: "9001", assignees: [WANG] } });
    story.tell(20, "change_assignee", { workItem: { id: "9001", assignees: [LI] } });
    expect(story.item().assignees).toEqual([WANG]);
  });

  it("each fact has its own age: an older one fills in what the newer left out", () => {
    const story = received().tell(30, "", { workItem: { id: "9001", opinion: "同意" } });
    story.tell(20, "", { workItem: { id: "9001", opinion: "", nodeName: { zh: "部门审核" } } });
    expect(story.item()).toMatchObject({ opinion: "同意", nodeName: { zh: "部门审核" } });
  });

  it("one of a session that was aborted meanwhile comes withdrawn", () => {
    const story = new Story().tell(20, "task_abort").tell(10, "receive", { workItem });
    expect([story.item().state, story.session.createdAt]).toEqual(["WITHDRAWN", T0 + 10_000]);
    expect(story.tell(15, "after_examine", { workItem }).item().state).toBe("DONE");
  });

  it.each(WORK_ITEM_STATES.flatMap((one) => WORK_ITEM_STATES.map((other) => ({ one, other }))))(
    "$one and $other, told for the same time: the further stands, whichever comes first",
    ({ one, other }) => {
      const order: readonly WorkItemState[] = ["OPEN", "CLAIMED", "WITHDRAWN", "DONE"];
      const states = [one, other].map((state) => ({ workItem: { id: "9001", state } }));
      const story = new Story();
      for (const told of states) {
        story.tell(10, "", told);
      }
      expect(story.item().state).toBe(order[Math.max(order.indexOf(one), order.indexOf(other))]);
    },
  );
});

describe("a session that goes on after an end", () => {
  it("after a rejection an item that comes later is open: it is there to correct it", () => {
    const story = received().tell(20, "reject", { workItem: { id: "9001" } });
    story.tell(21, "receive", { workItem: { id: "9002", previousIds: ["9001"] } });
    expect([story.session.state, story.item().state, story.item("9002").state]).toEqual([
      "REJECTED",
      "WITHDRAWN",
      "OPEN",
    ]);
  });

  it("also one that comes with the rejection, in the same second, whichever is told first", () => {
    const correction = { workItem: { id: "9002", previousIds: ["9001"] } };
    const story = received()
      .tell(20, "reject", { workItem: { id: "9001" } })
      .tell(20, "receive", correction);
    const turned = received()
      .tell(20, "receive", correction)
      .tell(20, "reject", { workItem: { id: "9001" } });
    for (const each of [story, turned]) {
      expect([each.item().state, each.item("9002").state]).toEqual(["WITHDRAWN", "OPEN"]);
    }
  });

  it.each(["OPEN", "CLAIMED"] as const)(
    "the item that was rejected is withdrawn, though it is told to have been %s",
    (state) => {
      expect(
        received()
          .tell(20, "reject", { workItem: { id: "9001", state } })
          .item().state,
      ).toBe("WITHDRAWN");
      expect(new Story().tell(20, "reject", { workItem: { id: "9001", state } }).item().state).toBe("WITHDRAWN");
      expect(
        received()
          .tell(20, "reject", { workItem: { id: "9001", state: "DONE" } })
          .item().state,
      ).toBe("DONE");
    },
  );

  it("what was open at the end stays away when the session goes on, until it is told to be open again", () => {
    const story = received()
      .tell(20, "reject")
      .tell(30, "", { session: { state: "RUNNING" } });
    expect(story.item().state).toBe("WITHDRAWN");
    expect(story.tell(31, "receive", { workItem }).item().state).toBe("OPEN");
  });

  it("an end of which is heard only later takes away what was open then, and nothing that came since", () => {
    const story = received().tell(30, "", { session: { state: "RUNNING" } });
    story.tell(31, "receive", { workItem: { id: "9002" } }).tell(20, "reject");
    expect([story.session.state, story.item().state, story.item("9002").state]).toEqual([
      "RUNNING",
      "WITHDRAWN",
      "OPEN",
    ]);
  });

  it("in one that is completed, aborted or revoked nothing is open until it goes on", () => {
    const story = new Story().tell(20, "task_abort").tell(30, "receive", { workItem });
    expect(story.item().state).toBe("WITHDRAWN");
    expect(story.tell(40, "task_resume").item().state).toBe("OPEN");
  });

  it("an item that was done and comes again is open, and not finished", () => {
    const story = received().tell(20, "after_examine", { workItem }).tell(30, "receive", { workItem });
    expect(story.item()).toMatchObject({ state: "OPEN", finishedAt: null });
  });

  it("and done once more it is finished then, not when it was the first time", () => {
    const done = { workItem: { id: "9001", finishedAt: T0 + 19_000 } };
    const story = received().tell(20, "after_examine", done).tell(30, "receive", { workItem });
    expect(story.tell(40, "after_examine", { workItem }).item().finishedAt).toBe(T0 + 40_000);
  });
});

describe("the app of a session", () => {
  it("stands with every item, whenever it is told", () => {
    const story = received().tell(5, "", { session: { appId: "12" } });
    expect(story.itemRecord("9001")).toMatchObject({ appId: "12", revision: 2, shard: 5 });
    expect(story.told).toEqual(["reported"]);
  });
});
