import { describe, expect, it } from "vitest";
import type { PushAction } from "../../../../src/domain/approval/push-action.ts";
import type { SessionState, WorkItemState } from "../../../../src/domain/approval/session.ts";
import type { JsonObject } from "../../../../src/domain/json.ts";
import { tongyidaiban } from "../../../../src/platforms/tongyidaiban/connector.ts";
import { believing } from "../acknowledging.ts";
import { facts, item, outline, pushOf, session, settingsOf } from "../jinzhi/leave.ts";

const GIVEN = { host: "https://ty.test", appKey: "k", appSecret: "s", myappids: ["12", "A1"] };
const SETTINGS = settingsOf(tongyidaiban, GIVEN);

/** The example of the wire contract, with what differs; its requestId comes when it is sent. */
function entry(of: JsonObject = {}): JsonObject {
  return {
    appId: 12,
    instanceId: "77",
    taskId: "9001",
    title: "张三的请假",
    nodeName: "部门审核",
    initiator: "2021001",
    handlers: ["10086"],
    status: 0,
    pcUrl: "https://h/pc/task/9001",
    mobileUrl: "https://h/m/task/9001",
    createTime: "2026-01-02 03:04:05",
    ...of,
  };
}
const CLOSED = { pcUrl: "https://h/pc/done/9001", mobileUrl: "https://h/m/done/9001" };

function planOf(...args: Parameters<typeof facts>) {
  return tongyidaiban.plan(facts(...args), SETTINGS);
}

describe("统一待办: what is sent", () => {
  it.each<[string, PushAction, SessionState, WorkItemState, JsonObject, string]>([
    ["R-055: received", "receive", "RUNNING", "OPEN", entry(), "0"],
    ["R-055: taken up", "receive", "RUNNING", "CLAIMED", entry(), "0"],
    ["R-055: done", "after_examine", "RUNNING", "DONE", entry({ ...CLOSED, status: 1 }), "1"],
    ["R-055: done, and the session with it", "after_end", "COMPLETED", "DONE", entry({ ...CLOSED, status: 1 }), "1"],
    ["R-055: aborted", "task_abort", "ABORTED", "WITHDRAWN", entry({ ...CLOSED, status: 2 }), "2"],
    ["R-055: aborted, which the item does not know yet", "task_abort", "ABORTED", "OPEN", entry({ status: 2 }), "2"],
    ["R-055: done before the session was aborted", "manual", "ABORTED", "DONE", entry({ ...CLOSED, status: 1 }), "1"],
    ["R-055: revoked", "revoke", "REVOKED", "OPEN", entry({ status: 2 }), "2"],
    ["R-055: open, but the session is over", "receive", "COMPLETED", "OPEN", entry({ status: 1 }), "1"],
    ["R-055: rejected", "reject", "REJECTED", "OPEN", entry(), "0"],
    ["R-055: suspended", "task_resume", "SUSPENDED", "OPEN", entry(), "0"],
    ["R-055: archived", "archive", "COMPLETED", "DONE", entry({ ...CLOSED, status: 1 }), "1"],
    ["R-055: by hand", "manual", "RUNNING", "OPEN", entry(), "0"],
  ])("%s: the same upsert (%s)", (_claim, action, state, itemState, body, status) => {
    const plan = pushOf(planOf(action, { session: session({ state }), item: item({ state: itemState }) }));
    expect(plan.operations).toEqual([
      { kind: "upsert", thirdId: "77_9001", body, onFailure: "go-on", acknowledges: believing("77_9001", status) },
    ]);
    expect(plan.desired).toEqual(new Map([["77_9001", status]]));
    expect(plan.assignees).toEqual(["10086"]);
  });

  it("change_assignee names those who have it now, each once", () => {
    const assignees = ["10010", "10011", "10010", ""].map((number) => ({ number, name: "" }));
    const plan = pushOf(planOf("change_assignee", { item: item({ assignees }), known: { "77_9001": "0" } }));
    expect(plan.operations[0]?.body).toEqual(entry({ handlers: ["10010", "10011"] }));
    expect(plan.assignees).toEqual(["10010", "10011"]);
  });

  it("of several who could, the one who did it is its handler", () => {
    const done = item({ state: "DONE", handledBy: { number: "10011", name: "" } });
    expect(pushOf(planOf("after_examine", { item: done })).assignees).toEqual(["10011"]);
  });

  it("a task that is nobody's is not sent, and withdrawn when the platform shows it", () => {
    const free = item({ assignees: [] });
    expect(outline(planOf("receive", { item: free }))).toEqual(["skip"]);
    const plan = pushOf(planOf("change_assignee", { item: free, known: { "77_9001": "0" } }));
    expect(plan.operations[0]).toMatchObject({
      body: { status: 2, handlers: ["2021001"] },
      acknowledges: believing("77_9001", "2", []),
    });
  });

  it("links lead to the application where an item has none, and an application without a name is called by its id", () => {
    const nowhere = { pc: "", h5: "" };
    const nameless = session({ appName: {}, creator: { number: "1", name: "" } });
    const plan = pushOf(planOf("receive", { session: nameless, item: item({ todo: nowhere }) }));
    expect(plan.operations[0]?.body).toMatchObject({
      title: "12",
      pcUrl: "https://h/pc/inst/77",
      mobileUrl: "https://h/m/inst/77",
    });
  });

  it("the time is that of the time zone set", () => {
    const settings = settingsOf(tongyidaiban, { ...GIVEN, timeZone: "UTC" });
    const plan = pushOf(tongyidaiban.plan(facts("receive"), settings));
    expect(plan.operations[0]?.body["createTime"]).toBe("2026-01-01 19:04:05");
  });

  it("statuses are settings; what they do not name keeps its default, and what is no number stays a text", () => {
    const settings = settingsOf(tongyidaiban, {
      ...GIVEN,
      sessionStatus: { SUSPENDED: "hold" },
      taskStatus: { DONE: "9" },
    });
    const statusOf = (state: SessionState, itemState: WorkItemState): unknown =>
      pushOf(
        tongyidaiban.plan(facts("manual", { session: session({ state }), item: item({ state: itemState }) }), settings),
      ).operations[0]?.body["status"];
    expect(statusOf("SUSPENDED", "OPEN")).toBe("hold");
    expect(statusOf("RUNNING", "DONE")).toBe(9);
    expect(statusOf("RUNNING", "WITHDRAWN")).toBe(2);
  });
});

