/** What becomes of a dispatch whose receiver misbehaves: through the API, a server process and real connections. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { durationFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Code } from "@connectrpc/connect";
import { belfryErrorOf } from "../../../src/client/index.ts";
import { BreakerState } from "../../../src/gen/belfry/v1/dispatch_pb.ts";
import { FailureCause, InstanceState, WaitingReason } from "../../../src/gen/belfry/v1/instance_pb.ts";
import {
  answers,
  asksToWait,
  type Behaviour,
  bombs,
  bragsInHeaders,
  breaksOff,
  changes,
  closes,
  compresses,
  dripsBody,
  dripsHeaders,
  flaps,
  floodsBody,
  forgetsConnections,
  redirects,
  resets,
  says,
  staysSilent,
} from "../../support/receiver-behaviours.ts";
import { anAuthority } from "../../support/receiver-certificates.ts";
import { aClosedPort, aRawListener, aReceiver } from "../../support/receiver.ts";
import { until } from "../../support/until.ts";
import type { CreateDispatchInit, DispatchSite } from "./site.ts";
import { openDispatchSite, present, retries } from "./site.ts";

const authority = anAuthority();
let site: DispatchSite;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "belfry-test-ca-"));
  await writeFile(join(folder, "ca.pem"), authority.ca);
  site = await openDispatchSite({ env: { BELFRY_WEBHOOK_CA_FILE: join(folder, "ca.pem") } });
});
afterAll(async () => {
  await site[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** What one attempt came to, and what it shows: a status, or the cause for which there is none. */
type Outcome =
  | "COMPLETED 200"
  | "COMPLETED 200, the body cut"
  | "COMPLETED 204"
  | `FAILED HTTP_${number}`
  | "FAILED CONNECTION_FAILED"
  | "FAILED BAD_RESPONSE"
  | "FAILED TIMEOUT";
type Row = readonly [claim: string, behaviour: Behaviour, outcome: Outcome];

const HEAD = "HTTP/1.1 200 OK\r\n";

const ROWS: readonly Row[] = [
  ["answers 200", answers(), "COMPLETED 200"],
  ["answers 204", answers(204, ""), "COMPLETED 204"],
  ["answers 304", answers(304, ""), "FAILED HTTP_304"],
  ["answers 400", answers(400, "no"), "FAILED HTTP_400"],
  ["answers 401", answers(401, "who?"), "FAILED HTTP_401"],
  ["answers 404", answers(404, ""), "FAILED HTTP_404"],
  ["answers 408", answers(408, ""), "FAILED HTTP_408"],
  ["answers 429", answers(429, ""), "FAILED HTTP_429"],
  ["answers 500", answers(500, "broken"), "FAILED HTTP_500"],
  ["answers 503", answers(503, ""), "FAILED HTTP_503"],
  ["answers 799", says("HTTP/1.1 799 So\r\ncontent-length: 0\r\n\r\n"), "FAILED HTTP_799"],
  ["resets the connection", resets(), "FAILED CONNECTION_FAILED"],
  ["closes the connection", closes(), "FAILED CONNECTION_FAILED"],
  ["closes within the headers", says(`${HEAD}x-a`, "close"), "FAILED BAD_RESPONSE"],
  ["announces two lengths", says(`${HEAD}content-length: 2\r\ncontent-length: 3\r\n\r\nok`), "FAILED BAD_RESPONSE"],
  ["announces a length that is no number", says(`${HEAD}content-length: much\r\n\r\nok`), "FAILED BAD_RESPONSE"],
  ["has headers of 64 KiB", bragsInHeaders(65_536), "FAILED BAD_RESPONSE"],
  ["speaks no HTTP", says("220 mail.example.com\r\n"), "FAILED BAD_RESPONSE"],
  ["says more than it announced", says(`${HEAD}content-length: 2\r\n\r\nok and more`), "COMPLETED 200"],
  // From the 2xx on, what goes wrong with the body is not worth a second delivery.
  ["closes before the announced length", breaksOff("close"), "COMPLETED 200, the body cut"],
  ["resets within the body", breaksOff("reset"), "COMPLETED 200, the body cut"],
  ["sends a body without end as fast as it can", floodsBody(), "COMPLETED 200, the body cut"],
  ["compresses though nobody asked", compresses("gzip", "thanks"), "COMPLETED 200"],
  ["sends a gzip bomb", bombs("gzip", 16), "COMPLETED 200, the body cut"],
  ["sends a deflate bomb", bombs("deflate", 16), "COMPLETED 200, the body cut"],
  ["sends a br bomb", bombs("br", 16), "COMPLETED 200, the body cut"],
];

