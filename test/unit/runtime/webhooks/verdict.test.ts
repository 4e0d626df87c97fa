import { describe, expect, it } from "vitest";
import { Masking } from "../../../../src/domain/webhook/masking.ts";
import type { FailureCause } from "../../../../src/domain/breaker.ts";
import type { SuccessRule } from "../../../../src/domain/webhook/success-rule.ts";
import { verdictOf } from "../../../../src/runtime/webhooks/verdict.ts";
import { MANUAL_START_AT } from "../../../support/manual-clock.ts";
import { anAnswer, aFailure } from "./replies.ts";

const AT = MANUAL_START_AT;
const context = { rules: [], at: AT, masking: new Masking([]) };
const judged = (reply: Parameters<typeof verdictOf>[0]) => verdictOf(reply, context);

describe("an answer", () => {
  it.each([200, 201, 202, 204, 206, 299])("of %i is success", (status) => {
    expect(judged(anAnswer({ status }))).toEqual({ ok: true });
  });

  it.each<[number, FailureCause, boolean]>([
    [199, "BAD_RESPONSE", true],
    [300, "BAD_RESPONSE", true],
    [301, "BAD_RESPONSE", true],
    [304, "BAD_RESPONSE", true],
    [307, "BAD_RESPONSE", true],
    [400, "REFUSED", true],
    [401, "AUTH", true],
    [403, "AUTH", true],
    [404, "REFUSED", true],
    [407, "AUTH", true],
    [408, "TIMEOUT", true],
    [410, "REFUSED", false],
    [413, "REFUSED", true],
    [422, "REFUSED", true],
    [425, "REFUSED", true],
    [429, "RATE_LIMITED", true],
    [499, "REFUSED", true],
    [500, "SERVER_ERROR", true],
    [501, "SERVER_ERROR", true],
    [503, "SERVER_ERROR", true],
    [599, "SERVER_ERROR", true],
    [600, "BAD_RESPONSE", true],
    [999, "BAD_RESPONSE", true],
  ])("of %i is a failure by %s; tried again: %s (R-114)", (status, cause, retryable) => {
    expect(judged(anAnswer({ status }))).toEqual({
      ok: false,
      error: { code: `HTTP_${status}`, message: expect.stringContaining(String(status)), traceback: "" },
      cause,
      retryable,
      isGone: status === 410,
    });
  });

  it("that sends elsewhere says what to do, and not where to: that may hold anything", () => {
    const verdict = judged(anAnswer({ status: 302, headers: { location: "http://127.0.0.1/admin" } }));
    expect(verdict).toMatchObject({
      error: {
        message: "The receiver answered 302 (Found); redirects are not followed: call the new address itself.",
      },
    });
  });
});

describe("Retry-After", () => {
  const asked = (value: string, status = 503) => {
    const verdict = judged(anAnswer({ status, headers: { "retry-after": value } }));
    return verdict.ok ? undefined : verdict.retryAfterMs;
  };

  it.each([
    ["120", 120_000],
    [" 1 ", 1000],
    ["3600", 3_600_000],
    ["3601", 3_600_000],
    ["9999999999", 3_600_000],
    ["Thu, 01 Jan 2026 00:00:30 GMT", 30_000],
    ["Thursday, 01-Jan-26 00:00:30 GMT", 30_000],
    ["Thu Jan  1 00:00:30 2026", 30_000],
    ["Fri, 02 Jan 2026 00:00:00 GMT", 3_600_000],
  ])("of %j is heeded, up to an hour", (value, ms) => {
    expect(asked(value)).toBe(ms);
  });

  it.each([
    "",
    "0",
    "-5",
    "1.5",
    "soon",
    "1e9",
    "10, 20",
    "99999999999999999999",
    "Thu, 01 Jan 2026 00:00:00 GMT",
    "Wed, 31 Dec 2025 23:59:59 GMT",
    "Thu, 99 Foo 2026 00:00:30 GMT",
    "2026-01-01T01:00:00Z",
  ])("of %j says nothing", (value) => {
    expect(asked(value)).toBeUndefined();
  });

  it("counts for 429 and 503 only", () => {
    expect(asked("5", 429)).toBe(5000);
    expect([301, 400, 404, 410, 500, 502].map((status) => asked("5", status))).toEqual(Array(6).fill(undefined));
  });
});

describe("a delivery without answer", () => {
  it.each<[FailureCause, string]>([
    ["CONNECTION", "CONNECTION_FAILED"],
    ["TLS", "TLS_FAILED"],
    ["TIMEOUT", "TIMEOUT"],
    ["BAD_RESPONSE", "BAD_RESPONSE"],
  ])("for %s fails with %s, and is tried again (R-114)", (cause, code) => {
    expect(judged(aFailure({ cause, message: "It broke." }))).toEqual({
      ok: false,
      error: { code, message: "It broke.", traceback: "" },
      cause,
      retryable: true,
      isGone: false,
    });
  });

  it("to an address that may not be called is not tried again", () => {
    const reply = aFailure({ cause: "CONNECTION", message: "127.0.0.1 is private.", isForbidden: true });
    expect(judged(reply)).toMatchObject({ error: { code: "TARGET_FORBIDDEN" }, retryable: false });
  });

  it("keeps secrets and what cannot be stored out of the message, and bounds it", () => {
    const message = `no route to /callbacks/secret-token\0 ${"x".repeat(5000)}`;
    const verdict = verdictOf(aFailure({ cause: "CONNECTION", message }), {
      ...context,
      masking: new Masking(["secret-token"]),
    });
    if (verdict.ok) throw new Error("It failed");
    expect(verdict.error.message).toMatch(/^no route to \/callbacks\/\*\*\*\u{fffd} x+$/u);
    expect(verdict.error.message).toHaveLength(1024);
  });
});

describe("a destination with rules for the body", () => {
  const rules: readonly SuccessRule[] = [{ path: "errcode", equals: 0 }];
  const ruled = (body: string, status = 200, secrets: readonly string[] = []) =>
    verdictOf(anAnswer({ status, body }), { rules, at: AT, masking: new Masking(secrets) });

  it("succeeds when they are kept", () => {
    expect(ruled('{"errcode":0,"errmsg":"ok"}')).toEqual({ ok: true });
  });

  it("fails in spite of a 2xx when one is broken, and says by what", () => {
    expect(ruled('{"errcode":93000,"errmsg":"invalid webhook url"}')).toEqual({
      ok: false,
      error: {
        code: "BODY_RULE",
        message: 'The receiver answered 200, but its body says {"errcode":93000}, where errcode must be 0.',
        traceback: "",
      },
      cause: "BAD_RESPONSE",
      retryable: true,
      isGone: false,
    });
  });

  it("fails when the body says nothing of it", () => {
    for (const body of ["", "ok", "{}", '{"errcode":']) {
      expect(ruled(body)).toMatchObject({
        error: { message: "The receiver answered 200, but its body has no errcode that is 0." },
      });
    }
  });

  it("shows what the body says without secrets, and bounded", () => {
    const verdict = ruled(JSON.stringify({ errcode: { token: "t", said: `secret-token ${"x".repeat(500)}` } }), 200, [
      "secret-token",
    ]);
    if (verdict.ok) throw new Error("It failed");
    expect(verdict.error.message).toContain('{"errcode":{"token":"***","said":"*** xxx');
    expect(verdict.error.message.length).toBeLessThan(250);
  });

  it("does not ask them of any other status", () => {
    expect(ruled('{"errcode":0}', 500)).toMatchObject({ error: { code: "HTTP_500" } });
  });
});
