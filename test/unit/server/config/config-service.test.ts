import { fromJson, toJson, type JsonValue } from "@bufbuild/protobuf";
import { ValueSchema, timestampMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { ConfigScope, ConfigSource, ConfigType } from "../../../../src/gen/belfry/v1/config_pb.ts";
import {
  ListConfigsResponseSchema,
  ResolveConfigResponseSchema,
  SetConfigRequestSchema,
} from "../../../../src/gen/belfry/v1/config_service_pb.ts";
import { nameIn } from "../../../../src/server/mapping/enumeration.ts";
import { refusalOf } from "../../../support/api-in-process.ts";
import { configHere, type ConfigHere } from "./given.ts";

const { GLOBAL, USER } = ConfigScope;

const value = (json: JsonValue) => fromJson(ValueSchema, json);

/** Each as "key", or "key of user", with its value and source. */
async function listed({ client }: ConfigHere, filter: Parameters<ConfigHere["client"]["listConfigs"]>[0] = {}) {
  const { configs, nextPageToken } = await client.listConfigs(filter);
  const shown = configs.map(({ key, userId, value: held, source }) => [
    userId === "" ? key : `${key} of ${userId}`,
    held && toJson(ValueSchema, held),
    nameIn(ConfigSource, source),
  ]);
  return { shown, nextPageToken };
}

describe("ConfigService (R-131)", () => {
  it("answers as the examples of its contract", async () => {
    const { client } = await configHere();
    const request = { config: { scope: "CONFIG_SCOPE_GLOBAL", key: "retention_days", value: 30 } };
    const { config } = await client.setConfig(fromJson(SetConfigRequestSchema, request));
    expect(config).toMatchObject({ key: "retention_days", source: ConfigSource.GLOBAL, etag: "1", value: value(30) });
    const answer = await client.resolveConfig({ userId: "u1", key: "timeout_minutes" });
    expect(toJson(ResolveConfigResponseSchema, answer)).toEqual({ value: 10, source: "CONFIG_SOURCE_DEFAULT" });
  });

  it("shows what is set where, by whom, and what it may be", async () => {
    const { client, clock } = await configHere();
    const config = { scope: USER, userId: "u1", key: "timeout_minutes", value: value(30) };
    await client.setConfig({ config, changedBy: "li", reason: "slow" });
    const answer = await client.getConfig({ userId: "u1", key: "timeout_minutes" });
    expect(answer.config).toMatchObject({
      ...config,
      source: ConfigSource.USER,
      etag: "1",
      updatedBy: "li",
      rule: { type: ConfigType.INTEGER, minimum: 1n, maximum: 1440n, defaultValue: value(10), userScopeAllowed: true },
    });
    expect(answer.config?.createTime && timestampMs(answer.config.createTime)).toBe(clock.now());
    expect(answer.changes).toMatchObject([
      { scope: USER, userId: "u1", after: value(30), changedBy: "li", reason: "slow", revision: 1n },
    ]);
    expect(answer.changes[0]?.before).toBeUndefined();
  });

  it("shows what holds where nothing is set, with its source and without an etag", async () => {
    const { client } = await configHere({ cleanup_crontab: "0 4 * * *" });
    const { config, changes } = await client.getConfig({ key: "cleanup_crontab" });
    expect(config).toMatchObject({
      value: value("0 4 * * *"),
      source: ConfigSource.ENVIRONMENT,
      etag: "",
      scope: GLOBAL,
    });
    expect([config?.updateTime, config?.rule?.environmentVariable, changes]).toEqual([
      undefined,
      "BELFRY_CONFIG_CLEANUP_CRONTAB",
      [],
    ]);
  });

  it("takes back what is set, and shows what holds then", async () => {
    const { client } = await configHere();
    await client.setConfig({ config: { scope: GLOBAL, key: "retry_backoff", value: value(false) } });
    const deleted = await client.deleteConfig({ scope: GLOBAL, key: "retry_backoff", etag: "1" });
    expect(deleted.config).toMatchObject({ value: value(true), source: ConfigSource.DEFAULT, etag: "" });
    expect((await client.deleteConfig({ scope: GLOBAL, key: "retry_backoff" })).config).toEqual(deleted.config);
    expect((await client.getConfig({ key: "retry_backoff" })).changes).toHaveLength(2);
  });

  it("takes a value that stands under its own key, as the source does", async () => {
    const { client } = await configHere();
    const wrapped = value({ retention_days: 7 });
    await client.setConfig({ config: { scope: GLOBAL, key: "retention_days", value: wrapped } });
    expect((await client.resolveConfig({ key: "retention_days" })).value).toEqual(value(7));
  });

  it.each<[Record<string, JsonValue>, string[]]>([
    [{ scope: "CONFIG_SCOPE_GLOBAL", key: "retention_days", value: 0 }, ["config.value"]],
    [{ scope: "CONFIG_SCOPE_GLOBAL", key: "retention_days", value: 3651 }, ["config.value"]],
    [{ scope: "CONFIG_SCOPE_GLOBAL", key: "timeout_minutes", value: 1441 }, ["config.value"]],
    [{ scope: "CONFIG_SCOPE_GLOBAL", key: "timeout_minutes", value: "10" }, ["config.value"]],
    [{ scope: "CONFIG_SCOPE_GLOBAL", key: "timeout_minutes", value: null }, ["config.value"]],
    [{ scope: "CONFIG_SCOPE_GLOBAL", key: "timeout_minutes", value: [10] }, ["config.value"]],
    [{ scope: "CONFIG_SCOPE_GLOBAL", key: "timeout_minutes" }, ["config.value"]],
    [{ scope: "CONFIG_SCOPE_GLOBAL", key: "cleanup_crontab", value: "61 * * * *" }, ["config.value"]],
    [{ scope: "CONFIG_SCOPE_GLOBAL", key: "nonsense", value: 1 }, ["config.key"]],
    [{ scope: "CONFIG_SCOPE_GLOBAL", userId: "u1", key: "retry_max", value: 1 }, ["config.userId"]],
    [{ scope: "CONFIG_SCOPE_USER", key: "retry_max", value: 1 }, ["config.userId"]],
    [{ scope: "CONFIG_SCOPE_USER", userId: "u1", key: "cleanup_crontab", value: "0 1 * * *" }, ["config.scope"]],
    [{ key: "retry_max", value: 1 }, ["config.scope"]],
  ])("refuses to set %j", async (config, fields) => {
    const { client } = await configHere();
    const refusal = await refusalOf(client.setConfig(fromJson(SetConfigRequestSchema, { config })));
    expect(refusal).toMatchObject({ code: "InvalidArgument", reason: "INVALID_FIELD", fields });
  });

  it("refuses a number that is none", async () => {
    const { client } = await configHere();
    const number = { kind: { case: "numberValue" as const, value: Number.NaN } };
    const set = client.setConfig({ config: { scope: GLOBAL, key: "retry_max", value: number } });
    expect(await refusalOf(set)).toMatchObject({ code: "InvalidArgument", fields: ["config.value"] });
  });

  it("names the keys that there are to who asks for another", async () => {
    const { client } = await configHere();
    for (const call of [
      client.resolveConfig({ key: "retention" }),
      client.getConfig({ key: "retention" }),
      client.deleteConfig({ scope: GLOBAL, key: "retention" }),
      client.listConfigs({ key: "retention" }),
    ]) {
      const { code, fields, message } = await refusalOf(call);
      expect([code, fields]).toEqual(["InvalidArgument", ["key"]]);
      expect(message).toMatch(/there are .*retention_days.*timeout_minutes/);
    }
  });

  it("refuses an etag that is not the current one, and says which is", async () => {
    const { client } = await configHere();
    const config = { scope: GLOBAL, key: "retry_max", value: value(5) };
    await client.setConfig({ config });
    expect(await refusalOf(client.setConfig({ config: { ...config, value: value(6), etag: "7" } }))).toMatchObject({
      code: "Aborted",
      reason: "ETAG_MISMATCH",
      metadata: { etag: "1" },
    });
    expect(await refusalOf(client.deleteConfig({ ...config, etag: "7" }))).toMatchObject({ code: "Aborted" });
  });

  it("gives a repeated request its first answer", async () => {
    const { client } = await configHere();
    const request = { config: { scope: GLOBAL, key: "retry_max", value: value(5) }, requestId: "r1" };
    const first = await client.setConfig(request);
    await client.setConfig({ config: { ...request.config, value: value(6) } });
    expect(await client.setConfig(request)).toEqual(first);
    const other = { config: { ...request.config, value: value(7) }, requestId: "r1" };
    expect(await refusalOf(client.setConfig(other))).toMatchObject({ code: "AlreadyExists" });
  });
});

describe("ListConfigs (R-131)", () => {
  async function given(): Promise<ConfigHere> {
    const here = await configHere({ timeout_minutes: 20 });
    const set = (scope: ConfigScope, userId: string, key: string, json: JsonValue) =>
      here.client.setConfig({ config: { scope, userId, key, value: value(json) } });
    await set(GLOBAL, "", "retention_days", 60);
    await set(USER, "u1", "retention_days", 7);
    await set(USER, "u1", "retry_max", 0);
    await set(USER, "u2", "retention_days", 8);
    return here;
  }

  it("shows every key with what holds for everybody, then what users have set", async () => {
    const { shown } = await listed(await given());
    expect(shown.map(([what]) => what).slice(0, 3)).toEqual([
      "cleanup_batch_size",
      "cleanup_crontab",
      "cleanup_enabled",
    ]);
    expect(shown).toContainEqual(["retention_days", 60, "GLOBAL"]);
    expect(shown).toContainEqual(["timeout_minutes", 20, "ENVIRONMENT"]);
    expect(shown.slice(-3)).toEqual([
      ["retention_days of u1", 7, "USER"],
      ["retry_max of u1", 0, "USER"],
      ["retention_days of u2", 8, "USER"],
    ]);
  });

  it("shows what its filters leave", async () => {
    const here = await given();
    expect((await listed(here, { key: "retention_days" })).shown).toEqual([
      ["retention_days", 60, "GLOBAL"],
      ["retention_days of u1", 7, "USER"],
      ["retention_days of u2", 8, "USER"],
    ]);
    expect((await listed(here, { scope: USER, userId: "u1" })).shown).toEqual([
      ["retention_days of u1", 7, "USER"],
      ["retry_max of u1", 0, "USER"],
    ]);
    expect((await listed(here, { scope: GLOBAL, key: "retry_max" })).shown).toEqual([["retry_max", 3, "DEFAULT"]]);
    const forUser = (await listed(here, { userId: "u2" })).shown;
    expect(forUser).toContainEqual(["retention_days of u2", 8, "USER"]);
    expect(forUser).toContainEqual(["timeout_minutes of u2", 20, "ENVIRONMENT"]);
    expect(forUser).toHaveLength((await listed(here, { scope: GLOBAL })).shown.length);
  });

  it.each([1, 2, 5, 13, 14, 15, 16, 100])("comes in pages of %d without a gap or a repetition", async (pageSize) => {
    const here = await given();
    const { shown: all } = await listed(here);
    const pages: unknown[] = [];
    let pageToken = "";
    do {
      const page = await listed(here, { pageSize, pageToken });
      expect(page.shown.length).toBeLessThanOrEqual(pageSize);
      pages.push(...page.shown);
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(pages).toEqual(all);
  });

  it("does not go on in another list", async () => {
    const here = await given();
    const { nextPageToken } = await listed(here, { pageSize: 2 });
    const other = here.client.listConfigs({ pageSize: 2, pageToken: nextPageToken, scope: USER });
    expect(await refusalOf(other)).toMatchObject({ reason: "PAGE_TOKEN_MISMATCH" });
  });

  it("can be written as JSON, values as they are", async () => {
    const here = await given();
    const json = toJson(ListConfigsResponseSchema, await here.client.listConfigs({ key: "cleanup_crontab" }));
    expect(json).toMatchObject({ configs: [{ key: "cleanup_crontab", value: "0 2 * * *" }] });
  });
});
