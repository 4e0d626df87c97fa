import { durationMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { newDestination } from "../../../src/domain/webhook/destination.ts";
import { ActorKind } from "../../../src/gen/belfry/v1/cluster_pb.ts";
import { DefinitionState } from "../../../src/gen/belfry/v1/definition_pb.ts";
import { BreakerState } from "../../../src/gen/belfry/v1/dispatch_pb.ts";
import { InstanceState } from "../../../src/gen/belfry/v1/instance_pb.ts";
import type { ShardView } from "../../../src/runtime/index.ts";
import { refusalOf } from "../../support/api-in-process.ts";
import { aNode } from "../../support/fake-runtime.ts";
import { MANUAL_START_AT } from "../../support/manual-clock.ts";
import { aDefinition, anInstance, aSupervisor, ended } from "../../support/records.ts";
import { aCluster, allPages, anActor, aShard } from "./cluster-given.ts";
import { aPlatform } from "./platforms/given.ts";

describe("ListActors", () => {
  const ACTORS = [
    anActor({ kind: "queue", id: "agents", nodeId: "b", shard: null, state: "", waiting: 4, freeSlots: 2 }),
    anActor({ kind: "queue", id: "agents", nodeId: "a", shard: null, state: "" }),
    anActor({ kind: "instance", id: "i2", shard: 3, state: "PENDING", wakeAt: MANUAL_START_AT + 1000 }),
    anActor({ kind: "supervisor", id: "d1", nodeId: "b", shard: 0, state: "PAUSED", waiting: 7, idleMs: 90 }),
    anActor({ kind: "instance", id: "i1", shard: 0 }),
  ];
  const NODES = ["a", "b"].map((nodeId) => aNode({ nodeId, residents: 2 }));

  it("goes by kind, id and node, page by page", async () => {
    const { cluster } = aCluster({ nodes: NODES, actors: ACTORS });
    for (const pageSize of [1, 2, 3, 50]) {
      const actors = await allPages(pageSize, async (page) => {
        const { actors: items, nextPageToken, incompleteNodeIds } = await cluster.listActors(page);
        expect(incompleteNodeIds).toEqual([]);
        return { items, nextPageToken };
      });
      expect(actors.map(({ id, nodeId }) => `${id} ${nodeId}`)).toEqual([
        "d1 b",
        "i1 a",
        "i2 a",
        "agents a",
        "agents b",
      ]);
    }
  });

  it("shows of each what its kind has (R-095)", async () => {
    const { actors } = await aCluster({ nodes: NODES, actors: ACTORS }).cluster.listActors({});
    const [supervisor, , instance, , queue] = actors;
    expect(supervisor).toMatchObject({
      kind: ActorKind.SUPERVISOR,
      resident: true,
      shard: 0,
      definitionState: DefinitionState.PAUSED,
      instanceState: InstanceState.UNSPECIFIED,
      residentInstanceCount: 7,
      waitingInstanceCount: 0,
    });
    expect(supervisor?.idleTime && durationMs(supervisor.idleTime)).toBe(90);
    expect(instance).toMatchObject({ instanceState: InstanceState.PENDING, shard: 3 });
    expect(instance?.wakeTime && timestampMs(instance.wakeTime)).toBe(MANUAL_START_AT + 1000);
    expect(queue).toMatchObject({ waitingInstanceCount: 4, freeSlotCount: 2, residentInstanceCount: 0 });
    expect(queue?.shard).toBeUndefined();
    expect(queue?.idleTime).toBeUndefined();
  });

  it.each([
    [{ kind: ActorKind.INSTANCE }, ["i1", "i2"]],
    [{ nodeId: "b" }, ["d1", "agents"]],
    [{ shard: 0 }, ["d1", "i1"]],
    [{ shard: 0, nodeId: "a" }, ["i1"]],
    [{ kind: ActorKind.QUEUE, shard: 0 }, []],
  ])("%j shows %j", async (filter, ids) => {
    const { actors } = await aCluster({ nodes: NODES, actors: ACTORS }).cluster.listActors(filter);
    expect(actors.map(({ id }) => id)).toEqual(ids);
  });

  it("names the nodes whose actors are not all there: they have too many, or did not answer", async () => {
    const many = Array.from({ length: 1000 }, (_, index) => anActor({ id: `i${index}`, nodeId: "many" }));
    const nodes = [
      aNode({ nodeId: "many", residents: 5000 }),
      aNode({ nodeId: "silent", residents: 1 }),
      aNode({ nodeId: "idle", residents: 0 }),
      aNode({ nodeId: "a", residents: 2 }),
    ];
    const { cluster } = aCluster({ nodes, actors: [...many, anActor({ nodeId: "a" })] });
    expect((await cluster.listActors({})).incompleteNodeIds).toEqual(["many", "silent"]);
    expect((await cluster.listActors({ nodeId: "silent" })).incompleteNodeIds).toEqual(["silent"]);
    expect((await cluster.listActors({ nodeId: "a" })).incompleteNodeIds).toEqual([]);
  });
});

describe("GetActor", () => {
  const nodes = [aNode({ nodeId: "a", residents: 1 }), aNode({ nodeId: "b", residents: 0 })];

  it("shows one in memory; of two nodes that have it, the one that used it last", async () => {
    const { cluster } = aCluster({
      nodes,
      actors: [anActor({ nodeId: "a", idleMs: 5000, state: "PENDING" }), anActor({ nodeId: "b", idleMs: 10 })],
    });
    const { actor, parts } = await cluster.getActor({ kind: ActorKind.INSTANCE, id: "i" });
    expect(actor).toMatchObject({ resident: true, nodeId: "b", instanceState: InstanceState.RUNNING });
    expect(parts).toEqual([]);
  });

  it("shows one that is not in memory as the database has it", async () => {
    const api = aCluster({ nodes, shards: [aShard({ shard: 2, owner: "b" })], actors: [anActor({ id: "other" })] });
    const definition = aDefinition({ id: "d", shard: 2, state: "COMPLETED" });
    api.runtime.put(definition, ended(anInstance({ id: "i", shard: 2 }), "FAILED"));
    api.runtime.putSupervisor(aSupervisor(definition, { wakeAt: MANUAL_START_AT + 60_000 }));
    const supervisor = await api.cluster.getActor({ kind: ActorKind.SUPERVISOR, id: "d" });
    expect(supervisor.actor).toMatchObject({
      kind: ActorKind.SUPERVISOR,
      id: "d",
      resident: false,
      nodeId: "",
      shard: 2,
      definitionState: DefinitionState.COMPLETED,
    });
    expect(supervisor.actor?.wakeTime && timestampMs(supervisor.actor.wakeTime)).toBe(MANUAL_START_AT + 60_000);
    const instance = await api.cluster.getActor({ kind: ActorKind.INSTANCE, id: "i" });
    expect(instance.actor).toMatchObject({ resident: false, instanceState: InstanceState.FAILED });
    expect(instance.actor?.idleTime).toBeUndefined();
  });

  it("shows destinations too, in memory and as they were written", async () => {
    const id = "https://hooks.example.com";
    const resident = anActor({ kind: "destination", id, state: "HALF_OPEN", waiting: 3 });
    const inMemory = await aCluster({ nodes, actors: [resident] }).cluster.getActor({
      kind: ActorKind.DESTINATION,
      id,
    });
    expect(inMemory.actor).toMatchObject({
      kind: ActorKind.DESTINATION,
      resident: true,
      breakerState: BreakerState.HALF_OPEN,
      waitingInstanceCount: 3,
    });
    const api = aCluster({ nodes, shards: [aShard({ shard: 0, owner: "b" })], actors: [anActor({ id: "other" })] });
    expect(await refusalOf(api.cluster.getActor({ kind: ActorKind.DESTINATION, id }))).toMatchObject({
      reason: "DESTINATION_NOT_FOUND",
    });
    api.runtime.putDestination(newDestination(id, 0, MANUAL_START_AT));
    const written = await api.cluster.getActor({ kind: ActorKind.DESTINATION, id });
    expect(written.actor).toMatchObject({ id, resident: false, shard: 0, breakerState: BreakerState.CLOSED });
  });

  it("shows platforms too, that are not in memory when nothing was pushed lately", async () => {
    const api = aCluster({ nodes, shards: [aShard({ shard: 0, owner: "b" })], actors: [anActor({ id: "other" })] });
    expect(await refusalOf(api.cluster.getActor({ kind: ActorKind.PLATFORM, id: "p1" }))).toMatchObject({
      reason: "PLATFORM_NOT_FOUND",
    });
    const platform = aPlatform({ id: "p1", enabled: true });
    api.runtime.putPlatform(platform);
    const written = await api.cluster.getActor({ kind: ActorKind.PLATFORM, id: "p1" });
    expect(written.actor).toMatchObject({ resident: false, shard: 0, breakerState: BreakerState.CLOSED });
    api.runtime.putPlatform({ ...platform, enabled: false });
    const disabled = await api.cluster.getActor({ kind: ActorKind.PLATFORM, id: "p1" });
    expect(disabled.actor).toMatchObject({ breakerState: BreakerState.UNSPECIFIED });
  });

  it.each<[string, Partial<ShardView>, boolean | undefined]>([
    ["nobody", { owner: null }, false],
    ["one that is not heard any more, whose lease is over", { owner: "c", remainingMs: 0 }, false],
    ["one that is not heard any more, whose lease is not over", { owner: "c" }, undefined],
    ["one that told of none, and has some", { owner: "a" }, undefined],
    ["one that has none", { owner: "b" }, false],
  ])("whether it is in memory when its shard is owned by %s", async (_, shard, resident) => {
    const api = aCluster({ nodes, shards: [aShard(shard)] });
    api.runtime.put(anInstance({ id: "i", shard: 0 }));
    const { actor } = await api.cluster.getActor({ kind: ActorKind.INSTANCE, id: "i" });
    expect(actor?.resident).toBe(resident);
  });

  it("sums a queue up over the nodes; one that nobody knows of is empty", async () => {
    const queue = { kind: "queue", id: "agents", shard: null, state: "" } as const;
    const parts = [
      anActor({ ...queue, nodeId: "a", waiting: 3, freeSlots: 0 }),
      anActor({ ...queue, nodeId: "b", waiting: 4, freeSlots: 5 }),
    ];
    const { cluster } = aCluster({ nodes, actors: parts });
    const agents = await cluster.getActor({ kind: ActorKind.QUEUE, id: "agents" });
    expect(agents.actor).toMatchObject({ resident: true, nodeId: "", waitingInstanceCount: 7, freeSlotCount: 5 });
    expect(agents.parts.map(({ nodeId, waitingInstanceCount }) => [nodeId, waitingInstanceCount])).toEqual([
      ["a", 3],
      ["b", 4],
    ]);
    const unknown = await cluster.getActor({ kind: ActorKind.QUEUE, id: "unknown" });
    expect(unknown.actor).toMatchObject({ resident: false, waitingInstanceCount: 0 });
    expect(unknown.parts).toEqual([]);
  });

  it("refuses what does not exist, and a request that names nothing", async () => {
    const { cluster } = aCluster({ nodes });
    expect(await refusalOf(cluster.getActor({ kind: ActorKind.SUPERVISOR, id: "x" }))).toMatchObject({
      code: "NotFound",
      reason: "DEFINITION_NOT_FOUND",
    });
    expect(await refusalOf(cluster.getActor({ kind: ActorKind.INSTANCE, id: "x" }))).toMatchObject({
      reason: "INSTANCE_NOT_FOUND",
    });
    expect(await refusalOf(cluster.getActor({}))).toMatchObject({ fields: ["kind", "id"] });
  });
});
