import { describe, expect, it } from "vitest";
import type { PushAction } from "../../../../src/domain/approval/push-action.ts";
import type { SessionState, WorkItemState } from "../../../../src/domain/approval/session.ts";
import type { JsonObject } from "../../../../src/domain/json.ts";
import { jinzhi } from "../../../../src/platforms/jinzhi/connector.ts";
import { believing, forgetting } from "../acknowledging.ts";
import { facts, item, outline, pushOf, session, settingsOf } from "./leave.ts";

const GIVEN = { host: "https://jz.test", appId: "a", appSecret: "s", sceneCode: "APPROVAL" };
const SETTINGS = settingsOf(jinzhi, GIVEN);
const RUNNING = { "77_9001": "RUNNING/RUNNING" };

/** The example of the wire contract, with what differs. */
function model(of: JsonObject = {}, application: JsonObject = {}): JsonObject {
  return {
    taskId: "9001",
    sceneCode: "APPROVAL",
    subject: "张三的请假",
    priority: "NORMAL",
    taskType: "TODO",
    taskStatus: "RUNNING",
    initiatorType: "USER",
    initiatorId: "2021001",
    processors: [{ type: "USER", id: "10086" }],
    urls: { pc: "https://h/pc/task/9001", h5: "https://h/m/task/9001" },
    nodeId: "n3",
    nodeName: "部门审核",
    applicationModel: {
      processInstanceId: "77",
      processInstanceStatus: "RUNNING",
      nodeId: "n3",
      nodeName: "部门审核",
      serviceName: "请假",
      ...application,
    },
    ...of,
  };
}
const DONE = { taskStatus: "COMPLETE", urls: { pc: "https://h/pc/done/9001", h5: "https://h/m/done/9001" } };

function planOf(...args: Parameters<typeof facts>) {
  return jinzhi.plan(facts(...args), SETTINGS);
}

