import { describe, expect, it } from "vitest";
import type { PushResult } from "../../../../src/domain/approval/push-log.ts";
import type { AttemptRecord } from "../../../../src/domain/instance/attempt.ts";
import type { InstanceRecord } from "../../../../src/domain/instance/instance.ts";
import { PushService } from "../../../../src/gen/belfry/v1/push_service_pb.ts";
import { PushState } from "../../../../src/gen/belfry/v1/push_pb.ts";
import type { StepExchange } from "../../../../src/runtime/index.ts";
import { refusalOf } from "../../../support/api-in-process.ts";
import { MANUAL_START_AT } from "../../../support/manual-clock.ts";
import { anAttempt, anInstance, changed, ended } from "../../../support/records.ts";
import { aMetadata, approvalsHere, aPush } from "./given.ts";

function aStep(given: Partial<StepExchange> = {}): StepExchange {
  return {
    operation: "insert",
    thirdId: "77_9001",
    class: "ok",
    code: "",
    message: "",
    exchange: {
      request: { method: "POST", url: "https://jz/task", headers: {}, body: "{}", bodyBytes: 2, isCut: false },
      response: { status: 200, headers: {}, body: '{"errcode":0}', isCut: false },
      error: null,
      durationMs: 12,
    },
    ...given,
  };
}

function anAttemptOf(number: number, steps: readonly StepExchange[], stepsLeftOut = 0) {
  const exchange = { steps, stepsLeftOut };
  return anAttempt({ instanceId: "push1", number, outcome: "FAILED", exchange });
}

function serviceOf(push: InstanceRecord, ...attempts: readonly AttemptRecord[]) {
  const here = approvalsHere();
  here.put(push);
  here.putAttempts(...attempts);
  return here.client(PushService);
}

function failedWith(result: Partial<PushResult>): InstanceRecord {
  const said = { class: "permanent", code: "", message: "", ...result };
  return ended(aPush({ id: "push1" }), "FAILED", {
    attemptCount: 4,
    error: { code: said.code, message: said.message, traceback: "" },
    metadata: aMetadata({ result: said }),
  });
}

