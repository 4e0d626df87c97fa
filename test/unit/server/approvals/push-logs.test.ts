import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { CLOSED_BREAKER } from "../../../../src/domain/breaker.ts";
import { PushOrigin, PushState } from "../../../../src/gen/belfry/v1/push_pb.ts";
import { PushService } from "../../../../src/gen/belfry/v1/push_service_pb.ts";
import { WaitingReason } from "../../../../src/gen/belfry/v1/instance_pb.ts";
import { aPushState, aSession } from "../../../contract/store/given-approvals.ts";
import { refusalOf } from "../../../support/api-in-process.ts";
import { MANUAL_START_AT } from "../../../support/manual-clock.ts";
import { anInstance, changed, ended } from "../../../support/records.ts";
import { aPlatform } from "../platforms/given.ts";
import { aMetadata, approvalsHere, aPush } from "./given.ts";

const REFUSED = { code: "40001", message: "no such app", traceback: "" };
const SKIPPED = { class: "skipped", code: "", message: "The app is not on the white list." };

function at(seconds: number): number {
  return MANUAL_START_AT + seconds * 1000;
}

function given() {
  const here = approvalsHere();
  return { ...here, service: here.client(PushService) };
}

async function idsOf(here: ReturnType<typeof given>, filter: Parameters<typeof here.service.listPushLogs>[0]) {
  const { pushLogs } = await here.service.listPushLogs(filter);
  return pushLogs.map(({ id }) => id);
}

describe("A push log", () => {
  it("has every field of the record of a push (R-023, R-079, R-080)", async () => {
    const here = given();
    const failed = ended(aPush({ id: "a", createdAt: at(0), life: { attemptCount: 4 } }), "FAILED", {
      attemptCount: 4,
      error: REFUSED,
      metadata: aMetadata({ result: { class: "permanent", code: "40001", message: "no such app" } }),
    });
    here.put(failed);
    const { pushLogs } = await here.service.listPushLogs({ platformId: "p1" });
    expect(pushLogs).toMatchObject([
      {
        id: "a",
        platformId: "p1",
        sessionId: "77",
        workItemId: "9001",
        thirdId: "77_9001",
        thirdIds: ["77_9001"],
        state: PushState.FAILED,
        type: PushOrigin.EVENT,
        action: "receive",
        data: { operations: [{ kind: "insert", thirdId: "77_9001", body: { subject: "张三的请假" } }] },
        result: { class: "permanent", code: "40001", message: "no such app" },
        retryCount: 3,
        failTime: timestampFromMs(at(1)),
        createTime: timestampFromMs(at(0)),
        endTime: timestampFromMs(at(1)),
        error: { code: "40001" },
      },
    ]);
  });

  it("is retrying until it has ended, and says when it goes on (R-080)", async () => {
    const here = given();
    const waits = aPush({ id: "a", life: { waitingReason: "BREAKER_OPEN" } });
    const retries = changed(aPush({ id: "b" }), {
      state: "BACKING_OFF",
      life: { attemptCount: 1, error: REFUSED, stateAt: at(5), nextAttemptAt: at(35), waitingReason: "BACKOFF" },
    });
    here.put(waits, retries);
    const { pushLogs } = await here.service.listPushLogs({ platformId: "p1", states: [PushState.RETRYING] });
    expect(pushLogs).toMatchObject([
      { id: "b", retryCount: 0, failTime: timestampFromMs(at(5)), nextAttemptTime: timestampFromMs(at(35)) },
      { id: "a", retryCount: 0, thirdId: "", data: {}, waitingReason: WaitingReason.BREAKER_OPEN },
    ]);
    expect(pushLogs[1]?.result).toBeUndefined();
    expect(pushLogs[1]?.failTime).toBeUndefined();
  });
});

describe("A push that waits for a platform whose breaker is open", () => {
  it("says so in its log, and to who asks what failed", async () => {
    const here = given();
    const push = aPush({ id: "a", createdAt: at(0) });
    here.put({ ...push, life: { ...push.life, waitingReason: "NO_WORKER" } });
    here.putPlatform(aPlatform({ id: "p1", enabled: true, breaker: { ...CLOSED_BREAKER, state: "OPEN" } }));
    const { pushLogs } = await here.service.listPushLogs({ platformId: "p1" });
    expect(pushLogs.map(({ waitingReason }) => waitingReason)).toEqual([WaitingReason.BREAKER_OPEN]);
    const waits = await here.service.getPushError({ pushLogId: "a" });
    expect(waits.pushLog?.waitingReason).toBe(WaitingReason.BREAKER_OPEN);
  });
});

