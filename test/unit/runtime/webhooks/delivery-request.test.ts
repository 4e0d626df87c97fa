import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { WebhookAction } from "../../../../src/domain/action.ts";
import { newDestination, type SigningSecret } from "../../../../src/domain/webhook/destination.ts";
import { dispatchDefinitionId } from "../../../../src/domain/webhook/origin.ts";
import { signingSecretOf } from "../../../../src/domain/webhook/signing-secret.ts";
import { deliveryRequest, type DeliveryContext } from "../../../../src/runtime/webhooks/delivery-request.ts";
import { createSecretBox, secretKey } from "../../../../src/system/secret-box.ts";
import { MANUAL_START_AT } from "../../../support/manual-clock.ts";
import { anAttemptUnderWay, anInstance, type anInstanceSpec } from "../../../support/records.ts";
import { NO_TIMEOUTS } from "../given.ts";

const ORIGIN = "https://hooks.example.com";
const ID = "wf_1767225600000_70008000000000000abc";
const TOKEN = `q1w2e3r4t5y6u7i8o9p0.1.${ID}`;
const SECRETS = [1, 2, 3].map((byte) => signingSecretOf(Buffer.alloc(32, byte)));
const [FIRST = "", SECOND = "", THIRD = ""] = SECRETS;
const ACTION: WebhookAction = {
  kind: "webhook",
  url: `${ORIGIN}/webhook`,
  headers: {},
  secret: "",
  taskType: "report",
  callback: null,
};
const box = createSecretBox([secretKey(Buffer.alloc(32, 9))]);

