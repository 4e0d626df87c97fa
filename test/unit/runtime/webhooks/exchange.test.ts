import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Masking } from "../../../../src/domain/webhook/masking.ts";
import type { WebhookRequest } from "../../../../src/ports/webhook-client.ts";
import { unstorable } from "../../../../src/runtime/executors/storable.ts";
import { exchangeOf, resultOf } from "../../../../src/runtime/webhooks/exchange.ts";
import { anAnswer, aFailure, type Answered } from "./replies.ts";

const TOKEN = "q1w2e3r4t5y6u7i8o9p0.1.wf_1767225600000_70008000000000000abc";
const API_KEY = "Bearer sk-0123456789abcdef";
const SECRETS = [TOKEN, API_KEY];

function aRequest(given: Partial<WebhookRequest> = {}): WebhookRequest {
  return {
    url: "https://hooks.example.com/webhook",
    headers: { "content-type": "application/json" },
    body: '{"task_type":"report"}',
    connectMs: 1,
    headersMs: 1,
    wholeMs: 1,
    keepBytes: 65_536,
    ...given,
  };
}

const exchanged = (answer: Partial<Answered>, request: Partial<WebhookRequest> = {}) =>
  exchangeOf(aRequest(request), anAnswer(answer), new Masking(SECRETS));

describe("what is kept of a delivery", () => {
  it("is what was sent and answered, and how long it took", () => {
    const exchange = exchanged({ status: 202, headers: { "x-request-id": "7" }, body: '{"id": 5}' });
    expect(exchange).toEqual({
      request: {
        method: "POST",
        url: "https://hooks.example.com/webhook",
        headers: { "content-type": "application/json" },
        body: '{"task_type":"report"}',
        bodyBytes: 22,
        isCut: false,
      },
      response: { status: 202, headers: { "x-request-id": "7" }, body: '{"id":5}', isCut: false },
      error: null,
      durationMs: 12,
    });
  });

  it("is why nothing was answered", () => {
    const reply = aFailure({ cause: "TLS", message: "The certificate expired." });
    expect(exchangeOf(aRequest(), reply, new Masking([]))).toMatchObject({
      response: null,
      error: { cause: "TLS", message: "The certificate expired." },
    });
  });

  it("has no secret, wherever it was sent or sent back", () => {
    const exchange = exchanged(
      {
        headers: { "set-cookie": "session=abc", location: `/done?t=${TOKEN}`, echo: API_KEY },
        body: JSON.stringify({ echo: { headers: { Authorization: API_KEY } }, token: "other", said: `got ${TOKEN}` }),
      },
      {
        url: "https://hooks.example.com/send?key=693a-91f",
        headers: { Authorization: API_KEY, "webhook-signature": "v1,abc", "Belfry-Attempt-Token": TOKEN },
        body: JSON.stringify({
          webhook_url: "https://hooks.example.com/send?key=693a-91f",
          callback: { attempt_token: TOKEN, url: `https://belfry.example.com/callbacks/${TOKEN}` },
        }),
      },
    );
    expect(exchange.request).toMatchObject({
      url: "https://hooks.example.com/send?key=***",
      headers: { authorization: "***", "webhook-signature": "***", "belfry-attempt-token": "***" },
      body: '{"webhook_url":"https://hooks.example.com/send?key=***","callback":{"attempt_token":"***","url":"https://belfry.example.com/callbacks/***"}}',
    });
    expect(exchange.response).toMatchObject({
      headers: { "set-cookie": "***", location: "/done?t=***", echo: "***" },
      body: '{"echo":{"headers":{"Authorization":"***"}},"token":"***","said":"got ***"}',
    });
    expect(JSON.stringify(exchange)).not.toMatch(/q1w2e3|0123456789abcdef|693a|other|v1,abc|session=abc/u);
  });

  it("has no secret in a message either", () => {
    const reply = aFailure({ message: `It broke while ${TOKEN} was sent.` });
    expect(exchangeOf(aRequest(), reply, new Masking(SECRETS)).error?.message).toBe("It broke while *** was sent.");
  });

  it("has of a long body the first 4 KiB, in whole characters", () => {
    const body = JSON.stringify({ data: "任".repeat(5000) });
    const { request, response } = exchanged({ body: "é".repeat(3000) }, { body });
    expect(request.bodyBytes).toBe(Buffer.byteLength(body));
    expect(request.isCut).toBe(true);
    expect(request.body).toBe(`{"data":"${"任".repeat(1362)}`);
    expect(response).toMatchObject({ body: "é".repeat(2048), isCut: true });
  });

  it("says that a body broke off", () => {
    expect(exchanged({ body: "half", isCut: true }).response).toMatchObject({ body: "half", isCut: true });
  });

  it("says how many headers it leaves out", () => {
    const headers = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`x-${index}`, "y".repeat(50)]));
    const shown = Object.entries(exchanged({ headers }).response?.headers ?? {});
    expect(shown.at(-1)).toEqual(["…", `${100 - (shown.length - 1)} more`]);
    expect(shown.length).toBeGreaterThan(20);
  });

  it("cuts long headers", () => {
    expect(exchanged({ headers: { "x-long": "y".repeat(10_000) } }).response?.headers).toEqual({
      "x-long": `${"y".repeat(512)}…`,
    });
  });
});

