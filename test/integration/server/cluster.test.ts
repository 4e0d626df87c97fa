/** ClusterService over a real runtime: two nodes on one store and one network, each with its own server. */
import { createClient, type Client } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { describe, expect, it, onTestFinished } from "vitest";
import { createInProcessNetwork, type InProcessNetwork } from "../../../src/bus/in-process/network.ts";
import { ActorKind, NodeState } from "../../../src/gen/belfry/v1/cluster_pb.ts";
import { ClusterService } from "../../../src/gen/belfry/v1/cluster_service_pb.ts";
import { DefinitionState } from "../../../src/gen/belfry/v1/definition_pb.ts";
import { EventService } from "../../../src/gen/belfry/v1/event_service_pb.ts";
import { Health, HealthCheckResponse_ServingStatus as Status } from "../../../src/gen/grpc/health/v1/health_pb.ts";
import type { StartedRuntime } from "../../../src/runtime/index.ts";
import { startServer } from "../../../src/server/index.ts";
import { DEFAULT_LIMITS } from "../../../src/server/limits.ts";
import { anApiServer } from "../../support/api-server.ts";
import { refusalOf } from "../../support/api-in-process.ts";
import { FakeSecretBox } from "../../support/fake-secret-box.ts";
import { recordingLog } from "../../support/log.ts";
import { sequentialIds } from "../../support/manual-clock.ts";
import { aWorkerSpec, aWorld, SHARDS, type World } from "../../support/node.ts";

const { ACTIVE, DRAINING } = NodeState;

interface ServedNode {
  readonly id: string;
  readonly runtime: StartedRuntime;
  readonly cluster: Client<typeof ClusterService>;
  readonly events: Client<typeof EventService>;
}

/** A node of the world, with its API on a free port. */
async function serve(world: World, id: string, network: InProcessNetwork): Promise<ServedNode> {
  const { clock, store } = world;
  const runtime = await world.start(id, {}, network);
  const server = await startServer({
    listen: "127.0.0.1:0",
    runtime,
    queries: store.queries,
    actorStates: store.actorStates,
    approvals: store.approvals,
    webhooks: { box: new FakeSecretBox(), refusal: () => null },
    clock,
    ids: sequentialIds(),
    log: recordingLog(),
  });
  const baseUrl = `http://${server.address}`;
  const sessionManager = new Http2SessionManager(baseUrl);
  const transport = createGrpcTransport({ baseUrl, sessionManager });
  onTestFinished(async () => {
    sessionManager.abort();
    const closed = server.close(0);
    await clock.advance(1000);
    await closed;
  });
  return {
    id,
    runtime,
    cluster: createClient(ClusterService, transport),
    events: createClient(EventService, transport),
  };
}

/** Two nodes that know of each other and have two shards each. */
async function aPair() {
  const world = await aWorld();
  onTestFinished(() => world.stop());
  const network = createInProcessNetwork();
  const one = await serve(world, "one", network);
  const two = await serve(world, "two", network);
  await world.clock.advance(5000);
  return { world, one, two };
}

