import { describe, expect, it } from "vitest";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { FinalState } from "../../../../src/domain/instance/instance.ts";
import type { Exchange } from "../../../../src/domain/webhook/exchange.ts";
import { DispatchService } from "../../../../src/gen/belfry/v1/dispatch_service_pb.ts";
import { FailureCause, InstanceState } from "../../../../src/gen/belfry/v1/instance_pb.ts";
import { InstanceService } from "../../../../src/gen/belfry/v1/instance_service_pb.ts";
import { rowsOf } from "../../../../src/store/memory/tables.ts";
import { anApiInProcess, refusalOf } from "../../../support/api-in-process.ts";
import { MANUAL_START_AT } from "../../../support/manual-clock.ts";
import { anAttempt, anAttemptUnderWay, anInstance, ended } from "../../../support/records.ts";
import { sealed } from "../../../support/fake-secret-box.ts";
import { aDispatch, aWebhook, HOOK, ORIGIN } from "./given.ts";

const HOUR_MS = 3_600_000;

describe("GetDispatch", () => {
  it("says what became of it (R-117)", async () => {
    const api = anApiInProcess();
    const dispatch = ended(aDispatch(), "COMPLETED", { attemptCount: 1 });
    api.runtime.put(dispatch);
    const answer = await api.client(DispatchService).getDispatch({ dispatchId: dispatch.id });
    expect(answer.dispatch).toMatchObject({
      id: dispatch.id,
      state: InstanceState.COMPLETED,
      attemptCount: 1,
      webhookUrl: HOOK,
      origin: ORIGIN,
      taskType: "alert",
      superseded: false,
    });
    expect(answer.dispatch?.completeTime).toBeDefined();
  });

  it("shows runs of scheduled definitions with a webhook too, with their definition", async () => {
    const api = anApiInProcess();
    api.runtime.put(
      anInstance({ id: "i", spec: { definitionId: "d", name: "nightly", action: aWebhook({ taskType: "" }) } }),
    );
    const { dispatch } = await api.client(DispatchService).getDispatch({ dispatchId: "i" });
    expect(dispatch).toMatchObject({ id: "i", definitionId: "d", taskType: "nightly" });
  });

  it("knows nothing of what runs something else, or is not there", async () => {
    const api = anApiInProcess();
    api.runtime.put(anInstance({ id: "i" }));
    for (const dispatchId of ["i", "wf_1767225600000_00000000000000000009"]) {
      expect(await refusalOf(api.client(DispatchService).getDispatch({ dispatchId }))).toMatchObject({
        code: "NotFound",
        reason: "DISPATCH_NOT_FOUND",
        metadata: { dispatch_id: dispatchId },
      });
    }
  });

  it("masks what is secret, as GetInstance does", async () => {
    const api = anApiInProcess();
    const headers = { Authorization: sealed("Bearer abcdef"), "X-Team": "red" };
    const dispatch = aDispatch({ action: aWebhook({ headers, secret: sealed("whsec_x") }) });
    api.runtime.put(dispatch);
    const shown = { Authorization: "***", "X-Team": "red" };
    expect((await api.client(DispatchService).getDispatch({ dispatchId: dispatch.id })).dispatch?.headers).toEqual(
      shown,
    );
    const { instance } = await api.client(InstanceService).getInstance({ instanceId: dispatch.id });
    expect(instance?.action?.kind).toMatchObject({ case: "webhook", value: { headers: shown, secret: "***" } });
  });

  it("tells of a delivery whose receiver has yet to report, and explains it", async () => {
    const api = anApiInProcess();
    const attempt = anAttemptUnderWay({ handedOn: { closeMs: HOUR_MS, exchange: anExchange() } });
    const dispatch = aDispatch({
      action: aWebhook({ callback: { timeoutMs: HOUR_MS } }),
      state: "RUNNING",
      life: { attempt, attemptCount: 1, waitingReason: null },
    });
    api.runtime.put(dispatch);
    const answer = await api.client(DispatchService).getDispatch({ dispatchId: dispatch.id });
    expect(answer.dispatch).toMatchObject({ callbackRequired: true, callbackAwaited: true });
    const { summary, nextStep } = await api.client(InstanceService).explainInstance({ instanceId: dispatch.id });
    expect(summary).toContain("was delivered, and its receiver has yet to report the result");
    expect(nextStep).toBe("the attempt has failed unless its receiver has reported the result");
  });

  it("says when a newer one took its place", async () => {
    const api = anApiInProcess();
    const error = { code: "SUPERSEDED", message: "", traceback: "" };
    const dispatch = ended(aDispatch(), "CANCELLED", { error });
    api.runtime.put(dispatch);
    const answer = await api.client(DispatchService).getDispatch({ dispatchId: dispatch.id });
    expect(answer.dispatch).toMatchObject({ state: InstanceState.CANCELLED, superseded: true });
  });
});

