import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { BelfryError } from "../../../src/domain/error.ts";
import { DefinitionService } from "../../../src/gen/belfry/v1/definition_service_pb.ts";
import { WorkerService } from "../../../src/gen/belfry/v1/worker_service_pb.ts";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../../../src/gen/google/rpc/error_details_pb.ts";
import { anApiServer, type ClientProtocol } from "../../support/api-server.ts";
import { aDefinition, anInstance } from "../../support/records.ts";

const PROTOCOLS: ClientProtocol[] = ["grpc", "grpc-web", "connect-json"];

describe.each(PROTOCOLS)("a client that speaks %s", (protocol) => {
  it("reads a definition", async () => {
    await using api = await anApiServer();
    const definition = aDefinition({ spec: { payload: { host: "a", ports: [80, null] } } });
    api.runtime.put(definition);

    const answer = await api.client(DefinitionService, protocol).getDefinition({ definitionId: definition.id });

    expect(answer.definition).toMatchObject({
      id: definition.id,
      content: "监控服务器状态",
      payload: { host: "a", ports: [80, null] },
    });
  });

  it("gets reason, metadata and delay of a refusal as details", async () => {
    const refusal = new BelfryError("BUSY", "The queue is full. Try again in a moment.", {
      metadata: { bound: "mailbox" },
      retryAfterMs: 1500,
    });
    await using api = await anApiServer({ answers: { definitions: { trigger: () => Promise.reject(refusal) } } });

    const error = await api
      .client(DefinitionService, protocol)
      .triggerDefinition({ definitionId: "d" })
      .catch(ConnectError.from);

    expect(error).toBeInstanceOf(ConnectError);
    const refused = error as ConnectError;
    expect(refused).toMatchObject({
      code: Code.ResourceExhausted,
      rawMessage: "The queue is full. Try again in a moment.",
    });
    expect(refused.findDetails(ErrorInfoSchema)).toMatchObject([
      { domain: "belfry", reason: "BUSY", metadata: { bound: "mailbox" } },
    ]);
    expect(refused.findDetails(RetryInfoSchema)).toMatchObject([{ retryDelay: { seconds: 1n, nanos: 500_000_000 } }]);
  });

  it("gets every wrong field by its JSON name", async () => {
    await using api = await anApiServer();

    const error = await api
      .client(DefinitionService, protocol)
      .triggerDefinition({ overrides: { uniqueKey: { key: "" } } })
      .catch(ConnectError.from);

    const refused = error as ConnectError;
    expect(refused.code).toBe(Code.InvalidArgument);
    expect(refused.findDetails(BadRequestSchema)[0]?.fieldViolations.map(({ field }) => field)).toEqual([
      "definitionId",
      "overrides.uniqueKey.key",
    ]);
  });

  it("hears DEADLINE_EXCEEDED when its deadline passes first", async () => {
    await using api = await anApiServer({ answers: { definitions: { trigger: () => new Promise(() => {}) } } });

    const error = await api
      .client(DefinitionService, protocol)
      .triggerDefinition({ definitionId: "d" }, { timeoutMs: 100 })
      .catch(ConnectError.from);

    expect((error as ConnectError).code).toBe(Code.DeadlineExceeded);
  });
});

