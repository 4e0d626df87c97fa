import { describe, expect, it } from "vitest";
import { shuwei } from "../../../../src/platforms/shuwei/shuwei.ts";
import { acknowledged } from "../acknowledging.ts";
import { applied, done, factsOf, li, open, outlined, pushed, session, settingsOf, wang, withdrawn } from "./leave.ts";

const added = {
  appId: "APP",
  taskId: "77_9001",
  previousTaskId: "77_9000",
  taskName: "张三的请假",
  handlers: "10086",
  initiator: "2021001",
  initiatorName: "张三",
  nodeId: "n3",
  nodeName: "部门审核",
  transTypeCode: "LEAVE",
  transTypeName: "请假",
  autoCreateTransType: true,
  transcationName: "张三的请假",
  serialNumber: "77",
  viewUrl: "https://h/pc/inst/77",
  handleUrl: "https://h/pc/task/9001",
  mViewUrl: "https://h/m/inst/77",
  mHandleUrl: "https://h/m/task/9001",
};

const completed = {
  appId: "APP",
  handler: "10086",
  previousTaskId: "77_9001",
  handleOpinions: "同意",
  handleTime: "2026-01-02 03:04:05",
  status: "none",
};

const known = acknowledged({ "77_9000": "DONE", "77_9001": "TODO" });