describe("ListPushLogs", () => {
  function mixed() {
    const here = given();
    const superseded = { code: "SUPERSEDED", message: "", traceback: "" };
    here.put(
      aPush({ id: "waits", createdAt: at(1) }),
      ended(aPush({ id: "taken", createdAt: at(2) }), "COMPLETED", { metadata: aMetadata() }),
      ended(aPush({ id: "skipped", createdAt: at(3) }), "COMPLETED", {
        metadata: aMetadata({ thirdId: "", thirdIds: [], data: [], result: SKIPPED }),
      }),
      ended(aPush({ id: "failed", createdAt: at(4), push: { origin: "SWEEP" } }), "FAILED", { error: REFUSED }),
      ended(aPush({ id: "late", createdAt: at(5), push: { sessionId: "78" } }), "TIMED_OUT"),
      ended(aPush({ id: "called-off", createdAt: at(6), push: { workItemId: null } }), "CANCELLED"),
      ended(aPush({ id: "replaced", createdAt: at(7), push: { action: "revoke" } }), "CANCELLED", {
        error: superseded,
      }),
      aPush({ id: "deletion", createdAt: at(8), push: { action: "sess_delete", workItemId: null } }),
      aPush({ id: "of-batch", createdAt: at(9), push: { origin: "BATCH", platformId: "p2" }, batchId: "batch1" }),
      // Of users: labelled like a push, and with nothing at all.
      anInstance({ id: "no-push", createdAt: at(10), spec: { labels: { origin: "event", session: "77" } } }),
      anInstance({ id: "worker", createdAt: at(11) }),
    );
    return here;
  }

  it.each([
    [
      "all of them, newest first",
      {},
      ["of-batch", "deletion", "replaced", "called-off", "late", "failed", "skipped", "taken", "waits"],
    ],
    ["those to a platform", { platformId: "p2" }, ["of-batch"]],
    ["those that wait", { platformId: "p1", states: [PushState.RETRYING] }, ["deletion", "waits"]],
    ["those that were taken", { states: [PushState.SUCCEEDED] }, ["taken"]],
    ["those that were skipped", { states: [PushState.SKIPPED] }, ["skipped"]],
    ["those that failed", { platformId: "p1", states: [PushState.FAILED] }, ["called-off", "late", "failed"]],
    ["those that others replaced", { states: [PushState.SUPERSEDED] }, ["replaced"]],
    ["those in one of two states", { states: [PushState.SKIPPED, PushState.SUPERSEDED] }, ["replaced", "skipped"]],
    ["those of a session", { sessionId: "78" }, ["late"]],
    ["those about an item of a platform", { workItemId: "9001", platformId: "p2" }, ["of-batch"]],
    ["those of a batch", { batchId: "batch1" }, ["of-batch"]],
    ["deletions (R-081)", { deletionsOnly: true }, ["deletion"]],
    ["those of origins", { origins: [PushOrigin.SWEEP, PushOrigin.BATCH] }, ["of-batch", "failed"]],
    [
      "those made in a time (R-068)",
      { platformId: "p1", createdAfter: timestampFromMs(at(2)), createdBefore: timestampFromMs(at(4)) },
      ["skipped", "taken"],
    ],
    ["none of what is not there", { sessionId: "1" }, []],
  ])("lists %s", async (_, filter, ids) => {
    expect(await idsOf(mixed(), filter)).toEqual(ids);
  });

  it("fills a page past what is not meant, and goes on where it was", async () => {
    const here = given();
    for (let index = 0; index < 30; index++) {
      const isTaken = index % 5 === 0;
      const metadata = isTaken ? aMetadata() : aMetadata({ result: SKIPPED });
      const id = `push${String(index).padStart(2, "0")}`;
      here.put(ended(aPush({ id, createdAt: at(index) }), "COMPLETED", { metadata }));
    }
    const filter = { platformId: "p1", states: [PushState.SUCCEEDED], pageSize: 2 };
    const seen: string[][] = [];
    let pageToken = "";
    do {
      const answer = await here.service.listPushLogs({ ...filter, pageToken });
      seen.push(answer.pushLogs.map(({ id }) => id));
      pageToken = answer.nextPageToken;
    } while (pageToken !== "");
    expect(seen).toEqual([
      ["push25", "push20"],
      ["push15", "push10"],
      ["push05", "push00"],
    ]);
  });

  it("looks at ten pages of the store a call, and says that there may be more", async () => {
    const here = given();
    for (let index = 0; index < 50; index++) {
      const metadata = index === 0 ? aMetadata() : aMetadata({ result: SKIPPED });
      const id = `push${String(index).padStart(2, "0")}`;
      here.put(ended(aPush({ id, createdAt: at(index) }), "COMPLETED", { metadata }));
    }
    const filter = { platformId: "p1", states: [PushState.SUCCEEDED], pageSize: 2 };
    const first = await here.service.listPushLogs(filter);
    expect(first.pushLogs).toEqual([]);
    expect(first.nextPageToken).not.toBe("");
    expect(here.storePages()).toBe(10);
    const rest = await here.service.listPushLogs({ ...filter, pageToken: first.nextPageToken });
    expect(rest.pushLogs.map(({ id }) => id)).toEqual(["push00"]);
    expect(rest.nextPageToken).toBe("");
  });

  it("goes page by page through several sources together, each push once", async () => {
    const here = mixed();
    const seen: string[] = [];
    let pageToken = "";
    do {
      const answer = await here.service.listPushLogs({ pageSize: 2, pageToken });
      expect(answer.pushLogs.length).toBeLessThanOrEqual(2);
      seen.push(...answer.pushLogs.map(({ id }) => id));
      pageToken = answer.nextPageToken;
    } while (pageToken !== "");
    expect(seen).toEqual(await idsOf(here, {}));
  });

  it("takes no token of another list", async () => {
    const here = mixed();
    const { nextPageToken: pageToken } = await here.service.listPushLogs({ platformId: "p1", pageSize: 1 });
    const other = here.service.listPushLogs({ platformId: "p2", pageSize: 1, pageToken });
    expect(await refusalOf(other)).toMatchObject({ reason: "PAGE_TOKEN_MISMATCH" });
  });

  it("names the fields that break a rule", async () => {
    const here = given();
    const noTime = { seconds: 0n, nanos: -1 };
    expect(await refusalOf(here.service.listPushLogs({ createdAfter: noTime }))).toMatchObject({
      fields: ["createdAfter"],
    });
    expect(await refusalOf(here.service.listPushLogs({ thirdId: "77_9001" }))).toMatchObject({
      fields: ["platformId"],
    });
  });
});

