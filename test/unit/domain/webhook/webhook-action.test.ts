import { describe, expect, it } from "vitest";
import type { WebhookAction } from "../../../../src/domain/action.ts";
import { webhookViolations } from "../../../../src/domain/webhook/webhook-action.ts";

const ACTION: WebhookAction = {
  kind: "webhook",
  url: "https://hooks.example.com/webhook",
  headers: {},
  secret: "",
  taskType: "",
  callback: null,
};
const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

describe("a webhook action", () => {
  it("breaks no rule with headers and a secret of its own", () => {
    const headers = { Authorization: "Bearer abc def", "X-Team": "red", accept: "*/*", "X.y_Z": "~" };
    expect(webhookViolations({ ...ACTION, headers, secret: SECRET })).toEqual([]);
  });

  it("names each field that breaks a rule", () => {
    const wrong = { ...ACTION, url: "hooks", headers: { Host: "evil" }, secret: "hunter2" };
    expect(webhookViolations(wrong).map(({ field }) => field)).toEqual(["url", 'headers["Host"]', "secret"]);
  });
});

describe("a header of the caller's", () => {
  const violationOf = (headers: Readonly<Record<string, string>>) => webhookViolations({ ...ACTION, headers });

  it.each([
    "Host",
    "content-type",
    "Content-Length",
    "content-encoding",
    "Transfer-Encoding",
    "connection",
    "Keep-Alive",
    "TE",
    "trailer",
    "Upgrade",
    "Expect",
    "Proxy-Authorization",
    "User-Agent",
    "Accept-Encoding",
    "traceparent",
    "tracestate",
    "webhook-id",
    "Webhook-Signature",
    "WEBHOOK-TIMESTAMP",
    "Belfry-Attempt-Token",
  ])("is not one that HTTP or Belfry sets: %s", (name) => {
    expect(violationOf({ [name]: "x" })).toEqual([
      {
        field: `headers[${JSON.stringify(name)}]`,
        description: "is a name that HTTP or Belfry sets itself; choose another",
      },
    ]);
  });

  it.each(["", "X Team", "X:Team", "X-Té", "X\r\nHost", "-X", "(x)", "x".repeat(65)])("has no name like %j", (name) => {
    expect(violationOf({ [name]: "x" })[0]?.description).toContain("must be named with");
  });

  it("has no name that objects have a meaning for", () => {
    const headers: Record<string, string> = JSON.parse('{"__proto__":"x"}');
    expect(violationOf(headers)[0]?.description).toContain("must be named with");
  });

  it.each([
    "a\r\nHost: evil",
    "a\nb",
    "a\rb",
    "a\0b",
    "a\tb",
    " a",
    "a ",
    "",
    "\u{7f}",
    "ü",
    "任务",
    "\u{2028}",
    "a\u{85}b",
  ])("cannot bring in another one by its value: %j", (value) => {
    expect(violationOf({ "X-Team": value })[0]?.description).toContain("must be printable ASCII");
  });

  it("has a value of at most 1024 characters", () => {
    expect(violationOf({ "X-Team": "x".repeat(1024) })).toEqual([]);
    expect(violationOf({ "X-Team": "x".repeat(1025) })).toEqual([
      { field: 'headers["X-Team"]', description: "must have at most 1024 characters" },
    ]);
  });

  it("is no sealed value of somebody else's, which would be opened for the caller", () => {
    expect(violationOf({ Authorization: "sealed:v1:00000000:AAAA" })).toEqual([
      { field: 'headers["Authorization"]', description: 'must not begin with "sealed:"; give the value itself' },
    ]);
  });

  it("does not differ from another in upper and lower case only", () => {
    expect(violationOf({ "X-Team": "a", "x-team": "b" })).toEqual([
      { field: 'headers["x-team"]', description: "differs from another name in upper and lower case only" },
    ]);
  });

  it("is one of at most 16", () => {
    const of = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`X-${index}`, "x"]));
    expect(violationOf(of(16))).toEqual([]);
    expect(violationOf(of(17))).toEqual([{ field: "headers", description: "must be at most 16" }]);
  });
});