describe("GetPushError", () => {
  it.each([
    [
      "a token that is not taken",
      { class: "auth", code: "40001", message: "invalid credential" },
      /did not take our token \(令牌\) \(code 40001: invalid credential\).*failed \(失败\) after 4 attempts/u,
      /host, app id and secret.*TestPlatform/u,
      false,
    ],
    [
      "an item that it does not know",
      { class: "not_found", code: "2004", message: "taskId不存在" },
      /does not know the item \(任务不存在\)/u,
      /PushWorkItem/u,
      true,
    ],
    [
      "a field that it refuses",
      { class: "permanent", code: "400", message: "subject is missing." },
      /refused it for good \(平台拒绝\) \(code 400: subject is missing\);/u,
      /which field it refused/u,
      false,
    ],
    ["a path that is wrong", { class: "permanent", code: "HTTP_404" }, /\(code HTTP_404\)/u, /path settings/u, false],
    [
      "what is forbidden",
      { class: "permanent", code: "HTTP_403" },
      /\(code HTTP_403\)/u,
      /let this application/u,
      false,
    ],
    ["no answer", { class: "transient", code: "NO_ANSWER", message: "timed out" }, /did not answer/u, /host/u, true],
    ["too many requests", { class: "transient", code: "HTTP_429" }, /too many requests \(限流\)/u, /lower rate/u, true],
    ["its trouble", { class: "transient", code: "HTTP_503" }, /trouble of its own/u, /who run the platform/u, true],
    ["what cannot be read", { class: "transient", code: "BAD_ANSWER" }, /cannot be read/u, /host and path/u, true],
    ["a code of its own", { class: "transient", code: "500" }, /asked to try again/u, /documents/u, true],
  ])("says of %s what failed and what to try (R-043, R-069, R-087)", async (_, result, summary, advice, retryable) => {
    const service = serviceOf(failedWith(result));
    const answer = await service.getPushError({ pushLogId: "push1" });
    expect(answer.summary).toMatch(summary);
    expect(answer.advice).toMatch(advice);
    expect(answer).toMatchObject({ retryable, class: result.class, code: result.code });
    expect(answer.pushLog).toMatchObject({ id: "push1", state: PushState.FAILED });
  });

  it.each([
    ["for good", "permanent", false, /appSecret/u],
    ["for now", "transient", true, /unless it lasts/u],
  ])("tells that there was no token, %s, from one that was not taken (R-087)", async (_, kind, retryable, advice) => {
    const failure = { class: kind, code: "40013", message: "no such app" };
    const service = serviceOf(
      failedWith(failure),
      anAttemptOf(1, [aStep({ ...failure, operation: "token", thirdId: "" })]),
    );
    const answer = await service.getPushError({ pushLogId: "push1" });
    expect(answer.summary).toMatch(/gave us no token \(令牌\) \(code 40013: no such app\)/u);
    expect(answer.advice).toMatch(advice);
    expect(answer).toMatchObject({ retryable, lastExchange: { operation: "token" } });
  });

  it("shows the request that failed, of the last attempt, whatever came after it", async () => {
    const refused = { class: "permanent", code: "400", message: "no" } as const;
    const service = serviceOf(
      failedWith(refused),
      anAttemptOf(1, [aStep({ ...refused, operation: "earlier" })]),
      anAttemptOf(2, [
        aStep({ class: "auth", code: "401", operation: "insert" }),
        aStep({ ...refused, operation: "complete" }),
        aStep({ operation: "delete_todo" }),
      ]),
    );
    const { lastExchange } = await service.getPushError({ pushLogId: "push1" });
    expect(lastExchange).toMatchObject({
      attemptNumber: 2,
      operation: "complete",
      code: "400",
      request: { method: "POST", url: "https://jz/task", body: "{}" },
      response: { status: 200, body: '{"errcode":0}' },
    });
  });

  it.each([
    ["was taken", ended(aPush({ id: "push1" }), "COMPLETED", { metadata: aMetadata() }), /took it \(成功\)/u],
    [
      "was skipped",
      ended(aPush({ id: "push1" }), "COMPLETED", {
        metadata: aMetadata({ result: { class: "skipped", code: "", message: "not on the white list" } }),
      }),
      /skipped \(跳过\): not on the white list\./u,
    ],
    [
      "another replaced",
      ended(aPush({ id: "push1" }), "CANCELLED", { error: { code: "SUPERSEDED", message: "", traceback: "" } }),
      /newer push/u,
    ],
    ["has only just been made", aPush({ id: "push1" }), /Nothing failed so far: it waits to be sent\./u],
  ])("says that nothing failed of one that %s", async (_, push, summary) => {
    const answer = await serviceOf(push).getPushError({ pushLogId: "push1" });
    expect(answer.summary).toMatch(summary);
    expect(answer).toMatchObject({ retryable: false, class: "", code: "", advice: "" });
    expect(answer.lastExchange).toBeUndefined();
  });

  it("says that one goes on, and when", async () => {
    const push = changed(aPush({ id: "push1" }), {
      state: "BACKING_OFF",
      life: {
        attemptCount: 1,
        nextAttemptAt: MANUAL_START_AT + 30_000,
        error: { code: "HTTP_503", message: "", traceback: "" },
        metadata: aMetadata({ result: { class: "transient", code: "HTTP_503", message: "" } }),
      },
    });
    const answer = await serviceOf(push).getPushError({ pushLogId: "push1" });
    expect(answer.summary).toMatch(
      /trouble of its own.*It is not given up \(重试中\): the next attempt comes in 30 s\./u,
    );
    expect(answer).toMatchObject({ retryable: true, code: "HTTP_503" });
  });

  it("says where to look for one whose platform lets nothing through", async () => {
    const push = aPush({ id: "push1", life: { waitingReason: "BREAKER_OPEN" } });
    const { summary, advice } = await serviceOf(push).getPushError({ pushLogId: "push1" });
    expect(summary).toMatch(/熔断/u);
    expect(advice).toMatch(/GetPlatformStatus/u);
  });

  it("says of one that was called off by whom it was told", async () => {
    const push = ended(aPush({ id: "push1" }), "CANCELLED", { stateReason: "not needed" });
    const { summary, retryable } = await serviceOf(push).getPushError({ pushLogId: "push1" });
    expect(summary).toBe("It was called off before the platform took it: not needed.");
    expect(retryable).toBe(false);
  });

  it("says of one that ran out of time that it did, whatever an earlier attempt was told", async () => {
    const push = ended(aPush({ id: "push1" }), "TIMED_OUT", {
      attemptCount: 2,
      error: { code: "SCHEDULE_TO_CLOSE_TIMEOUT", message: "", traceback: "" },
      metadata: aMetadata({ result: { class: "transient", code: "HTTP_503", message: "" } }),
    });
    const answer = await serviceOf(push).getPushError({ pushLogId: "push1" });
    expect(answer.summary).toMatch(/not done in time/u);
    expect(answer).toMatchObject({ retryable: true, class: "", code: "SCHEDULE_TO_CLOSE_TIMEOUT" });
  });

  it("says of one that was never sent what Belfry said", async () => {
    const push = ended(aPush({ id: "push1" }), "FAILED", {
      error: { code: "SECRET_UNREADABLE", message: "The key is another.", traceback: "" },
    });
    const { summary } = await serviceOf(push).getPushError({ pushLogId: "push1" });
    expect(summary).toMatch(/^It could not be sent: SECRET_UNREADABLE: The key is another;/u);
  });

  it("knows nothing of what is no push, or is not there", async () => {
    const service = serviceOf(anInstance({ id: "i" }));
    for (const pushLogId of ["i", "j"]) {
      for (const call of [service.getPushError({ pushLogId }), service.listExchanges({ pushLogId })]) {
        expect(await refusalOf(call)).toMatchObject({
          code: "NotFound",
          reason: "PUSH_NOT_FOUND",
          metadata: { push_log_id: pushLogId },
        });
      }
    }
  });
});

