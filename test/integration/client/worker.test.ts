import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { NonRetryableError, Priority, RetryableError } from "../../../src/client/index.ts";
import type { HandlerContext } from "../../../src/client/index.ts";
import { settled } from "../../support/manual-clock.ts";
import { gate, startBench } from "./worker-under-test.ts";

test("a batch of instances is run, and what ends in one turn is reported in one message", async () => {
  const { service } = await startBench({ concurrency: 5, handler: ({ instanceId }) => ({ did: instanceId }) });
  const session = await service.session();
  expect(session.hello).toMatchObject({ queue: "agents", workerId: "w1", running: [] });
  expect(session.first.slots).toBe(5);
  session.welcome();
  session.assign("a", "b", "c");

  const { completions } = await session.results();
  expect(completions.map(({ attemptToken, result }) => [attemptToken, result])).toEqual([
    ["token-a", { did: "a" }],
    ["token-b", { did: "b" }],
    ["token-c", { did: "c" }],
  ]);
});

test("all attempts share one stream, and one after the other many results flow over it", async () => {
  const { service } = await startBench({ concurrency: 2, handler: () => {} });
  const session = await service.session();
  session.welcome();
  for (let round = 0; round < 20; round += 1) {
    session.assign(`a${round}`, `b${round}`);
    const { completions } = await session.results();
    expect(completions.map(({ attemptToken }) => attemptToken)).toEqual([`token-a${round}`, `token-b${round}`]);
    session.accept(`token-a${round}`, `token-b${round}`);
  }
  expect(service.calls).toBe(1);
});

test("a large burst of results comes in several messages, none lost", async () => {
  const { service } = await startBench({ concurrency: 1_000, handler: () => {} });
  const session = await service.session();
  session.welcome();
  const ids = Array.from({ length: 1_000 }, (_, index) => `i${index}`);
  session.assign(...ids);
  const tokens: string[] = [];
  let messages = 0;
  while (tokens.length < ids.length) {
    messages += 1;
    tokens.push(...(await session.results()).completions.map(({ attemptToken }) => attemptToken));
  }
  expect(tokens).toEqual(ids.map((id) => `token-${id}`));
  expect(messages).toBeLessThan(10);
});

test("no more handlers run than the concurrency says, also when the server gives out more", async () => {
  const gates = new Map(["a", "b", "c", "d"].map((id) => [id, gate()]));
  const begun: string[] = [];
  const bench = await startBench({
    concurrency: 2,
    handler: async ({ instanceId }) => {
      begun.push(instanceId);
      await gates.get(instanceId)?.promise;
    },
  });
  const session = await bench.service.session();
  session.welcome();
  session.assign("a", "b", "c", "d");
  await bench.event("started");
  await bench.event("started");
  expect(bench.worker.running).toBe(4);
  await settled();
  expect(begun).toEqual(["a", "b"]);

  gates.get("b")?.resolve();
  await bench.event("started");
  expect(begun).toEqual(["a", "b", "c"]);
  gates.get("c")?.resolve();
  await bench.event("started");
  expect(begun).toEqual(["a", "b", "c", "d"]);
});

test("an instance that is given out twice runs once", async () => {
  let runs = 0;
  const open = gate();
  const { service, event } = await startBench({
    concurrency: 5,
    handler: async () => {
      runs += 1;
      await open.promise;
    },
  });
  const session = await service.session();
  session.welcome();
  session.assign("a");
  await event("started");
  session.assign("a");
  session.assign("b");
  await event("started");
  open.resolve();
  const first = await session.results();
  // Its result is on its way, without a receipt yet.
  session.assign("a", "c");
  const second = await session.results();
  expect(first.completions.map(({ attemptToken }) => attemptToken)).toEqual(["token-a", "token-b"]);
  expect(second.completions.map(({ attemptToken }) => attemptToken)).toEqual(["token-c"]);
  expect(runs).toBe(3);
});