describe("ListPushLogs by a platform's id (R-068)", () => {
  function ofSession() {
    const here = given();
    here.put(
      aPush({ id: "of-item", createdAt: at(1) }),
      ended(aPush({ id: "of-item-ended", createdAt: at(2) }), "COMPLETED", { metadata: aMetadata() }),
      aPush({ id: "of-other-item", createdAt: at(3), push: { workItemId: "9002" } }),
      // The completion of an item before it goes with the push of the next one.
      ended(aPush({ id: "back-push", createdAt: at(4), push: { workItemId: "9002" } }), "COMPLETED", {
        metadata: aMetadata({ thirdId: "77_9002", thirdIds: ["77_9002", "77_9001"] }),
      }),
      aPush({ id: "of-session", createdAt: at(5), push: { workItemId: null, action: "task_abort" } }),
      aPush({ id: "elsewhere", createdAt: at(6), push: { platformId: "p2" } }),
      aPush({ id: "of-other-session", createdAt: at(7), push: { sessionId: "7" } }),
    );
    return here;
  }
  const byId = { platformId: "p1", thirdId: "77_9001" };
  const found = ["of-session", "back-push", "of-item-ended", "of-item"];

  it("finds what was pushed under it, and what is going to be", async () => {
    const here = ofSession();
    here.putSession(aSession({ session: { id: "77" } }));
    expect(await idsOf(here, byId)).toEqual(found);
  });

  it("finds it of a session that is known by what the platform acknowledged alone", async () => {
    const here = ofSession();
    here.putPushState(aPushState({ platformId: "p1", thirdId: "77_9001", sessionId: "77", workItemId: "9001" }));
    expect(await idsOf(here, byId)).toEqual(found);
  });

  it("finds it though ids of sessions and items have underscores", async () => {
    const here = given();
    here.putSession(aSession({ session: { id: "s_1" } }));
    here.put(aPush({ id: "a", push: { sessionId: "s_1", workItemId: "t_2" } }));
    expect(await idsOf(here, { platformId: "p1", thirdId: "s_1_t_2_10086" })).toEqual(["a"]);
    expect(await idsOf(here, { platformId: "p1", thirdId: "s_1_t_3" })).toEqual([]);
    expect(await idsOf(here, { platformId: "p1", thirdId: "s_1_t_2", sessionId: "s_1" })).toEqual(["a"]);
    expect(await idsOf(here, { platformId: "p1", thirdId: "s_1_t_2", sessionId: "s_2" })).toEqual([]);
  });

  it("finds nothing under an id of which nobody told", async () => {
    expect(await idsOf(ofSession(), { platformId: "p1", thirdId: "99_1" })).toEqual([]);
  });
});
