import { describe, expect, it } from "vitest";
import { abilityCenter } from "../../../../src/platforms/ability_center/connector.ts";
import type { Operation, PlatformAnswer } from "../../../../src/ports/platform/connector.ts";
import { settingsOf } from "./facts-given.ts";

const SETTINGS = settingsOf(abilityCenter);
const NOTHING: Operation["acknowledges"] = new Map();
const UPSERT: Operation = {
  kind: "upsert",
  thirdId: "77_9001",
  body: { inst: {}, task: {} },
  onFailure: "go-on",
  acknowledges: NOTHING,
};
const DELETION: Operation = {
  kind: "delete_task",
  thirdId: "77_9001",
  body: { taskId: 9001 },
  onFailure: "stop",
  acknowledges: NOTHING,
};

const requestOf = (operation: Operation, settings = SETTINGS) =>
  abilityCenter.requestOf(operation, { settings, token: "t&1", at: 0, idempotencyKey: "k" });
const answered = (body: unknown, status = 200): PlatformAnswer => ({
  kind: "answered",
  status,
  body: typeof body === "string" ? body : JSON.stringify(body),
});
const verdictOf = (answer: PlatformAnswer, operation = UPSERT, settings = SETTINGS) =>
  abilityCenter.verdictOf(operation, answer, settings);

describe("a request to 能力中心", () => {
  it("R-014: posts JSON to the push path with the token in the query", () => {
    expect(requestOf(UPSERT)).toEqual({
      method: "POST",
      url: "https://ability.example.edu.cn/third/task.push.push-task?access_token=t%261",
      headers: { "Content-Type": "application/json" },
      body: '{"inst":{},"task":{}}',
    });
  });

  it("goes to the paths and with the parameter that are set, below the path of the host", () => {
    const settings = settingsOf(abilityCenter, {
      host: "https://gate.example.edu.cn:8443/ability/",
      pushPath: "push?v=2",
      deletePath: "/delete",
      accessTokenParameter: "token",
    });
    expect(requestOf(UPSERT, settings).url).toBe("https://gate.example.edu.cn:8443/ability/push?v=2&token=t%261");
    expect(requestOf(DELETION, settings).url).toBe("https://gate.example.edu.cn:8443/ability/delete?token=t%261");
  });

  it.each(["//evil.example/x", "https://evil.example/x", "@evil.example/x", ":81/x", "\\\\evil.example/x", "../../x"])(
    "never leaves the host, whatever the path is: %s",
    (pushPath) => {
      const { origin } = new URL(requestOf(UPSERT, settingsOf(abilityCenter, { pushPath })).url);
      expect(origin).toBe("https://ability.example.edu.cn");
    },
  );
});

describe("what an answer of 能力中心 means", () => {
  it("R-016: success is HTTP 200 and e = 0", () => {
    expect(verdictOf(answered({ e: 0, m: "操作成功", d: {} }))).toEqual({ class: "ok" });
  });

  it.each<[string, PlatformAnswer, object]>([
    [
      "e ≠ 0, with m as the reason",
      answered({ e: 1, m: "参数错误" }),
      { class: "permanent", code: "1", message: "参数错误" },
    ],
    [
      "e ≠ 0 without a reason",
      answered({ e: 1 }),
      { class: "permanent", code: "1", message: "The platform gave no reason (e=1)." },
    ],
    ["another 2xx", answered({ e: 0 }, 202), { class: "permanent", code: "HTTP_202" }],
    ["an empty 204", answered("", 204), { class: "permanent", code: "HTTP_204" }],
    ["a redirect", answered("", 302), { class: "permanent", code: "HTTP_302" }],
    ["HTTP 400", answered({ e: 0 }, 400), { class: "permanent", code: "HTTP_400" }],
    ["HTTP 401", answered("", 401), { class: "auth", code: "HTTP_401" }],
    ["HTTP 429", answered("", 429), { class: "transient", code: "HTTP_429" }],
    ["HTTP 503", answered("<html>", 503), { class: "transient", code: "HTTP_503" }],
    ["no JSON", answered("<html>OK</html>"), { class: "transient", code: "BAD_ANSWER" }],
    ["JSON without e", answered({ code: 0 }), { class: "transient", code: "BAD_ANSWER" }],
    ["JSON that is no object", answered([]), { class: "transient", code: "BAD_ANSWER" }],
    [
      "no answer",
      { kind: "failed", message: "connect ECONNREFUSED" },
      { class: "transient", code: "NO_ANSWER", message: "connect ECONNREFUSED" },
    ],
  ])("R-016, R-017: a failure is %s", (_, answer, verdict) => {
    expect(verdictOf(answer)).toMatchObject(verdict);
  });

  it.each(["access_token 无效", "Invalid Token", "登录已过期", "授权失效"])(
    "R-015: the token was not taken when the message says so: %s",
    (m) => {
      expect(verdictOf(answered({ e: 1, m }))).toEqual({ class: "auth", code: "1", message: m });
    },
  );

  it("takes the codes and messages of a refused token and of transient failures from the settings", () => {
    const settings = settingsOf(abilityCenter, { authCodes: ["40001"], authMessages: [], transientCodes: ["5"] });
    expect(verdictOf(answered({ e: 40_001, m: "no" }), UPSERT, settings).class).toBe("auth");
    expect(verdictOf(answered({ e: "40001", m: "no" }), UPSERT, settings).class).toBe("auth");
    expect(verdictOf(answered({ e: 5, m: "忙" }), UPSERT, settings).class).toBe("transient");
    expect(verdictOf(answered({ e: 1, m: "token" }), UPSERT, settings).class).toBe("permanent");
  });

  it("a deletion of what is not there has succeeded, an upsert that says so has not", () => {
    const unknown = answered({ e: 1, m: "任务不存在" });
    expect(verdictOf(unknown, DELETION)).toEqual({ class: "ok" });
    expect(verdictOf(unknown, UPSERT).class).toBe("permanent");
    expect(verdictOf(unknown, DELETION, settingsOf(abilityCenter, { unknownMessages: ["gone"] })).class).toBe(
      "permanent",
    );
  });

  it("keeps of a very long message only its beginning", () => {
    const verdict = verdictOf(answered({ e: 1, m: "很".repeat(10_000) }));
    expect(verdict.class === "ok" ? "" : verdict.message).toHaveLength(500);
  });
});

