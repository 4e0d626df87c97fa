import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { fromBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { ErrorInfoSchema } from "../../../src/gen/google/rpc/error_details_pb.ts";
import { anApiServer, type ApiServer } from "../../support/api-server.ts";
import { anInstance } from "../../support/records.ts";

const run = promisify(execFile);
const BUF = resolve(import.meta.dirname, "../../../node_modules/@bufbuild/buf/bin/buf");

async function bufCurl(api: ApiServer, path: string, ...flags: string[]): Promise<string> {
  const args = [BUF, "curl", "--protocol", "grpc", "--http2-prior-knowledge", ...flags, api.url + path];
  const { stdout } = await run(process.execPath, args);
  return stdout;
}

describe("buf curl, without a schema", () => {
  it("lists services", async () => {
    await using api = await anApiServer();
    expect((await bufCurl(api, "", "--list-services")).trim().split("\n").toSorted()).toEqual([
      "belfry.v1.ClusterService",
      "belfry.v1.ConfigService",
      "belfry.v1.DefinitionService",
      "belfry.v1.DispatchService",
      "belfry.v1.EventService",
      "belfry.v1.ExecutionService",
      "belfry.v1.InstanceService",
      "belfry.v1.LockService",
      "belfry.v1.PlatformService",
      "belfry.v1.PushService",
      "belfry.v1.WorkItemService",
      "belfry.v1.WorkerService",
      "grpc.health.v1.Health",
      "grpc.reflection.v1.ServerReflection",
      "grpc.reflection.v1alpha.ServerReflection",
    ]);
  });

  it.each(["grpc-v1", "grpc-v1alpha"])("calls a method it learns of by reflection %s", async (version) => {
    const instance = anInstance({ spec: { payload: { host: "a" } } });
    await using api = await anApiServer({
      answers: { definitions: { trigger: async () => ({ instance, existing: false }) } },
    });
    const data = JSON.stringify({ definitionId: "d", payload: { host: "a" } });
    const answer = await bufCurl(
      api,
      "/belfry.v1.DefinitionService/TriggerDefinition",
      "--reflect-protocol",
      version,
      "-d",
      data,
    );
    expect(JSON.parse(answer)).toMatchObject({ instance: { id: instance.id, payload: { host: "a" } } });
  });

  it("shows why a call was refused, with details", async () => {
    await using api = await anApiServer();
    const refused = bufCurl(api, "/belfry.v1.InstanceService/GetInstance", "-d", '{"instanceId":"nope"}');
    const { stderr } = await refused.then(
      () => ({ stderr: "" }),
      (error: { stderr: string }) => error,
    );
    const { code, details } = JSON.parse(stderr) as { code: string; details: { type: string; value: string }[] };
    expect({ code, type: details[0]?.type }).toEqual({ code: "not_found", type: "google.rpc.ErrorInfo" });
    const info = fromBinary(ErrorInfoSchema, Buffer.from(details[0]?.value ?? "", "base64"));
    expect(info).toMatchObject({ reason: "INSTANCE_NOT_FOUND", domain: "belfry" });
  });
});
