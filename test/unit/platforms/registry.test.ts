import { describe, expect, it } from "vitest";
import { connectors } from "../../../src/platforms/index.ts";
import type { Connector } from "../../../src/ports/platform/connector.ts";
import type { SettingSpec } from "../../../src/ports/platform/setting.ts";

/** What is needed of each connector: its required settings, the secret ones of them, and where it is meant for. */
const EXPECTED: Readonly<Record<string, readonly [title: string, required: string, secrets: string, at: string]>> = {
  ability_center: ["能力中心", "host appId appSecret", "appSecret", ""],
  jinzhi: ["金智任务中心", "host appId appSecret sceneCode", "appSecret", ""],
  shuwei: ["树维任务中心", "host clientId clientSecret appId", "clientSecret", ""],
  shuwei_v2: ["树维任务中心 V2", "host clientId clientSecret appId", "clientSecret", ""],
  tongyidaiban: ["统一待办", "host appKey appSecret", "appSecret", ""],
  cppu: ["cppu 任务中心", "host appCode secret", "secret", "cppu"],
  gzucm: ["能力中心 (gzucm)", "host appId appSecret", "appSecret", "gzucm"],
  tmmu: ["能力中心 (tmmu)", "host appId appSecret", "appSecret", "tmmu"],
  cugb: ["能力中心 (cugb)", "host appId appSecret", "appSecret", "cugb"],
};

const namesOf = (specs: readonly SettingSpec[]): string => specs.map(({ name }) => name).join(" ");
const neededBy = ({ settings }: Connector) =>
  Object.fromEntries(
    settings
      .filter(({ required }) => required)
      .map(({ name, isUrl }) => [name, isUrl === true ? "https://platform.example.edu/base" : `the-${name}`]),
  );

describe("the connectors", () => {
  it("R-005, R-007: are all there, by name", () => {
    expect([...connectors.keys()]).toEqual(Object.keys(EXPECTED));
    expect([...connectors.values()].map(({ name }) => name)).toEqual(Object.keys(EXPECTED));
  });
});

describe.each([...connectors.values()])("$name", (connector) => {
  it("R-002, R-003: says what it is called, that it serves 任务中心, and for which installations it was made", () => {
    const { name, title, capability, category, environments } = connector;
    expect([title, environments.join(" ")]).toEqual([EXPECTED[name]![0], EXPECTED[name]![3]]);
    expect([capability, category]).toEqual(["任务中心", "任务中心"]);
  });

  it("R-004: describes every setting so that a form can ask for it", () => {
    expect(new Set(connector.settings.map(({ name }) => name)).size).toBe(connector.settings.length);
    for (const { name, title, help, form, options = [] } of connector.settings) {
      expect(name).toMatch(/^[a-z][A-Za-z]*$/u);
      expect(title).toMatch(/\p{Script=Han}/u);
      expect(help).toMatch(/^\S.*\.$/u);
      // One cannot choose among fewer than two, and elsewhere nobody asks for options.
      expect(options.length > 1 || form !== "SELECT").toBe(true);
      expect(options.length === 0 || ["SELECT", "LIST", "MAP"].includes(form)).toBe(true);
      expect(options.filter((option) => option.value === "" || !/\p{Script=Han}/u.test(option.title))).toEqual([]);
    }
  });

  it("R-004: asks for what nobody can know but who sets it up, and for nothing else", () => {
    const [, required, secrets] = EXPECTED[connector.name]!;
    const needed = connector.settings.filter((spec) => spec.required);
    expect(namesOf(needed)).toBe(required);
    expect(needed.filter((spec) => spec.default !== null)).toEqual([]);
    expect(namesOf(connector.settings.filter(({ secret }) => secret))).toBe(secrets);
    expect(connector.settings.filter(({ secret, form }) => secret !== (form === "PASSWORD"))).toEqual([]);
    expect(connector.read({}).violations.map(({ field }) => field)).toEqual(
      needed.map(({ name }) => `settings.${name}`),
    );
  });

  it("R-004: takes its own defaults when they are given, and reads the same with and without them", () => {
    const defaults = Object.fromEntries(connector.settings.map((spec) => [spec.name, spec.default]));
    const read = connector.read({ ...defaults, ...neededBy(connector) });
    expect(read.violations).toEqual([]);
    expect(connector.read(neededBy(connector))).toEqual(read);
    expect(Object.keys(read.settings)).toEqual(connector.settings.map(({ name }) => name));
  });

  it.each<[string, Record<string, unknown>, string]>([
    ["a name that it does not know", { colour: "red" }, "settings.colour"],
    ["a host that is no URL", { host: "platform" }, "settings.host"],
    ["a host of another protocol", { host: "ftp://platform.example.edu" }, "settings.host"],
    ["a host with a query, which paths would end up in", { host: "https://h.example.edu/?a=1" }, "settings.host"],
    ["a host with credentials", { host: "https://me:secret@h.example.edu" }, "settings.host"],
    ["a time zone that is none", { timeZone: "Mars/Olympus" }, "settings.timeZone"],
    ["an action that is none", { events: ["receive", "recieve"] }, "settings.events"],
    ["actions that are no list", { events: "receive" }, "settings.events"],
  ])("R-004: refuses %s", (_, given, field) => {
    const { violations } = connector.read({ ...neededBy(connector), ...(given as Record<string, string>) });
    expect(violations.map((each) => each.field)).toEqual([field]);
    expect(violations[0]!.description).not.toMatch(/the-|:secret/u);
  });
});

describe("settings that do not go together", () => {
  it.each<[string, string, Record<string, string>, readonly string[]]>([
    ["ability_center", "one name for two parameters", { appSecretParameter: "app_id" }, ["appSecretParameter"]],
    ["gzucm", "the same, of a preset", { appSecretParameter: "app_id" }, ["appSecretParameter"]],
    ["jinzhi", "one header for two things", { tokenName: "APPID" }, ["tokenName"]],
    ["jinzhi", "the same as parameters", { tokenName: "appId", credentialsIn: "query" }, ["tokenName"]],
    ["jinzhi", "a header that is none", { appIdName: "app id" }, ["appIdName"]],
    ["jinzhi", "an appId that no header takes", { appId: "应用" }, ["appId"]],
    ["tongyidaiban", "the header that says what the body is", { tokenHeader: "Content-Type" }, ["tokenHeader"]],
    ["tongyidaiban", "a prefix of two lines", { tokenPrefix: "Bearer\n" }, ["tokenPrefix"]],
    ["shuwei", "a header that is none", { authorizationHeader: "令牌" }, ["authorizationHeader"]],
    ["shuwei_v2", "a prefix that no header takes", { authorizationPrefix: "令牌" }, ["authorizationPrefix"]],
    ["cppu", "one header for two things", { signHeader: "x-timestamp" }, ["signHeader"]],
    ["cppu", "a code that no header takes", { appCode: "应用" }, ["appCode"]],
  ])("%s: %s", (name, _, given, fields) => {
    const connector = connectors.get(name)!;
    const { violations } = connector.read({ ...neededBy(connector), ...given });
    expect(violations.map(({ field }) => field)).toEqual(fields.map((each) => `settings.${each}`));
  });

  it("jinzhi takes such an appId where it goes into the query", () => {
    const jinzhi = connectors.get("jinzhi")!;
    const given = { ...neededBy(jinzhi), appId: "应用", credentialsIn: "query" };
    expect(jinzhi.read(given).violations).toEqual([]);
  });
});
