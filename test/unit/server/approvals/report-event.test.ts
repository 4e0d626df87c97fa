import { create, fromJson, type JsonObject, type JsonValue } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { BelfryError } from "../../../../src/domain/error.ts";
import type { SessionState, WorkItemState } from "../../../../src/gen/belfry/v1/approval_pb.ts";
import { ReportEventRequestSchema, WorkItemService } from "../../../../src/gen/belfry/v1/work_item_service_pb.ts";
import { DEFAULT_LIMITS } from "../../../../src/server/limits.ts";
import { refusalOf } from "../../../support/api-in-process.ts";
import { MANUAL_START_AT } from "../../../support/manual-clock.ts";
import { approvalsHere } from "./given.ts";

const AT = MANUAL_START_AT - 60_000;

async function factsOf(event: JsonValue) {
  const { client, reported } = approvalsHere();
  await client(WorkItemService).reportEvent(fromJson(ReportEventRequestSchema, { event }));
  return reported[0]![1].event;
}

describe("ReportEvent", () => {
  it("takes the documented example, and answers with the pushes (R-031, R-032, R-045)", async () => {
    const pushes = [{ id: "push1", platformId: "p1" }];
    const { client, reported } = approvalsHere({ report: async () => ({ pushes }) });
    const event = {
      action: "action.receive.0",
      session: {
        id: "77",
        appId: "12",
        appName: { zh: "请假" },
        state: "SESSION_STATE_RUNNING",
        creator: { number: "2021001", name: "张三" },
        createTime: "2026-01-01T00:00:00Z",
      },
      workItem: {
        id: "9001",
        nodeId: "n3",
        nodeName: "部门审核",
        state: "WORK_ITEM_STATE_OPEN",
        assignees: [{ number: "10086" }],
        createTime: "2026-01-01T00:00:01Z",
      },
    };
    const answer = await client(WorkItemService).reportEvent(
      fromJson(ReportEventRequestSchema, { event, requestId: "r1" }),
    );
    expect(answer.pushes).toMatchObject(pushes);
    const [sessionId, command] = reported[0]!;
    expect(sessionId).toBe("77");
    expect(command.requestId).toBe("r1");
    expect(command.event).toEqual({
      happenedAt: MANUAL_START_AT,
      name: "action.receive.0",
      action: "receive",
      session: {
        appId: "12",
        appName: { zh: "请假" },
        state: "RUNNING",
        creator: { number: "2021001", name: "张三" },
        createdAt: Date.UTC(2026, 0, 1),
      },
      workItem: {
        id: "9001",
        nodeId: "n3",
        nodeName: { "": "部门审核" },
        state: "OPEN",
        assignees: [{ number: "10086", name: "" }],
        createdAt: Date.UTC(2026, 0, 1, 0, 0, 1),
      },
    });
  });

  it("tells nothing of what is left out", async () => {
    const event = await factsOf({ session: { id: "77" }, workItem: { id: "9001" } });
    expect(event).toEqual({
      happenedAt: MANUAL_START_AT,
      name: "",
      action: null,
      session: {},
      workItem: { id: "9001" },
    });
  });

  it("tells an empty text, false, and empty links, which are something else than nothing", async () => {
    const { session, workItem, note } = await factsOf({
      session: { id: "77", title: "", isQuestionnaire: false, view: {} },
      workItem: { id: "9001", opinion: "", nodeName: "" },
      note: "",
    });
    expect(session).toEqual({ title: "", isQuestionnaire: false, view: { pc: "", h5: "" } });
    expect(workItem).toEqual({ id: "9001", opinion: "", nodeName: {} });
    expect(note).toBe("");
  });

  it("tells that lists, maps and times are empty when they are named as cleared", async () => {
    const { session, workItem } = await factsOf({
      session: { id: "77" },
      workItem: { id: "9001" },
      cleared:
        "session.appName,session.summary,session.finishTime,workItem.assignees,workItem.handledBy,workItem.previousIds,workItem.finishTime",
    });
    expect(session).toEqual({ appName: {}, summary: [], finishedAt: null });
    expect(workItem).toEqual({ id: "9001", assignees: [], handledBy: null, previousIds: [], finishedAt: null });
  });

  it("takes names by language beside the plain one", async () => {
    const { workItem } = await factsOf({
      session: { id: "77" },
      workItem: { id: "9001", nodeName: "部门审核", nodeNames: { en: "Department" } },
    });
    expect(workItem?.nodeName).toEqual({ "": "部门审核", en: "Department" });
  });

  it("takes log, totals, shares, transfer and note, which happened when the event did unless they say (R-083, R-084)", async () => {
    const event = await factsOf({
      action: "change_assignee",
      eventTime: "2025-12-31T23:59:00Z",
      session: { id: "77" },
      transfer: { from: [{ number: "1" }], to: [{ number: "2", name: "李四" }] },
      log: [{ workItemId: "9001", operation: "转办", time: "2025-12-31T23:58:00Z" }, { actor: { number: "1" } }],
      todos: [
        { id: "t1", nodeId: "n3", procTaskId: "p7", total: 2, complete: 1 },
        { id: "t2", nodeId: "n3" },
      ],
      shares: [{ workItemId: "9001", from: "1", to: "3" }],
      note: "请尽快",
    });
    expect(event).toEqual({
      happenedAt: AT,
      name: "change_assignee",
      action: "change_assignee",
      session: {},
      transfer: { from: [{ number: "1", name: "" }], to: [{ number: "2", name: "李四" }] },
      log: [
        { workItemId: "9001", actor: { number: "", name: "" }, operation: "转办", opinion: "", at: AT - 60_000 },
        { workItemId: "", actor: { number: "1", name: "" }, operation: "", opinion: "", at: AT },
      ],
      todos: [
        { id: "t1", nodeId: "n3", procTaskId: "p7", total: 2, complete: 1, createdAt: AT, finishedAt: null },
        { id: "t2", nodeId: "n3", procTaskId: "", total: 0, complete: 0, createdAt: AT, finishedAt: null },
      ],
      shares: [{ workItemId: "9001", from: "1", to: "3", at: AT }],
      note: "请尽快",
    });
  });

  it.each([
    ["that the session is one", { action: "answer_sheet.submit", session: { id: "77", isQuestionnaire: true } }],
    ["its own name", { action: "questionnaire.submit.0", session: { id: "77" } }],
    ["its own name in another form", { action: "action.wenjuan_submit.0", session: { id: "77" } }],
  ])("records what is about a questionnaire by %s, and pushes nothing (R-033)", async (_, event) => {
    expect(await factsOf(event)).toMatchObject({
      name: event.action,
      action: null,
      session: { isQuestionnaire: true },
    });
  });

  it("takes what is kept beside an item as it is, and tells nothing of it when it is left out (R-082)", async () => {
    const data = { task_type: 1, task_data: { days: 3, 原因: ["病"] }, flags: [1, 2], agent_uid: null };
    const tell = async (workItem: JsonObject) => (await factsOf({ session: { id: "77" }, workItem })).workItem;
    expect(await tell({ id: "9001", data })).toEqual({ id: "9001", data });
    expect(await tell({ id: "9001", data: {} })).toEqual({ id: "9001", data: {} });
    expect(await tell({ id: "9001" })).toEqual({ id: "9001" });
  });

  it("refuses more beside an item than is kept, and names the field (R-082)", async () => {
    const { client, reported } = approvalsHere();
    const event = (length: number) => ({
      session: { id: "77" },
      workItem: { id: "9001", data: { task_data: "x".repeat(length) } },
    });
    const most = DEFAULT_LIMITS.dataMaxBytes - JSON.stringify({ task_data: "" }).length;
    await client(WorkItemService).reportEvent({ event: event(most) });
    expect(await refusalOf(client(WorkItemService).reportEvent({ event: event(most + 1) }))).toMatchObject({
      code: "ResourceExhausted",
      reason: "PAYLOAD_TOO_LARGE",
      metadata: { field: "event.workItem.data", limit_bytes: String(DEFAULT_LIMITS.dataMaxBytes) },
    });
    expect(reported).toHaveLength(1);
  });

  it("says for one without a time what it is told by when it comes again", async () => {
    const { client, reported, clock } = approvalsHere();
    const report = async (event: object) => {
      await client(WorkItemService).reportEvent(create(ReportEventRequestSchema, { event, requestId: "r" }));
      await clock.advance(1000);
    };
    const event = { action: "receive", session: { id: "77" }, log: [{ operation: "a" }] };
    await report(event);
    await report(event);
    await report({ ...event, action: "revoke" });
    await report({ ...event, eventTime: timestampFromMs(AT) });
    const asked = reported.map(([, command]) => (command as { readonly asked?: string }).asked);
    expect(asked[0]).toBeDefined();
    expect(asked[1]).toBe(asked[0]);
    expect(asked[2]).not.toBe(asked[0]);
    expect(asked[3]).toBeUndefined();
  });

  it.each([
    ["no event", {}, ["event"]],
    ["no session", { event: { action: "receive" } }, ["event.session"]],
    ["a session without an id", { event: { session: {} } }, ["event.session.id"]],
    ["an action that nobody knows", { event: { action: "sign", session: { id: "77" } } }, ["event.action"]],
    [
      "an item of another session",
      { event: { session: { id: "77" }, workItem: { id: "9001", sessionId: "78" } } },
      ["event.workItem.sessionId"],
    ],
    [
      "a person without a number",
      { event: { session: { id: "77", creator: { name: "张三" } } } },
      ["event.session.creator.number"],
    ],
    [
      "cleared what cannot be",
      { event: { session: { id: "77" }, cleared: { paths: ["session.app_id", "work_item.assignees"] } } },
      ["event.cleared", "event.cleared"],
    ],
    [
      "cleared what is told",
      {
        event: {
          session: { id: "77", summary: [{ label: "a", value: "b" }] },
          cleared: { paths: ["session.summary"] },
        },
      },
      ["event.cleared"],
    ],
    [
      "a time that is none",
      { event: { session: { id: "77" }, eventTime: { seconds: 0n, nanos: -1 } } },
      ["event.eventTime"],
    ],
    [
      "a state that nobody knows",
      {
        event: { session: { id: "77", state: 99 as SessionState }, workItem: { id: "1", state: 99 as WorkItemState } },
      },
      ["event.session.state", "event.workItem.state"],
    ],
  ])("refuses %s", async (_, request, fields) => {
    const { client, reported } = approvalsHere();
    const refusal = await refusalOf(client(WorkItemService).reportEvent(request));
    expect(refusal).toMatchObject({ code: "InvalidArgument", reason: "INVALID_FIELD", fields });
    expect(reported).toEqual([]);
  });

  it("refuses a time more than a day ahead, for all that is told later would seem older", async () => {
    const { client, clock, reported } = approvalsHere();
    const at = (ms: number) =>
      client(WorkItemService).reportEvent({
        event: { action: "receive", session: { id: "77" }, eventTime: timestampFromMs(clock.now() + ms) },
      });
    expect(await refusalOf(at(86_401_000))).toMatchObject({ reason: "INVALID_FIELD", fields: ["event.eventTime"] });
    await at(86_400_000);
    expect(reported).toHaveLength(1);
  });

  it("tells why the runtime refused it", async () => {
    const report = async () => {
      throw new BelfryError("BUSY", "Session 77 has 1000 work items, and takes no more.");
    };
    const { client } = approvalsHere({ report });
    const refusal = await refusalOf(client(WorkItemService).reportEvent({ event: { session: { id: "77" } } }));
    expect(refusal).toMatchObject({ code: "ResourceExhausted", reason: "BUSY" });
  });
});
