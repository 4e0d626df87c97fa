import { create, toJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { CLOSED_BREAKER } from "../../../../src/domain/breaker.ts";
import { platformChangeId, type PlatformChangeRecord } from "../../../../src/domain/platform/platform-change.ts";
import type { PlatformRecord } from "../../../../src/domain/platform/platform.ts";
import { BreakerState } from "../../../../src/gen/belfry/v1/dispatch_pb.ts";
import {
  ConnectorSchema,
  Form,
  SettingType,
  PlatformChangeKind,
  PlatformTokenState,
} from "../../../../src/gen/belfry/v1/platform_pb.ts";
import { PlatformStatusSchema } from "../../../../src/gen/belfry/v1/platform_pb.ts";
import { jinzhi } from "../../../../src/platforms/jinzhi/connector.ts";
import { abilityCenter } from "../../../../src/platforms/ability_center/connector.ts";
import { toConnector } from "../../../../src/server/mapping/connector.ts";
import { refusalOf } from "../../../support/api-in-process.ts";
import { MANUAL_START_AT } from "../../../support/manual-clock.ts";
import { aPlatform, JINZHI, platformsHere } from "./given.ts";

describe("ListConnectors", () => {
  it("describes every setting so that a form renders itself (R-003, R-004)", async () => {
    const { connectors } = await platformsHere().client.listConnectors({});
    expect(connectors.map(({ name }) => name)).toEqual(["cppu", "jinzhi"]);
    const [, jz] = connectors;
    expect(jz).toMatchObject({ title: jinzhi.title, capability: "任务中心", category: "任务中心", environments: [] });
    expect(jz?.settings.map(({ name }) => name)).toEqual(jinzhi.settings.map(({ name }) => name));
    const setting = (name: string) => jz?.settings.find((each) => each.name === name);
    expect(setting("host")).toMatchObject({ form: Form.TEXT, type: SettingType.URL, required: true, secret: false });
    expect(setting("appSecret")).toMatchObject({ form: Form.PASSWORD, required: true, secret: true });
    expect(setting("credentialsIn")?.options.map(({ value }) => value)).toEqual(["header", "query"]);
  });

  it("writes defaults of any kind as JSON", () => {
    const json = toJson(ConnectorSchema, create(ConnectorSchema, toConnector(jinzhi))) as {
      settings: { name: string; default?: unknown }[];
    };
    const defaults = Object.fromEntries(json.settings.map((setting) => [setting.name, setting.default]));
    expect(defaults).toMatchObject({
      appId: null,
      tokenPath: "/taskCenter/accessToken",
      authCodes: ["40001", "40014", "42001"],
      sceneCodes: {},
    });
  });

  it("names the installations that a connector is for", async () => {
    const { connectors } = await platformsHere().client.listConnectors({});
    expect(connectors[0]?.environments).toEqual(["cppu"]);
    expect(toConnector(abilityCenter).environments).toEqual([]);
  });

  it("comes in pages", async () => {
    const { client } = platformsHere();
    const first = await client.listConnectors({ pageSize: 1 });
    const second = await client.listConnectors({ pageSize: 1, pageToken: first.nextPageToken });
    expect([...first.connectors, ...second.connectors].map(({ name }) => name)).toEqual(["cppu", "jinzhi"]);
    expect(second.nextPageToken).toBe("");
  });
});

describe("GetPlatform", () => {
  it("shows it as it was written, secrets masked (R-065)", async () => {
    const { client, put } = platformsHere();
    put(aPlatform({ enabled: true, standsFor: "p2", revision: 7 }));
    const { platform } = await client.getPlatform({ platformId: "p1" });
    expect(platform).toMatchObject({ id: "p1", enabled: true, standsFor: "p2", etag: "7" });
    expect(platform?.settings).toEqual({ ...JINZHI, appSecret: "***" });
  });

  it("refuses an id that there is not, and none", async () => {
    const { client } = platformsHere();
    expect(await refusalOf(client.getPlatform({ platformId: "p9" }))).toMatchObject({
      code: "NotFound",
      reason: "PLATFORM_NOT_FOUND",
      metadata: { platform_id: "p9" },
    });
    expect(await refusalOf(client.getPlatform({}))).toMatchObject({ fields: ["platformId"] });
  });
});

describe("ListPlatforms", () => {
  const three = [
    aPlatform({ id: "p1", enabled: true }),
    aPlatform({ id: "p2", connector: "cppu" }),
    aPlatform({ id: "p3" }),
  ];

  it.each([
    [{}, ["p1", "p2", "p3"]],
    [{ connector: "jinzhi" }, ["p1", "p3"]],
    [{ enabled: true }, ["p1"]],
    [{ enabled: false }, ["p2", "p3"]],
    [{ enabled: false, connector: "jinzhi" }, ["p3"]],
  ])("with %j shows %j", async (filter, ids) => {
    const { client, put } = platformsHere();
    put(...three);
    const { platforms, nextPageToken } = await client.listPlatforms(filter);
    expect(platforms.map(({ id }) => id)).toEqual(ids);
    expect(platforms.every(({ settings }) => settings?.["appSecret"] === "***")).toBe(true);
    expect(nextPageToken).toBe("");
  });

  it("goes on after a page, with the same filters alone (R-065)", async () => {
    const { client, put } = platformsHere();
    put(...three);
    const { nextPageToken: pageToken } = await client.listPlatforms({ pageSize: 2 });
    expect((await client.listPlatforms({ pageToken })).platforms.map(({ id }) => id)).toEqual(["p3"]);
    const call = client.listPlatforms({ pageToken, enabled: true });
    expect(await refusalOf(call)).toMatchObject({ reason: "PAGE_TOKEN_MISMATCH" });
  });

  it("looks at so many in one call, and goes on after them", async () => {
    const { client, put } = platformsHere();
    const id = (number: number): string => `p${String(number).padStart(5, "0")}`;
    put(...Array.from({ length: 5001 }, (_, number) => aPlatform({ id: id(number), enabled: number === 5000 })));
    const first = await client.listPlatforms({ enabled: true });
    expect(first.platforms).toEqual([]);
    const second = await client.listPlatforms({ enabled: true, pageToken: first.nextPageToken });
    expect(second.platforms.map((platform) => platform.id)).toEqual([id(5000)]);
    expect(second.nextPageToken).toBe("");
  });
});

describe("GetPlatformStatus", () => {
  async function statusOf(given: Partial<PlatformRecord>) {
    const { client, put } = platformsHere();
    put(aPlatform(given));
    return (await client.getPlatformStatus({ platformId: "p1" })).status!;
  }
  const at = MANUAL_START_AT;
  const token = { sealed: "sealed:x", obtainedAt: at - 1000, expiresAt: at + 1000 };
  const failure = { code: "40001", message: "no such appId", at: at - 500, retryAt: at + 4500 };

  it("shows breaker, traffic and holds", async () => {
    const breaker = {
      ...CLOSED_BREAKER,
      state: "OPEN" as const,
      since: at,
      openUntil: at + 60_000,
      reason: "3 failures in a row",
      consecutiveFailures: 3,
    };
    const status = await statusOf({ breaker, heldUntil: at + 1, enabled: true });
    expect(status).toMatchObject({ platformId: "p1", enabled: true, underWayCount: 2, waitingCount: 5 });
    expect(status.breaker).toMatchObject({ state: BreakerState.OPEN, consecutiveFailures: 3, reason: breaker.reason });
    expect(status.heldUntilTime).toBeDefined();
    expect((await statusOf({ heldUntil: at })).heldUntilTime).toBeUndefined();
  });

  it.each<[string, Partial<PlatformRecord>, PlatformTokenState]>([
    ["never asked for", {}, PlatformTokenState.NONE],
    ["there", { token }, PlatformTokenState.VALID],
    ["there, though another could not be had", { token, tokenFailure: failure }, PlatformTokenState.VALID],
    ["over", { token: { ...token, expiresAt: at } }, PlatformTokenState.EXPIRED],
    [
      "over, and no other to be had",
      { token: { ...token, expiresAt: at }, tokenFailure: failure },
      PlatformTokenState.FAILED,
    ],
    ["not to be had", { tokenFailure: failure }, PlatformTokenState.FAILED],
    ["not needed", { connector: "cppu" }, PlatformTokenState.NOT_NEEDED],
  ])("says of a token that it is %s", async (_, given, state) => {
    expect((await statusOf(given)).token?.state).toBe(state);
  });

  it("shows when and why, and nothing of the token itself", async () => {
    const status = await statusOf({ token, tokenFailure: failure });
    const json = toJson(PlatformStatusSchema, status) as { token: object };
    expect(json.token).toMatchObject({
      obtainTime: new Date(at - 1000).toISOString().replace(".000Z", "Z"),
      failure: { code: "40001", message: "no such appId" },
    });
    expect(status.token?.failure?.retryTime).toBeDefined();
    expect(JSON.stringify(json)).not.toContain("sealed");
    const rested = await statusOf({ tokenFailure: { ...failure, retryAt: at } });
    expect(rested.token?.failure?.retryTime).toBeUndefined();
  });

  it("refuses an id that there is not", async () => {
    const call = platformsHere().client.getPlatformStatus({ platformId: "p9" });
    expect(await refusalOf(call)).toMatchObject({ reason: "PLATFORM_NOT_FOUND" });
  });
});

describe("ListPlatformChanges", () => {
  const change = (sequence: number, given: Partial<PlatformChangeRecord> = {}): PlatformChangeRecord => ({
    id: platformChangeId("p1", sequence),
    shard: 0,
    platformId: "p1",
    kind: "UPDATED",
    changedBy: "li",
    reason: "why",
    before: { name: "a" },
    after: { name: "b" },
    at: MANUAL_START_AT,
    ...given,
  });

  it("shows who did what, newest first, and of no other platform (R-070)", async () => {
    const { client, putChanges } = platformsHere();
    const other = change(5, { id: platformChangeId("p10", 5), platformId: "p10" });
    putChanges(
      change(1, { kind: "CREATED", before: null }),
      change(2),
      change(3, { kind: "DELETED", after: null }),
      other,
    );
    const { changes } = await client.listPlatformChanges({ platformId: "p1" });
    expect(changes.map(({ kind }) => kind)).toEqual([
      PlatformChangeKind.DELETED,
      PlatformChangeKind.UPDATED,
      PlatformChangeKind.CREATED,
    ]);
    expect(changes[1]).toMatchObject({ changedBy: "li", reason: "why", before: { name: "a" }, after: { name: "b" } });
    expect(changes[2]?.before).toBeUndefined();
    const first = await client.listPlatformChanges({ platformId: "p1", pageSize: 2 });
    const second = await client.listPlatformChanges({ platformId: "p1", pageToken: first.nextPageToken });
    expect(second.changes.map(({ kind }) => kind)).toEqual([PlatformChangeKind.CREATED]);
  });

  it("of one without any shows none, and refuses one that there is not", async () => {
    const { client, put } = platformsHere();
    put(aPlatform());
    expect((await client.listPlatformChanges({ platformId: "p1" })).changes).toEqual([]);
    expect(await refusalOf(client.listPlatformChanges({ platformId: "p2" }))).toMatchObject({
      reason: "PLATFORM_NOT_FOUND",
    });
  });
});
