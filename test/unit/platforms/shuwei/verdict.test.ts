import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../../src/domain/json.ts";
import type { PlatformAnswer } from "../../../../src/ports/platform/connector.ts";
import { shuwei } from "../../../../src/platforms/shuwei/shuwei.ts";
import { shuweiV2 } from "../../../../src/platforms/shuwei_v2/shuwei-v2.ts";
import { settingsOf } from "./leave.ts";

const UNKNOWN = "this task is not exist";

function answered(body: unknown, status = 200): PlatformAnswer {
  return { kind: "answered", status, body: typeof body === "string" ? body : JSON.stringify(body) };
}

/** As the platform answers a batch of which these have failed. */
function partly(...errorIds: readonly JsonObject[]): PlatformAnswer {
  return answered({ took: 3, timestamp: 1, code: 0, message: "ok", data: { errorIds } });
}

describe.each([shuwei, shuweiV2])("the answers of $name", (connector) => {
  function verdict(kind: string, answer: PlatformAnswer, given: JsonObject = {}) {
    const thirdId = ["finish", "suspend", "resume"].includes(kind) ? "77" : "77_9001";
    const operation = { kind, thirdId, body: {}, onFailure: "stop", acknowledges: new Map() } as const;
    return connector.verdictOf(operation, answer, settingsOf(connector, given));
  }
  const own = (code: string | number, message = "") => partly({ code, taskId: "77_9001", message });

  it.each([
    ["code 0 and no errorIds", answered({ code: 0, message: "ok", data: { errorIds: [] } })],
    ["code 0 and no data", answered({ code: 0, data: null })],
    ["a code that is a text", answered({ code: "0" })],
    ["errorIds of another todo only", partly({ code: 400, taskId: "77_9000", message: "bad" })],
    ["errorIds that are no list", answered({ code: 0, data: { errorIds: "none" } })],
  ])("R-050: %s: ok", (_, answer) => {
    expect(verdict("complete", answer)).toEqual({ class: "ok" });
  });

  it.each([
    ["400 of ours", "complete", own(400, "参数错误"), "permanent", "400"],
    ["500 of ours", "complete", own(500), "transient", "500"],
    ["2004 of ours", "complete", own(2004, UNKNOWN), "not_found", "2004"],
    ["a code that is a text", "complete", own("2004", UNKNOWN), "not_found", "2004"],
    ["2008 of ours", "terminate", own(2008), "not_found", "2008"],
    ["2009 of the transaction", "resume", partly({ code: 2009, taskId: "77", message: "" }), "not_found", "2009"],
    ["2009 that names nothing", "finish", partly({ code: 2009, message: "" }), "not_found", "2009"],
    ["2009 by transactionId", "suspend", partly({ code: 2009, transactionId: 77 }), "not_found", "2009"],
    ["a code that nobody knows", "add", own(4711), "permanent", "4711"],
    [
      "another's and ours",
      "complete",
      partly({ code: 500, taskId: "77_9000" }, { code: 400, taskId: "77_9001" }),
      "permanent",
      "400",
    ],
    ["an id alone", "complete", answered({ code: 0, data: { errorIds: ["77_9001"] } }), "permanent", ""],
    ["another's alone", "add", answered({ code: 1, message: "x" }), "transient", "1"],
    ["outer 500", "complete", answered({ code: 500, message: "系统繁忙" }), "transient", "500"],
    ["outer 400", "complete", answered({ code: 400, message: "" }), "transient", "400"],
    ["outer 2004", "complete", answered({ code: 2004, message: UNKNOWN }), "not_found", "2004"],
    ["outer 401", "complete", answered({ code: 401, message: "token失效" }), "auth", "401"],
    [
      "an urge of what is unknown",
      "urge",
      answered({ code: 500, message: "催办失败:taskId不存在" }),
      "not_found",
      "500",
    ],
    ["another failure of an urge", "urge", answered({ code: 500, message: "催办失败" }), "transient", "500"],
    ["the same words of no urge", "complete", answered({ code: 500, message: "taskId不存在" }), "transient", "500"],
    ["no code", "add", answered({ message: "?" }), "transient", "BAD_ANSWER"],
    ["not JSON", "add", answered("<html>"), "transient", "BAD_ANSWER"],
    ["a list", "add", answered([]), "transient", "BAD_ANSWER"],
    ["HTTP 400", "add", answered({ code: 0 }, 400), "permanent", "HTTP_400"],
    ["HTTP 401", "add", answered({ code: 0 }, 401), "auth", "HTTP_401"],
    ["HTTP 404", "delete", answered("", 404), "permanent", "HTTP_404"],
    ["HTTP 408", "add", answered("", 408), "transient", "HTTP_408"],
    ["HTTP 429", "add", answered("", 429), "transient", "HTTP_429"],
    ["HTTP 503", "add", answered("down", 503), "transient", "HTTP_503"],
    ["no answer", "add", { kind: "failed", message: "timed out" }, "transient", "NO_ANSWER"],
  ] as const)("R-050, R-051: %s of %s", (_, kind, answer, expected, code) => {
    expect(verdict(kind, answer)).toMatchObject({ class: expected, code });
  });

  it("R-051: a deletion of what is unknown is one that succeeded", () => {
    expect(verdict("delete", own(2008, "the transaction is not exists"))).toEqual({ class: "ok" });
    expect(verdict("delete", own(2004))).toEqual({ class: "ok" });
    expect(verdict("delete", own(400))).toMatchObject({ class: "permanent" });
  });

  it("R-051: an addition of what is there already succeeded, once its code is set; nothing else does by that code", () => {
    const given = { duplicateCodes: ["2001"] };
    expect(verdict("add", own(2001))).toMatchObject({ class: "permanent" });
    expect(verdict("add", own(2001), given)).toEqual({ class: "ok" });
    expect(verdict("add", answered({ code: 2001 }), given)).toEqual({ class: "ok" });
    expect(verdict("complete", own(2001), given)).toMatchObject({ class: "permanent" });
  });

  it("the message is the platform's own, bounded, or says the code", () => {
    expect(verdict("complete", own(400, "参数错误"))).toMatchObject({ message: "参数错误" });
    expect(verdict("complete", own(400))).toMatchObject({ message: "The platform answered with the code 400." });
    const { message } = { message: "", ...verdict("complete", own(400, "x".repeat(9000))) };
    expect(message).toHaveLength(500);
  });

  it("every list of codes is a setting", () => {
    const given = { authCodes: ["7"], notFoundCodes: ["8"], transientCodes: ["9"], urgeNotFoundText: "没有" };
    expect(verdict("complete", answered({ code: 7 }), given)).toMatchObject({ class: "auth" });
    expect(verdict("complete", own(8), given)).toMatchObject({ class: "not_found" });
    expect(verdict("complete", own(9), given)).toMatchObject({ class: "transient" });
    expect(verdict("complete", own(500), given)).toMatchObject({ class: "permanent" });
    expect(verdict("urge", answered({ code: 1, message: "没有" }), given)).toMatchObject({ class: "not_found" });
  });
});