describe("R-047, R-048: what V1 sends for each event", () => {
  it("receive: the todo is put, after the one before it", () => {
    const item = { ...open, previousIds: ["9000"] };
    const sent = pushed(shuwei, { action: "receive", item, items: [applied, item] });
    expect(sent).toEqual([["POST addTransaction", [added]]]);
  });

  it("after_examine: the todo is completed, and the session goes on", () => {
    const sent = pushed(shuwei, { action: "after_examine", item: done, acknowledged: known });
    expect(sent).toEqual([["POST taskHandle", [completed]]]);
  });

  it("after_end: the last todo is completed with end", () => {
    const facts = { action: "after_end", item: done, session: { ...session, state: "COMPLETED" } } as const;
    expect(pushed(shuwei, { ...facts, acknowledged: known })).toEqual([
      ["POST taskHandle", [{ ...completed, status: "end" }]],
    ]);
  });

  it("change_assignee: the todo is handed over", () => {
    const item = { ...open, assignees: [wang] };
    const transfer = { from: [li], to: [wang] };
    expect(pushed(shuwei, { action: "change_assignee", item, transfer, acknowledged: known })).toEqual([
      [
        "POST taskTransfer",
        [{ appId: "APP", taskId: "77_9001", handler: "10086", transferTo: "10087", handleOpinions: "转办" }],
      ],
    ]);
  });

  it("change_assignee with transferMode recreate: the old handler completes it, the new one gets one of his own", () => {
    const item = { ...open, assignees: [wang] };
    const transfer = { from: [li], to: [wang] };
    const facts = { action: "change_assignee", item, transfer, acknowledged: known } as const;
    const { previousTaskId, ...rest } = added;
    expect(pushed(shuwei, facts, { transferMode: "recreate" })).toEqual([
      ["POST taskHandle", [{ appId: "APP", handler: "10086", previousTaskId: "77_9001", status: "none" }]],
      ["POST addTransaction", [{ ...rest, taskId: "77_9001_10087", previousTaskId: "77_9001", handlers: "10087" }]],
    ]);
    expect(previousTaskId).toBe("77_9000");
  });

  it("remind_task: the todo is urged, in the words of the one who urges or in those of the setting", () => {
    const urge = { appId: "APP", taskId: "77_9001", creator: "2021001", instructions: "请尽快办理" };
    expect(pushed(shuwei, { action: "remind_task", acknowledged: known })).toEqual([["POST taskCuiBanNew", urge]]);
    expect(pushed(shuwei, { action: "remind_task", acknowledged: known, note: "急" })).toEqual([
      ["POST taskCuiBanNew", { ...urge, instructions: "急" }],
    ]);
  });

  it("task_abort: every todo that nobody has done is terminated, whatever item the event names", () => {
    const other = { ...withdrawn, id: "9002" };
    const facts = { action: "task_abort", session: { ...session, state: "ABORTED" } } as const;
    const terminated = { appId: "APP", taskId: "77_9001", creator: "2021001", handleOpinions: "终止" };
    for (const item of [withdrawn, applied, null]) {
      expect(pushed(shuwei, { ...facts, item, items: [applied, withdrawn, other], acknowledged: known })).toEqual([
        ["POST taskTerminate", [terminated]],
        ["POST taskTerminate", [{ ...terminated, taskId: "77_9002" }]],
      ]);
    }
  });

  it("task_abort when all is done: the session is terminated through the todo done last", () => {
    const facts = { action: "task_abort", item: applied, session: { ...session, state: "ABORTED" } } as const;
    expect(outlined(shuwei, { ...facts, items: [applied, done] })).toEqual(["terminate 77_9001"]);
  });

  it("revoke: as an abort", () => {
    const facts = { action: "revoke", item: withdrawn, session: { ...session, state: "REVOKED" } } as const;
    expect(outlined(shuwei, facts)).toEqual(["terminate 77_9001"]);
  });

  it("reject: the item is done, the session goes on", () => {
    const facts = { action: "reject", item: done, session: { ...session, state: "REJECTED" } } as const;
    expect(outlined(shuwei, { ...facts, acknowledged: known })).toEqual(["complete 77_9001"]);
    const broken = { sessionStatusMap: { REJECTED: "BREAK_UP" } };
    expect(outlined(shuwei, { ...facts, acknowledged: known }, broken)).toEqual(["terminate 77_9001"]);
  });

  it("sess_delete: every todo is deleted, one that fails does not keep the others", () => {
    const facts = { action: "sess_delete", item: null, items: [applied, open], acknowledged: known } as const;
    const deleted = { appId: "APP", taskId: "77_9000", creator: "2021001" };
    expect(pushed(shuwei, facts)).toEqual([
      ["POST todo/deleteTask", [deleted]],
      ["POST todo/deleteTask", [{ ...deleted, taskId: "77_9001" }]],
    ]);
    const plan = shuwei.plan(factsOf(facts), settingsOf(shuwei));
    expect(plan).toMatchObject({ operations: [{ onFailure: "go-on" }, { onFailure: "go-on" }] });
    expect(plan).toMatchObject({
      desired: new Map([
        ["77_9000", null],
        ["77_9001", null],
      ]),
    });
  });

  it("task_resume: the transaction goes on, or is suspended, as the session says", () => {
    const told = (status: string) => [
      ["POST todo/updateTransaction", [{ transactionId: "77", status, editAccount: "2021001" }]],
    ];
    expect(pushed(shuwei, { action: "task_resume", acknowledged: known })).toEqual(told("IN_PROGRESS"));
    const suspended = { ...session, state: "SUSPENDED" } as const;
    expect(pushed(shuwei, { action: "task_resume", session: suspended })).toEqual(told("HANG_UP"));
  });
});

describe("R-048: by hand, what the present state calls for", () => {
  const ended = { ...session, state: "COMPLETED" } as const;
  const aborted = { ...session, state: "ABORTED" } as const;
  it.each([
    ["open and not known: it is put", {}, ["add 77_9001"]],
    ["open and known: only that it goes on", { acknowledged: known }, ["resume 77"]],
    ["done and not known: it is put and completed", { item: done }, ["add 77_9001", "complete 77_9001"]],
    ["done and known as open: it is completed", { item: done, acknowledged: known }, ["complete 77_9001"]],
    [
      "done and known as done: told again",
      { item: done, acknowledged: acknowledged({ "77_9001": "DONE" }) },
      ["complete 77_9001"],
    ],
    ["the session ended: completed", { item: done, session: ended, acknowledged: known }, ["complete 77_9001"]],
    ["aborted: terminated", { item: withdrawn, session: aborted, acknowledged: known }, ["terminate 77_9001"]],
    ["the whole session", { item: null, items: [applied, open] }, ["add 77_9000", "complete 77_9000", "add 77_9001"]],
  ] as const)("%s", (_, facts, expected) => {
    expect(outlined(shuwei, { ...facts, action: "manual" })).toEqual(expected);
  });

  it("that an open todo goes on changes nothing the platform is known to believe", () => {
    const facts = factsOf({ action: "manual", acknowledged: known });
    const plan = shuwei.plan(facts, settingsOf(shuwei));
    expect(plan).toMatchObject({ desired: new Map([["77_9001", "TODO"]]), assignees: ["10086"] });
  });
});

