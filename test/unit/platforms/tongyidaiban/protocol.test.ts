import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../../src/domain/json.ts";
import type { PlatformAnswer, PlatformVerdict } from "../../../../src/ports/platform/connector.ts";
import { tongyidaiban } from "../../../../src/platforms/tongyidaiban/connector.ts";
import { after, toldBy } from "../acknowledging.ts";
import { anyFacts, facts, pushOf, settingsOf } from "../jinzhi/leave.ts";

const REQUIRED = { host: "https://ty.test/", appKey: "key", appSecret: "s=cret" };
const SETTINGS = settingsOf(tongyidaiban, { ...REQUIRED, myappids: ["12"] });
const TOKEN = tongyidaiban.token;
const [UPSERT] = pushOf(tongyidaiban.plan(facts("receive"), SETTINGS)).operations;

function answered(status: number, body: unknown): PlatformAnswer {
  return { kind: "answered", status, body: typeof body === "string" ? body : JSON.stringify(body) };
}

function verdictOf(answer: PlatformAnswer, of: JsonObject = {}): PlatformVerdict {
  return tongyidaiban.verdictOf(UPSERT!, answer, settingsOf(tongyidaiban, { ...REQUIRED, ...of }));
}

describe("统一待办: requests", () => {
  it("R-055, R-060: one POST with a bearer token, and the idempotency key as requestId", () => {
    const request = tongyidaiban.requestOf(UPSERT!, { settings: SETTINGS, token: "t", at: 0, idempotencyKey: "k-1" });
    expect({ ...request, body: JSON.parse(request.body) as unknown }).toEqual({
      method: "POST",
      url: "https://ty.test/api/task/create",
      headers: { "Content-Type": "application/json", Authorization: "Bearer t" },
      body: {
        requestId: "k-1",
        appId: 12,
        instanceId: "77",
        taskId: "9001",
        title: "张三的请假",
        nodeName: "部门审核",
        initiator: "2021001",
        handlers: ["10086"],
        status: 0,
        pcUrl: "https://h/pc/task/9001",
        mobileUrl: "https://h/m/task/9001",
        createTime: "2026-01-02 03:04:05",
      },
    });
  });

  it("R-055: a token is asked for with app_key and app_secret", () => {
    expect(TOKEN.requestOf(SETTINGS, 0)).toEqual({
      method: "POST",
      url: "https://ty.test/api/token",
      headers: { "Content-Type": "application/json" },
      body: '{"app_key":"key","app_secret":"s=cret"}',
    });
  });

  it("paths, header and prefix are settings, and the host stays the host", () => {
    const settings = settingsOf(tongyidaiban, {
      ...REQUIRED,
      createPath: "//other.test/x",
      tokenHeader: "X-Token",
      tokenPrefix: "T",
    });
    const { url, headers } = tongyidaiban.requestOf(UPSERT!, { settings, token: "t", at: 0, idempotencyKey: "k" });
    expect([url, headers["X-Token"]]).toEqual(["https://ty.test/other.test/x", "T t"]);
  });
});

describe("统一待办: tokens", () => {
  it.each<[string, PlatformAnswer, object]>([
    ["given", answered(200, { code: 0, data: { token: "t", expires_in: 60 } }), { token: "t", expiresInMs: 60_000 }],
    ["without an expiry", answered(200, { code: 0, data: { token: "t" } }), { class: "ok", expiresInMs: 7_200_000 }],
    ["not there", answered(200, { code: 0, data: null }), { class: "transient", code: "BAD_ANSWER" }],
    ["refused", answered(200, { code: 401, message: "bad s=cret" }), { class: "permanent", message: "bad ***" }],
    ["refused by HTTP", answered(401, ""), { class: "permanent", code: "HTTP_401" }],
    ["busy", answered(200, { code: 429 }), { class: "transient", code: "429" }],
    ["no answer", { kind: "failed", message: "refused" }, { class: "transient", code: "NO_ANSWER" }],
  ])("R-055: %s", (_claim, answer, verdict) => {
    expect(TOKEN.tokenOf(answer, SETTINGS)).toMatchObject(verdict);
  });
});

