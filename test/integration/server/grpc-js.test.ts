import { once } from "node:events";
import { status as Status, type Client, type ClientDuplexStream, type ServiceError } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { BelfryError } from "../../../src/domain/error.ts";
import { BadRequestSchema, ErrorInfoSchema } from "../../../src/gen/google/rpc/error_details_pb.ts";
import type { WorkerOutlet } from "../../../src/runtime/index.ts";
import { systemClock } from "../../../src/system/clock.ts";
import { anApiServer, type ApiServer } from "../../support/api-server.ts";
import { grpcJsClient, richDetails } from "../../support/grpc-js-client.ts";
import { anAttemptUnderWay, anInstance } from "../../support/records.ts";

const definitions = (api: ApiServer) =>
  grpcJsClient(api.server.address, "belfry/v1/definition_service.proto", "belfry.v1.DefinitionService");
const workers = (api: ApiServer) =>
  grpcJsClient(api.server.address, "belfry/v1/worker_service.proto", "belfry.v1.WorkerService");

type WorkStream = ClientDuplexStream<object, Record<string, unknown>>;

describe("a grpc-js client", () => {
  it("calls a unary method", async () => {
    const instance = anInstance();
    await using api = await anApiServer({
      answers: { definitions: { trigger: async () => ({ instance, existing: true }) } },
    });
    using client = definitions(api);
    const answer = await client.unary("TriggerDefinition", { definitionId: "d" });
    expect(answer).toMatchObject({ existing: true, instance: { id: instance.id, state: "INSTANCE_STATE_PENDING" } });
  });

  it("reads reason and fields from grpc-status-details-bin", async () => {
    await using api = await anApiServer();
    using client = definitions(api);

    const error = await client.refusal("GetDefinition", {});

    expect(error.code).toBe(Status.INVALID_ARGUMENT);
    expect(richDetails(error, ErrorInfoSchema)).toMatchObject([{ domain: "belfry", reason: "INVALID_FIELD" }]);
    expect(richDetails(error, BadRequestSchema)).toMatchObject([{ fieldViolations: [{ field: "definitionId" }] }]);
  });

  it("hears DEADLINE_EXCEEDED, and the handler hears that nobody waits", async () => {
    const aborted = Promise.withResolvers<boolean>();
    await using api = await anApiServer({
      answers: {
        workers: {
          poll: (_, signal) =>
            new Promise((_resolve, reject) => {
              signal?.addEventListener("abort", () => {
                aborted.resolve(true);
                reject(signal.reason);
              });
            }),
        },
      },
    });
    using client = workers(api);

    const deadline = systemClock.now() + 150;
    const error = await client.refusal(
      "PollInstance",
      { queue: "q", workerId: "w", wait: { seconds: 60 } },
      { deadline },
    );

    expect(error.code).toBe(Status.DEADLINE_EXCEEDED);
    expect(await aborted.promise).toBe(true);
  });

  it("a call that is cancelled reaches the handler's signal, and nothing is logged as a failure", async () => {
    const entered = Promise.withResolvers<void>();
    const aborted = Promise.withResolvers<void>();
    await using api = await anApiServer({
      answers: {
        workers: {
          poll: (_, signal) =>
            new Promise((_resolve, reject) => {
              signal?.addEventListener("abort", () => {
                reject(signal.reason);
                aborted.resolve();
              });
              entered.resolve();
            }),
        },
      },
    });
    using client = workers(api);
    const call = client.bare["PollInstance"]?.({ queue: "q", workerId: "w", wait: { seconds: 60 } }, () => {}) as {
      cancel(): void;
    };
    await entered.promise;
    call.cancel();
    await aborted.promise;
    expect(api.log.lines.filter(({ level }) => level === "error")).toEqual([]);
  });

  it("an unknown method is UNIMPLEMENTED", async () => {
    await using api = await anApiServer();
    using client = grpcJsClient(
      api.server.address,
      "belfry/v1/definition_service.proto",
      "belfry.v1.DefinitionService",
    );
    const { promise, resolve } = Promise.withResolvers<ServiceError | null>();
    const bare = client.bare as unknown as Client;
    bare.makeUnaryRequest(
      "/belfry.v1.DefinitionService/Frobnicate",
      (value: Buffer) => value,
      (value) => value,
      Buffer.alloc(0),
      (error) => resolve(error),
    );
    expect((await promise)?.code).toBe(Status.UNIMPLEMENTED);
  });

  it("a message over the limit is RESOURCE_EXHAUSTED", async () => {
    await using api = await anApiServer();
    using client = workers(api);
    const result = { fields: { text: { stringValue: "x".repeat(8 * 1024 * 1024) } } };
    const error = await client.refusal("CompleteInstance", { attemptToken: "t", result });
    expect(error).toMatchObject({ code: Status.RESOURCE_EXHAUSTED, details: expect.stringContaining("4194304") });
  });

  it("works over a bidirectional stream: welcome, assignment, receipt, end", async () => {
    const outlet = Promise.withResolvers<WorkerOutlet>();
    const closed = Promise.withResolvers<void>();
    await using api = await anApiServer({
      answers: {
        workers: {
          open: async (_, given) => {
            outlet.resolve(given);
            return { id: "session1", stale: [], setSlots: () => {}, close: () => closed.resolve() };
          },
          complete: async () => "COMPLETED",
          fail: () => Promise.reject(new BelfryError("STALE_ATTEMPT", "over")),
        },
      },
    });
    using client = workers(api);
    const stream = client.bare["Work"]?.() as WorkStream;
    const ended = once(stream, "end");
    const answers: Record<string, unknown>[] = [];
    const next = async (): Promise<Record<string, unknown>> => {
      if (answers.length === 0) await once(stream, "data");
      return answers.shift() ?? {};
    };
    stream.on("data", (answer: Record<string, unknown>) => answers.push(answer));

    stream.write({ hello: { queue: "agents", workerId: "w1" }, slots: 2 });
    expect(await next()).toMatchObject({ welcome: { sessionId: "session1", heartbeatInterval: { seconds: "20" } } });

    const instance = anInstance({
      state: "RUNNING",
      life: { attempt: anAttemptUnderWay({ token: "t1" }), attemptCount: 1 },
    });
    (await outlet.promise).assign([{ instance, token: "t1", number: 1, deadlineAt: 1000 }]);
    expect(await next()).toMatchObject({
      assignments: [{ instance: { id: instance.id }, attempt: { token: "t1", number: 1 } }],
    });

    stream.write({ completions: [{ attemptToken: "t1" }], failures: [{ attemptToken: "t0" }] });
    const { receipts } = await next();
    expect(receipts).toHaveLength(2);
    expect(receipts).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ attemptToken: "t1", accepted: true, state: "INSTANCE_STATE_COMPLETED" }),
        expect.objectContaining({ attemptToken: "t0", reason: "STALE_ATTEMPT" }),
      ]),
    );

    stream.end();
    await ended;
    await closed.promise;
  });
});