const SILENT: readonly Row[] = [
  ["never answers", staysSilent(), "FAILED TIMEOUT"],
  ["sends headers byte by byte without end", dripsHeaders(), "FAILED TIMEOUT"],
];

async function outcomeOf(url: string, more: CreateDispatchInit = {}): Promise<string> {
  const done = await site.carriedOut(url, more);
  const [attempt, ...others] = await site.attempts(done.id);
  expect(others).toEqual([]);
  const { response, failure } = present(present(attempt).exchange);
  if (done.state === InstanceState.COMPLETED) {
    return `COMPLETED ${response?.status}${response?.bodyCut === true ? ", the body cut" : ""}`;
  }
  expect(done.state).toBe(InstanceState.FAILED);
  const { code, message } = present(done.error);
  // The error says the same as the exchange, and both say it in words.
  expect(message).not.toBe("");
  if (response !== undefined) expect(code).toBe(`HTTP_${response.status}`);
  else expect([present(failure).message, causesOf(code)]).toEqual([message, expect.arrayContaining([failure?.cause])]);
  return `FAILED ${code}`;
}

/** Which failures have this code. */
function causesOf(code: string): readonly FailureCause[] {
  const { CONNECTION, TLS, TIMEOUT, BAD_RESPONSE, REFUSED } = FailureCause;
  const causes: Readonly<Record<string, FailureCause>> = {
    CONNECTION_FAILED: CONNECTION,
    TLS_FAILED: TLS,
    TIMEOUT,
    BAD_RESPONSE,
    TARGET_FORBIDDEN: REFUSED,
  };
  const cause = causes[code];
  return cause === undefined ? [] : [cause];
}

describe("A dispatch, tried once, whose receiver", () => {
  it.concurrent.each(ROWS)("%s", async (_claim, behaviour, outcome) => {
    await using receiver = await aReceiver({ behaviour });
    expect(await outcomeOf(receiver.url("/hook"))).toBe(outcome);
    expect(receiver.requests).toHaveLength(1);
  });

  it.concurrent.each(SILENT)("%s", async (_claim, behaviour, outcome) => {
    await using receiver = await aReceiver({ behaviour });
    await site.set(receiver.origin, { headersTimeout: durationFromMs(500) });
    expect(await outcomeOf(receiver.url("/hook"))).toBe(outcome);
    await receiver.openFor(0);
  });

  it.concurrent("sends the body byte by byte without end", async () => {
    await using receiver = await aReceiver({ behaviour: dripsBody() });
    const timeouts = { startToClose: durationFromMs(3000) };
    expect(await outcomeOf(receiver.url("/hook"), { timeouts })).toBe("COMPLETED 200, the body cut");
    await receiver.openFor(0);
  });

  it.concurrent("does not listen", async () => {
    expect(await outcomeOf(`http://127.0.0.1:${await aClosedPort()}/`)).toBe("FAILED CONNECTION_FAILED");
  });
});