describe("the token of 能力中心", () => {
  const { token } = abilityCenter;
  const tokenOf = (answer: PlatformAnswer, settings = SETTINGS) => token?.tokenOf(answer, settings);

  it("R-015: is fetched with the credentials of this system", () => {
    expect(token?.requestOf(SETTINGS, 0)).toEqual({
      method: "GET",
      url: "https://ability.example.edu.cn/third/token.get-access-token?app_id=the-appId&app_secret=the-appSecret",
      headers: {},
      body: "",
    });
  });

  it("is fetched from the path and with the parameters that are set", () => {
    const given = { tokenPath: "/t", appIdParameter: "id", appSecretParameter: "key" };
    expect(token?.requestOf(settingsOf(abilityCenter, given), 0).url).toBe(
      "https://ability.example.edu.cn/t?id=the-appId&key=the-appSecret",
    );
  });

  it("R-015: holds as long as the answer says", () => {
    const answer = answered({ e: 0, m: "操作成功", d: { access_token: "T", expires_in: 600 } });
    expect(tokenOf(answer)).toEqual({ class: "ok", token: "T", expiresInMs: 600_000 });
  });

  it.each([undefined, null, 0, -1, "soon"])("holds as long as is set when the answer does not say: %s", (expires) => {
    const answer = answered({ e: 0, d: { access_token: "T", expires_in: expires } });
    expect(tokenOf(answer)).toEqual({ class: "ok", token: "T", expiresInMs: 7_200_000 });
    expect(tokenOf(answer, settingsOf(abilityCenter, { tokenLifetime: 60 }))).toMatchObject({ expiresInMs: 60_000 });
  });

  it.each<[string, PlatformAnswer, object]>([
    ["refused", answered({ e: 1, m: "应用不存在" }), { class: "permanent", code: "1", message: "应用不存在" }],
    ["refused by HTTP", answered("", 401), { class: "permanent", code: "HTTP_401" }],
    ["not in the answer", answered({ e: 0, d: [] }), { class: "transient", code: "BAD_ANSWER" }],
    ["empty", answered({ e: 0, d: { access_token: "" } }), { class: "transient", code: "BAD_ANSWER" }],
    ["out of order", answered("", 502), { class: "transient", code: "HTTP_502" }],
  ])("is not had when it is %s", (_, answer, verdict) => {
    expect(tokenOf(answer)).toMatchObject(verdict);
  });

  it("is asked for again later after a code that is transient", () => {
    const settings = settingsOf(abilityCenter, { transientCodes: ["9"] });
    expect(tokenOf(answered({ e: 9, m: "系统繁忙" }), settings)?.class).toBe("transient");
  });

  it("never shows the secret when it is refused, also when the platform or the network repeats it", () => {
    const settings = settingsOf(abilityCenter, { appSecret: "s3 cret" });
    const refused = tokenOf(answered({ e: 1, m: "bad secret s3 cret" }), settings);
    const failed = tokenOf({ kind: "failed", message: "GET /t?app_secret=s3+cret: reset" }, settings);
    expect([refused, failed]).toMatchObject([
      { message: "bad secret ***" },
      { message: "GET /t?app_secret=***: reset" },
    ]);
  });
});