describe("金智: what is sent", () => {
  it("R-024, R-025: a task received is an insertModel, word for word as in the wire contract", () => {
    const plan = pushOf(planOf("receive"));
    expect(plan.operations).toEqual([
      {
        kind: "insert",
        thirdId: "77_9001",
        body: { insertModel: model() },
        onFailure: "go-on",
        acknowledges: believing("77_9001", "RUNNING/RUNNING"),
      },
    ]);
    expect(plan.desired).toEqual(new Map([["77_9001", "RUNNING/RUNNING"]]));
    expect(plan.assignees).toEqual(["10086"]);
  });

  it.each<[string, PushAction, SessionState, WorkItemState, JsonObject, string]>([
    ["R-031, R-035: an item done", "after_examine", "RUNNING", "DONE", model(DONE), "COMPLETE/RUNNING"],
    [
      "R-034: the last item done",
      "after_end",
      "COMPLETED",
      "DONE",
      model(DONE, { processInstanceStatus: "COMPLETE" }),
      "COMPLETE/COMPLETE",
    ],
    [
      "R-034: aborted",
      "task_abort",
      "ABORTED",
      "WITHDRAWN",
      model(DONE, { processInstanceStatus: "ABORT" }),
      "COMPLETE/ABORT",
    ],
    [
      "R-034: revoked",
      "revoke",
      "REVOKED",
      "WITHDRAWN",
      model(DONE, { processInstanceStatus: "COMPLETE" }),
      "COMPLETE/COMPLETE",
    ],
    ["R-034: rejected, so that it goes on elsewhere", "reject", "REJECTED", "DONE", model(DONE), "COMPLETE/RUNNING"],
    ["suspended, which the platform does not know", "task_resume", "SUSPENDED", "OPEN", model(), "RUNNING/RUNNING"],
    ["resumed", "task_resume", "RUNNING", "CLAIMED", model(), "RUNNING/RUNNING"],
    ["archived: as it stands", "archive", "RUNNING", "OPEN", model(), "RUNNING/RUNNING"],
    ["pushed by hand, as it stands", "manual", "RUNNING", "DONE", model(DONE), "COMPLETE/RUNNING"],
  ])("%s: an updateModel of the same fields (%s)", (_claim, action, state, itemState, body, status) => {
    const plan = pushOf(
      planOf(action, { session: session({ state }), item: item({ state: itemState }), known: RUNNING }),
    );
    expect(plan.operations).toEqual([
      {
        kind: "update",
        thirdId: "77_9001",
        body: { updateModel: body },
        onFailure: "go-on",
        acknowledges: believing("77_9001", status),
      },
    ]);
    expect(plan.desired.get("77_9001")).toBe(status);
  });

  it.each<PushAction>(["after_examine", "after_end", "change_assignee", "task_abort", "manual"])(
    "R-024: a task that the platform never acknowledged is inserted, also after %s",
    (action) => {
      expect(outline(planOf(action, { item: item({ state: "DONE" }) }))).toEqual(["insert 77_9001"]);
    },
  );

  it("R-036: change_assignee updates the processors, each by his unified number, once", () => {
    const people = ["10010", "10011", "10010", ""].map((number) => ({ number, name: "某" }));
    const plan = pushOf(planOf("change_assignee", { item: item({ assignees: people }), known: RUNNING }));
    const processors = [
      { type: "USER", id: "10010" },
      { type: "USER", id: "10011" },
    ];
    expect(plan.operations[0]?.body).toEqual({ updateModel: model({ processors }) });
    expect(plan.assignees).toEqual(["10010", "10011"]);
  });

  it("R-036: of several who could, the one who did it is its processor", () => {
    const [a, b] = ["10010", "10011"].map((number) => ({ number, name: "" }));
    const done = item({ state: "DONE", assignees: [a!, b!], handledBy: b! });
    expect(pushOf(planOf("after_examine", { item: done, known: RUNNING })).assignees).toEqual(["10011"]);
  });

  it("a task that is nobody's is not inserted, and deleted when the platform shows it", () => {
    const free = item({ assignees: [] });
    expect(outline(planOf("receive", { item: free }))).toEqual(["skip"]);
    const plan = pushOf(planOf("change_assignee", { item: free, known: RUNNING }));
    expect(outline(plan)).toEqual(["delete_todo 77_9001"]);
    expect(plan.desired).toEqual(new Map([["77_9001", null]]));
  });

  it("R-035, R-039: an open item of a session that is over is no todo", () => {
    const plan = planOf("receive", { session: session({ state: "COMPLETED" }) });
    expect(pushOf(plan).operations[0]).toMatchObject({
      body: { insertModel: model(DONE, { processInstanceStatus: "COMPLETE" }) },
      acknowledges: believing("77_9001", "COMPLETE/COMPLETE"),
    });
  });

  it("R-037, R-038: names are Chinese first, and an application without a name is called by its id", () => {
    const nameless = session({ appName: {}, creator: { number: "1", name: "" } });
    const plan = pushOf(planOf("receive", { session: nameless, item: item({ nodeName: { en: "Dean", "": "院长" } }) }));
    const { subject, nodeName, applicationModel } = plan.operations[0]!.body["insertModel"] as JsonObject;
    expect([subject, nodeName]).toEqual(["12", "院长"]);
    expect(applicationModel).toMatchObject({ nodeName: "院长", serviceName: "12" });
  });

  it("R-039: an open item leads to the todo view, a done one to its own, and to that of the application where there is none", () => {
    const urls = (of: Parameters<typeof item>[0]): unknown => {
      const { operations } = pushOf(planOf("receive", { item: item(of) }));
      return (operations[0]!.body["insertModel"] as JsonObject)["urls"];
    };
    expect(urls({ state: "CLAIMED" })).toEqual({ pc: "https://h/pc/task/9001", h5: "https://h/m/task/9001" });
    expect(urls({ state: "DONE" })).toEqual({ pc: "https://h/pc/done/9001", h5: "https://h/m/done/9001" });
    expect(urls({ state: "DONE", view: { pc: "", h5: "" } })).toEqual({
      pc: "https://h/pc/inst/77",
      h5: "https://h/m/inst/77",
    });
    expect(urls({ todo: { pc: "https://h/x", h5: "" } })).toEqual({ pc: "https://h/x", h5: "https://h/m/inst/77" });
  });

  it("R-030: an application may have a scene code of its own", () => {
    const settings = settingsOf(jinzhi, { ...GIVEN, sceneCodes: { 12: "LEAVE" } });
    const sceneOf = (appId: string): unknown => {
      const { operations } = pushOf(jinzhi.plan(facts("receive", { session: session({ appId }) }), settings));
      return (operations[0]!.body["insertModel"] as JsonObject)["sceneCode"];
    };
    expect([sceneOf("12"), sceneOf("13"), sceneOf("constructor")]).toEqual(["LEAVE", "APPROVAL", "APPROVAL"]);
  });

  it("R-034, R-035: status maps are settings; what they do not name keeps its default", () => {
    const settings = settingsOf(jinzhi, {
      ...GIVEN,
      sessionStatus: { REJECTED: "ABORT" },
      taskStatus: { DONE: "END" },
    });
    const statusOf = (state: SessionState, done: WorkItemState): unknown =>
      pushOf(
        jinzhi.plan(facts("manual", { session: session({ state }), item: item({ state: done }) }), settings),
      ).desired.get("77_9001");
    expect([statusOf("REJECTED", "DONE"), statusOf("ABORTED", "WITHDRAWN")]).toEqual(["END/ABORT", "COMPLETE/ABORT"]);
  });
});

