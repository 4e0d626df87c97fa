import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { abilityCenter } from "../../../../src/platforms/ability_center/connector.ts";
import type { Operation, PlatformAnswer } from "../../../../src/ports/platform/connector.ts";
import { cppu } from "../../../../src/platforms/cppu/connector.ts";
import { anyFacts, at, facts, operationsOf, settingsOf } from "../ability_center/facts-given.ts";
import { settingsAskedFor } from "../ability_center/settings-asked-for.ts";

const SETTINGS = settingsOf(cppu, { host: "https://tasks.example.edu.cn", appCode: "BELFRY", secret: "s3cret" });
const NOTHING: Operation["acknowledges"] = new Map();
const UPSERT: Operation = {
  kind: "upsert",
  thirdId: "77_9001",
  body: { name: "请假" },
  onFailure: "go-on",
  acknowledges: NOTHING,
};
const DELETION: Operation = {
  kind: "delete_instance",
  thirdId: "77",
  body: { instId: 77 },
  onFailure: "stop",
  acknowledges: NOTHING,
};

const requestOf = (operation: Operation, settings = SETTINGS) =>
  cppu.requestOf(operation, { settings, token: "", at: at("03:04:05") + 678, idempotencyKey: "k" });
const answered = (body: unknown, status = 200): PlatformAnswer => ({
  kind: "answered",
  status,
  body: JSON.stringify(body),
});

/** Made with `openssl dgst -sha256 -hmac`. */
const SIGNATURES = {
  /** Of `BELFRY1767294245{"name":"请假"}` with s3cret. */
  seconds: "8ab80d7a2f21b2eea93bae69915f50db7841bb615953a64aea3caddf7addac12",
  /** Of `the-appCode1767294245678{"name":"请假"}` with the-secret. */
  milliseconds: "74b64a4f14159be897a16f57db9b073989f2dd2ed8fb4970e12fd034a9ff7e79",
};

describe("R-064: cppu", () => {
  it("takes the body of 能力中心", () => {
    const given = facts("receive");
    expect(cppu.plan(given, SETTINGS)).toEqual(abilityCenter.plan(given, settingsOf(abilityCenter)));
  });

  it("needs no token but signs app code, time in seconds and body", () => {
    expect(cppu.token).toBeNull();
    const { headers, ...others } = requestOf(UPSERT);
    expect(others).toEqual({
      method: "POST",
      url: "https://tasks.example.edu.cn/third/task.push.push-task",
      body: '{"name":"请假"}',
    });
    expect(headers).toEqual({
      "Content-Type": "application/json",
      "X-App-Code": "BELFRY",
      "X-Timestamp": "1767294245",
      "X-Sign": SIGNATURES.seconds,
    });
  });

  it("signs under other header names, with milliseconds and to other paths when that is set", () => {
    const settings = settingsOf(cppu, {
      appCodeHeader: "App",
      timestampHeader: "Time",
      signHeader: "Sign",
      timestampUnit: "milliseconds",
      pushPath: "/push",
      deletePath: "/delete",
    });
    const { url, headers } = requestOf(UPSERT, settings);
    expect(url).toMatch(/\/push$/u);
    expect(requestOf(DELETION, settings).url).toMatch(/\/delete$/u);
    expect(headers).toMatchObject({ App: "the-appCode", Time: "1767294245678" });
    expect(headers["Sign"]).toBe(SIGNATURES.milliseconds);
  });

  it.each<[string, Operation, PlatformAnswer, object]>([
    ["code 0 is success", UPSERT, answered({ code: 0, message: "ok" }), { class: "ok" }],
    [
      "another code is a failure, with the message as the reason",
      UPSERT,
      answered({ code: 7, message: "参数错误" }),
      { class: "permanent", code: "7", message: "参数错误" },
    ],
    [
      "a code that is set is transient",
      UPSERT,
      answered({ code: 500, msg: "忙" }),
      { class: "transient", message: "忙" },
    ],
    ["an answer without a code is none", UPSERT, answered({ e: 0 }), { class: "transient", code: "BAD_ANSWER" }],
    [
      "there is no token to fetch anew after a 401",
      UPSERT,
      answered({}, 401),
      { class: "permanent", code: "HTTP_401" },
    ],
    ["HTTP 503 is transient", UPSERT, answered({}, 503), { class: "transient", code: "HTTP_503" }],
    ["no answer is transient", UPSERT, { kind: "failed", message: "reset" }, { class: "transient", code: "NO_ANSWER" }],
    ["what is not there is deleted", DELETION, answered({ code: 4, message: "实例不存在" }), { class: "ok" }],
  ])("%s", (_, operation, answer, verdict) => {
    const settings = settingsOf(cppu, { transientCodes: ["500"] });
    expect(cppu.verdictOf(operation, answer, settings)).toMatchObject(verdict);
  });

  it("R-004: asks for host, app code and secret only, and uses every setting that it has", () => {
    const { violations } = cppu.read({});
    expect(violations.map(({ field }) => field)).toEqual(["settings.host", "settings.appCode", "settings.secret"]);
    expect(settingsAskedFor(cppu)).toEqual(new Set(cppu.settings.map(({ name }) => name)));
    expect(cppu.settings.filter(({ secret }) => secret).map(({ name }) => name)).toEqual(["secret"]);
  });

  it("makes of any facts requests of JSON to the host", () => {
    fc.assert(
      fc.property(anyFacts, (given) => {
        const plan = cppu.plan(given, SETTINGS);
        for (const operation of plan.kind === "skip" ? [] : operationsOf(plan)) {
          const { url, body } = requestOf(operation);
          expect(new URL(url).origin).toBe("https://tasks.example.edu.cn");
          expect(JSON.parse(body)).toEqual(operation.body);
          expect(cppu.repairOf(operation, given, SETTINGS)).toEqual([]);
        }
      }),
    );
  });
});