describe("A dispatch over TLS", () => {
  const names = ["127.0.0.1"];
  const GOOD = { names };

  it.concurrent.each([
    ["from an authority of BELFRY_WEBHOOK_CA_FILE is delivered", authority, GOOD, "COMPLETED 200"],
    ["from an authority that nobody named fails", anAuthority(), GOOD, "FAILED TLS_FAILED"],
    ["for another name fails", authority, { names: ["hooks.example.com"] }, "FAILED TLS_FAILED"],
    ["that has expired fails", authority, { names, to: new Date(Date.UTC(2021, 0, 1)) }, "FAILED TLS_FAILED"],
    ["that is not valid yet fails", authority, { names, from: new Date(Date.UTC(2048, 0, 1)) }, "FAILED TLS_FAILED"],
  ] as const)("to a receiver with a certificate %s", async (_claim, issuer, certificate, outcome) => {
    await using receiver = await aReceiver({ certificate: issuer.issue(certificate) });
    expect(await outcomeOf(receiver.url("/hook"))).toBe(outcome);
    expect(receiver.requests).toHaveLength(outcome === "COMPLETED 200" ? 1 : 0);
  });

  it.concurrent("to a receiver that speaks none fails", async () => {
    await using receiver = await aReceiver();
    expect(await outcomeOf(receiver.url("/hook").replace("http:", "https:"))).toBe("FAILED TLS_FAILED");
    expect(receiver.requests).toEqual([]);
  });

  it.concurrent("to one that never shakes hands fails when the time to connect is over", async () => {
    await using listener = await aRawListener();
    const origin = `https://127.0.0.1:${listener.port}`;
    await site.set(origin, { connectTimeout: durationFromMs(100) });
    expect(await outcomeOf(`${origin}/hook`)).toBe("FAILED TIMEOUT");
    await listener.left();
  });
});

describe("A dispatch that may be retried", () => {
  it.concurrent.each([
    ["is reset", resets(), "CONNECTION_FAILED"],
    ["is broken for a while", answers(500, "broken"), "HTTP_500"],
    ["refuses", answers(404, "not yet"), "HTTP_404"],
    ["asks to come back", asksToWait(503, 1), "HTTP_503"],
  ])("is delivered by the second attempt when the first one %s", async (_claim, first, code) => {
    await using receiver = await aReceiver({ behaviour: changes(1, first, answers()) });
    const done = await site.carriedOut(receiver.url("/hook"), { retryPolicy: retries(3) });
    expect(done).toMatchObject({ state: InstanceState.COMPLETED, attemptCount: 2 });
    const [failed, delivered] = await site.attempts(done.id);
    expect(failed).toMatchObject({ number: 1, error: { code } });
    expect(delivered).toMatchObject({ number: 2, exchange: { response: { status: 200 } } });
    expect(receiver.requests.map(({ headers }) => headers["belfry-attempt"])).toEqual(["1", "2"]);
  });

  it.concurrent("fails when no retry is left, with the last error", async () => {
    await using receiver = await aReceiver({ behaviour: flaps(answers(500), answers(404), answers(400)) });
    const done = await site.carriedOut(receiver.url("/hook"), { retryPolicy: retries(2) });
    expect(done).toMatchObject({ state: InstanceState.FAILED, attemptCount: 3, error: { code: "HTTP_400" } });
    expect(receiver.requests).toHaveLength(3);
  });

  it.concurrent("is not tried again before Retry-After has passed", async () => {
    await using receiver = await aReceiver({ behaviour: changes(1, asksToWait(429, 1), answers()) });
    const done = await site.carriedOut(receiver.url("/hook"), { retryPolicy: retries(1) });
    expect(done).toMatchObject({ state: InstanceState.COMPLETED, attemptCount: 2 });
    const [failed, again] = await site.attempts(done.id);
    const waitedMs = timestampMs(present(again?.startTime)) - timestampMs(present(failed?.endTime));
    expect(waitedMs).toBeGreaterThanOrEqual(1000);
  });

  it.concurrent("goes over a new connection when the receiver forgot the one it had", async () => {
    await using receiver = await aReceiver({ behaviour: forgetsConnections() });
    for (let turn = 0; turn < 3; turn++) {
      const done = await site.carriedOut(receiver.url("/hook"), { retryPolicy: retries(3) });
      expect(done.state).toBe(InstanceState.COMPLETED);
    }
  });

  it.concurrent("reaches a flapping receiver, whose breaker stays closed", async () => {
    await using receiver = await aReceiver({ behaviour: flaps(answers(503), answers()) });
    await site.set(receiver.origin, { breaker: { failureRatio: 0 } });
    for (let turn = 0; turn < 5; turn++) {
      const done = await site.carriedOut(receiver.url("/hook"), { retryPolicy: retries(3) });
      expect(done).toMatchObject({ state: InstanceState.COMPLETED, attemptCount: 2 });
    }
    const { breaker } = await site.destination(receiver.origin);
    expect(breaker).toMatchObject({ state: BreakerState.CLOSED, windowSucceeded: 5, windowFailed: 5 });
  });
});