/** What a call answers that nodes talk to each other for: time goes on meanwhile. */
async function answered<Value>({ clock }: World, call: Promise<Value>): Promise<Value> {
  let isAnswered = false;
  const settled = () => {
    isAnswered = true;
  };
  call.then(settled, settled);
  while (!isAnswered) {
    await clock.advance(1);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return call;
}

const sharesOf = async ({ cluster }: ServedNode) => {
  const { nodes } = await cluster.listNodes({});
  return nodes.map(({ id, state, shardCount, drained }) => [id, state, shardCount, drained]);
};

describe("a cluster of two", () => {
  it("is told of alike by both, and all its shards are where they are meant to be", async () => {
    const { world, one, two } = await aPair();
    for (const node of [one, two]) {
      expect(await sharesOf(node)).toEqual([
        ["one", ACTIVE, SHARDS / 2, false],
        ["two", ACTIVE, SHARDS / 2, false],
      ]);
      const { shards } = await node.cluster.listShards({});
      expect(shards).toHaveLength(SHARDS);
      for (const { ownerNodeId, placedNodeId } of shards) expect(ownerNodeId).toBe(placedNodeId);
      expect((await node.cluster.listShards({ nodeId: "two" })).shards).toHaveLength(SHARDS / 2);
      expect((await node.cluster.listShards({ unownedOnly: true })).shards).toEqual([]);
      expect(await answered(world, node.cluster.getClusterStats({}))).toMatchObject({
        nodeCounts: [{ state: ACTIVE, count: 2 }],
        ownedShardCount: SHARDS,
        misplacedShardCount: 0,
      });
    }
  });

  it("drains a node that another one is asked for, which answers on, and takes it in again", async () => {
    const { world, one, two } = await aPair();
    const drain = await answered(world, one.cluster.drainNode({ nodeId: "two", requestId: "d1" }));
    expect(drain.node).toMatchObject({ id: "two", state: DRAINING, placedShardCount: 0 });
    await world.clock.advance(2000);
    for (const each of [one, two]) {
      expect(await sharesOf(each)).toEqual([
        ["one", ACTIVE, SHARDS, false],
        ["two", DRAINING, 0, true],
      ]);
    }
    await answered(world, two.cluster.drainNode({ nodeId: "two", undo: true }));
    await world.clock.advance(5000);
    const both = [
      ["one", ACTIVE, SHARDS / 2, false],
      ["two", ACTIVE, SHARDS / 2, false],
    ];
    expect(await sharesOf(one)).toEqual(both);

    // What was asked first comes once more, late.
    const late = await answered(world, one.cluster.drainNode({ nodeId: "two", requestId: "d1" }));
    expect(late.node?.state).toBe(ACTIVE);
    await world.clock.advance(2000);
    expect(await sharesOf(one)).toEqual(both);
    const refusal = (request: { nodeId: string; requestId?: string }) =>
      answered(world, refusalOf(one.cluster.drainNode(request)));
    expect(await refusal({ nodeId: "one", requestId: "d1" })).toMatchObject({ reason: "REQUEST_ID_REUSED" });
    expect(await refusal({ nodeId: "three" })).toMatchObject({ reason: "NODE_NOT_FOUND" });
  });

  it("shows an actor where it is, whichever node is asked, and as the database has it once it has left the memory (R-095)", async () => {
    const { world, one, two } = await aPair();
    const { id, shard, owner } = await aDefinitionOf(world, one);
    for (const { cluster } of [one, two]) {
      const { actor } = await answered(world, cluster.getActor({ kind: ActorKind.SUPERVISOR, id }));
      expect(actor).toMatchObject({
        resident: true,
        nodeId: owner,
        shard,
        definitionState: DefinitionState.ACTIVE,
      });
      const { actors } = await answered(world, cluster.listActors({ kind: ActorKind.SUPERVISOR }));
      expect(actors.map((each) => each.id)).toEqual([id]);
    }
    await world.clock.advance(60_000);
    for (const { cluster } of [one, two]) {
      const { actor } = await answered(world, cluster.getActor({ kind: ActorKind.SUPERVISOR, id }));
      expect(actor).toMatchObject({ resident: false, shard, definitionState: DefinitionState.ACTIVE });
    }
  });

  it("tells a watcher at one node of what the other commits, without waiting for a look at the log", async () => {
    const { world, one, two } = await aPair();
    const { id, owner } = await aDefinitionOf(world, one);
    const [here, there] = owner === one.id ? [two, one] : [one, two];
    const stop = new AbortController();
    const watch = here.events.watchEvents({}, { signal: stop.signal })[Symbol.asyncIterator]();
    await watch.next();
    await world.clock.advance(0);
    const askedAt = world.clock.monotonic();
    await there.runtime.definitions.pause(id, { reason: "" });
    const { value } = await answered(world, watch.next());
    expect(value?.event?.type).toBe("belfry.definition.paused");
    expect(world.clock.monotonic() - askedAt).toBeLessThan(DEFAULT_LIMITS.eventPollMs);
    stop.abort();
  });
});

/** A definition, and the node that has its shard. */
async function aDefinitionOf(world: World, { runtime, cluster }: ServedNode) {
  const creation = runtime.definitions.create({ spec: aWorkerSpec(), startPaused: false });
  const { id, shard } = (await answered(world, creation)).definition;
  const { shards } = await cluster.listShards({});
  return { id, shard, owner: shards.find(({ number }) => number === shard)?.ownerNodeId ?? "" };
}

describe("ClusterService", () => {
  it.each(["grpc", "grpc-web", "connect-json"] as const)("is served over %s", async (protocol) => {
    await using api = await anApiServer();
    const { nodes } = await api.client(ClusterService, protocol).listNodes({});
    expect(nodes.map(({ id, shardCount }) => [id, shardCount])).toEqual([["node1", 4]]);
  });

  it("reads well as JSON", async () => {
    await using api = await anApiServer();
    const { status, body } = await api.post("ClusterService/ListShards", { pageSize: 1 });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      shards: [{ ownerNodeId: "node1", placedNodeId: "node1", epoch: "1", leaseRemaining: "3s" }],
      nextPageToken: expect.any(String),
    });
  });

  it("is known to the health service", async () => {
    await using api = await anApiServer();
    expect(await api.client(Health).check({ service: "belfry.v1.ClusterService" })).toMatchObject({
      status: Status.SERVING,
    });
  });
});
