import { describe, expect, it } from "vitest";
import { PUSH_ACTIONS } from "../../../../src/domain/approval/push-action.ts";
import { event, LI, Story, subscriber, trigger, T0, WANG, ZHANG } from "./given.ts";

const workItem = { id: "9001", nodeId: "n3", assignees: [LI] };
const session = { appId: "12", creator: ZHANG };
const WHOLE = ["after_end", "task_abort", "task_resume", "reject", "revoke", "sess_delete", "archive"] as const;
/** What shows a state, of an item and of a session. */
const SHOWING = ["receive", "after_examine"] as const;
const SHOWING_WHOLE = ["after_end", "task_abort", "task_resume", "reject", "revoke"] as const;
const SAYING = ["remind_task", "change_assignee", "sess_delete", "archive", "manual"] as const;

function received(platforms = [subscriber()]): Story {
  return new Story(platforms).tell(10, "receive", { workItem, session });
}

function keyOf(name: string, s = 20, given = {}): string | null | undefined {
  return received().tell(s, name, { workItem: { id: "9001" }, ...given }).pushes[0]?.supersedeKey;
}

describe("R-071: an event", () => {
  it("is pushed once to each platform that is enabled and has a trigger that matches", () => {
    const story = received([
      subscriber("a"),
      subscriber("twice", { triggers: [trigger({ actions: ["receive"] }), trigger({ appIds: ["12"] })] }),
      subscriber("off", { enabled: false }),
      subscriber("none", { triggers: [] }),
      subscriber("other action", { triggers: [trigger({ actions: ["after_end", "archive"] })] }),
      subscriber("other app", { triggers: [trigger({ appIds: ["13"] })] }),
      subscriber("other creator", { triggers: [trigger({ creators: ["1"] })] }),
      subscriber("other node", { triggers: [trigger({ nodeIds: ["n4"] })] }),
      subscriber("node", { triggers: [trigger({ nodeIds: ["n3"], assignees: [LI.number] })] }),
    ]);
    expect(story.pushes.map(({ platformId }) => platformId)).toEqual(["a", "twice", "node"]);
    expect(story.pushes[0]).toEqual({
      platformId: "a",
      action: "receive",
      workItemId: "9001",
      transfer: null,
      note: "",
      supersedeKey: '["a","77","item","9001"]',
    });
  });

  it.each(PUSH_ACTIONS)("R-032: %s is pushed as action.%s.0 too", (action) => {
    const story = received().tell(20, `action.${action}.0`, { workItem: { id: "9001" } });
    expect(story.pushes).toMatchObject([{ action, workItemId: "9001" }]);
  });

  it.each(WHOLE)("%s that names no item is one push of the session as a whole", (action) => {
    const story = received()
      .tell(15, "receive", { workItem: { id: "9002" } })
      .tell(20, action);
    expect(story.pushes).toMatchObject([{ action, workItemId: null, transfer: null }]);
  });

  it.each(WHOLE)("%s concerns those who have other items of the session, whichever it names", (action) => {
    const story = received([subscriber("a", { triggers: [trigger({ assignees: [LI.number] })] })]);
    story.tell(15, "receive", { workItem: { id: "9002", assignees: [WANG] } });
    expect(story.pushes).toEqual([]);
    expect(story.tell(20, action, { workItem: { id: "9002" } }).pushes).toHaveLength(1);
  });

  it("of an app that is told later is pushed by its other events", () => {
    const story = new Story([subscriber("a", { triggers: [trigger({ appIds: ["12"] })] })]);
    expect(story.tell(20, "after_examine", { workItem }).pushes).toEqual([]);
    expect(story.tell(10, "receive", { workItem, session }).pushes).toMatchObject([{ action: "receive" }]);
  });

  it("carries what the one who urges says", () => {
    expect(received().tell(20, "remind_task", { workItem, note: "请尽快办理" }).pushes).toMatchObject([
      { action: "remind_task", note: "请尽快办理", supersedeKey: null },
    ]);
  });
});

describe("R-033: what is recorded and not pushed", () => {
  it("all of a questionnaire (问卷通)", () => {
    const story = new Story().tell(10, "receive", { workItem, session: { isQuestionnaire: true } });
    story.tell(20, "after_examine", { workItem }).tell(30, "after_end").tell(40, "sess_delete");
    expect([story.allPushes, story.session.state, story.item().state]).toEqual([[], "COMPLETED", "DONE"]);
  });

  it.each(["", "questionnaire.submitted", "action.other.0"])("an event by the name %j", (name) => {
    const story = received().tell(20, name, { workItem: { id: "9001", opinion: "x" } });
    expect([story.pushes, story.item().opinion]).toEqual([[], "x"]);
    expect(story.decided.effects).toEqual([
      {
        kind: "announce",
        name: "reported",
        data: { name, action: null, workItemId: "9001", happenedAt: T0 + 20_000 },
      },
    ]);
  });

  it("what comes after the deletion, but a deletion", () => {
    const story = received()
      .tell(20, "sess_delete")
      .tell(5, "receive", { workItem: { id: "9000" } });
    story.tell(30, "remind_task", { workItem });
    expect(story.pushes).toEqual([]);
    expect(story.item("9000").state).toBe("WITHDRAWN");
    expect(story.tell(40, "sess_delete").pushes).toMatchObject([{ action: "sess_delete", workItemId: null }]);
  });
});

describe("a draft", () => {
  it("is pushed as any other: whether it is shown is up to the connector", () => {
    const story = new Story().tell(10, "receive", { workItem, session: { state: "DRAFT" } });
    expect([story.session.state, story.pushes.length]).toEqual(["DRAFT", 1]);
  });
});

