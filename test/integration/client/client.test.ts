import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { ConnectRouter, HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { expect, onTestFinished, test } from "vitest";
import { belfryErrorOf, createBelfryClient } from "../../../src/client/index.ts";
import type { BelfryClientOptions } from "../../../src/client/index.ts";
import {
  DefinitionService,
  PauseDefinitionRequestSchema,
  type PauseDefinitionRequest,
} from "../../../src/gen/belfry/v1/definition_service_pb.ts";
import { InstanceService } from "../../../src/gen/belfry/v1/instance_service_pb.ts";
import { WorkerService } from "../../../src/gen/belfry/v1/worker_service_pb.ts";
import { ErrorInfoSchema, RetryInfoSchema } from "../../../src/gen/google/rpc/error_details_pb.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { Inbox, startFakeServer } from "./fake-server.ts";
import { selfSigned } from "./self-signed.ts";

/** A server with these routes and a client for it, whose jitter is none; both end with the test. */
async function connect(routes: (router: ConnectRouter) => void, options: BelfryClientOptions = {}) {
  const server = await startFakeServer(routes);
  const clock = new ManualClock();
  const client = createBelfryClient(server.url, { time: clock, fraction: () => 0, ...options });
  onTestFinished(async () => {
    client.close();
    await server.stop();
  });
  return { server, clock, client };
}

function definitions(implementation: Partial<ServiceImpl<typeof DefinitionService>>) {
  return (router: ConnectRouter): void => {
    router.service(DefinitionService, implementation);
  };
}

/** A refusal as Belfry makes it. */
function refusal(code: Code, reason: string, retryAfterMs?: number): ConnectError {
  const nanos = ((retryAfterMs ?? 0) % 1_000) * 1e6;
  const retryDelay = { seconds: BigInt(Math.floor((retryAfterMs ?? 0) / 1_000)), nanos };
  return new ConnectError("no", code, undefined, [
    { desc: ErrorInfoSchema, value: create(ErrorInfoSchema, { domain: "belfry", reason }) },
    ...(retryAfterMs === undefined ? [] : [{ desc: RetryInfoSchema, value: create(RetryInfoSchema, { retryDelay }) }]),
  ]);
}

test("the first call opens the one connection that all services share", async () => {
  const { server, client } = await connect((router) => {
    router.service(DefinitionService, { getDefinition: ({ definitionId }) => ({ definition: { id: definitionId } }) });
    router.service(InstanceService, { getInstance: ({ instanceId }) => ({ instance: { id: instanceId } }) });
  });
  expect(server.connections).toBe(0);
  expect((await client.definitions.getDefinition({ definitionId: "d1" })).definition?.id).toBe("d1");
  expect((await client.instances.getInstance({ instanceId: "i1" })).instance?.id).toBe("i1");
  expect(server.connections).toBe(1);
});

test("https URLs are reached over TLS, also with an authority of one's own", async () => {
  const certificate = selfSigned();
  const server = await startFakeServer(
    definitions({ getDefinition: ({ definitionId }) => ({ definition: { id: definitionId } }) }),
    certificate,
  );
  const trusting = createBelfryClient(server.url, { tls: { ca: certificate.cert } });
  const doubting = createBelfryClient(server.url, { retry: false });
  onTestFinished(async () => {
    trusting.close();
    doubting.close();
    await server.stop();
  });
  expect(server.url).toMatch(/^https:/);
  expect((await trusting.definitions.getDefinition({ definitionId: "d1" })).definition?.id).toBe("d1");
  await expect(doubting.definitions.getDefinition({ definitionId: "d1" })).rejects.toThrow(/self-signed/);
});

test("a call has the client's deadline unless it brings its own", async () => {
  const deadlines: (number | undefined)[] = [];
  const getDefinition = (_: unknown, context: HandlerContext): { definition: object } => {
    deadlines.push(context.timeoutMs());
    return { definition: {} };
  };
  const { client } = await connect(definitions({ getDefinition }), { deadlineMs: 40_000 });
  await client.definitions.getDefinition({ definitionId: "d" });
  await client.definitions.getDefinition({ definitionId: "d" }, { timeoutMs: 90_000 });
  await client.definitions.getDefinition({ definitionId: "d" }, { timeoutMs: 0 });
  const [byDefault, own, none] = deadlines;
  expect(byDefault).toBeGreaterThan(0);
  expect(byDefault).toBeLessThanOrEqual(40_000);
  expect(own).toBeGreaterThan(40_000);
  expect(none).toBeUndefined();
});

test("headers go with every call, asked for anew each time when they are a function", async () => {
  const seen: (string | null)[] = [];
  let calls = 0;
  const { client } = await connect(
    definitions({
      getDefinition: (_, context) => {
        seen.push(context.requestHeader.get("authorization"));
        return {};
      },
    }),
    { headers: () => Promise.resolve({ authorization: `Bearer ${(calls += 1)}` }) },
  );
  await client.definitions.getDefinition({ definitionId: "d" });
  await client.definitions.getDefinition({ definitionId: "d" });
  expect(seen).toEqual(["Bearer 1", "Bearer 2"]);
});

test("a read is repeated after the delay that the server asks for", async () => {
  const calls = new Inbox<void>();
  let count = 0;
  const { client, clock } = await connect(
    definitions({
      getDefinition: () => {
        calls.put();
        count += 1;
        if (count < 3) throw refusal(count === 1 ? Code.Unavailable : Code.ResourceExhausted, "BUSY", 1_500);
        return { definition: { id: "d" } };
      },
    }),
  );
  const answer = client.definitions.getDefinition({ definitionId: "d" });
  await calls.next();
  await timerSet(clock);
  expect(clock.nextDelayMs).toBe(1_500);
  await clock.advance(1_500);
  await calls.next();
  await timerSet(clock);
  await clock.advance(1_500);
  expect((await answer).definition?.id).toBe("d");
  expect(count).toBe(3);
});

/** Waits until the client waits for time. */
async function timerSet(clock: ManualClock): Promise<void> {
  while (clock.pendingTimers === 0) await new Promise(setImmediate);
}

test("a server that is not there is tried again with growing delays, then the failure is told", async () => {
  const { server, client, clock } = await connect(() => {});
  await server.stop();
  const answer = client.definitions.getDefinition({ definitionId: "d" }).catch(belfryErrorOf);
  const delays: (number | undefined)[] = [];
  for (let failure = 0; failure < 3; failure += 1) {
    await timerSet(clock);
    delays.push(clock.nextDelayMs);
    await clock.advance(clock.nextDelayMs ?? 0);
  }
  expect(await answer).toMatchObject({ code: "UNAVAILABLE", reason: "" });
  expect(delays).toEqual([50, 100, 200]);
});

test("a connection that breaks in the middle of a read is no reason to fail", async () => {
  let count = 0;
  const { server, client, clock } = await connect(
    definitions({
      getDefinition: async () => {
        count += 1;
        if (count === 1) {
          server.cut();
          await new Promise(setImmediate);
        }
        return { definition: { id: "d" } };
      },
    }),
  );
  const answer = client.definitions.getDefinition({ definitionId: "d" });
  await timerSet(clock);
  await clock.advance(100);
  expect((await answer).definition?.id).toBe("d");
});

test("a delay that would pass the deadline is not waited for: the failure says more than the deadline", async () => {
  const { client, clock } = await connect(
    definitions({
      getDefinition: () => {
        throw refusal(Code.Unavailable, "SHARD_UNAVAILABLE", 5_000);
      },
    }),
  );
  const answer = client.definitions.getDefinition({ definitionId: "d" }, { timeoutMs: 5_000 });
  await expect(answer.catch(belfryErrorOf)).resolves.toMatchObject({
    reason: "SHARD_UNAVAILABLE",
    retryAfterMs: 5_000,
  });
  expect(clock.pendingTimers).toBe(0);
});

test("a caller who gives up ends the wait between two tries", async () => {
  const calls = new Inbox<void>();
  const { client, clock } = await connect(
    definitions({
      getDefinition: () => {
        calls.put();
        throw refusal(Code.Unavailable, "SHARD_UNAVAILABLE", 5_000);
      },
    }),
  );
  const giveUp = new AbortController();
  const answer = client.definitions
    .getDefinition({ definitionId: "d" }, { signal: giveUp.signal })
    .catch(belfryErrorOf);
  await calls.next();
  await timerSet(clock);
  giveUp.abort();
  expect(await answer).toMatchObject({ reason: "SHARD_UNAVAILABLE" });
  expect(clock.pendingTimers).toBe(0);
});

test("a command gets a request id, the same one for each try and another for each call", async () => {
  const requests = new Inbox<PauseDefinitionRequest>();
  let count = 0;
  const { client, clock } = await connect(
    definitions({
      pauseDefinition: (request) => {
        requests.put(request);
        count += 1;
        if (count === 1) throw refusal(Code.Unavailable, "STORE_UNAVAILABLE", 100);
        return {};
      },
    }),
  );
  const request = create(PauseDefinitionRequestSchema, { definitionId: "d", reason: "enough" });
  const answer = client.definitions.pauseDefinition(request);
  const first = await requests.next();
  await timerSet(clock);
  await clock.advance(100);
  const second = await requests.next();
  await answer;
  expect(first.requestId).toMatch(/^[0-9a-f-]{36}$/);
  expect(second).toEqual(first);

  await client.definitions.pauseDefinition(request);
  expect((await requests.next()).requestId).not.toBe(first.requestId);
  expect(request.requestId).toBe("");
  await client.definitions.pauseDefinition({ definitionId: "d", requestId: "mine" });
  expect((await requests.next()).requestId).toBe("mine");
});

test("each item of a batch gets a request id of its own", async () => {
  const seen: string[] = [];
  const { client } = await connect(
    definitions({
      batchTriggerDefinition: ({ items }) => {
        seen.push(...items.map((item) => item.requestId));
        return {};
      },
    }),
  );
  await client.definitions.batchTriggerDefinition({ definitionId: "d", items: [{}, { requestId: "mine" }, {}] });
  expect(seen[1]).toBe("mine");
  expect(new Set(seen).size).toBe(3);
  expect(seen).not.toContain("");
});

test("what must not happen twice is called once: an instance is polled", async () => {
  let count = 0;
  const { client } = await connect((router) => {
    router.service(WorkerService, {
      pollInstance: () => {
        count += 1;
        throw refusal(Code.Unavailable, "SHARD_UNAVAILABLE", 1);
      },
    });
  });
  await expect(client.workers.pollInstance({ queue: "q", workerId: "w" })).rejects.toThrow(ConnectError);
  expect(count).toBe(1);
});

test("a refusal that time does not change is told at once", async () => {
  let count = 0;
  const { client } = await connect(
    definitions({
      triggerDefinition: () => {
        count += 1;
        throw refusal(Code.ResourceExhausted, "PAYLOAD_TOO_LARGE");
      },
    }),
  );
  const answer = client.definitions.triggerDefinition({ definitionId: "d" }).catch(belfryErrorOf);
  expect(await answer).toMatchObject({
    code: "RESOURCE_EXHAUSTED",
    reason: "PAYLOAD_TOO_LARGE",
    retryAfterMs: undefined,
  });
  expect(count).toBe(1);
});

test("a closed client ends its calls and makes no more", async () => {
  const calls = new Inbox<void>();
  const { client } = await connect(
    definitions({
      getDefinition: () => {
        calls.put();
        return new Promise<never>(() => {});
      },
    }),
  );
  const answer = client.definitions.getDefinition({ definitionId: "d" }).catch(belfryErrorOf);
  await calls.next();
  client.close();
  expect(client.closed).toBe(true);
  await expect(answer).resolves.toMatchObject({ reason: "" });
  const later = client.definitions.getDefinition({ definitionId: "d" }).catch(belfryErrorOf);
  await expect(later).resolves.toMatchObject({ code: "CANCELLED", message: "the client is closed" });
});

test("a URL that is no http is refused when the client is made", () => {
  expect(() => createBelfryClient("nats://127.0.0.1")).toThrow(TypeError);
});
