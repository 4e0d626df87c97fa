import { fromJson, toJson, type JsonObject } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { BelfryError } from "../../../../src/domain/error.ts";
import { DEFAULT_PUSH_POLICY } from "../../../../src/domain/platform/platform.ts";
import { PlatformSchema } from "../../../../src/gen/belfry/v1/platform_pb.ts";
import { CreatePlatformRequestSchema } from "../../../../src/gen/belfry/v1/platform_service_pb.ts";
import { refusalOf } from "../../../support/api-in-process.ts";
import { JINZHI, platformsHere } from "./given.ts";

const jz = { name: "jz", connector: "jinzhi", settings: { ...JINZHI } };

function requested(platform: JsonObject | undefined, beside: JsonObject = {}) {
  return fromJson(CreatePlatformRequestSchema, { ...(platform && { platform }), ...beside });
}

async function created(platform: JsonObject, beside: JsonObject = {}) {
  const { client, commands } = platformsHere();
  const answer = await client.createPlatform(requested(platform, beside));
  return { command: commands[0]!.command, platform: answer.platform! };
}

function refused(platform: JsonObject | undefined) {
  return refusalOf(platformsHere().client.createPlatform(requested(platform)));
}

describe("CreatePlatform", () => {
  it("hands on what it was given, with the default policy", async () => {
    const { command } = await created(jz, { changedBy: "li", reason: "new term", requestId: "r1" });
    expect(command).toEqual({
      changedBy: "li",
      reason: "new term",
      requestId: "r1",
      platform: { name: "jz", connector: "jinzhi", settings: JINZHI, standsFor: null, policy: DEFAULT_PUSH_POLICY },
    });
  });

  it("answers with a platform that is not enabled, its secrets masked (R-065)", async () => {
    const { platform } = await created(jz);
    expect(platform).toMatchObject({ id: "p1", name: "jz", connector: "jinzhi", enabled: false, etag: "1" });
    expect(platform.settings).toEqual({ ...JINZHI, appSecret: "***" });
  });

  it("shows the policy that it reads", async () => {
    const policy = {
      maxConcurrent: 3,
      rateLimit: { perSecond: 2.5, burst: 5 },
      breaker: {
        consecutiveFailures: 5,
        failureRatio: 0.25,
        minCalls: 7,
        window: "30s",
        openDuration: "20s",
        maxOpenDuration: "60s",
        causes: ["FAILURE_CAUSE_TIMEOUT"],
      },
      requestTimeout: "2.500s",
      retryPolicy: {
        initialDelay: "1s",
        factor: 3,
        maxDelay: "9s",
        jitter: "0s",
        maxRetries: 1,
        nonRetryableCodes: ["40003"],
      },
      sweepMaxRetries: 9,
      sweepInterval: "90s",
      sweepPermanent: false,
    };
    const { command, platform } = await created({ ...jz, policy, standsFor: "p7" });
    expect(command.platform).toMatchObject({
      standsFor: "p7",
      policy: {
        maxConcurrent: 3,
        rate: { perSecond: 2.5, burst: 5 },
        breaker: { consecutiveFailures: 5, windowMs: 30_000, openMs: 20_000, maxOpenMs: 60_000, causes: ["TIMEOUT"] },
        requestMs: 2500,
        retry: { initialDelayMs: 1000, factor: 3, maxDelayMs: 9000, jitterMs: 0, maxRetries: 1 },
        maxRetries: 9,
        retryIntervalMs: 90_000,
        sweepPermanent: false,
      },
    });
    expect(toJson(PlatformSchema, platform)).toMatchObject({ standsFor: "p7", policy });
  });

  it("takes a rate without a burst as so many at once", async () => {
    const { command } = await created({ ...jz, policy: { rateLimit: { perSecond: 2.5 } } });
    expect(command.platform?.policy.rate).toEqual({ perSecond: 2.5, burst: 3 });
  });

  it.each<[string, JsonObject | undefined, string[]]>([
    ["nothing", undefined, ["platform"]],
    ["no name and no connector", { settings: JINZHI }, ["platform.name", "platform.connector"]],
    ["a name of blanks", { ...jz, name: "  " }, ["platform.name"]],
    ["a long name", { ...jz, name: "x".repeat(129) }, ["platform.name"]],
    ["a connector that there is not", { ...jz, connector: "nobody" }, ["platform.connector"]],
    ["a connector that is no name", { ...jz, connector: "Jin Zhi" }, ["platform.connector"]],
    ["a setting that there is not", { ...jz, settings: { ...JINZHI, hots: "x" } }, ["platform.settings.hots"]],
    [
      "settings that the connector requires missing",
      { ...jz, settings: { host: "https://task.example.edu.cn" } },
      ["platform.settings.appId", "platform.settings.appSecret", "platform.settings.sceneCode"],
    ],
    [
      "a secret as it is kept",
      { ...jz, settings: { ...JINZHI, appSecret: "sealed:abc" } },
      ["platform.settings.appSecret"],
    ],
    ["no room", { ...jz, policy: { maxConcurrent: 0 } }, ["platform.policy.maxConcurrent"]],
    ["a short request", { ...jz, policy: { requestTimeout: "0.05s" } }, ["platform.policy.requestTimeout"]],
    ["a long request", { ...jz, policy: { requestTimeout: "121s" } }, ["platform.policy.requestTimeout"]],
    ["a sweep without a pause", { ...jz, policy: { sweepInterval: "0s" } }, ["platform.policy.sweepInterval"]],
    ["a rate of nothing", { ...jz, policy: { rateLimit: { perSecond: 0 } } }, ["platform.policy.rateLimit.perSecond"]],
    ["a breaker's window", { ...jz, policy: { breaker: { window: "0.5s" } } }, ["platform.policy.breaker.window"]],
    [
      "a retry that is no whole millisecond",
      { ...jz, policy: { retryPolicy: { initialDelay: "0.0001s" } } },
      ["platform.policy.retryPolicy.initialDelay"],
    ],
  ])("refuses %s", async (_, platform, fields) => {
    expect(await refused(platform)).toMatchObject({ code: "InvalidArgument", reason: "INVALID_FIELD", fields });
  });

  it("says which connectors there are", async () => {
    expect((await refused({ ...jz, connector: "nobody" })).message).toContain("there are cppu, jinzhi");
  });

  it("refuses settings that are too long", async () => {
    const refusal = await refused({ ...jz, settings: { ...JINZHI, host: "x".repeat(300_000) } });
    expect(refusal).toMatchObject({ reason: "PAYLOAD_TOO_LARGE", metadata: { field: "platform.settings" } });
  });

  it("passes on what the runtime says otherwise", async () => {
    const { client } = platformsHere({
      create: async () => {
        throw new BelfryError("SECRET_KEY_MISSING", "There is no key: set BELFRY_SECRET_KEY.");
      },
    });
    const call = client.createPlatform(requested(jz));
    expect(await refusalOf(call)).toMatchObject({
      code: "FailedPrecondition",
      reason: "SECRET_KEY_MISSING",
      fields: [],
    });
  });
});
