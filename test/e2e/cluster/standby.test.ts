import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { belfryErrorOf, OverlapPolicy } from "../../../src/client/index.ts";
import { defined } from "../../support/load.ts";
import { startServerProcess } from "../../support/server-process.ts";
import type { Pair } from "./pair.ts";
import { aPair, SHARDS } from "./pair.ts";

let pair: Pair;
let definitionId: string;

beforeAll(async () => {
  pair = await aPair();
  definitionId = await defined(pair.a.client, {
    name: "daily",
    rule: { kind: "phase", intervalMs: 86_400_000, phaseMs: 0 },
    overlapPolicy: OverlapPolicy.ALLOW_ALL,
  });
});
afterAll(async () => {
  await pair[Symbol.asyncDispose]();
});

describe("the second node on a database", () => {
  test("owns nothing and says who does", async () => {
    expect(await pair.owners()).toEqual(new Map([["a", SHARDS]]));
    expect(pair.b.server.output()).toContain(`stands by (node b`);
    expect(pair.b.server.output()).toContain(`a holds ${SHARDS} shards`);
  });

  test("reads what the first one wrote", async () => {
    const { instance } = await pair.a.client.definitions.triggerDefinition({ definitionId });
    const { definitions, instances } = pair.b.client;
    expect((await definitions.getDefinition({ definitionId })).definition?.name).toBe("daily");
    expect((await definitions.listDefinitions({})).definitions.map(({ id }) => id)).toEqual([definitionId]);
    expect((await instances.getInstance({ instanceId: instance?.id ?? "" })).instance?.id).toBe(instance?.id);
  });

  test.each([
    ["a trigger", () => pair.b.client.definitions.triggerDefinition({ definitionId })],
    ["a pause", () => pair.b.client.definitions.pauseDefinition({ definitionId })],
    [
      "a new definition",
      () =>
        pair.b.client.definitions.createDefinition({
          definition: {
            name: "new",
            schedule: { timing: { case: "every", value: { interval: durationFromMs(1000) } } },
            action: { kind: { case: "external", value: {} } },
          },
        }),
    ],
  ])("refuses %s, says why, and when to come again", async (_, call) => {
    const error = await call().then(
      () => undefined,
      (thrown: unknown) => ConnectError.from(thrown),
    );
    expect(error?.code).toBe(Code.Unavailable);
    const { reason, retryAfterMs } = belfryErrorOf(error);
    expect(reason).toBe("SHARD_UNAVAILABLE");
    expect(retryAfterMs).toBeGreaterThan(0);
  });
});

test("a second serve on the folder of an embedded database is refused with one clear line", async () => {
  await using first = await startServerProcess();
  const second = await startServerProcess({ dataDir: first.dataDir }).then(
    () => "it started",
    (error: Error) => error.message,
  );
  const [ended, ...lines] = second.split("\n").filter((line) => !line.startsWith("{"));
  expect(ended).toBe("The server ended (1):");
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain(`The data folder ${first.dataDir} is in use by the process with pid ${first.pid}`);
});
