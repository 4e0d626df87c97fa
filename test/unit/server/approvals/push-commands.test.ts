import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import type { BatchMetadata } from "../../../../src/domain/approval/batch-log.ts";
import { batchDefinitionId } from "../../../../src/domain/approval/platform-push.ts";
import { BelfryError } from "../../../../src/domain/error.ts";
import { SessionState, WorkItemState } from "../../../../src/gen/belfry/v1/approval_pb.ts";
import { InstanceState } from "../../../../src/gen/belfry/v1/instance_pb.ts";
import { DriftReason, PushOrigin, PushState } from "../../../../src/gen/belfry/v1/push_pb.ts";
import { PushService } from "../../../../src/gen/belfry/v1/push_service_pb.ts";
import type { DriftEntry, DriftPage, TaskCenters } from "../../../../src/runtime/index.ts";
import { aSession, aWorkItem } from "../../../contract/store/given-approvals.ts";
import { refusalOf } from "../../../support/api-in-process.ts";
import { MANUAL_START_AT } from "../../../support/manual-clock.ts";
import { anInstance, ended } from "../../../support/records.ts";
import { approvalsHere, aPush } from "./given.ts";

const AT = MANUAL_START_AT;
const DAY_MS = 86_400_000;

type Pushes = TaskCenters["pushes"];

function given(pushes: Partial<Pushes> = {}) {
  const asked: unknown[][] = [];
  const push: Pushes["push"] = async (sessionId, command) => {
    asked.push([sessionId, command]);
    return { instance: aPush({ id: "push1", push: { ...command.push, sessionId } }) };
  };
  const here = approvalsHere({ pushes: { push, ...pushes } });
  here.putSession(aSession({ session: { id: "77" } }), aWorkItem({ item: { id: "9001", sessionId: "77" } }));
  return { ...here, asked, service: here.client(PushService) };
}

describe("PushWorkItem", () => {
  it("pushes an item as it stands, whatever the platform was told before (R-066)", async () => {
    const { service, asked } = given();
    const { pushLog } = await service.pushWorkItem({ platformId: "p1", workItemId: "9001", requestId: "r" });
    expect(asked).toEqual([
      [
        "77",
        {
          push: {
            platformId: "p1",
            workItemId: "9001",
            action: "manual",
            transfer: null,
            note: "",
            origin: "MANUAL",
            force: true,
          },
          requestId: "r",
        },
      ],
    ]);
    expect(pushLog).toMatchObject({
      id: "push1",
      platformId: "p1",
      sessionId: "77",
      workItemId: "9001",
      action: "manual",
      state: PushState.RETRYING,
      type: PushOrigin.MANUAL,
    });
  });

  it("pushes a session as a whole, about what it is told", async () => {
    const { service, asked } = given();
    const { pushLog } = await service.pushWorkItem({
      platformId: "p1",
      sessionId: "77",
      action: "action.remind_task.0",
      note: "请尽快",
    });
    expect(asked[0]).toMatchObject(["77", { push: { workItemId: null, action: "remind_task", note: "请尽快" } }]);
    expect(pushLog).toMatchObject({ workItemId: "", note: "请尽快" });
  });

  it.each([
    ["nothing", { platformId: "p1" }, "INVALID_FIELD", ["workItemId"]],
    ["to nobody", { workItemId: "9001" }, "INVALID_FIELD", ["platformId"]],
    ["what nobody knows to do", { platformId: "p1", workItemId: "9001", action: "sign" }, "INVALID_FIELD", ["action"]],
    [
      "an item of another session",
      { platformId: "p1", workItemId: "9001", sessionId: "78" },
      "INVALID_FIELD",
      ["sessionId"],
    ],
    ["an unknown item", { platformId: "p1", workItemId: "1" }, "WORK_ITEM_NOT_FOUND", []],
    ["an unknown session", { platformId: "p1", sessionId: "1" }, "SESSION_NOT_FOUND", []],
  ])("refuses to push %s", async (_, request, reason, fields) => {
    const { service, asked } = given();
    expect(await refusalOf(service.pushWorkItem(request))).toMatchObject({ reason, fields });
    expect(asked).toEqual([]);
  });

  it("tells why the platform cannot be pushed to", async () => {
    const { service } = given({
      push: async () => {
        throw new BelfryError("PLATFORM_NOT_FOUND", "There is no such platform.");
      },
    });
    const refusal = await refusalOf(service.pushWorkItem({ platformId: "p9", workItemId: "9001" }));
    expect(refusal).toMatchObject({ code: "NotFound", reason: "PLATFORM_NOT_FOUND" });
  });
});