describe("统一待办: verdicts", () => {
  it.each([0, "0"])("R-057: code %j is success", (code) => {
    expect(verdictOf(answered(200, { code }))).toEqual({ class: "ok" });
  });

  it.each<[string, PlatformAnswer, PlatformVerdict]>([
    [
      "R-059: any other code",
      answered(200, { code: 7, message: "应用不存在" }),
      { class: "permanent", code: "7", message: "应用不存在" },
    ],
    [
      "R-059: one without a word",
      answered(200, { code: 7 }),
      { class: "permanent", code: "7", message: "The platform refused with code 7." },
    ],
    [
      "R-059: HTTP 400",
      answered(400, ""),
      { class: "permanent", code: "HTTP_400", message: "The platform answered 400." },
    ],
    ["code 401", answered(200, { code: 401, msg: "token" }), { class: "auth", code: "401", message: "token" }],
    ["HTTP 401", answered(401, ""), { class: "auth", code: "HTTP_401", message: "The platform answered 401." }],
    [
      "R-058: a code to be retried",
      answered(200, { code: 500, message: "busy" }),
      { class: "transient", code: "500", message: "busy", retryAfterMs: 1000 },
    ],
    [
      "R-058: its HTTP status",
      answered(503, ""),
      { class: "transient", code: "HTTP_503", message: "The platform answered 503.", retryAfterMs: 1000 },
    ],
    [
      "another HTTP 5xx",
      answered(502, ""),
      { class: "transient", code: "HTTP_502", message: "The platform answered 502." },
    ],
    [
      "no answer",
      { kind: "failed", message: "timeout" },
      { class: "transient", code: "NO_ANSWER", message: "timeout" },
    ],
  ])("%s", (_claim, answer, verdict) => {
    expect(verdictOf(answer)).toEqual(verdict);
  });

  it.each(["<html>", "[]", "{}", '{"code":null}'])(
    "an answer that says nothing (%s) may be right the next time",
    (body) => {
      expect(verdictOf(answered(200, body))).toMatchObject({ class: "transient", code: "BAD_ANSWER" });
    },
  );

  it("nothing is repaired: an upsert makes what is not there", () => {
    expect(tongyidaiban.repairOf()).toEqual([]);
  });
});

describe("统一待办: retries", () => {
  const delaysOf = (of: JsonObject): readonly number[] => {
    const retries = tongyidaiban.retriesOf(settingsOf(tongyidaiban, { ...REQUIRED, ...of }));
    return Array.from({ length: retries.max }, (_, retry) => retries.delayMs(retry));
  };

  it("R-058: three times after a second each, unless set otherwise", () => {
    expect(delaysOf({})).toEqual([1000, 1000, 1000]);
    expect(delaysOf({ maxRetries: 2, retrySleep: 0.5 })).toEqual([500, 500]);
    expect(delaysOf({ maxRetries: 0 })).toEqual([]);
  });

  it("R-058: exponential waits double", () => {
    expect(delaysOf({ backoff: "exponential", maxRetries: 4 })).toEqual([1000, 2000, 4000, 8000]);
    expect(delaysOf({ backoff: "exponential", maxRetries: 11 })).toHaveLength(11);
  });

  it.each<[string, JsonObject]>([
    ["doubled eleven times", { backoff: "exponential", maxRetries: 12 }],
    ["ten times six minutes and a second", { maxRetries: 10, retrySleep: 361 }],
    ["none, a million times", { maxRetries: 1_000_000, retrySleep: 0 }],
  ])("R-058: waits that keep others from the platform are no settings: %s", (_claim, of) => {
    const { violations } = tongyidaiban.read({ ...REQUIRED, ...of });
    expect(violations.map(({ field }) => field)).toEqual(["settings.maxRetries"]);
  });

  it("R-058: the verdict says the first wait, and only codes of the list have one", () => {
    const set = { retryCodes: ["7"], retrySleep: 3 };
    expect(verdictOf(answered(200, { code: 7 }), set)).toMatchObject({ class: "transient", retryAfterMs: 3000 });
    expect(verdictOf(answered(200, { code: 500 }), set)).toMatchObject({ class: "permanent" });
  });
});

