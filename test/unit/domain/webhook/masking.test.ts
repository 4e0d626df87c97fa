import { describe, expect, it } from "vitest";
import type { Json } from "../../../../src/domain/json.ts";
import { isSensitive, isSensitiveParameter, MASK, Masking } from "../../../../src/domain/webhook/masking.ts";

const TOKEN = "q1w2e3r4t5y6u7i8o9p0.1.wf_1767225600000_70008000000000000abc";

describe("a name", () => {
  it.each([
    "Authorization",
    "proxy-authorization",
    "Cookie",
    "set-cookie",
    "X-API-Key",
    "apikey",
    "api_key",
    "apiKey",
    "APIKey",
    "X-Auth-Key",
    "Ocp-Apim-Subscription-Key",
    "x-functions-key",
    "X-Auth",
    "accessToken",
    "ACCESS_TOKEN",
    "attempt_token",
    "Belfry-Attempt-Token",
    "webhook-signature",
    "X-Hub-Signature-256",
    "clientSecret",
    "secrets",
    "db_password",
    "passwd",
    "userPwd",
    "passphrase",
    "credentials",
    "private_key",
    "jwt",
    "otp",
    "sign",
  ])("is sensitive: %s", (name) => {
    expect(isSensitive(name)).toBe(true);
  });

  it.each([
    "author",
    "authors",
    "signal",
    "design",
    "X-Team",
    "Idempotency-Key",
    "key",
    "keyword",
    "ordering_key",
    "content-type",
    "token_type",
    "tokenExpiresAt",
    "token_count",
    "expires_in",
    "spinning",
    "webhook-id",
    "",
  ])("is not: %j", (name) => {
    expect(isSensitive(name)).toBe(false);
  });

  it("of a parameter is sensitive in more cases: chat robots take their secret as key", () => {
    expect(["key", "KEY", "code", "access_token", "sign", "sig"].every(isSensitiveParameter)).toBe(true);
    expect(["page", "keyword", "next"].some(isSensitiveParameter)).toBe(false);
  });
});

describe("a text", () => {
  const masking = new Masking([TOKEN, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", 'Bearer ab"c/def', "12345"]);

  it("loses known secrets wherever they stand", () => {
    expect(masking.text(`POST /callbacks/${TOKEN} (${TOKEN})`)).toBe("POST /callbacks/*** (***)");
    expect(masking.text("signed with whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw.")).toBe("signed with ***.");
    expect(masking.text("key MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")).toBe("key ***");
  });

  it.each([
    ["as it is", 'you sent Bearer ab"c/def!', "you sent ***!"],
    ["without its scheme", 'unknown ab"c/def', "unknown ***"],
    ["as JSON writes it", String.raw`{"got":"ab\"c/def"`, '{"got":"***"'],
    ["as URLs write it", "?x=ab%22c%2Fdef", "?x=***"],
  ])("loses a secret %s", (_, text, masked) => {
    expect(masking.text(text)).toBe(masked);
  });

  it("keeps what is too short to be told from anything else, and words that are no secret", () => {
    expect(masking.text("order 12345 for the bearer")).toBe("order 12345 for the bearer");
  });

  it.each([
    [
      "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a-91f&debug=1",
      "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=***&debug=1",
    ],
    ["/next?page=2&access_token=abc#key=x", "/next?page=2&access_token=***#key=x"],
    ["see https://x.example/?sig=a%2Fb; then", "see https://x.example/?sig=***; then"],
    ["https://x.example/?API%5Fkey=abc", "https://x.example/?API%5Fkey=***"],
    ["https://x.example/?%E0%A4%A=abc", "https://x.example/?%E0%A4%A=abc"],
    ["https://user:hunter2@x.example/", "https://***@x.example/"],
    ["token=abc&user=me", "token=***&user=me"],
    ["failed with password=hunter2 for me", "failed with password=*** for me"],
    ["Authorization: Bearer abc.def-ghi", "Authorization: Bearer ***"],
    ["got Basic dXNlcjpodW50ZXIy", "got Basic ***"],
    [String.raw`{"password" : "hunt\"er2","user":"me"}, cut`, '{"password" : "***","user":"me"}, cut'],
    ['{"user":"me","apiKey":"hunter2, cut o', '{"user":"me","apiKey":"***"'],
    ['{"user":"me","apiKey":"hunter2\\', '{"user":"me","apiKey":"***"'],
    ['{"pin":1234,"count":5', '{"pin":"***","count":5'],
  ])("loses what its names tell: %j", (text, masked) => {
    expect(new Masking([]).text(text)).toBe(masked);
  });

  it("that is the beginning of a longer one loses the beginning of a secret at its end", () => {
    expect(masking.beginning(`you sent ${TOKEN.slice(0, 25)}`)).toBe("you sent ***");
    expect(masking.beginning(`you sent ${TOKEN.slice(0, -1)}`)).toBe("you sent ***");
    expect(masking.beginning(`you sent ${TOKEN}`)).toBe("you sent ***");
    expect(masking.beginning("you sent nothing")).toBe("you sent nothing");
  });

  it("takes no long time, whatever it holds", () => {
    const hostile = ["://", '"token":"', "?a=", "a.", "Bearer ", '"', "\\"].map((part) => part.repeat(8192));
    const begin = process.hrtime.bigint();
    for (const text of hostile) masking.text(text);
    expect(Number(process.hrtime.bigint() - begin) / 1e6).toBeLessThan(2000);
  });
});

describe("headers and data", () => {
  const masking = new Masking([TOKEN]);

  it("lose the values of sensitive names, and secrets in the others", () => {
    const headers = { "set-cookie": "a=b", location: `https://x.example/?token=1&t=${TOKEN}`, "x-team": "red" };
    expect(masking.headers(headers)).toEqual({
      "set-cookie": MASK,
      location: "https://x.example/?token=***&t=***",
      "x-team": "red",
    });
  });

  it("lose them at any depth, and whole objects under a sensitive name", () => {
    const data: Json = {
      user: "me",
      password: "hunter2",
      credentials: { user: "me", pass: "hunter2" },
      list: [{ apiKey: 42 }, `got ${TOKEN}`],
      nested: { Authorization: ["Basic x"] },
      [TOKEN]: 1,
    };
    expect(masking.json(data)).toEqual({
      user: "me",
      password: MASK,
      credentials: MASK,
      list: [{ apiKey: MASK }, "got ***"],
      nested: { Authorization: MASK },
      [MASK]: 1,
    });
  });

  it("keep what tells no secret: absence, flags, empty texts", () => {
    const data: Json = { token: null, secret: "", password: false, token_type: "bearer", count: 1 };
    expect(masking.json(data)).toEqual(data);
  });

  it("are cut where they are nested too deep for anybody to read", () => {
    const deep = JSON.parse(`${"[".repeat(30_000)}${"]".repeat(30_000)}`) as Json;
    expect(JSON.stringify(masking.json(deep))).toBe(`${"[".repeat(24)}"[deeper]"${"]".repeat(24)}`);
  });

  it("may have names that objects have a meaning for", () => {
    const masked = masking.json(JSON.parse('{"__proto__":{"password":"x"}}') as Json);
    expect(JSON.stringify(masked)).toBe('{"__proto__":{"password":"***"}}');
  });
});
