import { BelfryError } from "../../domain/error.ts";
import { ActorKind, type ActorSchema, type NodeState } from "../../gen/belfry/v1/cluster_pb.ts";
import {
  ListActorsRequestSchema,
  ListNodesRequestSchema,
  ListShardsRequestSchema,
  type ClusterService,
  type GetClusterStatsResponseSchema,
} from "../../gen/belfry/v1/cluster_service_pb.ts";
import { DefinitionState } from "../../gen/belfry/v1/definition_pb.ts";
import { BreakerState } from "../../gen/belfry/v1/dispatch_pb.ts";
import { InstanceState } from "../../gen/belfry/v1/instance_pb.ts";
import { LockState } from "../../gen/belfry/v1/lock_pb.ts";
import type { ActorView, NodeView } from "../../runtime/index.ts";
import type { Handlers } from "../call/handler.ts";
import {
  actorKindOf,
  isMisplaced,
  isOwned,
  toActor,
  toActorKind,
  toNode,
  toNodeState,
  toShard,
  toWholeQueue,
} from "../mapping/cluster.ts";
import type { Init } from "../mapping/init.ts";
import { toOptionalTimestamp } from "../mapping/time.ts";
import { cutPage, mismatch, numberCursorOf, pageOf, type CursorPart, type Page } from "../paging/page-token.ts";
import type { ServiceEnvironment } from "./environment.ts";
import { readDefinition, readDestination, readInstance, readLock, readPlatform } from "./not-found.ts";
import { requestIdOf } from "./request-id.ts";

/** So many actors each node tells of; those with more are named in the answer. */
const ACTORS_OF_NODE = 1000;

export function clusterHandlers(environment: ServiceEnvironment): Handlers<typeof ClusterService> {
  const { runtime, queries } = environment;
  const { cluster } = runtime;

  return {
    listNodes(request) {
      const page = pageOf(ListNodesRequestSchema, request);
      const after = textCursorOf(page, 1);
      const nodes = cluster
        .nodes()
        .map((node) => ({ node, cursor: [node.nodeId] }))
        .filter(({ cursor }) => after === null || compare(cursor, after) > 0)
        .toSorted((one, other) => compare(one.cursor, other.cursor));
      const { shown, nextPageToken } = cutPage(nodes, page, ({ cursor }) => cursor);
      return { nodes: shown.map(({ node }) => toNode(node)), nextPageToken };
    },

    async listShards(request) {
      const { nodeId, unownedOnly, misplacedOnly } = request;
      const page = pageOf(ListShardsRequestSchema, request);
      const after = numberCursorOf(page) ?? -1;
      const shards = (await cluster.shards())
        .filter(
          (shard) =>
            shard.shard > after &&
            (nodeId === "" || (isOwned(shard) && shard.owner === nodeId)) &&
            (!unownedOnly || !isOwned(shard)) &&
            (!misplacedOnly || isMisplaced(shard)),
        )
        .toSorted((one, other) => one.shard - other.shard);
      const { shown, nextPageToken } = cutPage(shards, page, ({ shard }) => [shard]);
      return { shards: shown.map(toShard), nextPageToken };
    },

    async drainNode(request) {
      const { nodeId, undo } = request;
      let change: Partial<NodeView> = {};
      await runtime.repeatable({ method: "DrainNode", asked: { nodeId, undo }, ...requestIdOf(request) }, async () => {
        await cluster.drain(nodeId, !undo);
        // It is heard of in a moment.
        change = undo ? { state: "active" } : { state: "draining", placedShards: 0 };
        return {};
      });
      const node = cluster.nodes().find((each) => each.nodeId === nodeId);
      if (node === undefined) throw nodeNotFound(nodeId);
      return { node: toNode({ ...node, ...change }) };
    },

    async listActors(request) {
      const { nodeId, shard } = request;
      const kind = actorKindOf(request.kind);
      const page = pageOf(ListActorsRequestSchema, request);
      const after = textCursorOf(page, 3);
      const { actors, incomplete } = await actorsInMemory(environment);
      const wanted = actors
        .map((actor) => ({ actor, cursor: [String(toActorKind(actor.kind)), actor.id, actor.nodeId] }))
        .filter(
          ({ actor, cursor }) =>
            (after === null || compare(cursor, after) > 0) &&
            (kind === undefined || actor.kind === kind) &&
            (nodeId === "" || actor.nodeId === nodeId) &&
            (shard === undefined || actor.shard === shard),
        )
        .toSorted((one, other) => compare(one.cursor, other.cursor));
      const { shown, nextPageToken } = cutPage(wanted, page, ({ cursor }) => cursor);
      return {
        actors: shown.map(({ actor }) => toActor(actor)),
        nextPageToken,
        incompleteNodeIds: incomplete.filter((each) => nodeId === "" || each === nodeId),
      };
    },

    async getActor({ kind, id }) {
      const { actors, silent } = await cluster.find(id);
      const found = actors
        .filter((actor) => actor.kind === actorKindOf(kind))
        .toSorted((one, other) => one.idleMs - other.idleMs);
      if (kind === ActorKind.QUEUE) {
        const resident = found.length > 0 || (silent.length === 0 ? false : undefined);
        return { actor: { ...toWholeQueue(id, found), resident }, parts: found.map(toActor) };
      }
      // A node that lost the shard a moment ago may still have it in memory; who has it now has used it last.
      const [actor] = found;
      if (actor !== undefined) return { actor: toActor(actor) };
      const stored = await storedActor(environment, kind, id);
      return { actor: { ...stored, resident: await residency(environment, stored.shard, silent) } };
    },

    async getClusterStats() {
      const [shards, { actors, incomplete }, { counts }] = await Promise.all([
        cluster.shards(),
        actorsInMemory(environment),
        queries.instanceStats({}),
      ]);
      const nodes = cluster.nodes();
      const owned = shards.filter(isOwned).length;
      return {
        ...countsOf(nodes),
        shardCount: shards.length,
        ownedShardCount: owned,
        unownedShardCount: shards.length - owned,
        misplacedShardCount: shards.filter(isMisplaced).length,
        takeovers: BigInt(shards.reduce((sum, { epoch }) => sum + epoch, 0)),
        actorCounts: tally(actors, ({ kind }) => toActorKind(kind)).map(([kind, count]) => ({ kind, count })),
        incompleteNodeIds: incomplete,
        instanceCounts: Object.entries(counts)
          .filter(([, count]) => count > 0)
          .map(([state, count]) => ({
            state: InstanceState[state as keyof typeof counts],
            count: BigInt(count),
          })),
      };
    },
  };
}

