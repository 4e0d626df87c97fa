import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startServerProcess, type ServerProcess } from "../../support/server-process.ts";
import { apiAt, type Api, type JsonObject } from "./api.ts";
import { aDefinition } from "./world.ts";

let server: ServerProcess;
let api: Api;
beforeAll(async () => {
  server = await startServerProcess();
  api = apiAt(server.url);
});
afterAll(() => server[Symbol.asyncDispose]());

/** Outside the BMP, joined and directed characters, quotes, what SQL and HTML look at, line ends, and a BOM. */
const TEXT = "\u{feff}𝕌ñï 😀👨‍👩‍👧‍👦 \u202eabc\u202c ไทย العربية 监控\r\n\t\"'\\;--%s $1 {} <b> \u2028\u{10ffff}";

const create = async (given: JsonObject): Promise<JsonObject> =>
  (await api.ask("DefinitionService/CreateDefinition", { definition: aDefinition(given) }))["definition"] as JsonObject;
const idOf = async (given: JsonObject): Promise<string> => (await create(given))["id"] as string;
const instanceOf = async (method: string, request: JsonObject): Promise<JsonObject> =>
  (await api.ask(method, request))["instance"] as JsonObject;

describe("unusual inputs that are right", () => {
  it("texts of every script come back as they were, wherever a text may stand", async () => {
    const given = {
      name: TEXT,
      userId: TEXT,
      content: TEXT,
      businessId: TEXT,
      orderingKey: TEXT,
      labels: { [TEXT]: TEXT },
      payload: { [TEXT]: [TEXT, { "": null, deep: { [TEXT]: -1.5e-300 } }] },
      action: { worker: { queue: "unusual" } },
    };
    const { id } = await create(given);
    const { definition } = await api.ask("DefinitionService/GetDefinition", { definitionId: id });
    expect(definition).toMatchObject({ ...given, action: { worker: { queue: "unusual" } } });
    for (const filter of [{ userId: TEXT }, { businessId: TEXT }, { labels: { [TEXT]: TEXT } }]) {
      expect(await api.ask("DefinitionService/ListDefinitions", filter)).toMatchObject({ definitions: [{ id }] });
    }
    expect(await api.ask("DefinitionService/SearchDefinitions", { query: "ไทย العربية", userId: TEXT })).toMatchObject({
      matches: [{ definition: { id }, score: 1 }],
    });

    const instance = await instanceOf("DefinitionService/TriggerDefinition", {
      definitionId: id,
      overrides: { uniqueKey: { key: TEXT } },
    });
    expect(instance).toMatchObject({
      name: TEXT,
      content: TEXT,
      uniqueKey: TEXT,
      orderingKey: TEXT,
      labels: { [TEXT]: TEXT },
      payload: given.payload,
    });
    const polled = await api.ask("WorkerService/PollInstance", { queue: "unusual", workerId: TEXT, wait: "10s" });
    const { token } = polled["attempt"] as { readonly token: string };
    const error = { code: TEXT, message: TEXT, traceback: TEXT };
    await api.ask("WorkerService/HeartbeatInstance", {
      attemptToken: token,
      progress: { percent: 1, step: TEXT, message: TEXT },
      metadata: { [TEXT]: TEXT },
    });
    await api.ask("WorkerService/FailInstance", { attemptToken: token, error, retryable: false });
    expect(await instanceOf("InstanceService/GetInstance", { instanceId: instance["id"] })).toMatchObject({
      state: "INSTANCE_STATE_FAILED",
      workerId: TEXT,
      error,
      metadata: { [TEXT]: TEXT },
    });
  });

  it("names that JavaScript has a meaning for are names like others", async () => {
    const body = JSON.stringify({
      definition: aDefinition({ payload: { "@": { "@": 1 }, constructor: "c", toString: 1 }, labels: { "@": "l" } }),
    });
    const response = await fetch(`${server.url}/belfry.v1.DefinitionService/CreateDefinition`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: body.replaceAll('"@"', '"__proto__"'),
    });
    expect(await response.text()).toContain('"payload":{"__proto__":{"__proto__":1},"constructor":"c","toString":1}');
  });

  it("ids of a caller's own may hold what paths, patterns and channels give a meaning to", async () => {
    for (const id of ["orders/2027 nightly", "a.b", "*", ">", "监控", "i".repeat(255)]) {
      expect(await idOf({ id })).toBe(id);
      const { id: instanceId } = await instanceOf("DefinitionService/TriggerDefinition", { definitionId: id });
      expect(await instanceOf("InstanceService/CancelInstance", { instanceId })).toMatchObject({
        definitionId: id,
        state: "INSTANCE_STATE_CANCELLED",
      });
      await api.ask("DefinitionService/DeleteDefinition", { definitionId: id });
      expect(await api.refusal("DefinitionService/GetDefinition", { definitionId: id })).toMatchObject({
        reason: "DEFINITION_NOT_FOUND",
      });
    }
  });

  it("a payload of exactly 256 KiB is kept, and 500 to a page are shown", async () => {
    const payload = { a: "x".repeat(256 * 1024 - '{"a":""}'.length) };
    const definitionId = await idOf({ payload });
    const { definition } = await api.ask("DefinitionService/GetDefinition", { definitionId });
    expect(definition).toMatchObject({ payload });
    expect(await api.ask("DefinitionService/ListDefinitions", { pageSize: 500 })).toMatchObject({
      definitions: expect.arrayContaining([expect.objectContaining({ id: definitionId })]),
    });
  });

  it("twenty callers that bring one request_id, or one id, make one thing", async () => {
    const definitionId = await idOf({});
    const triggers = await Promise.all(
      Array.from({ length: 20 }, () =>
        instanceOf("DefinitionService/TriggerDefinition", { definitionId, requestId: "one" }),
      ),
    );
    expect(new Set(triggers.map(({ id }) => id)).size).toBe(1);

    const creations = await Promise.allSettled(Array.from({ length: 20 }, () => create({ id: "one of twenty" })));
    expect(creations.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(
      await api.refusal("DefinitionService/CreateDefinition", { definition: aDefinition({ id: "one of twenty" }) }),
    ).toMatchObject({ reason: "ID_TAKEN" });
  });

  it("a batch answers each wrong item in its place and carries out the others", async () => {
    const definitionId = await idOf({});
    const one = { overrides: { uniqueKey: { key: "k" } } };
    const items = [
      { requestId: "a" },
      { requestId: "a" },
      { requestId: "a", payload: {} },
      one,
      one,
      { payload: { text: "x".repeat(300_000) } },
    ];
    const { results } = await api.ask("DefinitionService/BatchTriggerDefinition", { definitionId, items });
    const reasons = (results as readonly JsonObject[]).map(({ error }) =>
      error === undefined ? "" : String((error as { details: { reason: string }[] }).details[0]?.reason),
    );
    expect(reasons).toEqual(["", "", "REQUEST_ID_REUSED", "", "UNIQUE_KEY_TAKEN", "PAYLOAD_TOO_LARGE"]);
    const { instances } = await api.ask("InstanceService/ListInstances", { definitionId });
    expect(instances).toHaveLength(2);
  });
});