describe("ListAttempts of a dispatch", () => {
  it("shows what was sent and answered", async () => {
    const api = anApiInProcess();
    const dispatch = aDispatch();
    api.runtime.put(dispatch);
    const put = (number: number, exchange: Exchange) =>
      rowsOf(api.runtime.tables.attempts, dispatch.id).set(
        number,
        anAttempt({ instanceId: dispatch.id, number, outcome: "FAILED", exchange }),
      );
    put(1, anExchange({ response: null, error: { cause: "CONNECTION", message: "refused" } }));
    put(2, anExchange());
    const { attempts } = await api.client(InstanceService).listAttempts({ instanceId: dispatch.id });
    expect(attempts.map(({ exchange }) => exchange)).toMatchObject([
      {
        request: { method: "POST", url: HOOK, headers: { "webhook-id": "wf" }, body: "{", bodyCut: true, bodyBytes: 9 },
        response: { status: 500, headers: { server: "x" }, body: "no", bodyCut: false },
        duration: { seconds: 0n, nanos: 12_000_000 },
      },
      { failure: { cause: FailureCause.CONNECTION, message: "refused" } },
    ]);
    expect(attempts[0]?.exchange?.failure).toBeUndefined();
    expect(attempts[1]?.exchange?.response).toBeUndefined();
  });
});

describe("ListDispatches", () => {
  function given() {
    const api = anApiInProcess();
    const records = [
      aDispatch({ id: idOf(1), createdAt: at(1) }),
      aDispatch({ id: idOf(2), createdAt: at(2), spec: { userId: "u2", labels: { team: "pr" } } }),
      aDispatch({ id: idOf(3), createdAt: at(3), action: aWebhook({ url: "https://other.example.com/x" }) }),
      ended(aDispatch({ id: idOf(4), createdAt: at(4) }), "FAILED"),
      // A run of a scheduled definition, and one of a worker.
      anInstance({ id: "i", createdAt: at(5), spec: { action: aWebhook() } }),
      anInstance({ id: "w", createdAt: at(6) }),
    ];
    api.runtime.put(...records);
    return api.client(DispatchService);
  }

  it("lists those that were made as dispatches, newest first, and nothing else", async () => {
    const { dispatches } = await given().listDispatches({});
    expect(dispatches.map(({ id }) => id)).toEqual([4, 3, 2, 1].map(idOf));
  });

  it.each([
    ["their destination", { origin: ORIGIN }, [4, 2, 1]],
    ["their destination, written otherwise", { origin: "https://HOOKS.example.com:443/" }, [4, 2, 1]],
    ["their state", { states: [InstanceState.FAILED] }, [4]],
    ["their user", { userId: "u2" }, [2]],
    ["their labels", { labels: { team: "pr" } }, [2]],
    ["when they were made", { createdAfter: timestampFromMs(at(2)), createdBefore: timestampFromMs(at(4)) }, [3, 2]],
  ])("by %s", async (_, filter, numbers) => {
    const { dispatches } = await given().listDispatches(filter);
    expect(dispatches.map(({ id }) => id)).toEqual(numbers.map(idOf));
  });

  it("goes page by page", async () => {
    const client = given();
    const first = await client.listDispatches({ pageSize: 3 });
    expect(first.dispatches).toHaveLength(3);
    const rest = await client.listDispatches({ pageSize: 3, pageToken: first.nextPageToken });
    expect(rest.dispatches.map(({ id }) => id)).toEqual([idOf(1)]);
    expect(rest.nextPageToken).toBe("");
    const other = client.listDispatches({ pageSize: 3, pageToken: first.nextPageToken, userId: "u2" });
    expect(await refusalOf(other)).toMatchObject({ reason: "PAGE_TOKEN_MISMATCH" });
  });

  it.each(["hooks.example.com", HOOK, "https://hooks.example.com/?a=1", "ftp://x"])(
    "refuses %s as a destination",
    async (origin) => {
      expect(await refusalOf(given().listDispatches({ origin }))).toMatchObject({ fields: ["origin"] });
    },
  );
});