describe("a secret at the place where a body is cut", () => {
  it.each([4000, 4050, 4095, 8100, 8180, 16_370])("does not show its beginning, after %i characters", (before) => {
    for (const pad of ["x".repeat(before), `${TOKEN} `.repeat(Math.floor(before / (TOKEN.length + 1)))]) {
      const { response } = exchanged({ body: `${pad}${TOKEN}${"y".repeat(20_000)}` });
      expect(response?.body).not.toContain(TOKEN.slice(0, 3));
      expect(Buffer.byteLength(response?.body ?? "")).toBeLessThanOrEqual(4096);
    }
  });

  it("does not show it when the receiver broke off there, in JSON or not", () => {
    expect(exchanged({ body: `you sent ${TOKEN.slice(0, 30)}`, isCut: true }).response?.body).toBe("you sent ***");
    const json = `{"said":"you sent ${TOKEN.slice(0, 30)}`;
    expect(exchanged({ body: json, isCut: true }).response?.body).toBe('{"said":"you sent ***');
    expect(exchanged({ body: '{"password":"hunt', isCut: true }).response?.body).toBe('{"password":"***"');
  });
});

describe("whatever is answered", () => {
  const texts = fc.oneof(
    fc.string({ unit: "binary", maxLength: 9000 }),
    fc
      .constantFrom("\0", "\u{1}", '"', "\\", "\ud800", "任", "🔑", "?key=", `${TOKEN} `)
      .map((text) => text.repeat(6000)),
    fc.json({ maxDepth: 50 }),
    fc.constant(`${"[".repeat(7000)}${"]".repeat(7000)}`),
    fc.constant('{"a":1e999}'),
    fc.constant('{"__proto__":{"a":1}}'),
  );
  const headers = fc.dictionary(fc.string({ unit: "binary", maxLength: 3000 }), texts, { maxKeys: 20 });

  it("what is kept can be stored, and stays below 16 KiB", () => {
    fc.assert(
      fc.property(texts, texts, headers, texts, fc.boolean(), (url, body, some, answer, isCut) => {
        const exchange = exchangeOf(
          aRequest({ url, body, headers: some }),
          anAnswer({ headers: some, body: answer, isCut }),
          new Masking(SECRETS),
        );
        const failure = exchangeOf(
          aRequest({ url, body, headers: some }),
          aFailure({ message: answer }),
          new Masking(SECRETS),
        );
        for (const kept of [exchange, failure]) {
          expect(unstorable(kept)).toBeNull();
          expect(Buffer.byteLength(JSON.stringify(kept))).toBeLessThanOrEqual(16 * 1024);
        }
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  it("the result can be stored, and is bounded", () => {
    fc.assert(
      fc.property(texts, fc.boolean(), (body, isCut) => {
        const result = resultOf(anAnswer({ body, isCut }), new Masking(SECRETS));
        expect(unstorable(result)).toBeNull();
        expect(Buffer.byteLength(JSON.stringify(result))).toBeLessThanOrEqual(8 * 1024);
      }),
      { numRuns: 100, seed: 7 },
    );
  });
});

describe("the result of a delivery", () => {
  it.each<[string, string, unknown]>([
    ["an object", '{"id":5,"tags":["a"]}', { id: 5, tags: ["a"] }],
    ["a list", " [1,2]\n", [1, 2]],
    ["text", "accepted", "accepted"],
    ["a number, as text", "5", "5"],
    ["broken JSON, as text", '{"id":', '{"id":'],
    ["an object with a number that nothing can hold, as text", '{"id":1e999}', '{"id":null}'],
  ])("is %s", (_, body, response) => {
    expect(resultOf(anAnswer({ status: 201, body }), new Masking([]))).toEqual({ httpStatus: 201, response });
  });

  it("is the status alone when nothing was answered", () => {
    expect(resultOf(anAnswer({ status: 204 }), new Masking([]))).toEqual({ httpStatus: 204 });
  });

  it("is text when the object is longer than 4 KiB", () => {
    const { response } = resultOf(anAnswer({ body: JSON.stringify({ data: "x".repeat(4096) }) }), new Masking([]));
    expect(response).toBe(`{"data":"${"x".repeat(4087)}`);
  });

  it("has no secret", () => {
    const body = JSON.stringify({ said: TOKEN, password: "hunter2", id: 1 });
    expect(resultOf(anAnswer({ body }), new Masking(SECRETS))).toEqual({
      httpStatus: 200,
      response: { said: "***", password: "***", id: 1 },
    });
  });
});