test("the handler sees what the server told of the instance, typed", async () => {
  const seen = gate<HandlerContext<{ readonly host: string }>>();
  const { service } = await startBench({
    handler: (context: HandlerContext<{ readonly host: string }>) => {
      seen.resolve(context);
    },
  });
  const session = await service.session();
  session.welcome();
  session.send({
    assignments: [
      {
        instance: {
          id: "i1",
          definitionId: "d1",
          content: "watch it",
          payload: { host: "a" },
          priority: Priority.HIGH,
          labels: { team: "ops" },
          businessId: "order-42",
          scheduledTime: timestampFromMs(1_700_000_000_000),
        },
        attempt: { number: 3, token: "t", deadline: timestampFromMs(1_700_000_600_000) },
      },
    ],
  });
  const context = await seen.promise;
  expect(context.signal.aborted).toBe(false);
  const { instanceId, definitionId, content, payload, attempt, priority } = context;
  expect({ instanceId, definitionId, content, payload, attempt, priority }).toEqual({
    instanceId: "i1",
    definitionId: "d1",
    content: "watch it",
    payload: { host: "a" },
    attempt: 3,
    priority: Priority.HIGH,
  });
  const { labels, businessId, scheduledTime, deadline, paused } = context;
  expect({ labels, businessId, scheduledTime, deadline, paused }).toEqual({
    labels: { team: "ops" },
    businessId: "order-42",
    scheduledTime: new Date(1_700_000_000_000),
    deadline: new Date(1_700_000_600_000),
    paused: false,
  });
});

test("an instance triggered by hand has no scheduled time, and one without a payload an empty one", async () => {
  const seen = gate<HandlerContext<object>>();
  const { service } = await startBench({
    handler: (context: HandlerContext<object>) => {
      seen.resolve(context);
    },
  });
  const session = await service.session();
  session.welcome();
  session.assign("a");
  const { payload, scheduledTime, deadline } = await seen.promise;
  expect({ payload, scheduledTime, deadline }).toEqual({ payload: {}, scheduledTime: undefined, deadline: undefined });
});

const failures: readonly {
  readonly title: string;
  readonly thrown: () => unknown;
  readonly reported: {
    readonly code: string;
    readonly message: string;
    readonly retryable?: boolean;
    readonly delayMs?: number;
  };
}[] = [
  {
    title: "an error with its name, leaving it to the retry policy",
    thrown: () => new TypeError("no such thing"),
    reported: { code: "TypeError", message: "no such thing" },
  },
  {
    title: "an error with a code by its code",
    thrown: () => Object.assign(new Error("refused"), { code: "ECONNREFUSED" }),
    reported: { code: "ECONNREFUSED", message: "refused" },
  },
  {
    title: "a failed call by the gRPC code",
    thrown: () => new ConnectError("gone", Code.NotFound),
    reported: { code: "NOT_FOUND", message: "[not_found] gone" },
  },
  {
    title: "a RetryableError with its delay",
    thrown: () => new RetryableError("busy", { code: "BUSY", retryDelayMs: 1_500 }),
    reported: { code: "BUSY", message: "busy", retryable: true, delayMs: 1_500 },
  },
  {
    title: "a NonRetryableError as final",
    thrown: () => new NonRetryableError("wrong input", { code: "BAD_INPUT" }),
    reported: { code: "BAD_INPUT", message: "wrong input", retryable: false },
  },
  {
    title: "what is no error by its text",
    thrown: () => "just words",
    reported: { code: "UNKNOWN", message: "just words" },
  },
];

for (const { title, thrown, reported } of failures) {
  test(`a handler that throws is reported: ${title}`, async () => {
    const error = thrown();
    const bench = await startBench({
      handler: () => {
        throw error;
      },
    });
    const session = await bench.service.session();
    session.welcome();
    session.assign("a");
    const [failure] = (await session.results()).failures;
    expect(failure?.attemptToken).toBe("token-a");
    expect(failure?.error?.code).toBe(reported.code);
    expect(failure?.error?.message).toBe(reported.message);
    expect(failure?.retryable).toBe(reported.retryable);
    expect(failure?.retryDelay && Number(failure.retryDelay.seconds) * 1e3 + failure.retryDelay.nanos / 1e6).toBe(
      reported.delayMs,
    );
    if (error instanceof Error) expect(failure?.error?.traceback).toContain("worker.test.ts");
    expect(bench.errors).toEqual([{ error, origin: { kind: "handler", instanceId: "a", attempt: 1 } }]);
  });
}