describe("金智: a push about the session", () => {
  const items = [
    item({ id: "1", state: "DONE" }),
    item({ id: "2", state: "WITHDRAWN" }),
    item({ id: "3", state: "WITHDRAWN" }),
  ];
  const known = { "77_1": "COMPLETE/ABORT", "77_2": "RUNNING/RUNNING" };

  it("R-031: an abort closes every task that the platform still shows, whether the event names one or none", () => {
    const aborted = { session: session({ state: "ABORTED" }), items, known } as const;
    expect(outline(planOf("task_abort", { ...aborted, item: null }))).toEqual(["update 77_2"]);
    expect(outline(planOf("task_abort", { ...aborted, item: items[2]! }))).toEqual(["update 77_2", "insert 77_3"]);
  });

  it("R-036: a push about the session updates also a task that others have there than here", () => {
    const [one] = items;
    const [number] = one!.assignees.map((each) => each.number);
    const known10010 = { "77_1": { status: "COMPLETE/RUNNING", assignees: ["10010", number!] } };
    expect(outline(planOf("task_resume", { item: null, items: [one!], known: known10010 }))).toEqual(["update 77_1"]);
    const same = { "77_1": { status: "COMPLETE/RUNNING", assignees: [number!] } };
    expect(outline(planOf("task_resume", { item: null, items: [one!], known: same }))).toEqual(["skip"]);
  });

  it("while the session goes on, a push is about its own item only", () => {
    expect(outline(planOf("after_examine", { item: items[2]!, items, known }))).toEqual(["insert 77_3"]);
  });

  it("nothing is sent when the platform knows no task of it", () => {
    expect(planOf("task_abort", { item: null, items, session: session({ state: "ABORTED" }) })).toEqual({
      kind: "skip",
      reason: "There is no task that the platform is to be told of.",
    });
  });

  it("by hand, all of its tasks are sent", () => {
    expect(outline(planOf("manual", { item: null, items, known }))).toEqual([
      "update 77_1",
      "update 77_2",
      "insert 77_3",
    ]);
  });
});

describe("金智: a session that ends as it begins", () => {
  const ended = { session: session({ isStartAndEnd: true, state: "COMPLETED" }), item: null } as const;

  it("R-028, R-040: is sent with the nine fields, at the node 事项结束", () => {
    const plan = pushOf(planOf("after_end", ended));
    expect(plan.operations).toEqual([
      {
        kind: "start_and_end",
        thirdId: "77",
        body: {
          processInstanceId: "77",
          initiatorType: "USER",
          initiatorId: "2021001",
          subject: "张三的请假",
          processors: [{ type: "USER", id: "2021001" }],
          nodeName: "事项结束",
          processInstanceStatus: "COMPLETE",
          urls: { pc: "https://h/pc/inst/77", h5: "https://h/m/inst/77" },
          createTime: "2026-01-02 03:04:05",
        },
        onFailure: "stop",
        acknowledges: believing("77", "COMPLETE", ["2021001"]),
      },
    ]);
    expect(plan.desired).toEqual(new Map([["77", "COMPLETE"]]));
  });

  it("R-040: is not sent again when the platform has it, but anew when somebody asks for it", () => {
    const known = { 77: "COMPLETE" };
    expect(outline(planOf("after_end", { ...ended, known }))).toEqual(["skip"]);
    expect(outline(planOf("manual", { ...ended, known }))).toEqual(["delete_instance 77", "start_and_end 77"]);
  });
});

