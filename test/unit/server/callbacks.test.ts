import { connect } from "node:http2";
import { describe, expect, it, onTestFinished } from "vitest";
import { BelfryError } from "../../../src/domain/error.ts";
import type { WorkerCommands } from "../../../src/runtime/index.ts";
import { anApiServer, type ApiServer } from "../../support/api-server.ts";

const TOKEN = "AbCdEfGhIjKlMnOpQrStUv.1.wf_1767225600000_7c1fe2a4b90d3e58a1c6";

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
}

async function aReceiver(workers: Partial<WorkerCommands> = {}): Promise<{
  readonly api: ApiServer;
  post(body: unknown, given?: RequestInit & { readonly path?: string }): Promise<Answer>;
}> {
  const api = await anApiServer({
    answers: { workers: { complete: async () => "COMPLETED", fail: async () => "BACKING_OFF", ...workers } },
  });
  onTestFinished(() => api[Symbol.asyncDispose]());
  return {
    api,
    post: async (body, { path = `/callbacks/${TOKEN}`, ...given } = {}) => {
      const response = await fetch(api.url + path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body:
          body === undefined || typeof body === "string" || body instanceof Uint8Array
            ? (body as string)
            : JSON.stringify(body),
        ...given,
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, body: text === "" ? undefined : JSON.parse(text) };
    },
  };
}

function refusing(error: Error) {
  return {
    complete: async () => {
      throw error;
    },
  };
}

describe("a receiver that reports by plain HTTP", () => {
  it("completes the attempt of its token", async () => {
    const { api, post } = await aReceiver();
    expect(await post({ status: "completed", result: { ticket: 7 } })).toMatchObject({
      status: 200,
      body: { state: "COMPLETED" },
    });
    expect(api.runtime.asked).toEqual([{ command: "complete", args: [TOKEN, { ticket: 7 }] }]);
  });

  it("need not say what came of it", async () => {
    const { api, post } = await aReceiver();
    expect((await post({ status: "completed" })).status).toBe(200);
    expect(api.runtime.asked[0]?.args).toEqual([TOKEN, null]);
  });

  it("says that it failed, and whether to try again", async () => {
    const { api, post } = await aReceiver();
    const error = { code: "NO_STOCK", message: "sold out" };
    expect(await post({ status: "failed", error, retryable: false })).toMatchObject({
      status: 200,
      body: { state: "BACKING_OFF" },
    });
    await post({ status: "failed", retryDelay: "5s" });
    expect(api.runtime.asked.map(({ args }) => args[1])).toEqual([
      { error: { ...error, traceback: "" }, retryable: false },
      { error: { code: "", message: "", traceback: "" }, retryable: true, retryDelayMs: 5000 },
    ]);
  });

  it("does so over HTTP/2 as well", async () => {
    const { api } = await aReceiver();
    const session = connect(api.url);
    const stream = session.request({
      ":method": "POST",
      ":path": `/callbacks/${TOKEN}`,
      "content-type": "application/json; charset=utf-8",
    });
    stream.end('{"status":"completed"}');
    let text = "";
    for await (const chunk of stream) text += String(chunk);
    session.close();
    expect(JSON.parse(text)).toEqual({ state: "COMPLETED" });
  });

  it("hears that its attempt is over", async () => {
    const { post } = await aReceiver(refusing(new BelfryError("STALE_ATTEMPT", "This attempt is over.")));
    expect(await post({ status: "completed" })).toMatchObject({
      status: 409,
      body: { code: "FAILED_PRECONDITION", reason: "STALE_ATTEMPT", message: "This attempt is over." },
    });
  });

  it("hears when to come again", async () => {
    const { post } = await aReceiver(refusing(new BelfryError("SHARD_UNAVAILABLE", "Moving.", { retryAfterMs: 1500 })));
    const answer = await post({ status: "completed" });
    expect(answer).toMatchObject({ status: 503, body: { reason: "SHARD_UNAVAILABLE" } });
    expect(answer.headers.get("retry-after")).toBe("2");
  });

  it("hears nothing of what went wrong here but an incident", async () => {
    const { post } = await aReceiver(refusing(new Error("select * from secrets")));
    const { status, body } = await post({ status: "completed" });
    expect(status).toBe(500);
    expect(JSON.stringify(body)).toContain("incident");
    expect(JSON.stringify(body)).not.toContain("secrets");
  });

  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["no JSON", "status=completed"],
    ["half of JSON", '{"status":"comp'],
    ["a list", []],
    ["no status", { result: {} }],
    ["a status that there is not", { status: "done" }],
    ["a result that is no object", { status: "completed", result: 7 }],
    ["a field that there is not", { status: "completed", resultt: {} }],
    ["what belongs to a failure", { status: "completed", error: {} }],
    ["a NUL character", { status: "completed", result: { text: "a\0b" } }],
    ["bytes that are no text", Uint8Array.from([0x7b, 0xff, 0x7d])],
  ])("hears 400 of %s", async (_, body) => {
    const { api, post } = await aReceiver();
    expect(await post(body)).toMatchObject({
      status: 400,
      body: { code: "INVALID_ARGUMENT", reason: "INVALID_FIELD" },
    });
    expect(api.runtime.asked).toEqual([]);
  });

  it("hears which field is wrong", async () => {
    const { post } = await aReceiver();
    expect((await post({ status: "failed", retryDelay: "-1s" })).body).toMatchObject({
      fields: [{ field: "retryDelay" }],
    });
  });

  it("hears 413 of a result that is too long, and of a body that never ends", async () => {
    const { api, post } = await aReceiver();
    expect(await post({ status: "completed", result: { text: "x".repeat(300_000) } })).toMatchObject({
      status: 413,
      body: { reason: "PAYLOAD_TOO_LARGE" },
    });
    expect((await post("x".repeat(5_000_000))).status).toBe(413);
    const endless = new ReadableStream({ pull: (controller) => controller.enqueue(Buffer.alloc(65_536, " ")) });
    // When the server hangs up before the client has finished speaking, the answer may be lost.
    const outcome = await post(undefined, { body: endless, duplex: "half" }).then(
      ({ status }) => status,
      () => "cut off",
    );
    expect([413, "cut off"]).toContain(outcome);
    expect(api.runtime.asked).toEqual([]);
  });

  it.each(["GET", "PUT", "DELETE"])("hears 405 of %s", async (method) => {
    const { post } = await aReceiver();
    const answer = await post(undefined, { method, body: null });
    expect(answer.status).toBe(405);
    expect(answer.headers.get("allow")).toBe("POST");
  });

  it.each([
    { "content-type": "text/plain" },
    { "content-type": "application/jsonp" },
    { "content-type": "application/json", "content-encoding": "gzip" },
  ])("hears 415 of %j", async (headers) => {
    const { post } = await aReceiver();
    expect((await post("{}", { headers: headers as Record<string, string> })).status).toBe(415);
  });

  it.each(["/callbacks", "/callbacks/"])("finds nothing at %s", async (path) => {
    const { post } = await aReceiver();
    expect((await post({ status: "completed" }, { path })).status).toBe(404);
  });

  it("hears 409 of a token that is none", async () => {
    const { post } = await aReceiver();
    expect((await post({ status: "completed" }, { path: "/callbacks/%E0%A4%A" })).status).toBe(409);
  });

  it("finds its token in no log", async () => {
    const { api, post } = await aReceiver(refusing(new Error("broken")));
    await post({ status: "completed" });
    expect(JSON.stringify(api.log.lines)).not.toContain(TOKEN);
    expect(api.log.lines.length).toBeGreaterThan(0);
  });
});
