import { fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { Health, HealthCheckResponse_ServingStatus as Status } from "../../../src/gen/grpc/health/v1/health_pb.ts";
import { ServerReflection } from "../../../src/gen/grpc/reflection/v1/reflection_pb.ts";
import { anApiServer, type ApiServer } from "../../support/api-server.ts";

describe("health", () => {
  it("serves as a whole and service by service; an unknown one is NOT_FOUND", async () => {
    await using api = await anApiServer();
    const health = api.client(Health);
    expect(await health.check({})).toMatchObject({ status: Status.SERVING });
    expect(await health.check({ service: "belfry.v1.WorkerService" })).toMatchObject({ status: Status.SERVING });
    expect(await health.check({ service: "nope" }).catch(ConnectError.from)).toMatchObject({ code: Code.NotFound });
    expect(Object.keys((await health.list({})).statuses)).toContain("belfry.v1.DefinitionService");
  });

  it("does not serve while the runtime is not ready, or drains", async () => {
    await using api = await anApiServer();
    api.runtime.setStatus({ ready: false });
    expect(await api.client(Health).check({})).toMatchObject({ status: Status.NOT_SERVING });
    api.runtime.setStatus({ ready: true, draining: true });
    expect(await api.client(Health).check({})).toMatchObject({ status: Status.NOT_SERVING });
  });

  it("a watch tells each change, readiness and draining", async () => {
    const drain = new AbortController();
    await using api = await anApiServer({ drainSignal: drain.signal, limits: { healthPollMs: 5 } });
    const watch = api.client(Health).watch({})[Symbol.asyncIterator]();
    expect((await watch.next()).value?.status).toBe(Status.SERVING);
    api.runtime.setStatus({ ready: false });
    expect((await watch.next()).value?.status).toBe(Status.NOT_SERVING);
    api.runtime.setStatus({ ready: true });
    expect((await watch.next()).value?.status).toBe(Status.SERVING);
    drain.abort();
    expect((await watch.next()).value?.status).toBe(Status.NOT_SERVING);
    await watch.return?.();
  });

  it("a watch of an unknown service says so and stays", async () => {
    await using api = await anApiServer();
    const watch = api.client(Health).watch({ service: "nope" })[Symbol.asyncIterator]();
    expect((await watch.next()).value?.status).toBe(Status.SERVICE_UNKNOWN);
    await watch.return?.();
  });
});

describe("reflection (R-104)", () => {
  type Question =
    NonNullable<Parameters<ReturnType<typeof reflectionOf>["serverReflectionInfo"]>[0]> extends AsyncIterable<infer Q>
      ? Q
      : never;
  const reflectionOf = (api: ApiServer) => api.client(ServerReflection);

  async function ask(api: ApiServer, messageRequest: Question["messageRequest"]) {
    async function* questions() {
      yield { host: "", messageRequest };
    }
    for await (const answer of reflectionOf(api).serverReflectionInfo(questions())) return answer.messageResponse;
    throw new Error("No answer came");
  }

  it("gives the file of a symbol and everything it imports", async () => {
    await using api = await anApiServer();
    for (const symbol of [
      "belfry.v1.DefinitionService",
      "belfry.v1.DefinitionService.CreateDefinition",
      "belfry.v1.CreateDefinitionRequest.definition",
    ]) {
      const answer = await ask(api, { case: "fileContainingSymbol", value: symbol });
      expect(answer.case).toBe("fileDescriptorResponse");
      if (answer.case !== "fileDescriptorResponse") return;
      const files = answer.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
      const names = new Set(files.map(({ name }) => name));
      expect(files[0]?.name).toBe("belfry/v1/definition_service.proto");
      for (const file of files) for (const dependency of file.dependency) expect(names).toContain(dependency);
    }
  });

  it("finds enum values, files by name, and extensions by number", async () => {
    await using api = await anApiServer();
    expect(await ask(api, { case: "fileContainingSymbol", value: "belfry.v1.PRIORITY_HIGH" })).toMatchObject({
      case: "fileDescriptorResponse",
    });
    expect(await ask(api, { case: "fileByFilename", value: "google/protobuf/struct.proto" })).toMatchObject({
      case: "fileDescriptorResponse",
    });
    const containingType = "google.protobuf.FieldOptions";
    expect(
      await ask(api, { case: "fileContainingExtension", value: { containingType, extensionNumber: 1159 } }),
    ).toMatchObject({
      case: "fileDescriptorResponse",
    });
    expect(await ask(api, { case: "allExtensionNumbersOfType", value: containingType })).toMatchObject({
      value: { extensionNumber: expect.arrayContaining([1159]) },
    });
  });

  it("answers what it does not know with an error inside the stream", async () => {
    await using api = await anApiServer();
    for (const messageRequest of [
      { case: "fileContainingSymbol", value: "belfry.v1.Nope" },
      { case: "fileByFilename", value: "nope.proto" },
      { case: "allExtensionNumbersOfType", value: "nope.Nope" },
    ] as const) {
      expect(await ask(api, messageRequest)).toMatchObject({ case: "errorResponse", value: { errorCode: 5 } });
    }
  });
});