test("a report tells what caused the error too", async () => {
  const { service } = await startBench({
    handler: () => {
      throw new Error("outer", { cause: new Error("the inner one") });
    },
  });
  const session = await service.session();
  session.welcome();
  session.assign("a");
  expect((await session.results()).failures[0]?.error?.traceback).toMatch(/outer[^]*Caused by: Error: the inner one/);
});

test("a result that JSON cannot hold fails its own attempt for good and nobody else's", async () => {
  const { service } = await startBench({
    concurrency: 2,
    handler: ({ instanceId }) => (instanceId === "a" ? { huge: 1n } : { at: new Date(0) }),
  });
  const session = await service.session();
  session.welcome();
  session.assign("a", "b");
  const { completions, failures: failed } = await session.results();
  expect(completions[0]).toMatchObject({ attemptToken: "token-b", result: { at: "1970-01-01T00:00:00.000Z" } });
  expect(failed[0]).toMatchObject({ attemptToken: "token-a", error: { code: "INVALID_RESULT" }, retryable: false });
});

test("a payload that cannot be parsed fails for good, and its handler never begins", async () => {
  let runs = 0;
  const { service } = await startBench({
    parsePayload: (payload) => {
      if (typeof payload["host"] !== "string") throw new TypeError("host is missing");
      return { host: payload["host"] };
    },
    handler: () => {
      runs += 1;
    },
  });
  const session = await service.session();
  session.welcome();
  session.assign("a");
  const [failure] = (await session.results()).failures;
  expect(failure).toMatchObject({ error: { code: "INVALID_PAYLOAD", message: "host is missing" }, retryable: false });
  expect(runs).toBe(0);
});

test("a result that the server finds too large becomes an error that says so", async () => {
  const { service } = await startBench({ handler: () => ({ much: "too much" }) });
  const session = await service.session();
  session.welcome();
  session.assign("a");
  await session.results();
  session.refuse("PAYLOAD_TOO_LARGE", "token-a");
  const [failure] = (await session.results()).failures;
  expect(failure).toMatchObject({ attemptToken: "token-a", error: { code: "RESULT_REFUSED" }, retryable: false });
});

test("a result that the server cannot record now goes again after a while, its attempt kept alive meanwhile", async () => {
  const { service, clock, event } = await startBench({
    handler: () => ({ ok: true }),
    reconnect: { initialMs: 10_000 },
  });
  const session = await service.session();
  session.welcome(3_000);
  session.assign("a");
  await session.results();
  session.refuse("STORE_UNAVAILABLE", "token-a");
  expect(await event("receipt")).toMatchObject({ instanceId: "a", accepted: false, reason: "STORE_UNAVAILABLE" });
  await clock.advance(4_999);
  expect((await session.requests.next()).heartbeats).toMatchObject([{ attemptToken: "token-a" }]);
  await clock.advance(1);
  expect((await session.results()).completions).toMatchObject([{ attemptToken: "token-a", result: { ok: true } }]);
  session.accept("token-a");
  expect(await event("receipt")).toMatchObject({ accepted: true });
});

test("a result that comes too late is dropped without a word to anyone but the log", async () => {
  const bench = await startBench({ handler: () => {} });
  const session = await bench.service.session();
  session.welcome();
  session.assign("a");
  await session.results();
  session.refuse("STALE_ATTEMPT", "token-a");
  expect(await bench.event("receipt")).toMatchObject({ accepted: false, reason: "STALE_ATTEMPT" });
  // A receipt that comes twice is no news.
  session.refuse("STALE_ATTEMPT", "token-a");
  session.assign("b");
  expect((await session.results()).completions).toMatchObject([{ attemptToken: "token-b" }]);
  expect(bench.errors).toEqual([]);
  expect(bench.log.lines.filter(({ level }) => level === "warn" || level === "error")).toEqual([]);
});