/** What the nodes say of their memory, and which of them may have more than they told of. */
async function actorsInMemory({ runtime: { cluster } }: ServiceEnvironment): Promise<{
  readonly actors: readonly ActorView[];
  readonly incomplete: string[];
}> {
  const actors = await cluster.actors(ACTORS_OF_NODE);
  const told = new Map(tally(actors, ({ nodeId }) => nodeId));
  const incomplete = cluster.nodes().filter(({ nodeId, residents }) => {
    const count = told.get(nodeId) ?? 0;
    // One that does not answer in time tells of none.
    return count >= ACTORS_OF_NODE || (count === 0 && residents > 0);
  });
  return { actors, incomplete: incomplete.map(({ nodeId }) => nodeId) };
}

/** @throws BelfryError DEFINITION_NOT_FOUND, DESTINATION_NOT_FOUND, PLATFORM_NOT_FOUND, LOCK_NOT_FOUND, INSTANCE_NOT_FOUND */
async function storedActor(
  { queries, actorStates }: ServiceEnvironment,
  kind: ActorKind,
  id: string,
): Promise<Init<typeof ActorSchema> & { readonly shard: number }> {
  if (kind === ActorKind.SUPERVISOR) {
    const { definition, supervisor } = await readDefinition(queries, id);
    const definitionState = DefinitionState[definition.state];
    return { kind, id, shard: definition.shard, definitionState, wakeTime: toOptionalTimestamp(supervisor.wakeAt) };
  }
  if (kind === ActorKind.DESTINATION) {
    const { shard, disabled, breaker } = await readDestination(actorStates, id);
    return { kind, id, shard, breakerState: disabled === null ? BreakerState[breaker.state] : undefined };
  }
  if (kind === ActorKind.PLATFORM) {
    const { shard, enabled, breaker } = await readPlatform(actorStates, id);
    return { kind, id, shard, breakerState: enabled ? BreakerState[breaker.state] : undefined };
  }
  if (kind === ActorKind.LOCK) {
    const { shard, hold } = await readLock(actorStates, id);
    return { kind, id, shard, lockState: hold === null ? LockState.FREE : LockState.HELD };
  }
  const { shard, state, wakeAt } = await readInstance(queries, id);
  return { kind, id, shard, instanceState: InstanceState[state], wakeTime: toOptionalTimestamp(wakeAt) };
}

/** Whether an actor that no node told of is in memory all the same: false, or undefined when that cannot be told. */
async function residency(
  { runtime: { cluster } }: ServiceEnvironment,
  shard: number,
  silent: readonly string[],
): Promise<false | undefined> {
  const lease = (await cluster.shards()).find((each) => each.shard === shard);
  if (lease === undefined || !isOwned(lease) || lease.owner === null) return false;
  const isHeard = cluster.nodes().some(({ nodeId }) => nodeId === lease.owner);
  return isHeard && !silent.includes(lease.owner) ? false : undefined;
}

function countsOf(nodes: readonly NodeView[]): Init<typeof GetClusterStatsResponseSchema> {
  const sum = (of: (node: NodeView) => number): bigint => BigInt(nodes.reduce((total, node) => total + of(node), 0));
  return {
    nodeCounts: tally(nodes, ({ state }) => toNodeState(state)).map(([state, count]) => ({ state, count })),
    residentActorCount: sum(({ residents }) => residents),
    uncommittedDecisionCount: sum(({ uncommitted }) => uncommitted),
    unpublishedEventCount: sum(({ unpublished }) => unpublished),
  };
}

/** How often each key occurs, by key. */
function tally<Item, Key extends string | NodeState | ActorKind>(
  items: readonly Item[],
  keyOf: (item: Item) => Key,
): [key: Key, count: number][] {
  const counts = new Map<Key, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return [...counts].toSorted(([one], [other]) => (one < other ? -1 : 1));
}

/** @throws BelfryError PAGE_TOKEN_MISMATCH */
function textCursorOf({ cursor }: Page, length: number): readonly string[] | null {
  if (cursor === null) return null;
  const isText = (part: CursorPart): part is string => typeof part === "string";
  if (cursor.length !== length || !cursor.every(isText)) throw mismatch();
  return cursor;
}

function compare(one: readonly string[], other: readonly string[]): number {
  const at = one.findIndex((part, index) => part !== other[index]);
  return at === -1 ? 0 : (one[at] ?? "") < (other[at] ?? "") ? -1 : 1;
}

function nodeNotFound(id: string): BelfryError {
  return new BelfryError(
    "NODE_NOT_FOUND",
    `No live node of the cluster is called "${id}". ListNodes shows those that are.`,
    {
      metadata: { node_id: id },
    },
  );
}
