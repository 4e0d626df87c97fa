import { fromJson, type JsonObject } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { BelfryError } from "../../../../src/domain/error.ts";
import { CreateDispatchRequestSchema, DispatchService } from "../../../../src/gen/belfry/v1/dispatch_service_pb.ts";
import { InstanceState } from "../../../../src/gen/belfry/v1/instance_pb.ts";
import { Priority } from "../../../../src/gen/belfry/v1/policy_pb.ts";
import { anApiInProcess, refusalOf } from "../../../support/api-in-process.ts";
import { sealed } from "../../../support/fake-secret-box.ts";
import { anAttemptUnderWay } from "../../../support/records.ts";
import { MANUAL_START_AT } from "../../../support/manual-clock.ts";
import { aDispatch, aDispatcher, HOOK, ORIGIN, SECRET } from "./given.ts";

const evidence = {
  evidenceFragment: "he said so",
  associatedUrl: "https://example.com/source",
  sourceName: "a paper",
  riskLevel: "RISK_LEVEL_HIGH",
  brandName: "Belfry",
  interventionScript: "ask them",
  sourceMeta: { platform: "web", category: "news" },
} as const;
const task = { taskType: "competitor_alert", data: { rival: "x" }, webhookUrl: HOOK };

async function created(request: JsonObject) {
  const { answers, made } = aDispatcher();
  const api = anApiInProcess(answers);
  const answer = await api.client(DispatchService).createDispatch(fromJson(CreateDispatchRequestSchema, request));
  const [origin, command] = made[0]!;
  return {
    origin,
    command,
    overrides: command.overrides,
    action: command.overrides.action,
    dispatch: answer.dispatch!,
  };
}

function refused(request: JsonObject) {
  const { answers } = aDispatcher();
  const call = anApiInProcess(answers)
    .client(DispatchService)
    .createDispatch(fromJson(CreateDispatchRequestSchema, request));
  return refusalOf(call);
}

describe("CreateDispatch with evidence (R-123, R-140)", () => {
  it("packs it under the names of the source (R-109)", async () => {
    const { origin, overrides, action } = await created({ evidence, webhookUrl: HOOK, priority: "PRIORITY_MEDIUM" });
    expect(origin).toBe(ORIGIN);
    expect(overrides).toMatchObject({ name: "negative_evidence_intervention", priority: 3 });
    expect(action).toEqual({
      kind: "webhook",
      url: HOOK,
      headers: {},
      secret: "",
      taskType: "negative_evidence_intervention",
      callback: null,
    });
    expect(overrides.payload).toEqual({
      evidence_fragment: "he said so",
      associated_url: "https://example.com/source",
      source_name: "a paper",
      risk_level: "High",
      brand_name: "Belfry",
      intervention_script: "ask them",
      source_meta: { platform: "web", category: "news" },
    });
  });

  it("answers with the dispatch (R-116)", async () => {
    const { dispatch } = await created({ evidence, webhookUrl: HOOK, priority: "PRIORITY_LOW" });
    expect(dispatch).toMatchObject({
      state: InstanceState.PENDING,
      webhookUrl: HOOK,
      origin: ORIGIN,
      taskType: "negative_evidence_intervention",
      priority: Priority.LOW,
      definitionId: "",
      data: { risk_level: "High" },
    });
    expect(dispatch.id).toMatch(/^wf_\d{13}_[0-9a-f]{20}$/);
  });

  it.each(Object.keys(evidence))("refuses one without %s (R-116, R-118)", async (field) => {
    const { [field as keyof typeof evidence]: _, ...others } = evidence;
    expect(await refused({ evidence: others, webhookUrl: HOOK })).toMatchObject({
      code: "InvalidArgument",
      reason: "INVALID_FIELD",
      fields: [`evidence.${field}`],
    });
  });

  it("names all that is missing at once", async () => {
    const { fields } = await refused({ evidence: {} });
    expect(fields.toSorted()).toEqual(
      [...Object.keys(evidence).map((field) => `evidence.${field}`), "webhookUrl"].toSorted(),
    );
  });

  it.each(["example.com/source", "javascript:alert(1)", "https://exa mple.com/", "ftp://example.com/"])(
    "refuses %s as the place where it was found (R-119)",
    async (associatedUrl) => {
      expect(await refused({ evidence: { ...evidence, associatedUrl }, webhookUrl: HOOK })).toMatchObject({
        fields: ["evidence.associatedUrl"],
      });
    },
  );

  it("goes without a task type and data of its own", async () => {
    expect(await refused({ ...task, evidence })).toMatchObject({ fields: ["taskType", "data"] });
  });

  it("may be 256 KiB long as JSON", async () => {
    const long = { ...evidence, evidenceFragment: '"'.repeat(65_536), interventionScript: '"'.repeat(65_536) };
    expect(await refused({ evidence: long, webhookUrl: HOOK })).toMatchObject({
      reason: "PAYLOAD_TOO_LARGE",
      metadata: { field: "evidence" },
    });
  });
});

