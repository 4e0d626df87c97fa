import { once } from "node:events";
import { connect } from "node:net";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { DefinitionService } from "../../../src/gen/belfry/v1/definition_service_pb.ts";
import { Health } from "../../../src/gen/grpc/health/v1/health_pb.ts";
import { WorkerService } from "../../../src/gen/belfry/v1/worker_service_pb.ts";
import { startServer } from "../../../src/server/index.ts";
import { systemClock } from "../../../src/system/clock.ts";
import { anApiServer } from "../../support/api-server.ts";
import { FakeRuntime } from "../../support/fake-runtime.ts";
import { FakeSecretBox } from "../../support/fake-secret-box.ts";
import { silentLog } from "../../support/log.ts";
import { sequentialIds } from "../../support/manual-clock.ts";
import { anInstance } from "../../support/records.ts";

describe("a server that closes", () => {
  it("lets calls under way finish, and takes no new connections", async () => {
    const entered = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    await using api = await anApiServer({
      answers: {
        definitions: {
          trigger: async () => {
            entered.resolve();
            await answer.promise;
            return { instance: anInstance(), existing: false };
          },
        },
      },
    });
    const overHttp2 = api.client(DefinitionService).triggerDefinition({ definitionId: "d" });
    await entered.promise;
    const overHttp1 = api.post("DefinitionService/TriggerDefinition", { definitionId: "d" });
    await expect.poll(() => api.runtime.asked.length).toBe(2);

    const closed = api.server.close(10_000);
    const { hostname, port } = new URL(api.url);
    const late = connect(Number(port), hostname);
    const [refused] = (await once(late, "error")) as [NodeJS.ErrnoException];
    expect(refused.code).toBe("ECONNREFUSED");

    answer.resolve();
    expect((await overHttp2).instance?.id).toBeTypeOf("string");
    expect((await overHttp1).status).toBe(200);
    await closed;
  });

  it("cuts what has not ended when the grace is over", async () => {
    const entered = Promise.withResolvers<void>();
    await using api = await anApiServer({
      answers: {
        definitions: {
          trigger: () => {
            entered.resolve();
            return new Promise(() => {});
          },
        },
      },
    });
    const call = api.client(DefinitionService).triggerDefinition({ definitionId: "d" }).catch(ConnectError.from);
    await entered.promise;
    await api.server.close(10);
    expect(await call).toBeInstanceOf(ConnectError);
  });

  it("closes idle connections of both kinds at once, and may be closed twice", async () => {
    const api = await anApiServer();
    await api.client(Health).check({});
    await api.client(Health, "connect-json").check({});
    const { hostname, port } = new URL(api.url);
    const silent = connect(Number(port), hostname);
    await once(silent, "connect");
    silent.resume();
    const gone = once(silent, "close");
    await Promise.all([api.server.close(60_000), api.server.close(60_000)]);
    await gone;
    expect(silent.destroyed).toBe(true);
    await api[Symbol.asyncDispose]();
  });
});

describe("a server whose node drains", () => {
  it("still takes results, and answers waiting polls with nothing", async () => {
    const drain = new AbortController();
    await using api = await anApiServer({
      drainSignal: drain.signal,
      answers: {
        workers: {
          complete: async () => "COMPLETED",
          poll: (_, signal) =>
            new Promise((__, reject) => signal?.addEventListener("abort", () => reject(signal.reason))),
        },
      },
    });
    const client = api.client(WorkerService);
    const poll = client.pollInstance({ queue: "q", workerId: "w", wait: { seconds: 60n } });
    await expect.poll(() => api.runtime.asked.length).toBe(1);
    drain.abort();
    expect((await poll).instance).toBeUndefined();
    expect(await client.completeInstance({ attemptToken: "t" })).toMatchObject({ state: 5 });
  });
});

describe("startServer", () => {
  const start = (listen: string) => {
    const runtime = new FakeRuntime();
    return startServer({
      listen,
      runtime,
      queries: runtime.queries,
      actorStates: runtime.actorStates,
      approvals: runtime.approvals,
      webhooks: { box: new FakeSecretBox(), refusal: () => null },
      clock: systemClock,
      ids: sequentialIds(),
      log: silentLog,
    });
  };

  it("says clearly what is no address, and that a port is taken", async () => {
    for (const text of ["8980", "localhost", "127.0.0.1:65536", "::1:80", ""])
      await expect(start(text)).rejects.toThrow(RangeError);
    const first = await start("127.0.0.1:0");
    await expect(start(first.address)).rejects.toMatchObject({ code: "EADDRINUSE" });
    await first.close(0);
  });

  it("listens on IPv6, and says its address in brackets", async () => {
    const server = await start("[::1]:0");
    expect(server.address).toMatch(/^\[::1\]:\d+$/);
    const answer = await fetch(`http://${server.address}/grpc.health.v1.Health/Check`, {
      method: "POST",
      headers: { "content-type": "application/json", connection: "close" },
      body: "{}",
    });
    expect(await answer.json()).toEqual({ status: "SERVING" });
    await server.close(0);
  });

  it("a deadline that has passed before the call is heard is DEADLINE_EXCEEDED", async () => {
    await using api = await anApiServer();
    const error = await api
      .client(DefinitionService)
      .getDefinition({ definitionId: "d" }, { timeoutMs: 0.001 })
      .catch(ConnectError.from);
    expect(error).toMatchObject({ code: Code.DeadlineExceeded });
  });
});
