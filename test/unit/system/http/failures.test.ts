import { describe, expect, it } from "vitest";
import { DialError, dialFailure, exchangeFailure, forbidden } from "../../../../src/system/http/failures.ts";

const withCode = (code: string): Error => Object.assign(new Error("hunter2"), { code });

describe("why there is no connection", () => {
  it.each([
    ["ECONNREFUSED", "CONNECTION"],
    ["EHOSTUNREACH", "CONNECTION"],
    ["ENETUNREACH", "CONNECTION"],
    ["ENOTFOUND", "CONNECTION"],
    ["ESOMETHING", "CONNECTION"],
    ["ETIMEDOUT", "TIMEOUT"],
  ])("%s: %s", (code, cause) => {
    expect(dialFailure(withCode(code), false)).toMatchObject({ kind: "failed", cause });
  });

  it.each(["EMFILE", "ENFILE", "ENOBUFS", "EADDRNOTAVAIL"])(
    "%s is this machine's own want, which no destination answers for",
    (code) => {
      const failure = dialFailure(withCode(code), false);
      expect(failure.cause).toBe("REFUSED");
      // It may go well the next time.
      expect(failure.isForbidden).toBeUndefined();
    },
  );

  it("of several addresses the first speaks for all", () => {
    const error = new AggregateError([withCode("EHOSTUNREACH"), withCode("ECONNREFUSED")]);
    expect(dialFailure(error, false)).toMatchObject({ cause: "CONNECTION", message: "the host cannot be reached" });
  });

  it("is TLS once TCP stood, whatever the code", () => {
    expect(dialFailure(withCode("ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE"), true)).toEqual({
      kind: "failed",
      cause: "TLS",
      message: "the TLS handshake failed (ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE)",
    });
  });

  it("is what the guard says, when it says so", () => {
    const failure = forbidden("no");
    expect(dialFailure(new DialError(failure), false)).toBe(failure);
    expect(exchangeFailure(new DialError(failure), false)).toBe(failure);
  });
});

describe("the text of an error", () => {
  it("is never repeated, as it may be the other side's", () => {
    for (const error of [withCode("EWHATEVER"), new Error("hunter2"), "hunter2", undefined]) {
      for (const failure of [
        dialFailure(error, false),
        dialFailure(error, true),
        exchangeFailure(error, false),
        exchangeFailure(error, true),
      ]) {
        expect(failure.message).not.toContain("hunter2");
      }
    }
  });
});
