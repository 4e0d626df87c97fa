import { durationMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { BelfryError } from "../../../src/domain/error.ts";
import { ActorKind, NodeState } from "../../../src/gen/belfry/v1/cluster_pb.ts";
import { InstanceState } from "../../../src/gen/belfry/v1/instance_pb.ts";
import type { NodeView } from "../../../src/runtime/index.ts";
import { refusalOf } from "../../support/api-in-process.ts";
import { aNode } from "../../support/fake-runtime.ts";
import { MANUAL_START_AT } from "../../support/manual-clock.ts";
import { anInstance, ended } from "../../support/records.ts";
import { aCluster, allPages, anActor, aShard } from "./cluster-given.ts";

describe("ListNodes", () => {
  it("shows what a node says of itself and how long ago it was heard", async () => {
    const node = aNode({
      nodeId: "a",
      address: "10.0.0.1:8980",
      version: "1.2.3",
      shards: 3,
      placedShards: 4,
      residents: 5,
      uncommitted: 6,
      unpublished: 7,
      silentMs: 350,
      queues: ["b", "a"],
    });
    const { nodes } = await aCluster({ nodes: [node] }).cluster.listNodes({});
    expect(nodes).toHaveLength(1);
    expect(nodes[0]).toMatchObject({
      id: "a",
      state: NodeState.ACTIVE,
      address: "10.0.0.1:8980",
      version: "1.2.3",
      shardCount: 3,
      placedShardCount: 4,
      drained: false,
      residentActorCount: 5,
      uncommittedDecisionCount: 6,
      unpublishedEventCount: 7n,
      queues: ["a", "b"],
    });
    expect(nodes[0]?.startTime && timestampMs(nodes[0].startTime)).toBe(MANUAL_START_AT);
    expect(nodes[0]?.lastHeard && durationMs(nodes[0].lastHeard)).toBe(350);
  });

  it.each<[Partial<NodeView>, boolean]>([
    [{ state: "active", shards: 0 }, false],
    [{ state: "draining", shards: 1 }, false],
    [{ state: "draining", shards: 0 }, true],
    [{ state: "leaving", shards: 0 }, true],
  ])("%j is drained: %s", async (node, drained) => {
    const { nodes } = await aCluster({ nodes: [aNode(node)] }).cluster.listNodes({});
    expect(nodes[0]?.drained).toBe(drained);
  });

  it("goes by id, page by page, whatever order the runtime has", async () => {
    const { cluster } = aCluster({ nodes: ["c", "a", "b"].map((nodeId) => aNode({ nodeId })) });
    for (const pageSize of [1, 2, 3, 4]) {
      const nodes = await allPages(pageSize, async (page) => {
        const { nodes: items, nextPageToken } = await cluster.listNodes(page);
        return { items, nextPageToken };
      });
      expect(nodes.map(({ id }) => id)).toEqual(["a", "b", "c"]);
    }
  });
});

describe("ListShards", () => {
  const SHARDS = [
    aShard({ shard: 0, owner: "a", placedOn: "a", epoch: 4 }),
    aShard({ shard: 1, owner: "a", placedOn: "b" }),
    aShard({ shard: 2, owner: "b", placedOn: "b", remainingMs: -5 }),
    aShard({ shard: 3, owner: null, placedOn: "a", remainingMs: 0 }),
    aShard({ shard: 4, owner: "b", placedOn: null, remainingMs: 1234.5 }),
  ];

  it("shows who has it, who had it, and who shall have it", async () => {
    const { shards } = await aCluster({ shards: SHARDS }).cluster.listShards({});
    expect(
      shards.map(({ number, ownerNodeId, placedNodeId, epoch, leaseRemaining }) => [
        number,
        ownerNodeId,
        placedNodeId,
        epoch,
        leaseRemaining && durationMs(leaseRemaining),
      ]),
    ).toEqual([
      [0, "a", "a", 4n, 2000],
      [1, "a", "b", 1n, 2000],
      [2, "b", "b", 1n, 0],
      [3, "", "a", 1n, 0],
      [4, "b", "", 1n, 1234],
    ]);
  });

  it.each([
    [{ nodeId: "a" }, [0, 1]],
    // The lease of shard 2 is over, so that b has it no more.
    [{ nodeId: "b" }, [4]],
    [{ nodeId: "nobody" }, []],
    [{ unownedOnly: true }, [2, 3]],
    [{ misplacedOnly: true }, [1]],
    [{ nodeId: "b", misplacedOnly: true }, []],
    [{ unownedOnly: true, misplacedOnly: true }, []],
  ])("%j shows %j", async (filter, numbers) => {
    const { shards } = await aCluster({ shards: SHARDS }).cluster.listShards(filter);
    expect(shards.map(({ number }) => number)).toEqual(numbers);
  });

  it("goes by number, page by page, and keeps its filters", async () => {
    const { cluster } = aCluster({ shards: SHARDS.toReversed() });
    const shards = await allPages(1, async (page) => {
      const { shards: items, nextPageToken } = await cluster.listShards({ ...page, unownedOnly: true });
      return { items, nextPageToken };
    });
    expect(shards.map(({ number }) => number)).toEqual([2, 3]);
    const { nextPageToken: pageToken } = await cluster.listShards({ pageSize: 1 });
    expect(await refusalOf(cluster.listShards({ pageToken, unownedOnly: true }))).toMatchObject({
      reason: "PAGE_TOKEN_MISMATCH",
    });
  });
});

describe("DrainNode", () => {
  it("tells the node, and shows it as it is from now on", async () => {
    const drained: unknown[] = [];
    const { cluster } = aCluster({
      // What is heard of it is from before.
      nodes: [aNode({ nodeId: "b", shards: 2, placedShards: 2 })],
      drain: async (...asked) => void drained.push(asked),
    });
    const { node } = await cluster.drainNode({ nodeId: "b" });
    expect(node).toMatchObject({ id: "b", state: NodeState.DRAINING, shardCount: 2, placedShardCount: 0 });
    expect(await cluster.drainNode({ nodeId: "b", undo: true })).toMatchObject({ node: { state: NodeState.ACTIVE } });
    expect(drained).toEqual([
      ["b", true],
      ["b", false],
    ]);
  });

  it("refuses a node that is not there, or leaves at that moment, and a request without one", async () => {
    const absent = aCluster({
      drain: async () => {
        throw new BelfryError("NODE_NOT_FOUND", "No live node of the cluster is called that.");
      },
    });
    expect(await refusalOf(absent.cluster.drainNode({ nodeId: "x" }))).toMatchObject({
      code: "NotFound",
      reason: "NODE_NOT_FOUND",
    });
    const gone = aCluster({ nodes: [aNode({ nodeId: "a" })], drain: async () => {} });
    expect(await refusalOf(gone.cluster.drainNode({ nodeId: "x" }))).toMatchObject({
      reason: "NODE_NOT_FOUND",
      metadata: { node_id: "x" },
    });
    expect(await refusalOf(gone.cluster.drainNode({}))).toMatchObject({ fields: ["nodeId"] });
  });
});

describe("GetClusterStats", () => {
  it("counts nodes, shards, actors and instances", async () => {
    const api = aCluster({
      nodes: [
        aNode({ nodeId: "a", residents: 2, uncommitted: 3, unpublished: 10 }),
        aNode({ nodeId: "b", residents: 1, uncommitted: 4, unpublished: 20 }),
        aNode({ nodeId: "c", state: "draining", residents: 6 }),
      ],
      shards: [
        aShard({ shard: 0, epoch: 3 }),
        aShard({ shard: 1, epoch: 4, owner: "b" }),
        aShard({ shard: 2, epoch: 0, owner: null, remainingMs: 0 }),
      ],
      actors: [
        anActor({ id: "i1" }),
        anActor({ id: "d", kind: "supervisor" }),
        anActor({ id: "i2", nodeId: "b" }),
        anActor({ id: "agents", nodeId: "b", kind: "queue", shard: null }),
      ],
    });
    api.runtime.put(anInstance(), anInstance(), ended(anInstance({ createdAt: 0 }), "COMPLETED"));
    expect(await api.cluster.getClusterStats({})).toMatchObject({
      nodeCounts: [
        { state: NodeState.ACTIVE, count: 2 },
        { state: NodeState.DRAINING, count: 1 },
      ],
      shardCount: 3,
      ownedShardCount: 2,
      unownedShardCount: 1,
      misplacedShardCount: 1,
      takeovers: 7n,
      residentActorCount: 9n,
      actorCounts: [
        { kind: ActorKind.SUPERVISOR, count: 1 },
        { kind: ActorKind.INSTANCE, count: 2 },
        { kind: ActorKind.QUEUE, count: 1 },
      ],
      incompleteNodeIds: ["c"],
      uncommittedDecisionCount: 7n,
      unpublishedEventCount: 30n,
      instanceCounts: expect.arrayContaining([
        expect.objectContaining({ state: InstanceState.PENDING, count: 2n }),
        expect.objectContaining({ state: InstanceState.COMPLETED, count: 1n }),
      ]),
    });
  });
});
