import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startNatsServer } from "../../support/nats-server.ts";
import type { NatsServer } from "../../support/nats-server.ts";
import { startTestPostgres } from "../../support/postgres.ts";
import type { TestPostgres } from "../../support/postgres.ts";
import { belfry, belfryJson, serve } from "./belfry-process.ts";
import type { Settings } from "./belfry-process.ts";

let postgres: TestPostgres;
let nats: NatsServer;
beforeAll(async () => {
  [postgres, nats] = await Promise.all([startTestPostgres(), startNatsServer()]);
});
afterAll(async () => {
  await nats[Symbol.asyncDispose]();
  await postgres.stop();
});

const DEFINITION = JSON.stringify({
  name: "watch-servers",
  schedule: { every: { interval: "3600s" } },
  action: { worker: { queue: "agents" } },
});

interface DefinitionAnswer {
  readonly definition: { readonly id: string };
}

interface NodesAnswer {
  readonly nodes: readonly { readonly id: string; readonly address: string }[];
}

/** A database of its own, and a cluster of its own on the one NATS. */
let clusters = 0;
async function aCluster(): Promise<Settings & { readonly BELFRY_CLUSTER: string }> {
  return {
    BELFRY_DATABASE_URL: await postgres.createDatabase(),
    BELFRY_SHARDS: "8",
    BELFRY_NATS_URL: nats.url,
    BELFRY_CLUSTER: `test-${++clusters}`,
  };
}

describe("nodes on one NATS", () => {
  it("join each other, take commands for each other, and go one by one", async () => {
    const settings = await aCluster();
    const cluster = settings.BELFRY_CLUSTER;
    const first = await serve({ ...settings, BELFRY_NODE_ID: "first" });
    expect(first.line).toMatch(new RegExp(`^Belfry serves on ${first.url} \\(node first of cluster ${cluster}, `));
    const second = await serve({ ...settings, BELFRY_NODE_ID: "second" });
    expect(second.line).toMatch(
      new RegExp(`^Belfry serves on ${second.url} \\(node second of cluster ${cluster} with first, `),
    );

    // Made at one node, triggered at the other: one of them does not have the shard.
    const made = await belfryJson<DefinitionAnswer>(
      ["definitions", "create", "-f", "-"],
      { BELFRY_SERVER: second.url },
      DEFINITION,
    );
    for (const { url } of [first, second]) {
      const triggered = await belfry(["definitions", "trigger", made.definition.id, "--ignore-overlap"], {
        BELFRY_SERVER: url,
      });
      expect(triggered).toMatchObject({ code: 0 });
      expect(await belfry(["health"], { BELFRY_SERVER: url })).toMatchObject({ code: 0, out: "SERVING\n" });
    }

    const { nodes } = await belfryJson<NodesAnswer>(["nodes"], { BELFRY_SERVER: second.url });
    expect(nodes.map(({ id, address }) => [id, address])).toEqual([
      ["first", new URL(first.url).host],
      ["second", new URL(second.url).host],
    ]);

    expect(await first.end()).toEqual({ code: 0, signal: null });
    const after = await belfry(["definitions", "trigger", made.definition.id, "--ignore-overlap"], {
      BELFRY_SERVER: second.url,
    });
    expect(after).toMatchObject({ code: 0 });
    expect(await second.end()).toEqual({ code: 0, signal: null });
  });

  it("stand by without NATS, and say what would help", async () => {
    const { BELFRY_NATS_URL: _, BELFRY_CLUSTER: __, ...alone } = await aCluster();
    const first = await serve({ ...alone, BELFRY_NODE_ID: "first" });
    const second = await serve({ ...alone, BELFRY_NODE_ID: "second" });
    expect(second.line).toMatch(
      /stands by \(node second, .*\): first holds 8 shards\. Nodes that all set BELFRY_NATS_URL share the work\.$/,
    );
    expect(await belfry(["health"], { BELFRY_SERVER: second.url })).toMatchObject({ code: 1, out: "NOT_SERVING\n" });
    await second.end();
    await first.end();
  });
});

describe("a NATS that is not there at the start", () => {
  it("does not keep a node from its work, and is used once it comes", async () => {
    await using late = await startNatsServer();
    await late.stop();
    const settings = { ...(await aCluster()), BELFRY_NATS_URL: late.url };
    const first = await serve({ ...settings, BELFRY_NODE_ID: "first" });
    expect(first.log.map(said)).toContainEqual(
      expect.objectContaining({
        level: "warn",
        message: "The node starts without NATS and keeps trying to reach it: until then it works alone",
      }),
    );
    const made = await belfry(["definitions", "create", "-f", "-"], { BELFRY_SERVER: first.url }, DEFINITION);
    expect(made.code).toBe(0);

    const second = await serve({ ...settings, BELFRY_NODE_ID: "second" });
    expect(second.line).toMatch(/: first holds 8 shards\. It takes part once they hear each other over NATS\.$/);
    await late.restart();
    await second.said(/^Belfry (takes part|took over) on http:\S+: node second/);
    expect(await belfry(["health"], { BELFRY_SERVER: second.url })).toMatchObject({ code: 0 });
    expect(await first.end()).toEqual({ code: 0, signal: null });
    expect(await second.end()).toEqual({ code: 0, signal: null });
  });
});

describe("a NATS that does not know Belfry's user", () => {
  it("ends the start with one line and without the password", async () => {
    await using guarded = await startNatsServer({ config: `authorization { user: belfry, password: right }` });
    const settings = { ...(await aCluster()), BELFRY_LISTEN: "127.0.0.1:0", BELFRY_LOG_LEVEL: "error" };
    const wrong = { BELFRY_NATS_URL: guarded.url, BELFRY_NATS_USER: "belfry", BELFRY_NATS_PASSWORD: "hunter2" };
    const refused = await belfry(["serve"], { ...settings, ...wrong });
    expect(refused).toMatchObject({ code: 1, out: "" });
    expect(refused.err).toEqual([
      expect.stringMatching(
        new RegExp(`^belfry: NATS at 127\\.0\\.0\\.1:${guarded.port} does not take the credentials: .* right\\.$`),
      ),
    ]);
    expect(refused.err.join()).not.toContain("hunter2");
  });
});

interface LogLine {
  readonly level: string;
  readonly message: string;
}

function said(line: string): LogLine {
  return JSON.parse(line) as LogLine;
}
