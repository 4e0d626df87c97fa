/** Receivers that report the result after their 2xx, and what the person who debugs a delivery is shown. */
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { belfryErrorOf } from "../../../src/client/index.ts";
import { AttemptOutcome, InstanceState } from "../../../src/gen/belfry/v1/instance_pb.ts";
import { answers, changes } from "../../support/receiver-behaviours.ts";
import type { ReceivedRequest, Receiver } from "../../support/receiver.ts";
import { aReceiver } from "../../support/receiver.ts";
import { until } from "../../support/until.ts";
import type { CreateDispatchInit, DispatchSite } from "./site.ts";
import { openDispatchSite, present, retries } from "./site.ts";

let site: DispatchSite;

beforeAll(async () => {
  site = await openDispatchSite();
});
afterAll(() => site[Symbol.asyncDispose]());

/** What a receiver is told for its report. */
interface Reporting {
  readonly attempt_token: string;
  readonly url: string;
  readonly timeout_seconds: number;
}

function reportingOf({ body }: ReceivedRequest): Reporting {
  return (JSON.parse(body) as { delivery_instructions: { callback: Reporting } }).delivery_instructions.callback;
}

/** A dispatch that was delivered, and waits for its receiver. */
async function delivered(receiver: Receiver, more: CreateDispatchInit = {}): Promise<{ id: string } & Reporting> {
  const id = await site.send(receiver.url("/hook"), { callbackRequired: true, ...more });
  await until(async () => (await site.read(id)).callbackAwaited, `${id} waits for its receiver`);
  return { id, ...reportingOf(present(receiver.requests.at(-1))) };
}

async function posted(url: string, body: object): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

const state = async (id: string): Promise<InstanceState> => (await site.read(id)).state;

/** Names of headers mean the same in any case. */
function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

describe("A dispatch with a callback", () => {
  it("stays RUNNING after the 2xx, and the package says how to report", async () => {
    await using receiver = await aReceiver();
    const { id, attempt_token, url, timeout_seconds } = await delivered(receiver, {
      callbackTimeout: durationFromMs(90_000),
    });
    expect(await state(id)).toBe(InstanceState.RUNNING);
    const request = present(receiver.requests[0]);
    expect(JSON.parse(request.body)).toMatchObject({ delivery_instructions: { callback_required: true } });
    expect(request.headers["belfry-attempt-token"]).toBe(attempt_token);
    expect(url).toBe(`${site.server.url}/callbacks/${attempt_token}`);
    expect(timeout_seconds).toBe(90);
  });

  it("is COMPLETED by CompleteInstance, with the result that the receiver reports, and only once", async () => {
    await using receiver = await aReceiver();
    const { id, attempt_token: attemptToken } = await delivered(receiver);
    await site.workers.completeInstance({ attemptToken, result: { removed: 3 } });
    expect(await site.read(id)).toMatchObject({ state: InstanceState.COMPLETED, result: { removed: 3 } });
    const again = await site.workers
      .completeInstance({ attemptToken, result: { removed: 4 } })
      .catch((error: unknown) => error);
    expect(again).toMatchObject({ code: Code.FailedPrecondition });
    expect(belfryErrorOf(again)).toMatchObject({ reason: "STALE_ATTEMPT" });
    expect(await site.read(id)).toMatchObject({ result: { removed: 3 } });
  });

  it("is COMPLETED by a plain POST to the URL of the package, and only once", async () => {
    await using receiver = await aReceiver();
    const { id, url } = await delivered(receiver);
    expect(await posted(url, { status: "completed", result: { removed: 3 } })).toMatchObject({ status: 200 });
    expect(await site.read(id)).toMatchObject({ state: InstanceState.COMPLETED, result: { removed: 3 } });
    expect(await posted(url, { status: "completed" })).toMatchObject({
      status: 409,
      body: { reason: "STALE_ATTEMPT" },
    });
    expect(await posted(`${url}x`, { status: "completed" })).toMatchObject({ status: 409 });
  });

  it("is FAILED by FailInstance with what the receiver says", async () => {
    await using receiver = await aReceiver();
    const { id, attempt_token: attemptToken } = await delivered(receiver, { retryPolicy: retries(3) });
    await site.workers.failInstance({
      attemptToken,
      error: { code: "NOT_OURS", message: "belongs to another team" },
      retryable: false,
    });
    expect(await site.read(id)).toMatchObject({
      state: InstanceState.FAILED,
      attemptCount: 1,
      error: { code: "NOT_OURS", message: "belongs to another team" },
    });
  });

  it("is delivered again when the receiver reports a failure that may pass, with another token", async () => {
    await using receiver = await aReceiver();
    const { id, url, attempt_token: first } = await delivered(receiver, { retryPolicy: retries(3) });
    const failure = { status: "failed", error: { code: "BUSY", message: "not now" } };
    expect(await posted(url, failure)).toMatchObject({ status: 200 });
    await receiver.received(2);
    await until(async () => (await site.read(id)).callbackAwaited, "the second attempt waits for its receiver");
    const second = reportingOf(present(receiver.requests[1]));
    expect(second.attempt_token).not.toBe(first);
    // The token of an attempt that is over is worth nothing.
    expect(await posted(url, { status: "completed" })).toMatchObject({ status: 409 });
    expect(await posted(second.url, { status: "completed" })).toMatchObject({ status: 200 });
    expect(await site.read(id)).toMatchObject({ state: InstanceState.COMPLETED, attemptCount: 2 });
  });

  it("is delivered again when nobody reports in time, and is TIMED_OUT when that goes on", async () => {
    await using receiver = await aReceiver();
    const done = await site.carriedOut(receiver.url("/hook"), {
      callbackRequired: true,
      callbackTimeout: durationFromMs(1000),
      retryPolicy: retries(1),
    });
    expect(done).toMatchObject({
      state: InstanceState.TIMED_OUT,
      attemptCount: 2,
      error: { code: "CALLBACK_TIMEOUT" },
    });
    expect(receiver.requests).toHaveLength(2);
    // It took what it got: that says nothing against it.
    expect((await site.destination(receiver.origin)).breaker).toMatchObject({ windowSucceeded: 2, windowFailed: 0 });
  });

  it("holds no slot of its destination while its receiver works on it", async () => {
    await using receiver = await aReceiver();
    await site.set(receiver.origin, { maxConcurrent: 1 });
    const first = await delivered(receiver);
    const second = await delivered(receiver);
    for (const { url } of [second, first]) await posted(url, { status: "completed" });
    expect([await state(first.id), await state(second.id)]).toEqual([InstanceState.COMPLETED, InstanceState.COMPLETED]);
  });
});