function aBatch(batch?: Partial<BatchMetadata>) {
  const counts = { total: 0, submitted: 0, succeeded: 0, failed: 0, skipped: 0, superseded: 0, ...batch };
  return anInstance({
    id: "batch1",
    spec: { definitionId: batchDefinitionId("p1"), action: { kind: "job", job: "batch-push" } },
    life: { metadata: batch === undefined ? null : { batch: counts } },
  });
}

describe("BatchPush", () => {
  function batching() {
    const asked: unknown[][] = [];
    const batch: Pushes["batch"] = async (...args) => {
      asked.push(args);
      return { instance: aBatch() };
    };
    return { ...given({ batch }), asked };
  }

  it("begins one over what its filter selects, 30 at a time unless it says (R-063, R-067, R-072)", async () => {
    const { service, asked } = batching();
    const { batch } = await service.batchPush({ platformId: "p1" });
    expect(asked[0]).toEqual(["p1", { filter: {}, pageSize: 30, force: false }]);
    expect(batch).toMatchObject({
      id: "batch1",
      platformId: "p1",
      state: InstanceState.PENDING,
      total: 0n,
      percent: 0,
    });

    const filter = {
      createdAfter: timestampFromMs(AT),
      createdBefore: timestampFromMs(AT + 1),
      appId: "12",
      states: [WorkItemState.DONE],
      sessionStates: [SessionState.RUNNING, SessionState.ABORTED],
      sessionId: "77",
      assignee: "10086",
    };
    await service.batchPush({ platformId: "p1", filter, pageSize: 500, force: true, requestId: "r" });
    expect(asked[1]).toEqual([
      "p1",
      {
        filter: {
          createdAfter: AT,
          createdBefore: AT + 1,
          appId: "12",
          states: ["DONE"],
          sessionStates: ["RUNNING", "ABORTED"],
          sessionId: "77",
          assignee: "10086",
        },
        pageSize: 500,
        force: true,
        requestId: "r",
      },
    ]);
  });

  it("names the fields that break a rule", async () => {
    const { service, asked } = batching();
    const request = {
      pageSize: 501,
      filter: { states: [99 as WorkItemState], sessionStates: [99 as SessionState], assignee: "x".repeat(256) },
    };
    const { fields } = await refusalOf(service.batchPush(request));
    expect(fields.toSorted()).toEqual([
      "filter.assignee",
      "filter.sessionStates[0]",
      "filter.states[0]",
      "pageSize",
      "platformId",
    ]);
    const noTime = { platformId: "p1", filter: { createdAfter: { seconds: 0n, nanos: -1 } } };
    expect(await refusalOf(service.batchPush(noTime))).toMatchObject({ fields: ["filter.createdAfter"] });
    expect(asked).toEqual([]);
  });

  it("names the one that runs", async () => {
    const { service } = given({
      batch: async () => {
        throw new BelfryError("BATCH_RUNNING", "A batch runs.", { metadata: { batch_id: "b0" } });
      },
    });
    expect(await refusalOf(service.batchPush({ platformId: "p1" }))).toMatchObject({
      code: "AlreadyExists",
      metadata: { batch_id: "b0" },
    });
  });
});

describe("GetBatchPush", () => {
  it.each([
    ["has not begun", aBatch(), { total: 0n, done: 0n, percent: 0, state: InstanceState.PENDING }],
    [
      "runs",
      aBatch({ total: 8, submitted: 7, succeeded: 3, failed: 1, skipped: 1, superseded: 1 }),
      { total: 8n, done: 6n, succeeded: 3n, failed: 1n, skipped: 1n, superseded: 1n, percent: 75 },
    ],
    ["found more than it had counted", aBatch({ total: 2, succeeded: 3 }), { total: 2n, done: 3n, percent: 100 }],
    [
      "found nothing",
      ended(aBatch({ total: 0 }), "COMPLETED"),
      { total: 0n, percent: 100, state: InstanceState.COMPLETED },
    ],
  ])("tells how far one is that %s", async (_, record, wanted) => {
    const { service, put } = given();
    put(record);
    const { batch } = await service.getBatchPush({ batchId: "batch1" });
    expect(batch).toMatchObject({ id: "batch1", platformId: "p1", ...wanted });
  });

  it("tells why one ended before it was done", async () => {
    const { service, put } = given();
    const error = { code: "CANCELLED", message: "enough", traceback: "" };
    put(ended(aBatch({ total: 4, succeeded: 1 }), "CANCELLED", { error }));
    const { batch } = await service.getBatchPush({ batchId: "batch1" });
    expect(batch).toMatchObject({ state: InstanceState.CANCELLED, percent: 25, error: { message: "enough" } });
    expect(batch?.endTime).toBeDefined();
  });

  it("knows nothing of what is no batch, or is not there", async () => {
    const { service, put } = given();
    put(anInstance({ id: "i" }));
    for (const batchId of ["i", "j"]) {
      expect(await refusalOf(service.getBatchPush({ batchId }))).toMatchObject({
        code: "NotFound",
        reason: "BATCH_NOT_FOUND",
        metadata: { batch_id: batchId },
      });
    }
  });
});