// The library holds the time of a delivery against that of this machine.
beforeEach(() => {
  vi.useFakeTimers({ now: MANUAL_START_AT + 999, toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

function signing(secret: string, expiresAt: number | null = null): SigningSecret {
  return { id: secret.slice(6, 12), sealed: box.seal(secret), createdAt: 0, expiresAt };
}

function delivery({
  action = {},
  context = {},
  secrets = [],
  spec = {},
  token = TOKEN,
}: {
  readonly action?: Partial<WebhookAction>;
  readonly context?: Partial<DeliveryContext>;
  readonly secrets?: readonly SigningSecret[];
  readonly spec?: Parameters<typeof anInstanceSpec>[0];
  readonly token?: string;
} = {}) {
  const given = { ...ACTION, ...action };
  const instance = anInstance({
    id: ID,
    state: "RUNNING",
    spec: {
      definitionId: dispatchDefinitionId(ORIGIN),
      timeouts: NO_TIMEOUTS,
      payload: { 任务: "é" },
      ...spec,
      action: given,
    },
    life: { attempt: anAttemptUnderWay({ token, heartbeatMs: 1000 }) },
  });
  return deliveryRequest({ instance, token, number: 3, deadlineAt: null }, given, {
    destination: { ...newDestination(ORIGIN, 0, 0), secrets },
    box,
    at: MANUAL_START_AT + 999,
    version: "1.2.3",
    publicUrl: "https://belfry.example.com/api",
    ...context,
  });
}

describe("what is sent", () => {
  it("is the package, to the URL of the action (R-108)", () => {
    const { request } = delivery();
    expect(request.url).toBe("https://hooks.example.com/webhook");
    expect(JSON.parse(request.body)).toMatchObject({
      task_type: "report",
      data: { 任务: "é" },
      delivery_instructions: { callback_required: false },
      metadata: { dispatch_id: ID },
    });
  });

  it("says whose it is", () => {
    expect(delivery().request.headers).toEqual({
      "content-type": "application/json",
      "user-agent": "Belfry/1.2.3",
      "webhook-id": ID,
      "webhook-timestamp": String(MANUAL_START_AT / 1000),
      "Belfry-Instance-Id": ID,
      "Belfry-Idempotency-Key": ID,
      "Belfry-Attempt": "3",
      traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/u),
    });
  });

  it("says its definition and due time when it comes from a schedule", () => {
    const { headers } = delivery({ spec: { definitionId: "任务 1", scheduledAt: MANUAL_START_AT } }).request;
    expect(headers).toMatchObject({
      "Belfry-Definition-Id": "%E4%BB%BB%E5%8A%A1%201",
      "Belfry-Scheduled-Time": "2026-01-01T00:00:00.000Z",
    });
  });

  it("is the same for each attempt but for what tells them apart", () => {
    const [one, other] = ["t1", "t2"].map((token) => delivery({ token }).request);
    expect(one?.body).toBe(other?.body);
    expect(one?.headers["webhook-id"]).toBe(other?.headers["webhook-id"]);
    const [trace, span] = [1, 2].map((part) => (text: string | undefined) => text?.split("-")[part]);
    expect(trace?.(one?.headers["traceparent"])).toBe(trace?.(other?.headers["traceparent"]));
    expect(span?.(one?.headers["traceparent"])).not.toBe(span?.(other?.headers["traceparent"]));
  });

  it("tells how to report the result, when the receiver shall (R-110)", () => {
    const { request } = delivery({ action: { callback: { timeoutMs: 60_000 } } });
    expect(JSON.parse(request.body)).toMatchObject({
      delivery_instructions: {
        callback_required: true,
        callback: {
          attempt_token: TOKEN,
          url: `https://belfry.example.com/api/callbacks/${TOKEN}`,
          timeout_seconds: 60,
        },
      },
    });
    expect(request.headers["Belfry-Attempt-Token"]).toBe(TOKEN);
  });

  it("does not tell the token to a receiver that has nothing to report", () => {
    expect(JSON.stringify(delivery().request)).not.toContain(TOKEN);
  });

  it("has the headers of the caller, the sealed ones opened", () => {
    const headers = { Authorization: box.seal("Bearer abc"), "X-Team": "red" };
    const { request, secrets } = delivery({ action: { headers } });
    expect(request.headers).toMatchObject({ Authorization: "Bearer abc", "X-Team": "red" });
    expect(secrets).toEqual([TOKEN, "Bearer abc"]);
  });

  it("has none of the caller's in the place of Belfry's own, whatever the store holds", () => {
    const headers = { "Webhook-Id": "x", HOST: "evil", "content-LENGTH": "0", "X-Team": "red" };
    const names = Object.keys(delivery({ action: { headers } }).request.headers).map((name) => name.toLowerCase());
    expect(names).not.toContain("host");
    expect(names).not.toContain("content-length");
    expect(names.filter((name) => name === "webhook-id")).toHaveLength(1);
    expect(names).toContain("x-team");
  });
});

describe("the signature", () => {
  const verify = (secret: string, { body, headers }: { body: string; headers: Readonly<Record<string, string>> }) =>
    new Webhook(secret).verify(body, { ...headers });

  it("is what the library of Standard Webhooks takes", () => {
    const { request, secrets } = delivery({ secrets: [signing(FIRST)] });
    expect(verify(FIRST, request)).toEqual(JSON.parse(request.body));
    expect(() => verify(SECOND, request)).toThrow("No matching signature");
    expect(() => verify(FIRST, { ...request, body: `${request.body} ` })).toThrow("No matching signature");
    expect(secrets).toEqual([TOKEN, FIRST]);
  });

  it("is made with each secret that signs now, so that receivers with the old or the new one are content", () => {
    const at = MANUAL_START_AT + 999;
    const { request } = delivery({ secrets: [signing(FIRST), signing(SECOND, at + 1), signing(THIRD, at)] });
    expect(request.headers["webhook-signature"]).toMatch(/^v1,[\w+/]+=* v1,[\w+/]+=*$/u);
    expect(verify(FIRST, request)).toBeDefined();
    expect(verify(SECOND, request)).toBeDefined();
    expect(() => verify(THIRD, request)).toThrow("No matching signature");
  });

  it("is made with the secret of the action alone, when it has one", () => {
    const { request } = delivery({ action: { secret: box.seal(SECOND) }, secrets: [signing(FIRST)] });
    expect(verify(SECOND, request)).toBeDefined();
    expect(() => verify(FIRST, request)).toThrow("No matching signature");
  });

  it("is not there when there is no secret", () => {
    expect(delivery().request.headers).not.toHaveProperty("webhook-signature");
  });

  it("is not made with a secret that cannot be read", () => {
    expect(() => delivery({ secrets: [signing(FIRST)], context: { box: createSecretBox([]) } })).toThrow(
      expect.objectContaining({ reason: "SECRET_UNREADABLE" }),
    );
  });
});

describe("a delivery", () => {
  const waits = (timeouts: Partial<typeof NO_TIMEOUTS>, settings: { connectMs?: number; headersMs?: number } = {}) => {
    const { settings: known } = newDestination(ORIGIN, 0, 0);
    const destination = { secrets: [], settings: { ...known, ...settings } };
    const { request } = delivery({ spec: { timeouts: { ...NO_TIMEOUTS, ...timeouts } }, context: { destination } });
    return [request.connectMs, request.headersMs, request.wholeMs];
  };

  it("has the times of its destination, within what is left of the attempt", () => {
    expect(waits({})).toEqual([5000, 15_000, 30_000]);
    expect(waits({ startToCloseMs: 60_000 })).toEqual([5000, 15_000, 59_750]);
    expect(waits({ startToCloseMs: 60_000 }, { connectMs: 1, headersMs: 2 })).toEqual([1, 2, 59_750]);
    expect(waits({ startToCloseMs: 4000 })).toEqual([3750, 3750, 3750]);
    expect(waits({ startToCloseMs: 60_000, scheduleToCloseMs: 100 })).toEqual([90, 90, 90]);
    expect(waits({ startToCloseMs: 1 })).toEqual([1, 1, 1]);
    expect(waits({ startToCloseMs: 100 * 365 * 86_400_000 })[2]).toBe(2 ** 31 - 1);
  });
});