describe("金智: deletion", () => {
  const items = ["1", "2", "3"].map((id) => item({ id, state: "WITHDRAWN" }));
  const known = { "77_1": "COMPLETE/RUNNING", "77_2": "RUNNING/RUNNING" };

  it("R-026, R-027, R-041, R-042: every task of the backup that the platform has, one by one, then the instance; one that fails stops it", () => {
    const plan = pushOf(planOf("sess_delete", { item: null, items, known }));
    expect(plan.operations).toEqual([
      {
        kind: "delete_todo",
        thirdId: "77_1",
        body: { taskId: "1" },
        onFailure: "stop",
        acknowledges: forgetting("77_1"),
      },
      {
        kind: "delete_todo",
        thirdId: "77_2",
        body: { taskId: "2" },
        onFailure: "stop",
        acknowledges: forgetting("77_2"),
      },
      {
        kind: "delete_instance",
        thirdId: "77",
        body: { processInstanceId: "77" },
        onFailure: "stop",
        acknowledges: forgetting("77"),
      },
    ]);
    expect([...plan.desired]).toEqual(["77_1", "77_2", "77_3", "77"].map((id) => [id, null]));
  });

  it("R-042: one that broke off goes on where it stopped, down to the instance alone", () => {
    expect(outline(planOf("sess_delete", { item: null, items, known: { "77_2": "RUNNING/RUNNING" } }))).toEqual([
      "delete_todo 77_2",
      "delete_instance 77",
    ]);
    expect(outline(planOf("sess_delete", { item: null, items }))).toEqual(["delete_instance 77"]);
  });

  it("R-042: every task, pushed or not, once the codes of what is not there are known", () => {
    const settings = settingsOf(jinzhi, { ...GIVEN, notFoundCodes: ["46004"] });
    expect(outline(jinzhi.plan(facts("sess_delete", { item: null, items, known }), settings))).toEqual([
      "delete_todo 77_1",
      "delete_todo 77_2",
      "delete_todo 77_3",
      "delete_instance 77",
    ]);
  });

  it("a draft that was never pushed leaves nothing to delete", () => {
    const draft = session({ state: "DRAFT" });
    expect(outline(planOf("sess_delete", { session: draft, item: null, items }))).toEqual(["skip"]);
    expect(outline(planOf("sess_delete", { session: draft, item: null, items, known }))).toHaveLength(3);
  });
});

describe("金智: what is skipped, and why", () => {
  it.each<[string, Parameters<typeof facts>, string]>([
    ["R-033: questionnaires", ["receive", { session: session({ isQuestionnaire: true }) }], "Questionnaires"],
    ["R-033: questionnaires deleted", ["sess_delete", { session: session({ isQuestionnaire: true }) }], "Questionn"],
    ["R-034: drafts", ["manual", { session: session({ state: "DRAFT" }) }], "DRAFT"],
    ["urging, which the platform has no call for", ["remind_task", { known: RUNNING }], "no call that urges"],
  ])("%s", (_claim, args, reason) => {
    expect(planOf(...args)).toEqual({ kind: "skip", reason: expect.stringContaining(reason) as string });
  });

  it("actions that the setting events does not list", () => {
    const settings = settingsOf(jinzhi, { ...GIVEN, events: ["receive"] });
    expect(jinzhi.plan(facts("after_examine"), settings)).toEqual({
      kind: "skip",
      reason: "The setting events does not list after_examine.",
    });
    expect(outline(jinzhi.plan(facts("receive"), settings))).toEqual(["insert 77_9001"]);
  });
});

describe("金智: repairs", () => {
  it("R-029: an update of a task that is not there inserts the same task first", () => {
    const given = facts("after_examine", { item: item({ state: "DONE" }), known: RUNNING });
    const [update] = pushOf(jinzhi.plan(given, SETTINGS)).operations;
    expect(jinzhi.repairOf(update!, given, SETTINGS)).toEqual([
      {
        kind: "insert",
        thirdId: "77_9001",
        body: { insertModel: model(DONE) },
        onFailure: "stop",
        acknowledges: believing("77_9001", "COMPLETE/RUNNING"),
      },
    ]);
  });

  it("R-029: what is there already and is to be made is deleted first, so that nothing stands there twice", () => {
    const given = facts("receive");
    const [insert] = pushOf(jinzhi.plan(given, SETTINGS)).operations;
    expect(jinzhi.repairOf(insert!, given, SETTINGS)).toEqual([
      {
        kind: "delete_todo",
        thirdId: "77_9001",
        body: { taskId: "9001" },
        onFailure: "stop",
        acknowledges: forgetting("77_9001"),
      },
    ]);
    const ended = facts("after_end", { session: session({ isStartAndEnd: true }), item: null });
    const [startAndEnd] = pushOf(jinzhi.plan(ended, SETTINGS)).operations;
    expect(jinzhi.repairOf(startAndEnd!, ended, SETTINGS)).toEqual([
      {
        kind: "delete_instance",
        thirdId: "77",
        body: { processInstanceId: "77" },
        onFailure: "stop",
        acknowledges: forgetting("77"),
      },
    ]);
  });

  it("a deletion is never repaired", () => {
    const given = facts("sess_delete", { known: RUNNING });
    for (const operation of pushOf(jinzhi.plan(given, SETTINGS)).operations) {
      expect(jinzhi.repairOf(operation, given, SETTINGS)).toEqual([]);
    }
  });
});
