import { describe, expect, it } from "vitest";
import type { NatsAction } from "../../../src/domain/action.ts";
import type { JsonObject } from "../../../src/domain/json.ts";
import type { ServiceReply } from "../../../src/ports/requester.ts";
import { natsExecutor } from "../../../src/runtime/executors/nats-executor.ts";
import { silentLog } from "../../support/log.ts";
import { MANUAL_START_AT, ManualClock } from "../../support/manual-clock.ts";
import type { anInstanceSpec } from "../../support/records.ts";
import { NO_TIMEOUTS } from "./given.ts";
import { FakeRequester, FakeWorkers, anAssignment } from "./executors-given.ts";

const ACTION: NatsAction = { kind: "nats", subject: "orders.check", headers: { "X-Team": "red" } };
const INSTANCE_ID = "019b76da-a800-7000-8000-0000000112ab";
const DONE: ServiceReply = { kind: "replied", payload: { ok: true } };

async function given({ connected = true } = {}) {
  const clock = new ManualClock();
  const workers = new FakeWorkers();
  const requester = new FakeRequester(clock, connected);
  const executor = natsExecutor({ requester, workers, clock, log: silentLog, nodeId: "a" });
  executor.start();
  await clock.advance(0);
  /** Gives it an attempt of the action, and the request that it sends. */
  const requesting = async ({
    spec = {},
    ...assignment
  }: Omit<NonNullable<Parameters<typeof anAssignment>[0]>, "instance"> & {
    readonly spec?: Parameters<typeof anInstanceSpec>[0];
  } = {}) => {
    const instance = { id: INSTANCE_ID, spec: { action: ACTION, timeouts: NO_TIMEOUTS, ...spec } };
    workers.outlet.assign([anAssignment({ ...assignment, instance })]);
    await clock.advance(0);
    return requester.requests.at(-1)!;
  };
  return { clock, workers, requester, executor, requesting };
}

/** A list in a list in a list. */
function nested(depth: number): JsonObject {
  return { list: JSON.parse("[".repeat(depth - 1) + "]".repeat(depth - 1)) };
}

describe("the request of an attempt", () => {
  it("goes to the subject with the payload, and says whose it is", async () => {
    const { requesting } = await given();
    const request = await requesting({
      token: "t",
      number: 3,
      spec: { payload: { order: 7 }, definitionId: "nightly", scheduledAt: MANUAL_START_AT },
    });
    expect(request).toMatchObject({ subject: "orders.check", payload: { order: 7 } });
    expect(request.headers).toEqual({
      "X-Team": "red",
      "Belfry-Instance-Id": INSTANCE_ID,
      "Belfry-Definition-Id": "nightly",
      "Belfry-Attempt": "3",
      "Belfry-Attempt-Token": "t",
      "Belfry-Idempotency-Key": INSTANCE_ID,
      "Belfry-Scheduled-Time": "2026-01-01T00:00:00.000Z",
      // The hash of the token: printf t | sha256sum
      traceparent: "00-019b76daa800700080000000000112ab-e3b98a4da31a127d-01",
    });
  });

  it("has an empty payload and no header for what the instance does not have", async () => {
    const { requesting } = await given();
    const request = await requesting({ spec: { payload: null, definitionId: null, scheduledAt: null } });
    expect(request.payload).toEqual({});
    expect(Object.keys(request.headers)).not.toContain("Belfry-Definition-Id");
    expect(Object.keys(request.headers)).not.toContain("Belfry-Scheduled-Time");
  });

  it("carries ids of any characters in headers of visible ones", async () => {
    const { requesting } = await given();
    const { headers } = await requesting({ spec: { definitionId: "任务 1\r\nX: 50%" } });
    expect(headers["Belfry-Definition-Id"]).toBe("%E4%BB%BB%E5%8A%A1%201%0D%0AX:%2050%25");
    expect(decodeURIComponent(headers["Belfry-Definition-Id"] ?? "")).toBe("任务 1\r\nX: 50%");
  });

  it("belongs to one trace with the other attempts, and is a span of its own", async () => {
    const { requesting } = await given();
    const spans: (readonly string[])[] = [];
    for (const token of ["t1", "t2"]) {
      spans.push((await requesting({ token })).headers.traceparent?.split("-") ?? []);
    }
    expect(spans[0]?.[1]).toBe(spans[1]?.[1]);
    expect(spans[0]?.[2]).not.toBe(spans[1]?.[2]);
  });

  it.each([
    ["a minute when the attempt has no deadline", {}, 60_000],
    ["until a moment before the deadline of the attempt", { startToCloseMs: 5000 }, 4750],
    ["until a moment before that of the instance, when it comes first", { scheduleToCloseMs: 4000 }, 3750],
    ["most of a short time", { startToCloseMs: 100 }, 90],
    ["a moment at least", { startToCloseMs: 1 }, 1],
    ["at most as long as a timer can", { startToCloseMs: 100 * 365 * 86_400_000 }, 2 ** 31 - 1],
    ["longer than the signs of life may be apart", { startToCloseMs: 600_000, heartbeatMs: 1000 }, 599_750],
  ])("waits %s", async (_, timeouts, timeoutMs) => {
    const { requesting } = await given();
    const request = await requesting({ heartbeatMs: 1000, spec: { timeouts: { ...NO_TIMEOUTS, ...timeouts } } });
    expect(request.timeoutMs).toBe(timeoutMs);
  });
});

