import { describe, expect, it } from "vitest";
import type { Person } from "../../../../src/domain/approval/session.ts";
import { shuweiV2 } from "../../../../src/platforms/shuwei_v2/shuwei-v2.ts";
import { acknowledged } from "../acknowledging.ts";
import {
  afterwards,
  applied,
  done,
  factsOf,
  li,
  open,
  outlined,
  pushed,
  session,
  settingsOf,
  wang,
  withdrawn,
  zhang,
} from "../shuwei/leave.ts";

const added = {
  appId: "APP",
  taskId: "77_9001",
  transactionId: "77",
  transactionName: "张三的请假",
  taskName: "部门审核",
  transTypeCode: "LEAVE",
  handlers: "10086",
  initiator: "2021001",
  initiatorName: "张三",
  viewUrl: "https://h/pc/inst/77",
  handleUrl: "https://h/pc/task/9001",
  mviewUrl: "https://h/m/inst/77",
  mhandleUrl: "https://h/m/task/9001",
};

const completed = {
  appId: "APP",
  taskId: "77_9001",
  transactionId: "77",
  handler: "10086",
  handleOpinions: "同意",
  handleTime: "2026-01-02 03:04:05",
};

const known = acknowledged({ "77_9000": "DONE", "77_9001": "TODO" });
const ended = { ...session, state: "COMPLETED" } as const;
const aborted = { ...session, state: "ABORTED" } as const;

function updated(status: string, editAccount = "2021001") {
  return ["POST todo/updateTransaction", [{ transactionId: "77", status, editAccount }]];
}

describe("R-053: what V2 sends for each event", () => {
  it("receive: the todo is put into its transaction", () => {
    expect(pushed(shuweiV2, { action: "receive" })).toEqual([["POST todo/addTask", [added]]]);
  });

  it("after_examine: the todo is completed", () => {
    const sent = pushed(shuweiV2, { action: "after_examine", item: done, acknowledged: known });
    expect(sent).toEqual([["POST todo/handleTask", [completed]]]);
  });

  it("after_end: the todo is completed, then the transaction is finished", () => {
    const facts = { action: "after_end", item: done, session: ended, acknowledged: known } as const;
    expect(pushed(shuweiV2, facts)).toEqual([["POST todo/handleTask", [completed]], updated("FINISH", "10086")]);
    const plan = shuweiV2.plan(factsOf(facts), settingsOf(shuweiV2));
    expect(plan).toMatchObject({
      desired: new Map([
        ["77_9001", "DONE"],
        ["77", "FINISH"],
      ]),
      assignees: [],
    });
  });

  it("task_abort and revoke: the transaction is broken up", () => {
    const facts = { item: withdrawn, items: [applied, withdrawn], acknowledged: known };
    expect(pushed(shuweiV2, { ...facts, action: "task_abort", session: aborted })).toEqual([updated("BREAK_UP")]);
    const revoked = { ...session, state: "REVOKED" } as const;
    expect(pushed(shuweiV2, { ...facts, action: "revoke", session: revoked })).toEqual([updated("BREAK_UP")]);
  });

  it("task_resume: the transaction hangs or goes on, as the session says", () => {
    const suspended = { ...session, state: "SUSPENDED" } as const;
    expect(pushed(shuweiV2, { action: "task_resume", session: suspended })).toEqual([updated("HANG_UP")]);
    expect(pushed(shuweiV2, { action: "task_resume" })).toEqual([updated("IN_PROGRESS")]);
  });

  it("remind_task: the todo is urged", () => {
    expect(pushed(shuweiV2, { action: "remind_task", acknowledged: known })).toEqual([
      ["POST taskCuiBanNew", { appId: "APP", taskId: "77_9001", creator: "2021001", instructions: "请尽快办理" }],
    ]);
  });

  it("sess_delete: every todo is deleted", () => {
    const facts = { action: "sess_delete", item: null, items: [applied, open], acknowledged: known } as const;
    expect(pushed(shuweiV2, facts)).toEqual([
      ["POST todo/deleteTask", [{ appId: "APP", taskId: "77_9000", creator: "2021001" }]],
      ["POST todo/deleteTask", [{ appId: "APP", taskId: "77_9001", creator: "2021001" }]],
    ]);
  });

  it("change_assignee: the old handler completes it, the new one gets a todo in the same transaction", () => {
    const item = { ...open, assignees: [wang] };
    const transfer = { from: [li], to: [wang] };
    expect(pushed(shuweiV2, { action: "change_assignee", item, transfer, acknowledged: known })).toEqual([
      ["POST todo/handleTask", [{ appId: "APP", taskId: "77_9001", transactionId: "77", handler: "10086" }]],
      ["POST todo/addTask", [{ ...added, taskId: "77_9001_10087", handlers: "10087" }]],
    ]);
  });

  it.each([
    ["open and not known: it is put", {}, ["add 77_9001"]],
    ["open and known: that its transaction goes on", { acknowledged: known }, ["resume 77"]],
    ["done: it is completed", { item: done, acknowledged: known }, ["complete 77_9001"]],
    [
      "ended: completed and finished, though that was acknowledged",
      { item: done, session: ended, acknowledged: acknowledged({ "77_9001": "DONE", "77": "FINISH" }) },
      ["complete 77_9001", "finish 77"],
    ],
    ["aborted: broken up", { item: withdrawn, session: aborted, acknowledged: known }, ["terminate 77"]],
  ] as const)("manual, %s", (_, facts, expected) => {
    expect(outlined(shuweiV2, { ...facts, action: "manual" })).toEqual(expected);
  });
});

