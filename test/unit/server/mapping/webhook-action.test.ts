import { fromJson, type JsonObject } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import type { DefinitionSpec } from "../../../../src/domain/definition/definition.ts";
import { DefinitionSchema } from "../../../../src/gen/belfry/v1/definition_pb.ts";
import { DefinitionService } from "../../../../src/gen/belfry/v1/definition_service_pb.ts";
import { anApiInProcess, refusalOf } from "../../../support/api-in-process.ts";
import { sealed } from "../../../support/fake-secret-box.ts";
import { aDefinition, aSupervisor } from "../../../support/records.ts";

const HOOK = "https://hooks.example.com/webhook";
const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const schedule = { every: { interval: "1800s" } };

function definitionOf(webhook: JsonObject, given: JsonObject = {}) {
  return fromJson(DefinitionSchema, { name: "nightly", schedule, action: { webhook }, ...given });
}

async function created(webhook: JsonObject, given: JsonObject = {}) {
  const specs: DefinitionSpec[] = [];
  const api = anApiInProcess({
    definitions: {
      create: async ({ spec }) => {
        specs.push(spec);
        const definition = aDefinition({ spec });
        return { definition, supervision: aSupervisor(definition).supervision, instance: null };
      },
    },
  });
  const answer = await api.client(DefinitionService).createDefinition({ definition: definitionOf(webhook, given) });
  return { spec: specs[0]!, action: answer.definition?.action?.kind };
}

function refused(webhook: JsonObject, given: JsonObject = {}) {
  return refusalOf(
    anApiInProcess()
      .client(DefinitionService)
      .createDefinition({ definition: definitionOf(webhook, given) }),
  );
}

describe("a webhook action", () => {
  it("is read with its secrets sealed, and answered with them masked", async () => {
    const webhook = {
      url: "HTTPS://hooks.example.com:443/webhook#x",
      headers: { "X-Team": "red", "X-Api-Key": "abcdef" },
      secret: SECRET,
      taskType: "report",
      callback: { required: true, timeout: "60s" },
    };
    const { spec, action } = await created(webhook);
    expect(spec.action).toEqual({
      kind: "webhook",
      url: HOOK,
      headers: { "X-Team": "red", "X-Api-Key": sealed("abcdef") },
      secret: sealed(SECRET),
      taskType: "report",
      callback: { timeoutMs: 60_000 },
    });
    expect(action).toMatchObject({
      case: "webhook",
      value: {
        url: HOOK,
        headers: { "X-Team": "red", "X-Api-Key": "***" },
        secret: "***",
        callback: { required: true, timeout: { seconds: 60n } },
      },
    });
  });

  it("needs nothing but an address", async () => {
    const { spec, action } = await created({ url: HOOK });
    expect(spec.action).toEqual({ kind: "webhook", url: HOOK, headers: {}, secret: "", taskType: "", callback: null });
    expect(action).toMatchObject({ value: { secret: "", headers: {} } });
    expect(action?.value).not.toHaveProperty("callback");
  });

  it("gives a delivery half a minute, unless the definition says otherwise", async () => {
    expect((await created({ url: HOOK })).spec.timeouts.startToCloseMs).toBe(30_000);
    expect((await created({ url: HOOK }, { timeouts: { startToClose: "5s" } })).spec.timeouts.startToCloseMs).toBe(
      5000,
    );
  });

  it("has a task type, or its definition a name", async () => {
    expect(await refused({ url: HOOK }, { name: "" })).toMatchObject({
      fields: ["definition.action.webhook.taskType"],
    });
    expect((await created({ url: HOOK, taskType: "a" }, { name: "" })).spec.name).toBe("");
  });

  it.each<[string, JsonObject, string]>([
    ["no address", {}, "url"],
    ["a relative address", { url: "/webhook" }, "url"],
    ["a private address", { url: "http://127.0.0.1/" }, "url"],
    ["credentials in the address", { url: "https://a:b@hooks.example.com/" }, "url"],
    ["a header that Belfry sets", { url: HOOK, headers: { "webhook-signature": "x" } }, 'headers["webhook-signature"]'],
    ["an injected header", { url: HOOK, headers: { a: "x\r\nb: c" } }, 'headers["a"]'],
    ["a mask of nothing", { url: HOOK, headers: { Authorization: "***" } }, 'headers["Authorization"]'],
    ["a secret in another form", { url: HOOK, secret: "abc" }, "secret"],
    ["a type with spaces", { url: HOOK, taskType: "a b" }, "taskType"],
    ["a short wait", { url: HOOK, callback: { required: true, timeout: "0.1s" } }, "callback.timeout"],
    ["a wait for nothing", { url: HOOK, callback: { timeout: "60s" } }, "callback.timeout"],
  ])("is refused with %s", async (_, webhook, field) => {
    expect(await refused(webhook)).toMatchObject({
      code: "InvalidArgument",
      reason: "INVALID_FIELD",
      fields: [`definition.action.webhook.${field}`],
    });
  });

  it("says all that is wrong with it at once", async () => {
    const headers = { Host: "x", Cookie: "sealed:x" };
    expect(await refused({ url: "ftp://x", headers, secret: "abc" }, { name: "" })).toMatchObject({
      fields: [
        "definition.action.webhook.url",
        'definition.action.webhook.headers["Host"]',
        'definition.action.webhook.headers["Cookie"]',
        "definition.action.webhook.secret",
        "definition.action.webhook.taskType",
      ],
    });
  });

  it("more than 16 headers are too many", async () => {
    const headers = Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`h${index}`, "x"]));
    expect(await refused({ url: HOOK, headers })).toMatchObject({ fields: ["definition.action.webhook.headers"] });
  });
});