describe("CreateDispatch with any other task (R-123)", () => {
  it("takes its type as name and its data as they are", async () => {
    const { overrides, action } = await created(task);
    expect(overrides).toMatchObject({ name: "competitor_alert", payload: { rival: "x" } });
    expect(action.taskType).toBe("competitor_alert");
  });

  it("needs no data", async () => {
    expect((await created({ taskType: "ping", webhookUrl: HOOK })).overrides.payload).toEqual({});
  });

  it("needs one or the other", async () => {
    expect(await refused({ webhookUrl: HOOK, data: {} })).toMatchObject({ fields: ["evidence"] });
  });

  it("cannot pass for evidence", async () => {
    expect(await refused({ ...task, taskType: "negative_evidence_intervention" })).toMatchObject({
      fields: ["taskType"],
    });
  });

  it.each(["a b", "a\n", "警报", "x".repeat(129)])("refuses the type %j", async (taskType) => {
    expect(await refused({ ...task, taskType })).toMatchObject({ fields: ["taskType"] });
  });

  it("refuses data that are too long", async () => {
    const refusal = await refused({ ...task, data: { text: "x".repeat(300_000) } });
    expect(refusal).toMatchObject({ reason: "PAYLOAD_TOO_LARGE", metadata: { field: "data" } });
  });
});

describe("CreateDispatch", () => {
  it("answers with the dispatch as it was made, though its first attempt has begun", async () => {
    const attempt = anAttemptUnderWay();
    const life = { attempt, attemptCount: 1, startedAt: MANUAL_START_AT, waitingReason: null, workerId: "w" };
    const running = aDispatch({ state: "RUNNING", life });
    const answer = async (existing: boolean) => {
      const api = anApiInProcess({ dispatches: { create: async () => ({ instance: running, existing }) } });
      return api.client(DispatchService).createDispatch(fromJson(CreateDispatchRequestSchema, task));
    };
    const { dispatch } = await answer(false);
    expect(dispatch).toMatchObject({ state: InstanceState.PENDING, attemptCount: 0 });
    expect(dispatch?.startTime).toBeUndefined();
    expect(await answer(true)).toMatchObject({ existing: true, dispatch: { state: InstanceState.RUNNING } });
  });

  it("hands on all that it was given", async () => {
    const { command } = await created({
      ...task,
      failFast: true,
      userId: "u1",
      businessId: "b1",
      labels: { team: "pr" },
      uniqueKey: { key: "k", onConflict: "UNIQUE_CONFLICT_USE_EXISTING" },
      orderingKey: "o",
      supersedeKey: "s",
      retryPolicy: { maxRetries: 1 },
      timeouts: { scheduleToClose: "3600s" },
      requestId: "r1",
    });
    expect(command).toMatchObject({
      failFast: true,
      requestId: "r1",
      overrides: {
        userId: "u1",
        businessId: "b1",
        labels: { team: "pr" },
        uniqueKey: { key: "k", onConflict: "USE_EXISTING" },
        orderingKey: "o",
        supersedeKey: "s",
        retry: { maxRetries: 1, initialDelayMs: 30_000 },
        timeouts: { startToCloseMs: 30_000, scheduleToCloseMs: 3_600_000 },
      },
    });
  });

  it("leaves to the destination what it was not given", async () => {
    const { command } = await created(task);
    expect(Object.keys(command.overrides).toSorted()).toEqual(["action", "name", "payload"]);
    expect(command).toMatchObject({ failFast: false });
    expect(command).not.toHaveProperty("requestId");
  });

  it("waits for a callback for a day, unless it says otherwise", async () => {
    expect((await created({ ...task, callbackRequired: true })).action.callback).toEqual({ timeoutMs: 86_400_000 });
    const { action, dispatch } = await created({ ...task, callbackRequired: true, callbackTimeout: "60s" });
    expect(action.callback).toEqual({ timeoutMs: 60_000 });
    expect(dispatch).toMatchObject({ callbackRequired: true, callbackTimeout: { seconds: 60n } });
  });

  it.each([
    ["too short", { callbackRequired: true, callbackTimeout: "0.5s" }],
    ["too long", { callbackRequired: true, callbackTimeout: "2592001s" }],
    ["for nothing", { callbackTimeout: "60s" }],
  ])("refuses to wait %s", async (_, given) => {
    expect(await refused({ ...task, ...given })).toMatchObject({ fields: ["callbackTimeout"] });
  });

  it("seals what is secret before anybody else gets it, and never shows it", async () => {
    const headers = { Authorization: "Bearer abcdef", "X-Team": "red" };
    const { action, dispatch } = await created({ ...task, headers, secret: SECRET });
    expect(action.headers).toEqual({ Authorization: sealed("Bearer abcdef"), "X-Team": "red" });
    expect(action.secret).toBe(sealed(SECRET));
    expect(dispatch.headers).toEqual({ Authorization: "***", "X-Team": "red" });
  });

  it("needs a key only when there is something to seal", async () => {
    const { answers } = aDispatcher();
    const api = anApiInProcess(answers);
    api.box.ready = false;
    const client = api.client(DispatchService);
    const plain = { ...task, headers: { "X-Team": "red" } };
    expect((await client.createDispatch(fromJson(CreateDispatchRequestSchema, plain))).dispatch?.webhookUrl).toBe(HOOK);
    const secret: JsonObject[] = [{ secret: SECRET }, { headers: { "X-Api-Key": "abcdef" } }];
    for (const secrets of secret) {
      const call = client.createDispatch(fromJson(CreateDispatchRequestSchema, { ...task, ...secrets }));
      expect(await refusalOf(call)).toMatchObject({ code: "FailedPrecondition", reason: "SECRET_KEY_MISSING" });
    }
  });

  it("writes the address as the URL standard does, and finds its destination", async () => {
    const { origin, action } = await created({
      ...task,
      webhookUrl: "HTTPS://Hooks.Example.com:443/a b/../c#x".replace(" ", "%20"),
    });
    expect(origin).toBe(ORIGIN);
    expect(action.url).toBe(`${ORIGIN}/c`);
  });

  it.each([
    ["nothing", ""],
    ["a path", "/webhook"],
    ["no scheme", "hooks.example.com/webhook"],
    ["another scheme", "ftp://hooks.example.com/"],
    ["a user", "https://u:p@hooks.example.com/"],
    ["a line break", "https://hooks.example.com/\r\nHost: x"],
    ["a private address", "http://127.0.0.1:9000/x"],
    ["a private address in other words", "http://2130706433/"],
    ["a long address", `https://hooks.example.com/${"x".repeat(2048)}`],
  ])("refuses %s as address", async (_, webhookUrl) => {
    expect(await refused({ ...task, webhookUrl })).toMatchObject({
      code: "InvalidArgument",
      reason: "INVALID_FIELD",
      fields: ["webhookUrl"],
    });
  });

  it.each([
    ["a header of HTTP", "Host", "x"],
    ["a header of the signature", "Webhook-Id", "x"],
    ["the trace", "traceparent", "x"],
    ["a name with a colon", "a:b", "x"],
    ["an empty value", "a", ""],
    ["a line break in a value", "a", "x\r\nb: c"],
    ["what is sealed already", "Authorization", "sealed:abcdef"],
    ["a mask", "Authorization", "***"],
  ])("refuses %s", async (_, name, value) => {
    expect(await refused({ ...task, headers: { [name]: value } })).toMatchObject({
      reason: "INVALID_FIELD",
      fields: [`headers[${JSON.stringify(name)}]`],
    });
  });

  it.each(["secret", "whsec_", `whsec_${Buffer.alloc(8).toString("base64")}`, "***", "sealed:x"])(
    "refuses the secret %s, without repeating it",
    async (secret) => {
      const refusal = await refused({ ...task, secret });
      expect(refusal.fields).toEqual(["secret"]);
    },
  );

  it("says what a closed destination says (R-118)", async () => {
    const api = anApiInProcess({
      dispatches: {
        create: async () => {
          throw new BelfryError("BREAKER_OPEN", "It takes nothing now.", {
            metadata: { origin: ORIGIN },
            retryAfterMs: 5000,
          });
        },
      },
    });
    const call = api
      .client(DispatchService)
      .createDispatch(fromJson(CreateDispatchRequestSchema, { ...task, failFast: true }));
    expect(await refusalOf(call)).toMatchObject({
      code: "Unavailable",
      reason: "BREAKER_OPEN",
      metadata: { origin: ORIGIN },
      retryDelayMs: 5000,
    });
  });
});