describe("events late, twice, or before their time", () => {
  const ended = { ...session, state: "COMPLETED" } as const;
  const aborted = { ...session, state: "ABORTED" } as const;
  it.each([
    ["receive of an item that is done: never open again", { item: done }, ["add 77_9001", "complete 77_9001"]],
    ["receive twice", { acknowledged: known }, "The platform has acknowledged this already."],
    [
      "after_examine of an item that is still open by what is known: put, not completed",
      { action: "after_examine" },
      ["add 77_9001"],
    ],
    [
      "after_examine when the session has ended meanwhile: completed with end",
      { action: "after_examine", item: done, session: ended, acknowledged: acknowledged({ "77_9001": "DONE" }) },
      ["complete 77_9001"],
    ],
    [
      "after_examine of an item that is not the last of an ended session: no second end",
      { action: "after_examine", item: applied, items: [applied, done], session: ended },
      ["complete 77_9000"],
    ],
    [
      "after_end that names another item: the last one ends it",
      { action: "after_end", item: applied, items: [applied, done], session: ended },
      ["complete 77_9000", "complete 77_9001"],
    ],
    [
      "after_end twice",
      { action: "after_end", item: done, session: ended, acknowledged: acknowledged({ "77_9001": "FINISH" }) },
      "The platform has acknowledged this already.",
    ],
    [
      "receive after an abort: terminated",
      { item: withdrawn, session: aborted, acknowledged: known },
      ["terminate 77_9001"],
    ],
    [
      "an abort twice",
      {
        action: "task_abort",
        item: withdrawn,
        session: aborted,
        acknowledged: acknowledged({ "77_9001": "BREAK_UP" }),
      },
      "The platform has acknowledged this already.",
    ],
    [
      "an item taken away from a running session: nobody has it to do",
      { item: withdrawn, acknowledged: known },
      ["complete 77_9001"],
    ],
    [
      "an item taken away before it was ever put",
      { item: withdrawn },
      "The item was taken away before the platform knew it.",
    ],
    [
      "an item open again: another todo, as the first one is closed",
      { acknowledged: acknowledged({ "77_9001": "DONE" }) },
      ["add 77_9001_10086"],
    ],
    ["an urge of what is done", { action: "remind_task", item: done }, "Nothing is open that could be urged."],
    [
      "a handing over of what is done meanwhile: completed",
      { action: "change_assignee", item: done, transfer: { from: [wang], to: [li] }, acknowledged: known },
      ["complete 77_9001"],
    ],
    [
      "receive in a session that is suspended: put, then suspended",
      { session: { ...session, state: "SUSPENDED" } },
      ["add 77_9001", "suspend 77"],
    ],
    [
      "receive in one that the platform believes suspended: it goes on first",
      { acknowledged: acknowledged({ "77": "HANG_UP" }) },
      ["resume 77", "add 77_9001"],
    ],
  ] as const)("%s", (_, facts, expected) => {
    expect(outlined(shuwei, facts)).toEqual(expected);
  });

  it("only the last completion says end", () => {
    const facts = { action: "after_end", item: done, items: [applied, done], session: ended } as const;
    const bodies = pushed(shuwei, { ...facts, item: { ...done, previousIds: ["9000"] } }).map(([, body]) => body);
    expect(bodies).toMatchObject([
      [{ previousTaskId: "77_9000", status: "none" }],
      [{ previousTaskId: "77_9001", status: "end" }],
    ]);
  });
});