describe("the very same event", () => {
  it("is pushed once, also when it comes under the other form of its name, late, and with other facts", () => {
    const story = received().tell(20, "after_examine", { workItem }).tell(10, "receive", { workItem, session });
    expect(story.pushes).toEqual([]);
    story.tell(10, "action.receive.0", { workItem: { id: "9001", opinion: "news" } });
    expect([story.pushes, story.item().opinion]).toEqual([[], "news"]);
  });

  it("of another item, another time or another action is another", () => {
    const story = received();
    expect(story.tell(10, "receive", { workItem: { id: "9002" } }).pushes).toHaveLength(1);
    expect(story.tell(10, "receive").pushes).toHaveLength(1);
    expect(story.tell(10, "remind_task", { workItem }).pushes).toHaveLength(1);
    expect(story.tell(11, "remind_task", { workItem }).pushes).toHaveLength(1);
    expect(story.tell(11, "remind_task", { workItem }).pushes).toHaveLength(0);
  });

  it("is known among the 32 newest of its item; what is older than those is taken for known", () => {
    const story = new Story();
    for (let s = 100; s < 140; s++) {
      expect(story.tell(s, "remind_task", { workItem }).pushes).toHaveLength(1);
    }
    expect(story.itemRecord("9001").knowledge.seen).toHaveLength(32);
    expect(story.tell(139, "remind_task", { workItem }).pushes).toEqual([]);
    expect(story.tell(100, "remind_task", { workItem }).pushes).toEqual([]);
    expect(story.tell(120, "receive", { workItem }).pushes).toHaveLength(1);
    expect(story.tell(50, "receive", { workItem: { id: "9002" } }).pushes).toHaveLength(1);
  });
});

describe("change_assignee", () => {
  const handed = { id: "9001", assignees: [WANG] };

  it("tells from whom it went to whom, as told or as known", () => {
    const transfer = { from: [ZHANG], to: [WANG] };
    expect(received().tell(20, "change_assignee", { workItem: handed, transfer }).pushes).toMatchObject([{ transfer }]);
    expect(received().tell(20, "change_assignee", { workItem: handed }).pushes).toMatchObject([
      { transfer: { from: [LI], to: [WANG] } },
    ]);
    expect(new Story().tell(20, "change_assignee", { workItem: handed }).pushes).toMatchObject([
      { transfer: { from: [], to: [WANG] } },
    ]);
    expect(received().tell(20, "change_assignee").pushes).toMatchObject([{ transfer: null, workItemId: null }]);
  });

  it.each(["change_assignee", "receive", "remind_task"])(
    "platforms of those who have it no more are told, also when %s brings the news",
    (name) => {
      const platforms = [LI, WANG, ZHANG].map((person) =>
        subscriber(person.number, { triggers: [trigger({ assignees: [person.number] })] }),
      );
      const story = received(platforms).tell(20, name, { workItem: handed });
      expect(story.pushes.map(({ platformId }) => platformId)).toEqual([LI.number, WANG.number]);
    },
  );
});

describe("a push that waits", () => {
  it("gives way to a newer one that shows the state of the same item on the same platform", () => {
    const keys = SHOWING.map((name) => keyOf(name));
    expect(new Set(keys)).toEqual(new Set(['["jinzhi","77","item","9001"]']));
    const other = received().tell(20, "receive", { workItem: { id: "9002" } });
    expect(other.pushes[0]?.supersedeKey).not.toBe(keys[0]);
  });

  it("of the session as a whole gives way to a newer one of the session, and not to one of an item", () => {
    const ofSession = SHOWING_WHOLE.map((name) => keyOf(name, 20, { workItem: undefined }));
    const ofItem = SHOWING_WHOLE.map((name) => keyOf(name));
    expect(new Set(ofSession)).toEqual(new Set(['["jinzhi","77","session"]']));
    expect(new Set(ofItem)).toEqual(new Set(['["jinzhi","77","session","9001"]']));
    expect([...ofSession, ...ofItem]).not.toContain(keyOf("receive"));
    expect(keyOf("receive", 20, { workItem: undefined })).toBe('["jinzhi","77","item"]');
  });

  it.each(SAYING)("%s takes no other's place, and no other takes its own", (action) => {
    expect([keyOf(action), keyOf(action, 20, { workItem: undefined })]).toEqual([null, null]);
  });

  it("is not replaced by one of an event that happened before its own and comes late", () => {
    const story = new Story().tell(20, "after_examine", { workItem }).tell(10, "receive", { workItem });
    expect(story.pushes).toMatchObject([{ action: "receive", supersedeKey: null }]);
    expect(story.tell(15, "receive", { workItem: { id: "9002" } }).pushes[0]?.supersedeKey).not.toBeNull();
    expect(story.tell(30, "task_abort").tell(25, "reject").pushes).toMatchObject([{ supersedeKey: null }]);
  });

  it("is not replaced by one that its platform's settings do not let through", () => {
    const listed = new Set(["after_examine"]);
    const story = received([subscriber("a", { listed }), subscriber("b")]);
    expect(story.pushes.map(({ supersedeKey }) => supersedeKey)).toEqual([null, '["b","77","item","9001"]']);
    expect(story.tell(20, "after_examine", { workItem }).pushes[0]?.supersedeKey).toBe('["a","77","item","9001"]');
  });

  it("has a key of its own, whatever characters the ids have", () => {
    const one = event(10, "receive", { workItem: { id: 'x","y' } });
    const keys = [one, { ...one, sessionId: '77","x', workItem: { id: "y" } }].map(
      (each) => new Story().when(each).pushes[0]?.supersedeKey,
    );
    expect(new Set(keys).size).toBe(2);
  });
});
