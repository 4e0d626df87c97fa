import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { SessionState, WorkItemState } from "../../../../src/gen/belfry/v1/approval_pb.ts";
import { WorkItemService } from "../../../../src/gen/belfry/v1/work_item_service_pb.ts";
import { aPushState, aSession, aWorkItem } from "../../../contract/store/given-approvals.ts";
import { refusalOf } from "../../../support/api-in-process.ts";
import { MANUAL_START_AT } from "../../../support/manual-clock.ts";
import { approvalsHere } from "./given.ts";

const AT = MANUAL_START_AT;
const DATA = { task_type: 1, task_data: { days: 3 }, flags: [1, 2] };

function given() {
  const here = approvalsHere();
  const entry = { workItemId: "9001", actor: { number: "1", name: "" }, operation: "同意", opinion: "", at: AT };
  const record = aSession({
    session: { id: "77", appName: { zh: "请假", en: "Leave" }, view: { pc: "https://h/77", h5: "" } },
    deletedAt: AT + 5000,
    archivedAt: AT + 4000,
    revision: 3,
    log: [entry, { ...entry, operation: "转办", at: AT + 1 }],
    todos: [{ id: "t1", nodeId: "n3", procTaskId: "p7", total: 2, complete: 1, createdAt: AT, finishedAt: null }],
    shares: [{ workItemId: "9001", from: "1", to: "2", at: AT }],
  });
  here.putSession(
    record,
    aWorkItem({
      item: { id: "9001", sessionId: "77", nodeName: { "": "审核", zh: "部门审核" }, data: DATA, createdAt: AT },
      revision: 2,
    }),
    aWorkItem({ item: { id: "9002", sessionId: "77", state: "DONE", createdAt: AT + 1000, finishedAt: AT + 2000 } }),
  );
  here.putPushState(aPushState({ platformId: "p1", thirdId: "77_9001", sessionId: "77", workItemId: "9001" }));
  here.putPushState(
    aPushState({
      platformId: "p2",
      thirdId: "77_9002",
      sessionId: "77",
      workItemId: "9002",
      status: null,
      pushId: "",
      failures: 2,
      failure: { pushId: "push9", at: AT + 3000, isPermanent: true },
    }),
  );
  return { ...here, service: here.client(WorkItemService) };
}

describe("GetSession", () => {
  it("shows all that is known of it, and what each platform acknowledged (R-083)", async () => {
    const answer = await given().service.getSession({ sessionId: "77" });
    expect(answer.session).toMatchObject({
      id: "77",
      appName: { zh: "请假", en: "Leave" },
      state: SessionState.RUNNING,
      creator: { number: "20210001", name: "张三" },
      view: { pc: "https://h/77" },
      deleteTime: timestampFromMs(AT + 5000),
      archiveTime: timestampFromMs(AT + 4000),
      etag: "3",
    });
    expect(answer.workItems.map(({ id }) => id)).toEqual(["9001", "9002"]);
    expect(answer.acknowledgements).toMatchObject([
      { platformId: "p1", thirdId: "77_9001", status: "todo", pushLogId: "push1", failureCount: 0 },
      {
        platformId: "p2",
        thirdId: "77_9002",
        failureCount: 2,
        failure: { pushLogId: "push9", time: timestampFromMs(AT + 3000), permanent: true },
      },
    ]);
    expect(answer.acknowledgements[1]?.status).toBeUndefined();
    expect(answer.acknowledgements[1]?.time).toBeUndefined();
    expect(answer.log.map(({ operation }) => operation)).toEqual(["转办", "同意"]);
    expect(answer.todos).toMatchObject([{ id: "t1", procTaskId: "p7", total: 2, complete: 1 }]);
    expect(answer.shares).toMatchObject([{ from: "1", to: "2" }]);
    expect(answer.leftOutCount).toBe(0);
  });

  it("shows of what a platform was made to forget the push that did it, and no status", async () => {
    const { service, putSession, putPushState } = given();
    putSession(aSession({ session: { id: "78" } }));
    putPushState(aPushState({ thirdId: "78_1", sessionId: "78", workItemId: "1", status: null, pushId: "push7" }));
    const { session, acknowledgements } = await service.getSession({ sessionId: "78" });
    expect(acknowledgements).toMatchObject([{ thirdId: "78_1", pushLogId: "push7", time: timestampFromMs(AT) }]);
    expect(acknowledgements[0]?.status).toBeUndefined();
    expect([session?.deleteTime, session?.archiveTime]).toEqual([undefined, undefined]);
  });

  it("leaves out what does not fit into an answer, and says how much", async () => {
    const { service, putSession } = given();
    const opinion = "意".repeat(4096);
    const items = Array.from({ length: 400 }, (_, index) =>
      aWorkItem({ item: { id: `i${index}`, sessionId: "78", opinion } }),
    );
    putSession(aSession({ session: { id: "78" } }), ...items);
    const answer = await service.getSession({ sessionId: "78" });
    expect(answer.workItems.length).toBeGreaterThan(200);
    expect(answer.workItems.length + answer.leftOutCount).toBe(400);
  });

  it("knows nothing of one that was never reported", async () => {
    expect(await refusalOf(given().service.getSession({ sessionId: "1" }))).toMatchObject({
      code: "NotFound",
      reason: "SESSION_NOT_FOUND",
      metadata: { session_id: "1" },
    });
  });
});

