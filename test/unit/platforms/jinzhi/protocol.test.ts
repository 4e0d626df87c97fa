import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../../src/domain/json.ts";
import type { Operation, PlatformAnswer, PlatformVerdict } from "../../../../src/ports/platform/connector.ts";
import { jinzhi } from "../../../../src/platforms/jinzhi/connector.ts";
import { facts, item, pushOf, session, settingsOf } from "./leave.ts";

const GIVEN = { host: "https://jz.test/base/", appId: "a&1", appSecret: "s=cret", sceneCode: "APPROVAL" };
const SETTINGS = settingsOf(jinzhi, GIVEN);
const TOKEN = jinzhi.token!;

function operation(kind: string): Operation {
  return { kind, thirdId: "77_9001", body: { taskId: "9001" }, onFailure: "stop", acknowledges: new Map() };
}

function answered(status: number, body: unknown): PlatformAnswer {
  return { kind: "answered", status, body: typeof body === "string" ? body : JSON.stringify(body) };
}

function requestFor(of: Operation, settings = SETTINGS) {
  return jinzhi.requestOf(of, { settings, token: "t0ken", at: 0, idempotencyKey: "k" });
}

describe("金智: requests", () => {
  it.each([
    ["insert", "/taskCenter/task"],
    ["update", "/taskCenter/task"],
    ["delete_todo", "/taskCenter/task/delete"],
    ["delete_instance", "/taskCenter/instance/delete"],
    ["start_and_end", "/taskCenter/instance/startAndEnd"],
  ])("R-022: %s is a POST to %s with appId and accessToken as headers", (kind, path) => {
    expect(requestFor(operation(kind))).toEqual({
      method: "POST",
      url: `https://jz.test/base${path}`,
      headers: { "Content-Type": "application/json", appId: "a&1", accessToken: "t0ken" },
      body: '{"taskId":"9001"}',
    });
  });

  it("R-022: where appId and accessToken go, and under which names, are settings", () => {
    const names = { appIdName: "app", tokenName: "token" };
    expect(requestFor(operation("insert"), settingsOf(jinzhi, { ...GIVEN, ...names })).headers).toEqual({
      "Content-Type": "application/json",
      app: "a&1",
      token: "t0ken",
    });
    const inQuery = requestFor(operation("insert"), settingsOf(jinzhi, { ...GIVEN, credentialsIn: "query" }));
    expect(inQuery.url).toBe("https://jz.test/base/taskCenter/task?appId=a%261&accessToken=t0ken");
    expect(inQuery.headers).toEqual({ "Content-Type": "application/json" });
  });

  it("stays below host, whatever the path is", () => {
    const settings = settingsOf(jinzhi, { ...GIVEN, taskPath: "//other.test/x", deleteTaskPath: "@other.test" });
    expect(requestFor(operation("insert"), settings).url).toBe("https://jz.test/base/other.test/x");
    expect(requestFor(operation("delete_todo"), settings).url).toBe("https://jz.test/base/@other.test");
  });
});

describe("金智: tokens", () => {
  it("R-021, R-044: are fetched with appId and appSecret", () => {
    expect(TOKEN.requestOf(SETTINGS, 0)).toEqual({
      method: "GET",
      url: "https://jz.test/base/taskCenter/accessToken?appId=a%261&appSecret=s%3Dcret",
      headers: {},
      body: "",
    });
  });

  it.each<[string, PlatformAnswer, object]>([
    ["taken", answered(200, { errcode: 0, errmsg: "ok", accessToken: "t", expiresIn: 60 }), { expiresInMs: 60_000 }],
    ["without an expiry", answered(200, { errcode: 0, accessToken: "t" }), { token: "t", expiresInMs: 7_200_000 }],
    ["not there", answered(200, { errcode: 0 }), { class: "transient", code: "BAD_ANSWER" }],
    ["refused", answered(200, { errcode: 40001, errmsg: "no" }), { class: "permanent", code: "40001", message: "no" }],
    ["refused by HTTP", answered(401, ""), { class: "permanent", code: "HTTP_401" }],
    ["away", answered(503, ""), { class: "transient", code: "HTTP_503" }],
    ["no JSON", answered(200, "<html>"), { class: "transient", code: "BAD_ANSWER" }],
    ["no answer", { kind: "failed", message: "refused" }, { class: "transient", code: "NO_ANSWER" }],
  ])("R-021: %s", (_claim, answer, verdict) => {
    expect(TOKEN.tokenOf(answer, SETTINGS)).toMatchObject(verdict);
  });

  it("the secret never shows in a message", () => {
    const echo = answered(200, { errcode: 40013, errmsg: "bad secret s=cret" });
    expect(TOKEN.tokenOf(echo, SETTINGS)).toMatchObject({ message: "bad secret ***" });
  });
});