describe("统一待办: settings", () => {
  it("R-003: it says what it is, and asks for host, app key and secret only", () => {
    expect(tongyidaiban).toMatchObject({ name: "tongyidaiban", title: "统一待办", category: "任务中心" });
    const { settings: specs } = tongyidaiban;
    expect(specs.filter((spec) => spec.required).map(({ name }) => name)).toEqual(Object.keys(REQUIRED));
    expect(specs.filter(({ secret }) => secret).map(({ name }) => name)).toEqual(["appSecret"]);
    expect(settingsOf(tongyidaiban, REQUIRED)).toMatchObject({ retryCodes: ["429", "500", "503"], myappids: [] });
  });

  it("R-004: every setting is used", () => {
    const used = new Set<string>();
    const settings = new Proxy(SETTINGS, {
      get: (target, name) => {
        used.add(String(name));
        return target[String(name)];
      },
    });
    const known = { "77_9001": "0" };
    for (const given of [facts("receive"), facts("sess_delete", { known })]) {
      tongyidaiban.plan(given, settings);
    }
    const done = { ...facts("manual").item!, state: "DONE" } as const;
    tongyidaiban.plan(facts("manual", { item: done }), settings);
    tongyidaiban.requestOf(UPSERT!, { settings, token: "t", at: 0, idempotencyKey: "k" });
    tongyidaiban.verdictOf(UPSERT!, answered(200, { code: 500 }), settings);
    tongyidaiban.retriesOf(settings);
    TOKEN.requestOf(settings, 0);
    TOKEN.tokenOf(answered(200, { code: 0, data: { token: "t" } }), settings);
    expect([...used].toSorted()).toEqual(tongyidaiban.settings.map(({ name }) => name).toSorted());
  });
});

describe("统一待办, whatever comes in whatever order", () => {
  it("a plan never throws, all it sends goes to host, and what it desires is what its operations acknowledge", () => {
    fc.assert(
      fc.property(anyFacts, (given) => {
        const settings = settingsOf(tongyidaiban, { ...REQUIRED, myappids: ["12", "77", "", given.session.appId] });
        const plan = tongyidaiban.plan(given, settings);
        if (plan.kind === "skip") {
          expect(plan.reason).not.toBe("");
          return;
        }
        for (const each of plan.operations) {
          const { url, body } = tongyidaiban.requestOf(each, { settings, token: "t", at: 0, idempotencyKey: "k" });
          expect(url).toBe("https://ty.test/api/task/create");
          expect(JSON.parse(body)).toEqual({ requestId: "k", ...each.body });
        }
        expect(toldBy(plan.operations)).toEqual(plan.desired);
      }),
    );
  });

  it("R-060: what was acknowledged is desired again, so that the same push twice changes nothing", () => {
    fc.assert(
      fc.property(anyFacts, (given) => {
        const settings = settingsOf(tongyidaiban, { ...REQUIRED, myappids: [given.session.appId] });
        const first = tongyidaiban.plan(given, settings);
        fc.pre(first.kind === "push" && given.item !== null);
        const acknowledged = after(new Map(), first.operations);
        const again = tongyidaiban.plan({ ...given, acknowledged }, settings);
        for (const [id, status] of again.kind === "push" ? again.desired : []) {
          expect(first.desired.get(id)).toBe(status);
        }
      }),
    );
  });
});