describe("an update of a webhook action", () => {
  const stored = {
    kind: "webhook",
    url: HOOK,
    headers: { "X-Api-Key": sealed("abcdef"), "X-Team": "red" },
    secret: sealed(SECRET),
    taskType: "",
    callback: null,
  } as const;

  async function updated(webhook: JsonObject, paths: string[]) {
    const specs: DefinitionSpec[] = [];
    const before = aDefinition({ id: "d", spec: { action: stored } });
    const api = anApiInProcess({
      definitions: {
        update: async (_, { change }) => {
          specs.push(change(before.spec, before.revision));
          return { definition: before, supervision: aSupervisor(before).supervision };
        },
      },
    });
    api.runtime.put(before);
    const definition = fromJson(DefinitionSchema, { id: "d", name: "renamed", action: { webhook } });
    await api.client(DefinitionService).updateDefinition({ definition, updateMask: { paths } });
    return specs[0]?.action;
  }

  it("keeps the secrets whose masks it sends back, and those it does not name", async () => {
    const shown = { url: HOOK, headers: { "X-Api-Key": "***", "X-Team": "blue" }, secret: "***" };
    expect(await updated(shown, ["action"])).toEqual({ ...stored, headers: { ...stored.headers, "X-Team": "blue" } });
    expect(await updated({ url: `${HOOK}/v2` }, ["action.webhook.url"])).toEqual({ ...stored, url: `${HOOK}/v2` });
    expect(await updated({}, ["name"])).toEqual(stored);
  });

  it("changes and removes those it sends anew or leaves out", async () => {
    const headers = { "X-Api-Key": "ghijkl" };
    expect(await updated({ url: HOOK, headers }, ["action"])).toEqual({
      ...stored,
      headers: { "X-Api-Key": sealed("ghijkl") },
      secret: "",
    });
  });

  it("never takes them to another origin, whoever asks", async () => {
    const url = "https://elsewhere.example.com/";
    expect(await refusalOf(updated({ url }, ["action.webhook.url"]))).toMatchObject({
      fields: ['definition.action.webhook.headers["X-Api-Key"]', "definition.action.webhook.secret"],
    });
    const shown = { url, headers: { "X-Api-Key": "***" } };
    expect(await refusalOf(updated(shown, ["action"]))).toMatchObject({
      fields: ['definition.action.webhook.headers["X-Api-Key"]'],
    });
    expect(await updated({ url, headers: { "X-Team": "red" } }, ["action"])).toMatchObject({ url, secret: "" });
  });

  it("does not take a mask for a secret that was never there", async () => {
    expect(await refusalOf(updated({ url: HOOK, headers: { Cookie: "***" } }, ["action"]))).toMatchObject({
      fields: ['definition.action.webhook.headers["Cookie"]'],
    });
  });
});
