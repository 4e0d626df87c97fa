import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { refusesWith } from "../../support/platforms/faults.ts";
import { aJinzhi } from "../../support/platforms/jinzhi.ts";
import type { PlatformServer } from "../../support/platforms/platform-server.ts";
import { startServerProcess, type ServerProcess } from "../../support/server-process.ts";
import { until } from "../../support/until.ts";
import { bufCurl, connectHttp2, grpcWeb, plainJson, type Caller } from "./callers.ts";
import { readExamples, type Example } from "./page.ts";
import { expectToHold, Seen, type Json } from "./placeholders.ts";

const CALLERS: readonly (readonly [name: string, callerOf: (url: string) => Caller])[] = [
  ["buf curl", bufCurl],
  ["plain HTTP/1.1 with JSON", plainJson],
  ["gRPC-Web", grpcWeb],
  ["Connect over HTTP/2", connectHttp2],
];

/** Answers of these show what became of pushes, which go on by themselves. */
const SHOWS_WHAT_BECAME = /\/(ListPushLogs|GetPushError|ListExchanges|GetBatchPush)$/;

/** A task centre that takes new tasks, and refuses every change of one. */
async function aPlatform(): Promise<PlatformServer> {
  const platform = await aJinzhi({ appId: "a", appSecret: "s" });
  platform.faults.always(refusesWith(40003, "task is locked"), { when: ({ body }) => body.includes("updateModel") });
  return platform;
}

const isWatch = ({ method }: Example): boolean => /\/Watch\w+$/.test(method);

// Task control. Dispatch. Configuration: R-131. Executions.
describe("docs/examples.md, word for word", () => {
  let server: ServerProcess;
  beforeAll(async () => {
    server = await startServerProcess({ env: { BELFRY_ALLOW_PRIVATE_TARGETS: "loopback" } });
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
    let seen: Seen;
    let caller: Caller;
    let platform: PlatformServer;
    beforeAll(async () => {
      platform = await aPlatform();
      seen = new Seen(platform.origin);
      caller = callerOf(server.url);
    });
    afterAll(async () => {
      // What was left unfinished must not be polled by the next way through the page.
      await plainJson(server.url).call(
        "belfry.v1.InstanceService/CancelInstance",
        '{"selector":{"userId":"user1"},"terminate":true}',
      );
      // Nor must its platform be told of their events.
      const disabled = seen.fill('{"platformId":"…"}', "DisablePlatform");
      await plainJson(server.url).call("belfry.v1.PlatformService/DisablePlatform", disabled);
      caller.close();
      await platform[Symbol.asyncDispose]();
    });

    /** Batches make theirs one by one, so all that was made has to have ended. */
    async function pushesToEnd(): Promise<void> {
      const unfinished = '{"states":["PUSH_STATE_RETRYING"]}';
      const batch = seen.knows("batchId") ? seen.fill('{"batchId":"…"}', "GetBatchPush") : null;
      await until(async () => {
        const pushes = await plainJson(server.url).call("belfry.v1.PushService/ListPushLogs", unfinished);
        const run =
          batch === null ? null : await plainJson(server.url).call("belfry.v1.PushService/GetBatchPush", batch);
        return ![pushes, run].some((result) =>
          /"PUSH_STATE_RETRYING"|"INSTANCE_STATE_(PENDING|RUNNING)"/.test(JSON.stringify(result)),
        );
      }, "all pushes have ended");
    }

    it.each(readExamples())("$title", async (example) => {
      const request = seen.fill(example.request, example.method);
      if (isWatch(example)) return await expectWatchToShow(caller, example, request);
      if (SHOWS_WHAT_BECAME.test(example.method)) await pushesToEnd();
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

    it("and the task centre finds nothing wrong with what it was sent", () => {
      expect(platform.violations).toEqual([]);
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