describe("SendTestEvent", () => {
  async function sent(request: { readonly webhookUrl?: string; readonly origin?: string }) {
    const { answers, made } = aDispatcher();
    const api = anApiInProcess(answers);
    const call = api.client(DispatchService).sendTestEvent(request);
    return { call, made };
  }

  it.each([{ webhookUrl: HOOK }, { origin: ORIGIN }])("is a dispatch that is tried once, to %j", async (request) => {
    const { call, made } = await sent(request);
    expect((await call).dispatch).toMatchObject({ taskType: "belfry.test" });
    expect(made[0]).toMatchObject([
      ORIGIN,
      {
        overrides: {
          name: "belfry.test",
          action: { taskType: "belfry.test", url: request.webhookUrl ?? `${ORIGIN}/` },
          retry: { maxRetries: 0 },
        },
      },
    ]);
  });

  it.each([
    [{}, "webhookUrl"],
    [{ webhookUrl: HOOK, origin: ORIGIN }, "origin"],
    [{ origin: HOOK }, "origin"],
    [{ origin: "http://127.0.0.1" }, "origin"],
    [{ webhookUrl: "http://127.0.0.1/" }, "webhookUrl"],
  ])("refuses %j", async (request, field) => {
    const { call } = await sent(request);
    expect(await refusalOf(call)).toMatchObject({ reason: "INVALID_FIELD", fields: [field] });
  });
});