describe("plain HTTP/1.1 with JSON", () => {
  it("works with curl's means (R-103)", async () => {
    const instance = anInstance();
    await using api = await anApiServer({
      answers: { definitions: { trigger: async () => ({ instance, existing: false }) } },
    });

    const { status, body } = await api.post("DefinitionService/TriggerDefinition", {
      definitionId: "d",
      payload: { a: 1 },
    });

    expect(status).toBe(200);
    expect(body).toMatchObject({ instance: { id: instance.id, state: "INSTANCE_STATE_PENDING" } });
    expect(api.runtime.asked).toEqual([
      { command: "trigger", args: ["d", { overrides: { payload: { a: 1 } }, ignoreOverlap: false }] },
    ]);
  });

  it("writes out fields that hold their default", async () => {
    const answers = { workers: { heartbeat: async () => ({ cancelRequested: false, pauseRequested: false }) } };
    await using api = await anApiServer({ answers });
    const { body } = await api.post("WorkerService/HeartbeatInstance", { attemptToken: "t" });
    expect(body).toEqual({ cancelRequested: false, pauseRequested: false });
  });

  it("tells a misspelt field", async () => {
    await using api = await anApiServer();
    const { status, body } = await api.post("DefinitionService/TriggerDefinition", { definitionID: "d" });
    expect({ status, body }).toMatchObject({
      status: 400,
      body: { code: "invalid_argument", message: expect.stringContaining("definitionID") },
    });
  });

  it("tells what is wrong with broken JSON, a wrong content type, a wrong method and an unknown path (R-118)", async () => {
    await using api = await anApiServer();
    const broken = await api.post("DefinitionService/GetDefinition", "{");
    const form = await api.post("DefinitionService/GetDefinition", "{}", {
      "content-type": "application/x-www-form-urlencoded",
    });
    const unknown = await api.post("DefinitionService/Frobnicate", {});
    const got = await fetch(`${api.url}/belfry.v1.DefinitionService/TriggerDefinition`);

    expect(broken).toMatchObject({ status: 400, body: { code: "invalid_argument" } });
    expect(form).toMatchObject({
      status: 415,
      body: { message: expect.stringContaining("content-type: application/json") },
    });
    expect(unknown).toMatchObject({ status: 404, body: { code: "unimplemented" } });
    expect({ status: got.status, body: await got.json() }).toMatchObject({
      status: 405,
      body: { message: expect.stringContaining("POST") },
    });
  });

  it("shows details of errors as JSON", async () => {
    await using api = await anApiServer();
    const { status, body } = await api.post("DefinitionService/GetDefinition", { definitionId: "nope" });
    expect(status).toBe(404);
    expect(body).toMatchObject({
      code: "not_found",
      details: [
        {
          type: "google.rpc.ErrorInfo",
          debug: { reason: "DEFINITION_NOT_FOUND", domain: "belfry", metadata: { definition_id: "nope" } },
        },
      ],
    });
  });

  it("says in details that a deadline passed", async () => {
    await using api = await anApiServer({ answers: { definitions: { trigger: () => new Promise(() => {}) } } });
    const { body } = await api.post(
      "DefinitionService/TriggerDefinition",
      { definitionId: "d" },
      { "connect-timeout-ms": "50" },
    );
    expect(body).toMatchObject({ code: "deadline_exceeded", details: [{ debug: { reason: "DEADLINE" } }] });
  });

  it("refuses half of a surrogate pair, wherever it stands", async () => {
    await using api = await anApiServer();
    for (const given of [
      '"overrides":{"content":"\\ud800"}',
      '"payload":{"a":["\\udc00"]}',
      '"payload":{"\\udc00":1}',
    ]) {
      const { status, body } = await api.post("DefinitionService/TriggerDefinition", `{"definitionId":"d",${given}}`);
      expect({ status, body }).toMatchObject({ status: 400, body: { code: "invalid_argument" } });
    }
  });

  it("survives a path that is no URL", async () => {
    await using api = await anApiServer();
    const response = await fetch(`${api.url}//[`, { method: "POST" });
    expect(response.status).toBe(404);
  });
});

describe("what nobody expected", () => {
  it("is INTERNAL with an incident that the log has, and says nothing of its cause (R-118)", async () => {
    await using api = await anApiServer({
      answers: { definitions: { trigger: () => Promise.reject(new Error("password is hunter2")) } },
    });

    const { status, body } = await api.post("DefinitionService/TriggerDefinition", { definitionId: "d" });

    expect(status).toBe(500);
    expect(JSON.stringify(body)).not.toContain("hunter2");
    const line = api.log.lines.find(({ level }) => level === "error");
    const incident = line?.fields["incident"];
    expect(incident).toBeTypeOf("string");
    expect(body).toMatchObject({ details: [{ debug: { reason: "INTERNAL", metadata: { incident } } }] });
    expect(line?.fields["error"]).toMatchObject({ message: "password is hunter2" });
  });
});

describe("message sizes", () => {
  it("a message over the limit is RESOURCE_EXHAUSTED on gRPC and on JSON", async () => {
    await using api = await anApiServer({ limits: { readMaxBytes: 10_000 } });
    const big = { attemptToken: "t", result: { text: "x".repeat(20_000) } };

    const error = await api.client(WorkerService).completeInstance(big).catch(ConnectError.from);
    const { status, body } = await api.post("WorkerService/CompleteInstance", big);

    expect((error as ConnectError).code).toBe(Code.ResourceExhausted);
    expect(body).toMatchObject({ code: "resource_exhausted", message: expect.stringContaining("10000") });
    expect(status).toBe(429);
  });

  it("a message far over the limit does not hang the call", async () => {
    await using api = await anApiServer();
    const big = { attemptToken: "t", result: { text: "x".repeat(8 * 1024 * 1024) } };
    const error = await api.client(WorkerService).completeInstance(big).catch(ConnectError.from);
    expect(error).toMatchObject({ code: Code.ResourceExhausted, rawMessage: expect.stringContaining("4194304") });
  });

  it("a result over 256 KiB is refused with its field and limit", async () => {
    await using api = await anApiServer();
    const big = { attemptToken: "t", result: { text: "x".repeat(256 * 1024) } };
    const error = (await api.client(WorkerService).completeInstance(big).catch(ConnectError.from)) as ConnectError;
    expect(error.code).toBe(Code.ResourceExhausted);
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([
      { reason: "PAYLOAD_TOO_LARGE", metadata: { field: "result", limit_bytes: "262144" } },
    ]);
  });
});
