import { describe, expect, it } from "vitest";
import { BelfryError } from "../../../../src/domain/error.ts";
import type { Exchange } from "../../../../src/domain/webhook/exchange.ts";
import { BreakerState } from "../../../../src/gen/belfry/v1/dispatch_pb.ts";
import { FailureCause } from "../../../../src/gen/belfry/v1/instance_pb.ts";
import { refusalOf } from "../../../support/api-in-process.ts";
import { aPlatform, platformsHere } from "./given.ts";

const p1 = { platformId: "p1" };
const asked = { ...p1, changedBy: "li", reason: "why", etag: "1", requestId: "r" };

function given() {
  const here = platformsHere();
  here.put(aPlatform());
  return here;
}

describe("commands on a platform", () => {
  it.each(["enablePlatform", "disablePlatform", "deletePlatform", "resetBreaker", "isolatePlatform"] as const)(
    "%s hands on who asks, why, and under which conditions",
    async (method) => {
      const { client, commands } = given();
      await client[method](asked);
      expect(commands).toMatchObject([
        { id: "p1", command: { changedBy: "li", reason: "why", etag: "1", requestId: "r" } },
      ]);
      await client[method](p1);
      expect(commands[1]?.command).toEqual({ changedBy: "" });
    },
  );

  it.each([
    "enablePlatform",
    "disablePlatform",
    "deletePlatform",
    "resetBreaker",
    "isolatePlatform",
    "refreshToken",
    "testPlatform",
  ] as const)("%s refuses no id, and one that there is not", async (method) => {
    const { client } = platformsHere();
    expect(await refusalOf(client[method]({}))).toMatchObject({ fields: ["platformId"] });
    expect(await refusalOf(client[method](p1))).toMatchObject({ code: "NotFound", reason: "PLATFORM_NOT_FOUND" });
  });

  it("enables and disables (R-065)", async () => {
    const { client } = given();
    expect((await client.enablePlatform(p1)).platform).toMatchObject({ enabled: true, etag: "2" });
    expect((await client.disablePlatform(p1)).platform).toMatchObject({ enabled: false, etag: "3" });
  });

  it("shuts the breaker and closes it", async () => {
    const { client } = given();
    const { status } = await client.isolatePlatform({ ...p1, reason: "they move house" });
    expect(status?.breaker).toMatchObject({ state: BreakerState.ISOLATED, reason: "they move house" });
    expect((await client.resetBreaker(p1)).status?.breaker?.state).toBe(BreakerState.CLOSED);
  });

  it("says why one cannot be deleted (R-065)", async () => {
    const { client } = platformsHere({
      remove: async () => {
        throw new BelfryError("STATE_FORBIDS", "It is enabled. Disable it first.", { metadata: { state: "enabled" } });
      },
    });
    expect(await refusalOf(client.deletePlatform(p1))).toMatchObject({
      code: "FailedPrecondition",
      reason: "STATE_FORBIDS",
      metadata: { state: "enabled" },
    });
  });

  it("says that the etag is an old one", async () => {
    const { client } = platformsHere({
      enable: async () => {
        throw new BelfryError("ETAG_MISMATCH", "It has changed since.", { metadata: { etag: "2" } });
      },
    });
    expect(await refusalOf(client.enablePlatform(asked))).toMatchObject({ code: "Aborted", reason: "ETAG_MISMATCH" });
  });
});

describe("TestPlatform and RefreshToken", () => {
  const exchange: Exchange = {
    request: {
      method: "GET",
      url: "https://task.example.edu.cn/taskCenter/accessToken?appSecret=***",
      headers: {},
      body: "",
      bodyBytes: 0,
      isCut: false,
    },
    response: null,
    error: { cause: "TIMEOUT", message: "no answer" },
    durationMs: 10_000,
  };
  const step = {
    operation: "token",
    thirdId: "",
    class: "transient",
    code: "NO_ANSWER",
    message: "no answer",
    exchange,
  };
  const unwell = { ok: false, code: "NO_ANSWER", message: "no answer", exchanges: [step] };
  const view = { record: aPlatform(), underWay: 1, waiting: 2 };

  it("answers with what was found, which is no error", async () => {
    const { client } = platformsHere({ test: async () => ({ ...unwell, view }) });
    const { test, status } = await client.testPlatform(p1);
    expect(test).toMatchObject({ ok: false, code: "NO_ANSWER", message: "no answer" });
    expect(test?.exchanges[0]).toMatchObject({
      operation: "token",
      class: "transient",
      code: "NO_ANSWER",
      exchange: { request: { method: "GET" }, failure: { cause: FailureCause.TIMEOUT } },
    });
    expect(status).toMatchObject({ platformId: "p1", underWayCount: 1 });
  });

  it("answers in the same way when a token was asked for", async () => {
    const { client, put } = platformsHere({ refreshToken: async () => ({ ...unwell, view }) });
    put(aPlatform());
    const { test, status } = await client.refreshToken(p1);
    expect(test).toMatchObject({ ok: false, exchanges: [{ operation: "token" }] });
    expect(status).toMatchObject({ platformId: "p1" });
  });

  it("hands on who asks for a token", async () => {
    const { client, commands } = given();
    expect((await client.refreshToken({ ...p1, changedBy: "li", reason: "rotated" })).test?.ok).toBe(true);
    expect(commands[0]).toMatchObject({ id: "p1", command: { changedBy: "li", reason: "rotated" } });
  });
});