describe("A redirect", () => {
  it.concurrent.each([301, 302, 303, 307, 308] as const)("of status %d is not followed", async (status) => {
    await using elsewhere = await aReceiver();
    await using receiver = await aReceiver({ behaviour: redirects(status, elsewhere.url("/hook")) });
    expect(await outcomeOf(receiver.url("/hook"))).toBe(`FAILED HTTP_${status}`);
    expect([receiver.requests.length, elsewhere.connections]).toEqual([1, 0]);
  });
});

describe("A destination", () => {
  it.concurrent("that answers 500 again and again is left alone, until it is reset", async () => {
    await using receiver = await aReceiver({ behaviour: answers(500, "broken") });
    const policy = { retryPolicy: retries(3) };
    const storm = await site.send(receiver.url("/storm"), policy);
    await receiver.received(3);
    await until(
      async () => (await site.destination(receiver.origin)).breaker?.state === BreakerState.OPEN,
      "the breaker is open",
    );
    const later = await Promise.all(["/a", "/b", "/c"].map((path) => site.send(receiver.url(path), policy)));
    await until(async () => (await site.read(storm)).state === InstanceState.PENDING, "the first one waits as well");
    for (const id of [storm, ...later]) {
      expect(await site.read(id)).toMatchObject({
        state: InstanceState.PENDING,
        waitingReason: WaitingReason.BREAKER_OPEN,
        attemptCount: id === storm ? 3 : 0,
      });
    }
    expect(await site.destination(receiver.origin)).toMatchObject({
      breaker: { timesOpened: 1, consecutiveFailures: 3, lastFailure: { cause: FailureCause.SERVER_ERROR } },
      waitingCount: 4,
    });
    const refused = await site.send(receiver.url("/hasty"), { failFast: true }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: Code.Unavailable });
    expect(belfryErrorOf(refused)).toMatchObject({ reason: "BREAKER_OPEN" });
    expect(belfryErrorOf(refused).retryAfterMs).toBeGreaterThan(0);
    expect(receiver.requests).toHaveLength(3);

    for (const path of ["/storm", "/a", "/b", "/c"]) receiver.behave(path, answers());
    await site.dispatches.resetDestination({ origin: receiver.origin });
    const done = await Promise.all([storm, ...later].map((id) => site.ended(id)));
    expect(done.map(({ state, attemptCount }) => [state, attemptCount])).toEqual(
      [4, 1, 1, 1].map((attempts) => [InstanceState.COMPLETED, attempts]),
    );
    expect(await site.destination(receiver.origin)).toMatchObject({ breaker: { state: BreakerState.CLOSED } });
  });

  it.concurrent("that asks to be left alone for an hour gets nothing else meanwhile, until it is reset", async () => {
    await using receiver = await aReceiver({ behaviour: changes(1, asksToWait(429, 3600), answers()) });
    const first = await site.send(receiver.url("/hook"), { retryPolicy: retries(1) });
    await until(async () => (await site.read(first)).state === InstanceState.BACKING_OFF, "the first one backs off");
    const held = async (): Promise<boolean> => (await site.destination(receiver.origin)).heldUntilTime !== undefined;
    await until(held, "the destination is held");
    const second = await site.send(receiver.url("/hook"));
    expect(await site.read(second)).toMatchObject({
      state: InstanceState.PENDING,
      waitingReason: WaitingReason.RATE_LIMITED,
    });
    expect(await site.destination(receiver.origin)).toMatchObject({ breaker: { state: BreakerState.CLOSED } });
    await site.dispatches.resetDestination({ origin: receiver.origin });
    expect(await site.ended(second)).toMatchObject({ state: InstanceState.COMPLETED, attemptCount: 1 });
    expect(await site.read(first)).toMatchObject({ state: InstanceState.BACKING_OFF, attemptCount: 1 });
  });

  it.concurrent("that answers 410 is disabled, takes nothing new, and nothing that waits, until it is reset", async () => {
    await using receiver = await aReceiver({ behaviour: answers(410, "gone") });
    await site.set(receiver.origin, { maxConcurrent: 1 });
    const gate = Promise.withResolvers<void>();
    receiver.behave("/slow", async ({ response }) => {
      await gate.promise;
      response.writeHead(410).end();
    });
    const gone = await site.send(receiver.url("/slow"), { retryPolicy: retries(3) });
    await receiver.received(1);
    const waiting = await site.send(receiver.url("/next"));
    expect(await site.read(waiting)).toMatchObject({ waitingReason: WaitingReason.CONCURRENCY });
    gate.resolve();

    expect(await site.ended(gone)).toMatchObject({
      state: InstanceState.FAILED,
      attemptCount: 1,
      error: { code: "HTTP_410" },
    });
    await until(async () => (await site.destination(receiver.origin)).disabled, "it is disabled");
    expect((await site.destination(receiver.origin)).disableReason).toContain("410");
    expect(await site.read(waiting)).toMatchObject({
      state: InstanceState.PENDING,
      waitingReason: WaitingReason.BREAKER_OPEN,
    });
    const refused = await site.send(receiver.url("/new")).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: Code.FailedPrecondition });
    expect(belfryErrorOf(refused)).toMatchObject({ reason: "DESTINATION_DISABLED" });

    receiver.behave("/next", answers());
    await site.dispatches.resetDestination({ origin: receiver.origin });
    expect(await site.ended(waiting)).toMatchObject({ state: InstanceState.COMPLETED, attemptCount: 1 });
    expect(receiver.requests).toHaveLength(2);
  });

  it.concurrent("with a rule for bodies takes a 2xx for a success only when the body keeps it (R-140)", async () => {
    const said = (body: object): Behaviour => answers(200, JSON.stringify(body));
    await using receiver = await aReceiver();
    await site.set(receiver.origin, {
      successRules: [{ path: "errcode", equals: { kind: { case: "numberValue", value: 0 } } }],
    });
    receiver.behave("/full", changes(1, said({ errcode: 45009, errmsg: "too often" }), said({ errcode: 0 })));
    receiver.behave("/text", answers(200, "ok"));
    receiver.behave("/no", said({ errcode: 93000, errmsg: "no such robot" }));

    const full = await site.carriedOut(receiver.url("/full"), { retryPolicy: retries(1) });
    expect(full).toMatchObject({ state: InstanceState.COMPLETED, attemptCount: 2, result: { httpStatus: 200 } });
    const [first] = await site.attempts(full.id);
    expect(first?.error).toMatchObject({ code: "BODY_RULE", message: expect.stringContaining("45009") });
    for (const path of ["/text", "/no"]) {
      const done = await site.carriedOut(receiver.url(path));
      expect(done).toMatchObject({ state: InstanceState.FAILED, error: { code: "BODY_RULE" } });
    }
    const { breaker } = await site.destination(receiver.origin);
    expect(breaker).toMatchObject({ lastFailure: { cause: FailureCause.BAD_RESPONSE } });
  });
});
