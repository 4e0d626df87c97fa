import { describe, expect, it } from "vitest";
import { shuwei } from "../../../../src/platforms/shuwei/shuwei.ts";
import { shuweiV2 } from "../../../../src/platforms/shuwei_v2/shuwei-v2.ts";
import { DONE_AT, factsOf, HOST, operationsOf, settingsOf } from "./leave.ts";

describe.each([shuwei, shuweiV2])("R-046: the token of $name", (connector) => {
  const { token } = connector;

  function read(body: unknown, status = 200) {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    return token?.tokenOf({ kind: "answered", status, body: text }, settingsOf(connector));
  }

  it("is asked for with a form: client credentials, and the scope if there is one", () => {
    const request = token?.requestOf(settingsOf(connector), DONE_AT);
    expect(request).toMatchObject({
      method: "POST",
      url: `${HOST}/oauth2/token`,
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: "grant_type=client_credentials&client_id=id-of-us&client_secret=secret-of-us",
    });
    const scoped = token?.requestOf(settingsOf(connector, { scope: "ttc:write all", tokenPath: "/auth/t" }), DONE_AT);
    expect(scoped?.url).toBe(`${HOST}/auth/t`);
    expect(new URLSearchParams(scoped?.body).get("scope")).toBe("ttc:write all");
  });

  it("holds as long as the platform says; an hour when it says nothing", () => {
    const given = { access_token: "t", token_type: "bearer" };
    expect(read({ ...given, expires_in: 7200 })).toEqual({ class: "ok", token: "t", expiresInMs: 7_200_000 });
    expect(read({ ...given, expires_in: "60" })).toMatchObject({ expiresInMs: 60_000 });
    expect(read(given)).toMatchObject({ expiresInMs: 3_600_000 });
    expect(read({ ...given, expires_in: "soon" })).toMatchObject({ expiresInMs: 3_600_000 });
  });

  it.each([
    ["a refusal", { error: "invalid_client", error_description: "unknown client" }, 401, "permanent", "invalid_client"],
    ["a refusal with 200", { error: "invalid_scope" }, 200, "permanent", "invalid_scope"],
    ["a refusal that passes", { error: "temporarily_unavailable" }, 400, "transient", "temporarily_unavailable"],
    ["401 without a word", "", 401, "permanent", "HTTP_401"],
    ["503", "down", 503, "transient", "HTTP_503"],
    ["no token in it", { token_type: "bearer" }, 200, "transient", "BAD_ANSWER"],
    ["not JSON", "<html>", 200, "transient", "BAD_ANSWER"],
  ])("is not got: %s", (_, body, status, expected, code) => {
    expect(read(body, status)).toMatchObject({ class: expected, code });
  });

  it("is not got: no answer", () => {
    const answer = { kind: "failed", message: "timed out" } as const;
    expect(token?.tokenOf(answer, settingsOf(connector))).toMatchObject({ class: "transient", code: "NO_ANSWER" });
  });

  it("goes with every call as it is, or behind the prefix that is set", () => {
    const [operation] = operationsOf(connector.plan(factsOf({}), settingsOf(connector)));
    const headersWith = (given = {}) => {
      const context = { settings: settingsOf(connector, given), token: "token-1", at: DONE_AT, idempotencyKey: "k" };
      return connector.requestOf(operation!, context).headers;
    };
    expect(headersWith()).toEqual({ "content-type": "application/json", Authorization: "token-1" });
    expect(headersWith({ authorizationPrefix: "Bearer " })).toMatchObject({ Authorization: "Bearer token-1" });
    expect(headersWith({ authorizationHeader: "X-Token" })).toMatchObject({ "X-Token": "token-1" });
  });
});
