import { describe, expect, it } from "vitest";
import type { ActorView, NodeView, ShardView } from "../../../src/runtime/index.ts";
import { anApiServer, type ApiServer } from "../../support/api-server.ts";
import { aNode } from "../../support/fake-runtime.ts";
import { belfryHere, jsonHere } from "../../unit/cli/belfry-here.ts";

const STARTED_AT = Date.parse("2026-01-01T00:00:00Z");

/** A server whose cluster has an active node "a" and a node "b" that drains, `left` shards at a time. */
async function aServer(left: readonly number[] = [2]): Promise<ApiServer> {
  const remaining = [...left];
  let state: NodeView["state"] = "active";
  const shards: readonly ShardView[] = [
    { shard: 0, owner: "a", placedOn: "a", epoch: 1, remainingMs: 2500 },
    { shard: 1, owner: "b", placedOn: "a", epoch: 12, remainingMs: 1200 },
    { shard: 2, owner: "b", placedOn: "b", epoch: 2, remainingMs: -1 },
    { shard: 3, owner: null, placedOn: null, epoch: 0, remainingMs: 0 },
  ];
  const some = { nodeId: "a", wakeAt: null, freeSlots: 0 } as const;
  const actors: readonly ActorView[] = [
    { ...some, kind: "supervisor", id: "d1", shard: 0, state: "ACTIVE", idleMs: 1500, waiting: 2 },
    { ...some, kind: "instance", id: "i1", shard: 0, state: "RUNNING", idleMs: 20, waiting: 0 },
    { ...some, kind: "queue", id: "agents", nodeId: "b", shard: null, state: "", idleMs: 0, waiting: 4, freeSlots: 1 },
    { ...some, kind: "platform", id: "p1", shard: 1, state: "OPEN", idleMs: 30, waiting: 5 },
    { ...some, kind: "lock", id: "import_42", shard: 1, state: "HELD", idleMs: 40, waiting: 6 },
  ];
  return anApiServer({
    answers: {
      cluster: {
        nodes: () => [
          aNode({
            nodeId: "a",
            shards: 2,
            placedShards: 2,
            residents: 2,
            startedAt: STARTED_AT,
            queues: ["mail", "agents"],
          }),
          aNode({
            nodeId: "b",
            state,
            shards: (state === "active" ? remaining[0] : remaining.shift()) ?? 0,
            placedShards: 0,
            residents: 3,
            uncommitted: 7,
            unpublished: 11,
            silentMs: 120,
            address: "10.0.0.2:8980",
          }),
        ],
        shards: async () => shards,
        actors: async () => actors,
        drain: async (_, draining) => {
          state = draining ? "draining" : "active";
        },
      },
    },
  });
}

/** The cells of each line of a table. */
function cellsOf(table: string): string[][] {
  return table
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.trim().split(/ {2,}/));
}

describe("belfry nodes", () => {
  it("shows a line a node", async () => {
    await using api = await aServer();
    const { code, out, err } = await belfryHere(["nodes"], { BELFRY_SERVER: api.url });
    expect({ code, err }).toEqual({ code: 0, err: [] });
    const [titles, a, b] = cellsOf(out);
    expect(titles?.slice(0, 6)).toEqual(["ID", "STATE", "SHARDS", "ACTORS", "UNCOMMITTED", "UNPUBLISHED"]);
    expect(a?.slice(0, 7)).toEqual(["a", "ACTIVE", "2", "2", "0", "0", "agents mail"]);
    expect(a?.at(-1)).toBe("now");
    expect(b?.slice(0, 7)).toEqual(["b", "ACTIVE", "2 → 0", "3", "7", "11", "10.0.0.2:8980"]);
    expect(b?.at(-1)).toBe("120 ms ago");
  });

  it("answers as the API does with --json", async () => {
    await using api = await aServer();
    expect(await jsonHere(["nodes"], { BELFRY_SERVER: api.url })).toMatchObject({
      nodes: [
        { id: "a", state: "NODE_STATE_ACTIVE", startTime: "2026-01-01T00:00:00Z" },
        { id: "b", lastHeard: "0.120s", unpublishedEventCount: "11" },
      ],
      nextPageToken: "",
    });
  });
});