describe("金智: verdicts", () => {
  const verdictOf = (kind: string, answer: PlatformAnswer, of: JsonObject = {}): PlatformVerdict =>
    jinzhi.verdictOf(operation(kind), answer, settingsOf(jinzhi, { ...GIVEN, ...of }));

  it.each([0, "0"])("R-029: HTTP 200 with errcode %j is success", (errcode) => {
    expect(verdictOf("insert", answered(200, { errcode, errmsg: "ok" }))).toEqual({ class: "ok" });
  });

  it.each<[string, PlatformAnswer, PlatformVerdict["class"], string]>([
    ["any other errcode", answered(200, { errcode: 46004, errmsg: "x" }), "permanent", "46004"],
    ["any other HTTP success", answered(201, { errcode: 0 }), "permanent", "HTTP_201"],
    ["HTTP 400", answered(400, { errcode: 0 }), "permanent", "HTTP_400"],
    ["HTTP 401", answered(401, ""), "auth", "HTTP_401"],
    ["HTTP 408", answered(408, ""), "transient", "HTTP_408"],
    ["HTTP 429", answered(429, ""), "transient", "HTTP_429"],
    ["HTTP 500", answered(500, { errcode: 0 }), "transient", "HTTP_500"],
    ["errcode 40001", answered(200, { errcode: 40001 }), "auth", "40001"],
    ["errcode 40014", answered(200, { errcode: 40014 }), "auth", "40014"],
    ["errcode 42001", answered(200, { errcode: "42001" }), "auth", "42001"],
    ["no errcode", answered(200, { ok: true }), "transient", "BAD_ANSWER"],
    ["no JSON", answered(200, "<html>"), "transient", "BAD_ANSWER"],
    ["no object", answered(200, "[]"), "transient", "BAD_ANSWER"],
    ["no answer", { kind: "failed", message: "timeout" }, "transient", "NO_ANSWER"],
  ])("R-029: %s is a failure", (_claim, answer, kind, code) => {
    expect(verdictOf("update", answer)).toMatchObject({ class: kind, code });
  });

  it("R-029: the reason is errmsg, bounded", () => {
    expect(verdictOf("insert", answered(200, { errcode: 1, errmsg: "场景不存在" }))).toMatchObject({
      message: "场景不存在",
    });
    const long = verdictOf("insert", answered(200, { errcode: 1, errmsg: "x".repeat(9000) }));
    expect(long.class === "ok" ? "" : long.message).toHaveLength(500);
  });

  it("R-029: no code means 'not there' by default: the deletion of an unknown id fails", () => {
    expect(verdictOf("delete_todo", answered(200, { errcode: 46004 }))).toMatchObject({ class: "permanent" });
  });

  it.each(["delete_todo", "delete_instance"])("R-029: with its code known, %s of an unknown id is done", (kind) => {
    const gone = { notFoundCodes: ["46004", "HTTP_404"] };
    expect(verdictOf(kind, answered(200, { errcode: 46004 }), gone)).toEqual({ class: "ok" });
    expect(verdictOf(kind, answered(404, ""), gone)).toEqual({ class: "ok" });
    expect(verdictOf("update", answered(200, { errcode: 46004 }), gone)).toMatchObject({ class: "not_found" });
  });

  it.each(["insert", "start_and_end"])("R-029: with its code known, a second %s is repaired", (kind) => {
    const known = { duplicateCodes: ["46001"] };
    expect(verdictOf(kind, answered(200, { errcode: 46001 }))).toMatchObject({ class: "permanent" });
    expect(verdictOf(kind, answered(200, { errcode: 46001 }), known)).toMatchObject({ class: "not_found" });
    expect(verdictOf("update", answered(200, { errcode: 46001 }), known)).toMatchObject({ class: "permanent" });
  });

  it("codes of expired tokens are a setting, which may be empty", () => {
    expect(verdictOf("insert", answered(200, { errcode: 7 }), { authCodes: ["7"] })).toMatchObject({ class: "auth" });
    expect(verdictOf("insert", answered(200, { errcode: 40001 }), { authCodes: [] })).toMatchObject({
      class: "permanent",
    });
  });
});

describe("金智: settings", () => {
  const required = { host: "https://jz.test", appId: "a", appSecret: "s", sceneCode: "APPROVAL" };

  it("R-003, R-020: it says what it is, and asks for host, appId, appSecret and sceneCode only", () => {
    expect(jinzhi).toMatchObject({
      name: "jinzhi",
      title: "金智任务中心",
      capability: "任务中心",
      category: "任务中心",
    });
    expect(jinzhi.settings.filter((spec) => spec.required).map(({ name }) => name)).toEqual(Object.keys(required));
    expect(jinzhi.settings.filter(({ secret }) => secret).map(({ name }) => name)).toEqual(["appSecret"]);
    expect(settingsOf(jinzhi, required)).toMatchObject({
      ...required,
      taskPath: "/taskCenter/task",
      priority: "NORMAL",
    });
  });

  it("R-004: every setting is used", () => {
    const used = new Set<string>();
    const settings = new Proxy(SETTINGS, {
      get: (target, name) => {
        used.add(String(name));
        return target[String(name)];
      },
    });
    const pushes = [
      facts("receive"),
      facts("sess_delete", { known: { "77_9001": "RUNNING/RUNNING" } }),
      facts("after_end", { session: session({ isStartAndEnd: true }), item: null }),
      facts("manual", { item: item({ state: "DONE" }), known: { "77_9001": "RUNNING/RUNNING" } }),
    ];
    for (const each of pushes.flatMap((given) => pushOf(jinzhi.plan(given, settings)).operations)) {
      jinzhi.requestOf(each, { settings, token: "t", at: 0, idempotencyKey: "k" });
      jinzhi.verdictOf(each, answered(200, { errcode: 1 }), settings);
    }
    TOKEN.requestOf(settings, 0);
    TOKEN.tokenOf(answered(200, { errcode: 0, accessToken: "t" }), settings);
    expect([...used].toSorted()).toEqual(jinzhi.settings.map(({ name }) => name).toSorted());
  });
});