describe("The attempts of a dispatch", () => {
  it("show what was sent and what was answered, and no secret of either (R-122)", async () => {
    const answer = JSON.stringify({ received: true, access_token: "at-5f2b9c" });
    const cookie = { "set-cookie": "session=hush-5f2b9c; Path=/", "x-request-id": "r-1" };
    await using receiver = await aReceiver({
      behaviour: changes(1, answers(503, "later"), answers(202, answer, cookie)),
    });
    const { id } = await delivered(receiver, {
      retryPolicy: retries(1),
      headers: { Authorization: "Bearer hush-41d7aa", "X-Team": "risk" },
      data: { competitor: "ACME", password: "hush-77e0c1" },
    });
    // What the receiver got was not masked.
    const request = present(receiver.requests[1]);
    expect(request.headers["authorization"]).toBe("Bearer hush-41d7aa");
    expect(request.body).toContain("hush-77e0c1");

    const [failed, accepted] = await site.attempts(id);
    expect(failed).toMatchObject({
      number: 1,
      outcome: AttemptOutcome.FAILED,
      error: { code: "HTTP_503" },
      exchange: { response: { status: 503, body: "later" } },
    });
    expect(accepted).toMatchObject({
      number: 2,
      exchange: {
        request: {
          method: "POST",
          url: receiver.url("/hook"),
          bodyBytes: Buffer.byteLength(request.body),
          bodyCut: false,
        },
        response: { status: 202, bodyCut: false, headers: { "x-request-id": "r-1", "set-cookie": "***" } },
      },
    });
    expect(lowerCased(present(accepted?.exchange?.request).headers)).toMatchObject({
      "webhook-id": id,
      "x-team": "risk",
      authorization: "***",
      "belfry-attempt-token": "***",
    });
    expect(JSON.parse(present(accepted?.exchange?.request).body)).toMatchObject({
      task_type: "competitor_alert",
      data: { competitor: "ACME", password: "***" },
    });
    expect(JSON.parse(present(accepted?.exchange?.response).body)).toEqual({ received: true, access_token: "***" });
    const shown = JSON.stringify(
      [failed, accepted].map((attempt) => attempt?.exchange),
      (_name, value: unknown) => (typeof value === "bigint" ? String(value) : value),
    );
    for (const hidden of ["hush-", "at-5f2b9c", reportingOf(request).attempt_token])
      expect(shown).not.toContain(hidden);
  });

  it("show the beginning of bodies that are long, and say so", async () => {
    await using receiver = await aReceiver({ behaviour: answers(200, "x".repeat(20_000)) });
    const { id } = await site.carriedOut(receiver.url("/hook"), { data: { text: "y".repeat(20_000) } });
    const [attempt] = await site.attempts(id);
    const { request, response } = present(attempt?.exchange);
    expect(present(request)).toMatchObject({ bodyCut: true });
    expect(present(request).bodyBytes).toBeGreaterThan(20_000);
    expect(present(response)).toMatchObject({ bodyCut: true });
    for (const { body } of [present(request), present(response)]) {
      expect(body.length).toBeGreaterThan(1000);
      expect(body.length).toBeLessThanOrEqual(4096);
    }
  });
});
