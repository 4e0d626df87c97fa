import * as grpc from "@grpc/grpc-js";
import * as loader from "@grpc/proto-loader";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startServerProcess, type ServerProcess } from "../../support/server-process.ts";
import { DEFINITIONS, given, idOf, INSTANCES, taken, triggered, WORKERS } from "./given.ts";
import { detailsOf, GrpcClient, LOADING, struct, type Message } from "./grpc-client.ts";

let server: ServerProcess;
let client: GrpcClient;
beforeAll(async () => {
  server = await startServerProcess();
  client = new GrpcClient(server.address);
});
afterAll(async () => {
  client[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
});

describe("calls from grpc-js", () => {
  it("a definition is created, triggered, worked and read", async () => {
    const definitionId = await given(client, "calls", { payload: struct({ host: "a", port: 80 }) });
    const instanceId = await triggered(client, definitionId, { payload: struct({ host: "b" }) });
    const polled = await client.call(`${WORKERS}/PollInstance`, {
      queue: "calls",
      workerId: "w1",
      wait: { seconds: 10 },
    });
    expect(polled).toMatchObject({
      instance: { id: instanceId, payload: struct({ host: "b" }) },
      attempt: { number: 1, workerId: "w1" },
    });

    const attemptToken = idOf(polled, "attempt", "token");
    expect(await client.call(`${WORKERS}/CompleteInstance`, { attemptToken, result: struct({ ok: true }) })).toEqual({
      state: "INSTANCE_STATE_COMPLETED",
    });

    const { instance } = await client.call(`${INSTANCES}/GetInstance`, { instanceId });
    expect(instance).toMatchObject({
      state: "INSTANCE_STATE_COMPLETED",
      result: struct({ ok: true }),
      attemptCount: 1,
    });
    const { definition } = await client.call(`${DEFINITIONS}/GetDefinition`, { definitionId });
    expect(definition).toMatchObject({
      state: "DEFINITION_STATE_ACTIVE",
      counters: { created: "1", completed: "1" },
      payload: struct({ host: "a", port: 80 }),
    });
  });

  it("refusals carry reason and fields, decoded with the proto files alone", async () => {
    const wrong = await client.refusal(`${DEFINITIONS}/CreateDefinition`, {
      definition: { schedule: { cron: { expressions: ["61 * * * *"] } }, action: { external: {} } },
    });
    expect(wrong.code).toBe(grpc.status.INVALID_ARGUMENT);
    expect(detailsOf(wrong)).toMatchObject([
      { type: "google.rpc.ErrorInfo", value: { reason: "INVALID_FIELD", domain: "belfry" } },
      {
        type: "google.rpc.BadRequest",
        value: { fieldViolations: [{ field: "definition.schedule.cron.expressions[0]" }] },
      },
    ]);

    const unknown = await client.refusal(`${INSTANCES}/GetInstance`, { instanceId: "no such 实例" });
    expect(unknown).toMatchObject({ code: grpc.status.NOT_FOUND, details: expect.stringContaining("no such 实例") });
    expect(detailsOf(unknown)).toMatchObject([
      { value: { reason: "INSTANCE_NOT_FOUND", metadata: { instance_id: "no such 实例" } } },
    ]);
  });

  it("a message of more than 4 MiB is RESOURCE_EXHAUSTED, and the connection goes on", async () => {
    const definitionId = await given(client, "large");
    const big = { definitionId, payload: struct({ text: "x".repeat(5 * 1024 * 1024) }) };
    expect(await client.refusal(`${DEFINITIONS}/TriggerDefinition`, big)).toMatchObject({
      code: grpc.status.RESOURCE_EXHAUSTED,
    });
    expect(await triggered(client, definitionId)).toMatch(/./);
  });

  it("bytes that are no UTF-8 are INVALID_ARGUMENT", async () => {
    const channel = new grpc.Client(server.address, grpc.credentials.createInsecure());
    const raw = Buffer.from([0x0a, 0x02, 0xff, 0xfe]);
    const { promise, resolve } = Promise.withResolvers<grpc.ServiceError | null>();
    channel.makeUnaryRequest(
      `/${DEFINITIONS}/GetDefinition`,
      (bytes: Buffer) => bytes,
      (bytes) => bytes,
      raw,
      (error) => resolve(error),
    );
    expect(await promise).toMatchObject({ code: grpc.status.INVALID_ARGUMENT });
    channel.close();
  });

  it("a poll whose deadline passes is DEADLINE_EXCEEDED, and takes nothing", async () => {
    const poll = { queue: "deadline", workerId: "gone", wait: { seconds: 60 } };
    const error = await client.refusal(`${WORKERS}/PollInstance`, poll, { deadline: Date.now() + 200 });
    expect(error.code).toBe(grpc.status.DEADLINE_EXCEEDED);

    const instanceId = await triggered(client, await given(client, "deadline"));
    await taken(client, "deadline", "second");
    expect(await client.call(`${INSTANCES}/GetInstance`, { instanceId })).toMatchObject({
      instance: { workerId: "second", attemptCount: 1 },
    });
  });

  it("a poll that its client cancels is released, and takes nothing", async () => {
    const definitionId = await given(client, "cancelled");
    const waiting = client.start(`${WORKERS}/PollInstance`, {
      queue: "cancelled",
      workerId: "gone",
      wait: { seconds: 60 },
    });
    // What is answered here was sent after what went before it on the same connection, and so heard after it.
    const roundTrip = async () =>
      expect(await client.call(`${WORKERS}/PollInstance`, { queue: "another", workerId: "w2" })).toEqual({});
    await roundTrip();
    waiting.cancel();
    await expect(waiting.answer).rejects.toMatchObject({ code: grpc.status.CANCELLED });
    await roundTrip();

    const instanceId = await triggered(client, definitionId);
    await taken(client, "cancelled", "second");
    expect(await client.call(`${INSTANCES}/GetInstance`, { instanceId })).toMatchObject({
      instance: { workerId: "second", attemptCount: 1 },
    });
  });

  it("health says SERVING", async () => {
    expect(await client.call("grpc.health.v1.Health/Check", {})).toEqual({ status: "SERVING" });
    expect(await client.call("grpc.health.v1.Health/Check", { service: DEFINITIONS })).toEqual({ status: "SERVING" });
    expect(await client.refusal("grpc.health.v1.Health/Check", { service: "no.such.Service" })).toMatchObject({
      code: grpc.status.NOT_FOUND,
    });
  });
});

describe("reflection", () => {
  async function reflected(question: Message): Promise<Message> {
    const stream = client.stream("grpc.reflection.v1.ServerReflection/ServerReflectionInfo");
    const { promise, resolve, reject } = Promise.withResolvers<Message>();
    stream.once("data", resolve);
    stream.on("error", reject);
    stream.write(question);
    const answer = await promise;
    stream.end();
    return answer;
  }

  it("gives a schema with which a client that has none calls every service", async () => {
    const { listServicesResponse } = await reflected({ listServices: "" });
    const services = (listServicesResponse as { service: { name: string }[] }).service.map(({ name }) => name);
    expect(services).toEqual(expect.arrayContaining([DEFINITIONS, INSTANCES, WORKERS, "belfry.v1.EventService"]));

    const files = new Map<string, Buffer>();
    for (const fileContainingSymbol of services) {
      const { fileDescriptorResponse } = await reflected({ fileContainingSymbol });
      for (const file of (fileDescriptorResponse as { fileDescriptorProto: Buffer[] }).fileDescriptorProto)
        files.set(file.toString("base64"), file);
    }
    using learned = new GrpcClient(
      server.address,
      loader.loadFileDescriptorSetFromBuffer(fileDescriptorSet([...files.values()]), LOADING),
    );

    // Of a descriptor, proto-loader takes the names of fields as they are in the proto files.
    const request = { definition_id: await given(client, "reflected") };
    expect(await learned.call(`${DEFINITIONS}/GetDefinition`, request)).toMatchObject({
      definition: { id: request.definition_id, state: "DEFINITION_STATE_ACTIVE" },
    });
    expect(await learned.refusal(`${INSTANCES}/GetInstance`, { instance_id: "nope" })).toMatchObject({
      code: grpc.status.NOT_FOUND,
    });
  });

  it("says of an unknown symbol that it is NOT_FOUND, and goes on", async () => {
    const { errorResponse } = await reflected({ fileContainingSymbol: "no.such.Symbol" });
    expect(errorResponse).toMatchObject({ errorCode: grpc.status.NOT_FOUND });
  });
});

/** google.protobuf.FileDescriptorSet: the files one after the other, each as field 1. */
function fileDescriptorSet(files: readonly Buffer[]): Buffer {
  return Buffer.concat(files.flatMap((file) => [Buffer.from([0x0a]), varint(file.length), file]));
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}