describe("what is not pushed", () => {
  it.each([
    ["a questionnaire", { session: { ...session, isQuestionnaire: true } }, /questionnaire/u],
    ["a draft", { session: { ...session, state: "DRAFT" } }, /DRAFT/u],
    ["an event that is not chosen", { action: "archive" }, /archive/u],
    ["an item of nobody", { item: { ...open, assignees: [] } }, /Nobody/u],
    ["a session without items", { item: null }, /no items/u],
    ["one that ends as it begins", { item: null, session: { ...session, isStartAndEnd: true } }, /no items/u],
    ["an item of somebody without a number", { item: { ...open, assignees: [{ number: "", name: "某" }] } }, /Nobody/u],
    ["a handing over to those who have it there", { action: "change_assignee", acknowledged: known }, /already/u],
  ] as const)("%s", (_, facts, reason) => {
    expect(outlined(shuwei, facts)).toMatch(reason);
  });

  it("states and events are chosen by settings", () => {
    expect(outlined(shuwei, {}, { events: ["after_examine"] })).toMatch(/receive/u);
    expect(outlined(shuwei, { action: "archive" }, { events: ["archive"] })).toEqual(["add 77_9001"]);
    expect(outlined(shuwei, {}, { sessionStatusMap: { RUNNING: "" } })).toMatch(/RUNNING/u);
    expect(outlined(shuwei, { action: "manual" }, { events: [] })).toEqual(["add 77_9001"]);
  });
});

describe("what a todo shows", () => {
  function addedFor(changes: Parameters<typeof pushed>[1], given: Parameters<typeof pushed>[2] = {}) {
    const [[, body] = []] = pushed(shuwei, changes, given);
    return (body as readonly unknown[])[0];
  }

  it("several handlers, divided by commas, none twice", () => {
    expect(addedFor({ item: { ...open, assignees: [li, wang, li] } })).toMatchObject({ handlers: "10086,10087" });
  });

  it("a summary of at most five pairs, in which only the divider is a bar", () => {
    const summary = ["a", "b", "c|d", "e", "f", "g"].map((label) => ({ label, value: `${label}!` }));
    expect(addedFor({ session: { ...session, summary } })).toMatchObject({
      taskSummary: ["a|a!", "b|b!", "c｜d|c｜d!", "e|e!", "f|f!"],
    });
  });

  it("the session's own title and serial number, the view of the item, and no field without a value", () => {
    const told = addedFor({
      session: { ...session, title: "年假", serialNumber: "QJ-1" },
      item: { ...open, view: { pc: "https://h/pc/view/9001", h5: "" }, todo: { pc: "https://h/t", h5: "" } },
    });
    expect(told).toMatchObject({ taskName: "年假", transcationName: "年假", serialNumber: "QJ-1" });
    expect(told).toMatchObject({ viewUrl: "https://h/pc/view/9001", mViewUrl: "https://h/m/inst/77" });
    expect(told).not.toHaveProperty("mHandleUrl");
    expect(told).not.toHaveProperty("previousTaskId");
    expect(told).not.toHaveProperty("taskSummary");
  });

  it("the type of transaction: as set, or the application's id", () => {
    expect(addedFor({}, { transTypeCode: "", autoCreateType: false })).toMatchObject({
      transTypeCode: "12",
      autoCreateTransType: false,
    });
  });

  it("who did it and what was said come from the process log when the item does not say", () => {
    const item = { ...done, handledBy: null, opinion: "", finishedAt: null };
    const log = [{ workItemId: "9001", actor: wang, operation: "agree", opinion: "可以", at: done.finishedAt ?? 0 }];
    expect(pushed(shuwei, { action: "after_examine", item, log })).toMatchObject([
      ["POST taskHandle", [{ handler: "10087", handleOpinions: "可以", handleTime: "2026-01-02 03:04:05" }]],
    ]);
  });

  it("times are written in the zone that is set", () => {
    const facts = { action: "after_examine", item: done } as const;
    expect(pushed(shuwei, facts, { timeZone: "UTC" })).toMatchObject([
      ["POST taskHandle", [{ handleTime: "2026-01-01 19:04:05" }]],
    ]);
  });
});