describe("ReplayDispatches", () => {
  function given() {
    const retried: string[] = [];
    const api = anApiInProcess({
      instances: {
        retry: async (id) => {
          retried.push(id);
          return aDispatch({ id, revision: 9 });
        },
      },
    });
    const failed = (number: number, endedAt: number, state: FinalState = "FAILED", url = HOOK) =>
      ended(aDispatch({ id: idOf(number), createdAt: at(number), action: aWebhook({ url }) }), state, { endedAt });
    api.runtime.put(
      failed(1, at(10)),
      failed(2, at(20)),
      failed(3, at(30), "TIMED_OUT"),
      failed(4, at(40), "COMPLETED"),
      failed(5, at(50), "FAILED", "https://other.example.com/x"),
      aDispatch({ id: idOf(6), createdAt: at(6) }),
      ended(anInstance({ id: "i", spec: { action: aWebhook() } }), "FAILED"),
    );
    return { client: api.client(DispatchService), retried };
  }

  it("starts those anew that failed since a time", async () => {
    const { client, retried } = given();
    const { bulk } = await client.replayDispatches({ selector: { endedAfter: timestampFromMs(at(20)) } });
    expect(bulk).toMatchObject({ matchedCount: 3n, changedCount: 3n });
    expect(retried.toSorted()).toEqual([2, 3, 5].map(idOf));
  });

  it("for one destination and until a time, too", async () => {
    const { client, retried } = given();
    const selector = { origin: ORIGIN, endedBefore: timestampFromMs(at(30)) };
    await client.replayDispatches({ selector });
    expect(retried.toSorted()).toEqual([1, 2].map(idOf));
  });

  it("only counts and shows a sample when it is told to", async () => {
    const { client, retried } = given();
    const { bulk } = await client.replayDispatches({ selector: { origin: ORIGIN }, validateOnly: true });
    expect(bulk).toMatchObject({ matchedCount: 3n, changedCount: 0n, sampleIds: [3, 2, 1].map(idOf) });
    expect(retried).toEqual([]);
  });

  it("takes others that have ended when they are named", async () => {
    const { client, retried } = given();
    await client.replayDispatches({ selector: { origin: ORIGIN, states: [InstanceState.COMPLETED] } });
    expect(retried).toEqual([idOf(4)]);
  });

  it("starts one anew", async () => {
    const { client, retried } = given();
    const { dispatch } = await client.replayDispatches({ dispatchId: idOf(1) });
    expect(dispatch?.id).toBe(idOf(1));
    expect(retried).toEqual([idOf(1)]);
  });

  it.each([
    ["nothing", {}, ["dispatchId"]],
    ["both", { dispatchId: "x", selector: { userId: "u" } }, ["selector"]],
    ["everything", { selector: {} }, ["selector"]],
    ["everything in a state", { selector: { states: [InstanceState.FAILED] } }, ["selector"]],
    ["what has not ended", { selector: { userId: "u", states: [InstanceState.RUNNING] } }, ["selector.states[0]"]],
    ["no origin", { selector: { origin: "x" } }, ["selector.origin"]],
  ])("refuses to replay %s", async (_, request, fields) => {
    const { client, retried } = given();
    expect(await refusalOf(client.replayDispatches(request))).toMatchObject({ reason: "INVALID_FIELD", fields });
    expect(retried).toEqual([]);
  });
});

function idOf(number: number): string {
  return `wf_1767225600000_${String(number).padStart(20, "0")}`;
}

function at(seconds: number): number {
  return MANUAL_START_AT + seconds * 1000;
}

function anExchange(given: Partial<Exchange> = {}): Exchange {
  return {
    request: { method: "POST", url: HOOK, headers: { "webhook-id": "wf" }, body: "{", bodyBytes: 9, isCut: true },
    response: { status: 500, headers: { server: "x" }, body: "no", isCut: false },
    error: null,
    durationMs: 12,
    ...given,
  };
}