describe("R-053: a todo that is handed over again and again", () => {
  it("has one open todo at a time, each with an id of its own, and a repeated event changes nothing", () => {
    const settings = settingsOf(shuweiV2);
    let facts = factsOf({ acknowledged: known });
    const handing = (from: Person, to: Person) =>
      factsOf({
        action: "change_assignee",
        item: { ...open, assignees: [to] },
        transfer: { from: [from], to: [to] },
        acknowledged: facts.acknowledged,
      });
    const ids: string[] = [];
    const people = [li, wang, li, wang, zhang];
    for (const [index, to] of people.entries()) {
      facts = handing(people[index - 1] ?? wang, to);
      const plan = shuweiV2.plan(facts, settings);
      facts = afterwards(facts, plan);
      ids.push(...[...facts.acknowledged].filter(([, { status }]) => status === "TODO").map(([id]) => id));
      expect(shuweiV2.plan(facts, settings).kind).toBe("skip");
    }
    expect(ids).toEqual(["77_9001", "77_9001_10087", "77_9001_10086", "77_9001_10087.2", "77_9001_2021001"]);
    const finished = { ...facts, action: "after_examine", item: { ...done, assignees: [zhang] } } as const;
    expect(outlined(shuweiV2, finished)).toEqual(["complete 77_9001_2021001"]);
    expect(outlined(shuweiV2, { ...facts, action: "remind_task" })).toEqual(["urge 77_9001_2021001"]);
  });

  it("is taken up where it was left when only the completion had succeeded", () => {
    const item = { ...open, assignees: [wang] };
    const transfer = { from: [li], to: [wang] };
    const left = acknowledged({ "77_9001": "DONE" });
    expect(outlined(shuweiV2, { action: "change_assignee", item, transfer, acknowledged: left })).toEqual([
      "add 77_9001_10087",
    ]);
  });
});

describe("R-053: events late, twice, or before their time", () => {
  const nothing = "The platform has acknowledged this already.";
  it.each([
    [
      "an end whose completion had succeeded: only the transaction is left",
      { action: "after_end", item: done, session: ended, acknowledged: acknowledged({ "77_9001": "DONE" }) },
      ["finish 77"],
    ],
    [
      "an end that names another item",
      { action: "after_end", item: applied, items: [applied, done], session: ended },
      ["complete 77_9000", "complete 77_9001", "finish 77"],
    ],
    [
      "an item of an ended session that is not its last: the end is not told twice",
      { action: "after_examine", item: applied, items: [applied, done], session: ended },
      ["complete 77_9000"],
    ],
    [
      "an end twice",
      {
        action: "after_end",
        item: done,
        session: ended,
        acknowledged: acknowledged({ "77_9001": "DONE", "77": "FINISH" }),
      },
      nothing,
    ],
    [
      "an abort twice",
      { action: "task_abort", item: withdrawn, session: aborted, acknowledged: acknowledged({ "77": "BREAK_UP" }) },
      nothing,
    ],
    [
      "an item put into a suspended session",
      { session: { ...session, state: "SUSPENDED" } },
      ["add 77_9001", "suspend 77"],
    ],
    [
      "an item put into a session that goes on again",
      { acknowledged: acknowledged({ "77": "HANG_UP" }) },
      ["resume 77", "add 77_9001"],
    ],
    ["a session that ended with nothing done", { item: withdrawn, session: ended }, ["finish 77"]],
  ] as const)("%s", (_, facts, expected) => {
    expect(outlined(shuweiV2, facts)).toEqual(expected);
  });
});

describe("R-054: finer types and message channels", () => {
  function addedWith(given: Parameters<typeof pushed>[2], changes: Parameters<typeof pushed>[1] = {}) {
    const [[, body] = []] = pushed(shuweiV2, changes, given);
    return (body as readonly unknown[])[0];
  }

  it("the type of transaction goes by the application, else it is the one for all, else the application's id", () => {
    const transTypeMap = { "12": "QJ", "13": "" };
    expect(addedWith({ transTypeMap })).toMatchObject({ transTypeCode: "QJ" });
    for (const appId of ["13", "14", "constructor"]) {
      const changes = { session: { ...session, appId } };
      expect(addedWith({ transTypeMap }, changes)).toMatchObject({ transTypeCode: "LEAVE" });
      expect(addedWith({ transTypeMap, transTypeCode: "" }, changes)).toMatchObject({ transTypeCode: appId });
    }
  });

  it("a type that may be made has a name", () => {
    expect(addedWith({ autoCreateType: true })).toMatchObject({ transTypeName: "请假", autoCreateTransType: true });
    expect(addedWith({})).not.toHaveProperty("autoCreateTransType");
  });

  it("the channels are named, and left out when none is set", () => {
    expect(addedWith({ messageChannels: ["sms", "wechat"] })).toMatchObject({ msgChannels: ["sms", "wechat"] });
    expect(addedWith({ messageChannels: [] })).not.toHaveProperty("msgChannels");
  });

  it("the serial number and the summary go along when there are any", () => {
    const changes = { session: { ...session, serialNumber: "QJ-1", summary: [{ label: "天数", value: "3" }] } };
    expect(addedWith({}, changes)).toMatchObject({ serialNumber: "QJ-1", taskSummary: ["天数|3"] });
  });

  it("a node without a name: the todo is called as the transaction is", () => {
    expect(addedWith({}, { item: { ...open, nodeName: {} } })).toMatchObject({ taskName: "张三的请假" });
  });
});