describe("统一待办: a push about the session", () => {
  const items = [item({ id: "1", state: "DONE" }), item({ id: "2" }), item({ id: "3" })];
  const known = { "77_1": "1", "77_2": "0" };
  const aborted = session({ state: "ABORTED" });

  it("an abort takes away every todo that the platform shows, whether the event names an item or none", () => {
    expect(outline(planOf("task_abort", { session: aborted, item: null, items, known }))).toEqual(["upsert 77_2"]);
    expect(outline(planOf("task_abort", { session: aborted, item: items[2]!, items, known }))).toEqual([
      "upsert 77_2",
      "upsert 77_3",
    ]);
  });

  it("a push about the session tells also of an item that others have there than here", () => {
    const elsewhere = { "77_2": { status: "0", assignees: ["10010"] } };
    expect(outline(planOf("task_resume", { item: null, items, known: elsewhere }))).toEqual(["upsert 77_2"]);
    expect(outline(planOf("task_resume", { item: null, items, known }))).toEqual(["skip"]);
  });

  it("while the session goes on, a push is about its own item only", () => {
    expect(outline(planOf("after_examine", { item: items[0]!, items, known: { "77_2": "1" } }))).toEqual([
      "upsert 77_1",
    ]);
  });

  it("by hand, all of its items are sent", () => {
    expect(outline(planOf("manual", { item: null, items, known }))).toEqual([
      "upsert 77_1",
      "upsert 77_2",
      "upsert 77_3",
    ]);
  });

  it("a deletion cancels what the platform knows, as there is no call that deletes", () => {
    const plan = pushOf(planOf("sess_delete", { item: null, items, known }));
    expect(plan.operations.map(({ thirdId, body, acknowledges }) => [thirdId, body["status"], acknowledges])).toEqual([
      ["77_1", 2, believing("77_1", "2")],
      ["77_2", 2, believing("77_2", "2")],
    ]);
    expect(outline(planOf("sess_delete", { item: null, items }))).toEqual(["skip"]);
  });
});

describe("统一待办: what is skipped, and why", () => {
  const other = session({ appId: "13" });

  it.each<[string, Parameters<typeof facts>, string]>([
    ["R-056: an application that is not listed", ["receive", { session: other }], "application 13 is not listed"],
    ["R-056: its deletions too", ["sess_delete", { session: other, known: { "77_9001": "0" } }], "13 is not listed"],
    ["questionnaires", ["receive", { session: session({ isQuestionnaire: true }) }], "Questionnaires"],
    ["drafts", ["manual", { session: session({ state: "DRAFT" }) }], "DRAFT"],
    ["urging, which the platform has no call for", ["remind_task"], "no call that urges"],
    [
      "a session that ended as it began",
      ["after_end", { session: session({ isStartAndEnd: true, state: "COMPLETED" }), item: null }],
      "nobody has a task",
    ],
  ])("%s", (_claim, args, reason) => {
    expect(planOf(...args)).toEqual({ kind: "skip", reason: expect.stringContaining(reason) as string });
  });

  it("R-056: everything, while no application is listed", () => {
    const { myappids: _none, ...required } = GIVEN;
    expect(tongyidaiban.plan(facts("receive"), settingsOf(tongyidaiban, required))).toEqual({
      kind: "skip",
      reason: "Only applications of myappids are pushed, and no application is listed.",
    });
  });

  it("R-056: a listed application may have an id that is no number", () => {
    const plan = pushOf(planOf("receive", { session: session({ appId: "A1" }) }));
    expect(plan.operations[0]?.body["appId"]).toBe("A1");
  });

  it("actions that the setting events does not list", () => {
    const settings = settingsOf(tongyidaiban, { ...GIVEN, events: ["receive"] });
    expect(outline(tongyidaiban.plan(facts("after_examine"), settings))).toEqual(["skip"]);
    expect(outline(tongyidaiban.plan(facts("receive"), settings))).toEqual(["upsert 77_9001"]);
  });
});