describe("a reply", () => {
  it.each<[string, JsonObject | null]>([
    ["an object", { ok: true, items: [1, "zwei", null, { deep: "界" }] }],
    ["something else, as the port hands it on", { value: "text" }],
    ["nothing", null],
    ["data of 32 levels", nested(32)],
  ])("of %s is the result", async (_, payload) => {
    const { clock, workers, requesting } = await given();
    (await requesting()).reply({ kind: "replied", payload });
    await clock.advance(0);
    expect(workers.completed).toEqual([{ token: "token", result: payload }]);
  });

  it.each<[string, ServiceReply, { code: string; message: string; retryable: boolean }]>([
    [
      "that refuses",
      { kind: "refused", code: "500", message: "out of paper" },
      { code: "SERVICE_ERROR", message: "500 out of paper", retryable: true },
    ],
    [
      "that refuses the request as such",
      { kind: "refused", code: "404", message: "no such order" },
      { code: "SERVICE_ERROR", message: "404 no such order", retryable: false },
    ],
    [
      "that refuses with a code that is no number",
      { kind: "refused", code: "E_4", message: "" },
      { code: "SERVICE_ERROR", message: "E_4", retryable: true },
    ],
    [
      "that refuses since it took too long",
      { kind: "refused", code: "408", message: "slow" },
      { code: "SERVICE_ERROR", message: "408 slow", retryable: true },
    ],
    [
      "that refuses for now",
      { kind: "refused", code: "429", message: "busy" },
      { code: "SERVICE_ERROR", message: "429 busy", retryable: true },
    ],
    [
      "by nobody",
      { kind: "no-responders" },
      { code: "NO_RESPONDERS", message: 'Nobody answers requests on "orders.check".', retryable: true },
    ],
    [
      "that did not come in time",
      { kind: "timed-out" },
      { code: "REQUEST_TIMEOUT", message: 'No reply on "orders.check" within 60000 ms.', retryable: true },
    ],
    [
      "lost with the connection",
      { kind: "unavailable", message: "The connection broke." },
      { code: "NATS_UNAVAILABLE", message: "The connection broke.", retryable: true },
    ],
    [
      "that cannot be read",
      { kind: "unreadable", message: "It is too large." },
      { code: "REPLY_UNREADABLE", message: "It is too large.", retryable: false },
    ],
    [
      "with a message that no store can hold",
      { kind: "refused", code: "500", message: "a\0b\u{D800}" },
      { code: "SERVICE_ERROR", message: "500 a\u{FFFD}b\u{FFFD}", retryable: true },
    ],
    [
      "with a very long message",
      { kind: "refused", code: "500", message: "x".repeat(100_000) },
      { code: "SERVICE_ERROR", message: `500 ${"x".repeat(4096)}`, retryable: true },
    ],
  ])("%s fails the attempt", async (_, reply, { code, message, retryable }) => {
    const { clock, workers, requesting } = await given();
    (await requesting()).reply(reply);
    await clock.advance(0);
    const error = { code, message, traceback: "" };
    expect(workers.failed).toEqual([{ token: "token", failure: { error, retryable } }]);
  });

  it.each<[string, JsonObject]>([
    ["a NUL", { deep: [{ text: "a\0" }] }],
    ["a NUL in a key", { "a\0": 1 }],
    ["half a surrogate pair", { text: "\u{D800}" }],
    ["a number past all bounds", JSON.parse('{"n":1e999}') as JsonObject],
    ["33 levels", nested(33)],
    ["100,000 levels", nested(100_000)],
  ])("with %s is not kept, and there is no use in asking again", async (_, payload) => {
    const { clock, workers, requesting } = await given();
    (await requesting()).reply({ kind: "replied", payload });
    await clock.advance(0);
    expect(workers.completed).toEqual([]);
    expect(workers.failed).toMatchObject([{ failure: { error: { code: "REPLY_UNREADABLE" }, retryable: false } }]);
  });
});

describe("the executor of requests", () => {
  it("takes instances only while the network is there", async () => {
    const { workers, requester, clock } = await given({ connected: false });
    requester.connect(true);
    requester.connect(false);
    await clock.advance(0);
    expect(workers.opened).toEqual([{ queue: "$nats", workerId: "nats@a", slots: 0 }]);
    expect(workers.slots).toEqual([0, 256, 0]);
  });

  it("fails what waits for a reply when the network goes away", async () => {
    const { workers, requester, clock, requesting } = await given();
    await requesting();
    requester.connect(false);
    await clock.advance(0);
    expect(workers.failed).toMatchObject([{ failure: { error: { code: "NATS_UNAVAILABLE" }, retryable: true } }]);
  });

  it("gives signs of life while a service takes its time, and the reply still counts", async () => {
    const { workers, clock, requesting } = await given();
    const request = await requesting({ spec: { timeouts: { ...NO_TIMEOUTS, startToCloseMs: 3_600_000 } } });
    await clock.advance(1_800_000);
    expect(workers.beats).toHaveLength(600);
    request.reply(DONE);
    await clock.advance(0);
    expect(workers.completed).toHaveLength(1);
  });

  it("gives the request up when a cancel comes in flight", async () => {
    const { workers, clock, requesting } = await given();
    const request = await requesting();
    workers.outlet.signal([{ token: "token", cancelRequested: true, pauseRequested: false, stale: false }]);
    await clock.advance(0);
    expect(request.signal.aborted).toBe(true);
    expect(workers.failed).toMatchObject([{ failure: { error: { code: "CANCELLED" }, retryable: false } }]);
  });

  it("says so when something else stands in its queue", async () => {
    const { workers, requester, clock } = await given();
    workers.outlet.assign([anAssignment({ instance: { spec: { action: { kind: "external" } } } })]);
    await clock.advance(0);
    expect(requester.requests).toEqual([]);
    expect(workers.failed).toMatchObject([{ failure: { error: { code: "EXECUTOR_ERROR" } } }]);
  });
});
