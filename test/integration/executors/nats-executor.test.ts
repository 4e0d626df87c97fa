/** The `nats` executor over a real NATS server, with services as plain clients write them. */
import { headers, type Msg, type NatsConnection } from "@nats-io/transport-node";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { NatsAction } from "../../../src/domain/action.ts";
import type { JsonObject } from "../../../src/domain/json.ts";
import type { BuiltInExecutor } from "../../../src/runtime/executors/built-in-executor.ts";
import { natsExecutor } from "../../../src/runtime/executors/nats-executor.ts";
import { systemClock } from "../../../src/system/clock.ts";
import { silentLog } from "../../support/log.ts";
import { startNatsServer, type NatsServer } from "../../support/nats-server.ts";
import { FakeWorkers, anAssignment } from "../../unit/runtime/executors-given.ts";
import { natsUnderTest, plainClient, until, type NatsUnderTest } from "../bus/nats-under-test.ts";

const ACTION: NatsAction = { kind: "nats", subject: "orders.check", headers: { "X-Team": "red" } };

let server: NatsServer;
let nats: NatsUnderTest;
let service: NatsConnection;
let workers: FakeWorkers;
let executor: BuiltInExecutor;

beforeAll(async () => {
  server = await startNatsServer({ jetstream: false });
});
afterAll(() => server[Symbol.asyncDispose]());

beforeEach(async () => {
  nats = await natsUnderTest({ servers: server.url });
  service = await plainClient(server.url);
  workers = new FakeWorkers();
  executor = natsExecutor({
    requester: nats.requester,
    workers,
    clock: systemClock,
    log: silentLog,
    nodeId: "a",
  });
  executor.start();
  await until(() => workers.slots.length > 0);
});
afterEach(async () => {
  await executor.stop();
  await service.close();
  await nats.close();
});

function assign(payload: JsonObject | null, subject = ACTION.subject): void {
  const instance = { spec: { action: { ...ACTION, subject }, payload } };
  workers.outlet.assign([anAssignment({ instance })]);
}

async function answering(answer: (request: Msg) => void): Promise<Msg[]> {
  const heard: Msg[] = [];
  service.subscribe(ACTION.subject, {
    callback: (error, request) => {
      if (error !== null) throw error;
      heard.push(request);
      answer(request);
    },
  });
  await service.flush();
  return heard;
}

const reported = () => workers.completed.length + workers.failed.length > 0;

describe("a service on NATS", () => {
  it("gets payload and headers, and its reply is the result", async () => {
    const heard = await answering((request) =>
      request.respond(JSON.stringify({ total: request.json<{ n: number }>().n * 2 })),
    );
    assign({ n: 21, text: "任务" });
    await until(reported);
    expect(workers.completed).toEqual([{ token: "token", result: { total: 42 } }]);
    const [request] = heard;
    expect(request?.json()).toEqual({ n: 21, text: "任务" });
    expect(request?.headers?.get("X-Team")).toBe("red");
    expect(request?.headers?.get("Belfry-Attempt")).toBe("1");
    expect(request?.headers?.get("Belfry-Attempt-Token")).toBe("token");
    expect(request?.headers?.get("traceparent")).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/u);
  });

  it("may answer with nothing, and gets an empty object for no payload", async () => {
    const heard = await answering((request) => request.respond());
    assign(null);
    await until(reported);
    expect(heard[0]?.json()).toEqual({});
    expect(workers.completed).toEqual([{ token: "token", result: null }]);
  });

  it("refuses by the headers of NATS services", async () => {
    await answering((request) => {
      const refusal = headers();
      refusal.set("Nats-Service-Error-Code", "404");
      refusal.set("Nats-Service-Error", "no such order");
      request.respond("", { headers: refusal });
    });
    assign({});
    await until(reported);
    expect(workers.failed).toMatchObject([
      { failure: { error: { code: "SERVICE_ERROR", message: "404 no such order" }, retryable: false } },
    ]);
  });

  it("that sends what no store can hold has its reply refused", async () => {
    await answering((request) => request.respond(String.raw`{"text":"a\u0000b"}`));
    assign({});
    await until(reported);
    expect(workers.failed).toMatchObject([{ failure: { error: { code: "REPLY_UNREADABLE" }, retryable: false } }]);
  });

  it("that does not exist is known at once", async () => {
    assign({}, "orders.nobody");
    await until(reported);
    expect(workers.failed).toMatchObject([{ failure: { error: { code: "NO_RESPONDERS" }, retryable: true } }]);
  });

  it("hears no more of a request that was cancelled; its late reply changes nothing", async () => {
    const heard = await answering(() => {});
    assign({});
    await until(() => heard.length > 0);
    workers.outlet.signal([{ token: "token", cancelRequested: true, pauseRequested: false, stale: false }]);
    await until(reported);
    heard[0]?.respond("{}");
    await service.flush();
    await until(() => executor.underWay === 0);
    expect(workers.failed).toMatchObject([{ failure: { error: { code: "CANCELLED" } } }]);
    expect(workers.completed).toEqual([]);
  });

  it("is out of reach while the server is gone: what waits fails, and nothing is taken until it is back", async () => {
    const heard = await answering(() => {});
    assign({});
    await until(() => heard.length > 0);
    await server.kill();
    await until(reported);
    expect(workers.failed).toMatchObject([{ failure: { error: { code: "NATS_UNAVAILABLE" }, retryable: true } }]);
    await until(() => workers.slots.at(-1) === 0);
    await server.restart();
    await until(() => workers.slots.at(-1) === 256);
    expect(workers.slots).toEqual([256, 0, 256]);
  });
});
