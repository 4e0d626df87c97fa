import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startServerProcess, type ServerProcess } from "../../support/server-process.ts";
import { bufCurl, connectHttp2, grpcWeb, plainJson, type Caller } from "./callers.ts";
import { readExamples, type Example } from "./page.ts";
import { expectToHold, Seen, type Json } from "./placeholders.ts";

const CALLERS: readonly (readonly [name: string, callerOf: (url: string) => Caller])[] = [
  ["buf curl", bufCurl],
  ["plain HTTP/1.1 with JSON", plainJson],
  ["gRPC-Web", grpcWeb],
  ["Connect over HTTP/2", connectHttp2],
];

const isWatch = ({ method }: Example): boolean => /\/Watch\w+$/.test(method);

describe("docs/examples.md, word for word", () => {
  let server: ServerProcess;
  beforeAll(async () => {
    server = await startServerProcess();
    // Nobody answers there. All ways through the page share the server: its breaker must not open between them.
    const settings = { breaker: { consecutiveFailures: 0, failureRatio: 0 } };
    const kept = await plainJson(server.url).call(
      "belfry.v1.DispatchService/UpdateDestination",
      JSON.stringify({ destination: { origin: "https://hooks.example.com", settings } }),
    );
    if (kept.kind !== "answer") throw new Error("The destination could not be set");
  });
  afterAll(() => server[Symbol.asyncDispose]());

  describe.each(CALLERS)("through %s", (_, callerOf) => {
    const seen = new Seen();
    let caller: Caller;
    beforeAll(() => {
      caller = callerOf(server.url);
    });
    afterAll(async () => {
      // What was left unfinished must not be polled by the next way through the page.
      await plainJson(server.url).call(
        "belfry.v1.InstanceService/CancelInstance",
        '{"selector":{"userId":"user1"},"terminate":true}',
      );
      caller.close();
    });

    it.each(readExamples())("$title", async (example) => {
      const request = seen.fill(example.request, example.method);
      if (isWatch(example)) return await expectWatchToShow(caller, example, request);
      const result = await caller.call(example.method, request);
      if (example.outcome.kind === "refusal") {
        expect(result).toEqual(example.outcome);
      } else {
        expect(result).toMatchObject({ kind: "answer" });
        if (result.kind !== "answer") return;
        expectToHold(result.answer, example.outcome.holds);
        seen.learn(result.answer);
      }
    });
  });

  /** Something happens once the watch has said that it watches. */
  async function expectWatchToShow(caller: Caller, { method, outcome }: Example, request: string): Promise<void> {
    const events: Json[] = [];
    let happened: Promise<unknown> | undefined;
    await caller.watch(method, request, (answer) => {
      const { event } = answer as Record<string, Json>;
      happened ??= somethingHappens();
      if (event !== undefined) events.push(answer);
      return events.length > 0;
    });
    await happened;
    expect(events).toHaveLength(1);
    if (outcome.kind === "answer") expectToHold(events[0] ?? null, outcome.holds);
  }

  async function somethingHappens(): Promise<void> {
    const definition = { userId: "user1", schedule: { immediate: {} }, action: { external: {} } };
    await plainJson(server.url).call("belfry.v1.DefinitionService/CreateDefinition", JSON.stringify({ definition }));
  }
});