describe("ReconcilePushes", () => {
  it("sweeps one platform, or all", async () => {
    const asked: unknown[] = [];
    const { service } = given({
      reconcile: async (command) => {
        asked.push(command);
        return { instance: anInstance({ id: "sweep1" }) };
      },
    });
    expect(await service.reconcilePushes({ platformId: "p1", requestId: "r" })).toMatchObject({ instanceId: "sweep1" });
    await service.reconcilePushes({});
    expect(asked).toEqual([{ platformId: "p1", requestId: "r" }, { platformId: null }]);
  });
});

describe("ListDrift", () => {
  function drifting(pages: readonly DriftPage[]) {
    const asked: Parameters<Pushes["drift"]>[0][] = [];
    const drift: Pushes["drift"] = async (command) => {
      asked.push(command);
      return pages[asked.length - 1] ?? { entries: [], next: null };
    };
    return { ...given({ drift }), asked };
  }
  const entry: DriftEntry = {
    platformId: "p1",
    sessionId: "77",
    workItemId: "9001",
    thirdId: "77_9001",
    desired: "RUNNING",
    acknowledged: null,
    reason: "NEVER_PUSHED",
    failures: 0,
    failedAt: null,
    pushId: "",
  };

  it("shows what a platform should believe and what it believes", async () => {
    const other: DriftEntry = {
      ...entry,
      desired: null,
      acknowledged: "DONE",
      reason: "GIVEN_UP",
      failures: 4,
      failedAt: AT,
      pushId: "push1",
    };
    const { service } = drifting([{ entries: [entry, other], next: null }]);
    const { entries, nextPageToken } = await service.listDrift({ platformId: "p1" });
    expect(entries).toMatchObject([
      { thirdId: "77_9001", desired: "RUNNING", reason: DriftReason.NEVER_PUSHED },
      { acknowledged: "DONE", reason: DriftReason.GIVEN_UP, failureCount: 4, pushLogId: "push1" },
    ]);
    expect(entries[0]?.acknowledged).toBeUndefined();
    expect(entries[1]?.desired).toBeUndefined();
    expect(nextPageToken).toBe("");
  });

  it("goes on where it was, from the same time, though a page was empty (R-074)", async () => {
    const { service, asked, clock } = drifting([
      { entries: [], next: { stage: "items", after: { at: AT, id: "9001" } } },
      { entries: [entry], next: { stage: "sessions", after: null } },
    ]);
    let pageToken = "";
    for (let page = 0; page < 3; page++) {
      ({ nextPageToken: pageToken } = await service.listDrift({ platformId: "p1", pageSize: 7, pageToken }));
      await clock.advance(DAY_MS);
    }
    expect(pageToken).toBe("");
    const common = { platformId: "p1", updatedAfter: AT - 3 * DAY_MS, startedAt: AT, limit: 7 };
    expect(asked).toEqual([
      { ...common, cursor: null },
      { ...common, cursor: { stage: "items", after: { at: AT, id: "9001" } } },
      { ...common, cursor: { stage: "sessions", after: null } },
    ]);
  });

  it("begins when it is told to, and takes no token of another list", async () => {
    const { service, asked } = drifting([{ entries: [], next: { stage: "items", after: null } }]);
    const updatedAfter = timestampFromMs(AT - DAY_MS);
    const { nextPageToken } = await service.listDrift({ platformId: "p1", updatedAfter });
    expect(asked[0]).toMatchObject({ updatedAfter: AT - DAY_MS, limit: 50 });
    const other = service.listDrift({ platformId: "p2", updatedAfter, pageToken: nextPageToken });
    expect(await refusalOf(other)).toMatchObject({ reason: "PAGE_TOKEN_MISMATCH" });
    expect(await refusalOf(service.listDrift({}))).toMatchObject({ fields: ["platformId"] });
    const noTime = { seconds: 0n, nanos: -1 };
    const refused = service.listDrift({ platformId: "p1", updatedAfter: noTime });
    expect(await refusalOf(refused)).toMatchObject({ fields: ["updatedAfter"] });
  });
});