describe("GetWorkItem", () => {
  it("shows it with its Chinese name, what is kept beside it, and what platforms acknowledged of it alone (R-082)", async () => {
    const { workItem, acknowledgements } = await given().service.getWorkItem({ workItemId: "9001" });
    expect(workItem).toMatchObject({
      id: "9001",
      sessionId: "77",
      nodeName: "部门审核",
      nodeNames: { zh: "部门审核" },
      state: WorkItemState.OPEN,
      assignees: [{ number: "T1", name: "李四" }],
      appId: "app1",
      etag: "2",
    });
    expect(workItem?.handledBy).toBeUndefined();
    expect(workItem?.data).toEqual(DATA);
    expect(acknowledgements.map(({ thirdId }) => thirdId)).toEqual(["77_9001"]);
  });

  it("knows nothing of one that was never reported", async () => {
    expect(await refusalOf(given().service.getWorkItem({ workItemId: "1" }))).toMatchObject({
      reason: "WORK_ITEM_NOT_FOUND",
      metadata: { work_item_id: "1" },
    });
  });
});

describe("ListWorkItems", () => {
  it.each([
    ["all, newest first", {}, ["9002", "9001"]],
    ["those in a state", { states: [WorkItemState.DONE] }, ["9002"]],
    ["those of sessions in a state (R-063)", { sessionStates: [SessionState.RUNNING] }, ["9002", "9001"]],
    ["those of sessions in another", { sessionStates: [SessionState.DRAFT, SessionState.ABORTED] }, []],
    ["those of a session", { sessionId: "78" }, []],
    ["those of an application", { appId: "app1" }, ["9002", "9001"]],
    ["those that somebody has", { assignee: "T2" }, []],
    ["those at a node", { nodeId: "node1" }, ["9002", "9001"]],
    [
      "those created in a time",
      { createdAfter: timestampFromMs(AT), createdBefore: timestampFromMs(AT + 1) },
      ["9001"],
    ],
    ["those finished since", { finishedAfter: timestampFromMs(AT + 2000) }, ["9002"]],
    ["those that something was told of since", { updatedAfter: timestampFromMs(AT + 1) }, ["9002"]],
  ])("lists %s", async (_, filter, ids) => {
    const { workItems } = await given().service.listWorkItems(filter);
    expect(workItems.map(({ id }) => id)).toEqual(ids);
  });

  it("shows of each what is kept beside it (R-082)", async () => {
    const { workItems } = await given().service.listWorkItems({});
    expect(workItems.map(({ data }) => data)).toEqual([undefined, DATA]);
  });

  it("goes page by page, by the same filters", async () => {
    const { service } = given();
    const first = await service.listWorkItems({ pageSize: 1, sessionId: "77" });
    expect(first.workItems.map(({ id }) => id)).toEqual(["9002"]);
    const rest = await service.listWorkItems({ pageSize: 1, sessionId: "77", pageToken: first.nextPageToken });
    expect(rest.workItems.map(({ id }) => id)).toEqual(["9001"]);
    expect(rest.nextPageToken).toBe("");
    const other = service.listWorkItems({ pageSize: 1, pageToken: first.nextPageToken });
    expect(await refusalOf(other)).toMatchObject({ reason: "PAGE_TOKEN_MISMATCH" });
  });
});

it("refuses a time that is none", async () => {
  const refused = given().service.listWorkItems({ createdBefore: { seconds: 0n, nanos: -1 } });
  expect(await refusalOf(refused)).toMatchObject({ reason: "INVALID_FIELD", fields: ["createdBefore"] });
});

describe("ShareWorkItem", () => {
  it("tells it as a fact of the item's session, and pushes nothing (R-084)", async () => {
    const { service, reported } = given();
    const answer = await service.shareWorkItem({ workItemId: "9001", from: "1", to: "2", requestId: "r" });
    const share = { workItemId: "9001", from: "1", to: "2", at: AT };
    expect(reported[0]).toMatchObject([
      "77",
      { event: { happenedAt: AT, name: "", action: null, shares: [share] }, requestId: "r" },
    ]);
    expect(answer.share).toMatchObject({ from: "1", to: "2", time: timestampFromMs(AT) });
  });

  it("needs an item, and two people", async () => {
    const { service, reported } = given();
    const unknown = service.shareWorkItem({ workItemId: "1", from: "1", to: "2" });
    expect(await refusalOf(unknown)).toMatchObject({ reason: "WORK_ITEM_NOT_FOUND" });
    expect(await refusalOf(service.shareWorkItem({ workItemId: "9001" }))).toMatchObject({ fields: ["from", "to"] });
    expect(reported).toEqual([]);
  });
});
