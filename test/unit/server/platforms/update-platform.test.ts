import { fromJson, type JsonObject } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { invalid } from "../../../../src/domain/error.ts";
import { DEFAULT_PUSH_POLICY } from "../../../../src/domain/platform/platform.ts";
import { UpdatePlatformRequestSchema } from "../../../../src/gen/belfry/v1/platform_service_pb.ts";
import { refusalOf } from "../../../support/api-in-process.ts";
import { aPlatform, JINZHI, platformsHere } from "./given.ts";

const policy = { ...DEFAULT_PUSH_POLICY, maxConcurrent: 3, requestMs: 4000 };

function given() {
  const here = platformsHere();
  here.put(aPlatform({ policy }));
  return here;
}

function requested(platform: JsonObject, updateMask?: string) {
  const request = { platform: { id: "p1", ...platform }, ...(updateMask !== undefined && { updateMask }) };
  return fromJson(UpdatePlatformRequestSchema, request);
}

async function changed(platform: JsonObject, updateMask?: string) {
  const { client, commands } = given();
  await client.updatePlatform(requested(platform, updateMask));
  return commands[0]?.command.change;
}

function refused(platform: JsonObject, updateMask?: string) {
  return refusalOf(given().client.updatePlatform(requested(platform, updateMask)));
}

describe("UpdatePlatform", () => {
  it("changes what the message has set, without a mask (R-065)", async () => {
    expect(await changed({ name: "new", settings: { appId: "b" } })).toEqual({ name: "new", settings: { appId: "b" } });
  });

  it("changes what the mask names, and nothing else", async () => {
    expect(await changed({ name: "new", connector: "cppu", settings: { appId: "b" } }, "name")).toEqual({
      name: "new",
    });
  });

  it("hands settings on by name: null for the default, *** for what it was", async () => {
    const settings = { appId: "b", appSecret: "***", priority: null };
    expect(await changed({ settings }, "settings")).toEqual({ settings });
  });

  it("changes a setting that the mask names by its own name, and takes one away that the message lacks", async () => {
    expect(
      await changed({ settings: { appId: "b", host: "https://x.example" } }, "settings.appId,settings.taskType"),
    ).toEqual({
      settings: { appId: "b", taskType: null },
    });
  });

  it("stands for itself again when the mask says so", async () => {
    expect(await changed({}, "standsFor")).toEqual({ standsFor: null });
    expect(await changed({ standsFor: "p2" })).toEqual({ standsFor: "p2" });
  });

  it("changes fields of the policy one by one, beside those that are there", async () => {
    expect(await changed({ policy: { maxConcurrent: 5, requestTimeout: "9s" } }, "policy.maxConcurrent")).toEqual({
      policy: { maxConcurrent: 5 },
    });
    expect(await changed({ policy: { maxConcurrent: 5 } })).toEqual({ policy: { maxConcurrent: 5 } });
  });

  it("replaces the policy as a whole when the mask names it", async () => {
    expect(await changed({ policy: { maxConcurrent: 5 } }, "policy")).toEqual({
      policy: { ...DEFAULT_PUSH_POLICY, maxConcurrent: 5 },
    });
  });

  it("changes everything with a star", async () => {
    const platform = { name: "n", connector: "cppu", settings: { appId: "b" } };
    expect(await changed(platform, "*")).toEqual({ ...platform, standsFor: null, policy: DEFAULT_PUSH_POLICY });
  });

  it("hands on who, why, etag and request id, and answers with what came of it", async () => {
    const { client, commands } = given();
    const request = { ...requested({ name: "new", etag: "1" }), changedBy: "li", reason: "why", requestId: "r" };
    const { platform } = await client.updatePlatform(request);
    expect(commands[0]?.command).toMatchObject({ changedBy: "li", reason: "why", etag: "1", requestId: "r" });
    expect(platform).toMatchObject({ id: "p1", name: "new", etag: "2", settings: { ...JINZHI, appSecret: "***" } });
  });

  it.each<[string, JsonObject, string | undefined, string[]]>([
    ["no id", { id: "", name: "x" }, undefined, ["platform.id"]],
    ["nothing to change", {}, undefined, ["platform"]],
    ["nothing but what the system sets", { enabled: true, etag: "1" }, undefined, ["platform"]],
    ["an empty name", {}, "name", ["platform.name"]],
    ["an empty connector", {}, "connector", ["platform.connector"]],
    ["a connector that there is not", { connector: "nobody" }, "connector", ["platform.connector"]],
    ["a path that there is not", {}, "names", ["updateMask.paths[0]"]],
    ["what the system sets", { name: "x" }, "name,etag,createTime", ["updateMask.paths[1]", "updateMask.paths[2]"]],
    ["a field of the policy that there is not", {}, "policy.speed", ["updateMask.paths[0]"]],
    ["a path that goes too deep", {}, "policy.breaker.window", ["updateMask.paths[0]"]],
    ["a path into a text", {}, "name.first", ["updateMask.paths[0]"]],
    ["a secret as it is kept", { settings: { appSecret: "sealed:x" } }, "settings", ["platform.settings.appSecret"]],
    ["a wrong policy", { policy: { sweepInterval: "0s" } }, "policy", ["platform.policy.sweepInterval"]],
  ])("refuses %s", async (_, platform, updateMask, fields) => {
    expect(await refused(platform, updateMask)).toMatchObject({ reason: "INVALID_FIELD", fields });
  });

  it("says how a platform is enabled", async () => {
    expect((await refused({ enabled: true }, "enabled")).message).toContain("EnablePlatform");
  });

  it("names settings that the runtime refuses by their place in the request", async () => {
    const { client, put } = platformsHere({
      update: async () => {
        throw invalid({ field: "settings.host", description: "must be an http or https URL without a query" });
      },
    });
    put(aPlatform());
    const refusal = await refusalOf(client.updatePlatform(requested({ settings: { host: "x" } })));
    expect(refusal).toMatchObject({
      fields: ["platform.settings.host"],
      message: "platform.settings.host: must be an http or https URL without a query",
    });
  });

  it("refuses one that there is not", async () => {
    const none = { code: "NotFound", reason: "PLATFORM_NOT_FOUND", metadata: { platform_id: "p9" } };
    expect(await refused({ id: "p9", name: "x" })).toMatchObject(none);
    expect(await refused({ id: "p9", policy: { maxConcurrent: 1 } })).toMatchObject(none);
  });
});