describe("ListExchanges", () => {
  const failed = aStep({ class: "transient", code: "HTTP_503", message: "The platform answered 503." });
  const service = () =>
    serviceOf(
      failedWith({ class: "transient", code: "HTTP_503" }),
      anAttemptOf(1, [aStep({ operation: "token", thirdId: "" }), failed]),
      anAttemptOf(2, []),
      anAttemptOf(3, [failed, aStep({ operation: "delete_todo" })], 5),
    );

  it("lists requests and answers, the newest attempt first, in the order in which they were sent (R-023, R-087)", async () => {
    const { exchanges, nextPageToken } = await service().listExchanges({ pushLogId: "push1" });
    expect(
      exchanges.map(({ attemptNumber, operation, leftOutCount }) => [attemptNumber, operation, leftOutCount]),
    ).toEqual([
      [3, "insert", 0],
      [3, "delete_todo", 5],
      [1, "token", 0],
      [1, "insert", 0],
    ]);
    expect(exchanges[0]).toMatchObject({
      thirdId: "77_9001",
      class: "transient",
      code: "HTTP_503",
      message: "The platform answered 503.",
      request: { url: "https://jz/task" },
      response: { status: 200 },
      duration: { nanos: 12_000_000 },
    });
    expect(nextPageToken).toBe("");
  });

  it("goes page by page, also within an attempt", async () => {
    const seen: unknown[] = [];
    let pageToken = "";
    do {
      const answer = await service().listExchanges({ pushLogId: "push1", pageSize: 1, pageToken });
      expect(answer.exchanges).toHaveLength(1);
      seen.push(...answer.exchanges.map(({ attemptNumber, operation }) => `${attemptNumber} ${operation}`));
      pageToken = answer.nextPageToken;
    } while (pageToken !== "");
    expect(seen).toEqual(["3 insert", "3 delete_todo", "1 token", "1 insert"]);
  });

  it("reads on past many attempts", async () => {
    const attempts = Array.from({ length: 40 }, (_, index) => anAttemptOf(index + 1, [failed]));
    const { exchanges } = await serviceOf(failedWith({}), ...attempts).listExchanges({ pushLogId: "push1" });
    expect(exchanges.map(({ attemptNumber }) => attemptNumber)).toEqual(
      Array.from({ length: 40 }, (_, index) => 40 - index),
    );
  });
});