describe("belfry shards", () => {
  it("shows who has which, and who shall", async () => {
    await using api = await aServer();
    const { out } = await belfryHere(["shards"], { BELFRY_SERVER: api.url });
    expect(cellsOf(out)).toEqual([
      ["SHARD", "OWNER", "MEANT FOR", "EPOCH", "LEASE"],
      ["0", "a", "a", "1", "2.5 s"],
      ["1", "b", "a", "12", "1.2 s"],
      ["2", "nobody (was b)", "b", "2"],
      ["3", "nobody", "nobody", "0"],
    ]);
  });

  it.each([
    [["--node", "b"], [1]],
    [["--unowned"], [2, 3]],
    [["--misplaced"], [1]],
  ])("%j shows %j", async (words, numbers) => {
    await using api = await aServer();
    const { shards } = await jsonHere<{ shards: { number: number }[] }>(["shards", ...words], {
      BELFRY_SERVER: api.url,
    });
    expect(shards.map(({ number }) => number)).toEqual(numbers);
  });

  it("says so when there is none", async () => {
    await using api = await aServer();
    expect(await belfryHere(["shards", "--node", "c"], { BELFRY_SERVER: api.url })).toEqual({
      code: 0,
      out: "",
      err: ["No such shards."],
    });
  });
});

describe("belfry drain", () => {
  it("answers at once, with the node", async () => {
    await using api = await aServer();
    const { code, out } = await belfryHere(["drain", "b"], { BELFRY_SERVER: api.url });
    expect(code).toBe(0);
    expect(out).toMatch(/^state +DRAINING\nshards +2 → 0\n/m);
    const undone = await belfryHere(["drain", "b", "--undo"], { BELFRY_SERVER: api.url });
    expect(undone.out).toMatch(/^state +ACTIVE$/m);
  });

  it("waits, if told to, until the node has no shards left", async () => {
    await using api = await aServer([2, 0]);
    const { code, out, err } = await belfryHere(["drain", "b", "--wait"], { BELFRY_SERVER: api.url });
    expect(code).toBe(0);
    expect(err.at(-1)).toBe("b has no shards left: it can be stopped.");
    expect(out).toMatch(/^state +DRAINED\nshards +0\n/m);
  });

  it("refuses what cannot be meant", async () => {
    expect(await belfryHere(["drain", "b", "--undo", "--wait"])).toMatchObject({
      code: 1,
      err: ["belfry: Say --undo or --wait, not both."],
    });
    await using api = await aServer();
    expect(await belfryHere(["drain", ""], { BELFRY_SERVER: api.url })).toMatchObject({
      code: 1,
      err: [expect.stringMatching(/^belfry: INVALID_FIELD: /), expect.stringContaining("nodeId")],
    });
  });
});

describe("belfry actors", () => {
  it("shows what is in memory where", async () => {
    await using api = await aServer();
    const { out } = await belfryHere(["actors"], { BELFRY_SERVER: api.url });
    expect(cellsOf(out)).toEqual([
      ["KIND", "ID", "NODE", "SHARD", "STATE", "HAS", "IDLE", "WAKES"],
      ["supervisor", "d1", "a", "0", "ACTIVE", "2 instances", "1.5 s"],
      ["instance", "i1", "a", "0", "RUNNING", "20 ms"],
      ["queue", "agents", "b", "4 waiting, 1 free slot"],
      ["platform", "p1", "a", "1", "OPEN", "5 waiting", "30 ms"],
      ["lock", "import_42", "a", "1", "HELD", "6 waiting", "40 ms"],
    ]);
  });

  it("shows one kind, page by page", async () => {
    await using api = await aServer();
    const { out, err } = await belfryHere(["actors", "--limit", "1"], { BELFRY_SERVER: api.url });
    expect(cellsOf(out)).toHaveLength(2);
    expect(err[0]).toMatch(/^There are more: /);
    expect(await jsonHere(["actors", "--kind", "queue"], { BELFRY_SERVER: api.url })).toMatchObject({
      actors: [{ kind: "ACTOR_KIND_QUEUE", id: "agents", waitingInstanceCount: 4 }],
      incompleteNodeIds: [],
    });
  });
});

describe("help", () => {
  it.each([["nodes"], ["shards"], ["drain"], ["actors"]])("of %s has an example", async (verb) => {
    const { code, out } = await belfryHere([verb, "--help"]);
    expect(code).toBe(0);
    expect(out).toContain(`$ belfry ${verb}`);
    expect((await belfryHere(["--help"])).out).toMatch(new RegExp(`^ {2}${verb}`, "m"));
  });
});
