import {
  ActorKind,
  NodeState,
  type ActorSchema,
  type NodeSchema,
  type ShardSchema,
} from "../../gen/belfry/v1/cluster_pb.ts";
import { DefinitionState } from "../../gen/belfry/v1/definition_pb.ts";
import { BreakerState } from "../../gen/belfry/v1/dispatch_pb.ts";
import { InstanceState } from "../../gen/belfry/v1/instance_pb.ts";
import { LockState } from "../../gen/belfry/v1/lock_pb.ts";
import type { ActorView, NodeView, ShardView } from "../../runtime/index.ts";
import type { Init } from "./init.ts";
import { toDuration, toOptionalTimestamp, toTimestamp } from "./time.ts";

const NODE_STATES = { active: NodeState.ACTIVE, draining: NodeState.DRAINING, leaving: NodeState.LEAVING } as const;
const ACTOR_KINDS = {
  supervisor: ActorKind.SUPERVISOR,
  instance: ActorKind.INSTANCE,
  queue: ActorKind.QUEUE,
  destination: ActorKind.DESTINATION,
  platform: ActorKind.PLATFORM,
  lock: ActorKind.LOCK,
} as const;
/** By kind, as lists have them. */
const KINDS = [
  "supervisor",
  "instance",
  "queue",
  "destination",
  "platform",
  "lock",
] as const satisfies readonly ActorView["kind"][];

export function toNode(node: NodeView): Init<typeof NodeSchema> {
  return {
    id: node.nodeId,
    state: toNodeState(node.state),
    address: node.address,
    version: node.version,
    startTime: toTimestamp(node.startedAt),
    shardCount: node.shards,
    placedShardCount: node.placedShards,
    drained: node.state !== "active" && node.shards === 0,
    residentActorCount: node.residents,
    uncommittedDecisionCount: node.uncommitted,
    unpublishedEventCount: BigInt(node.unpublished),
    lastHeard: toDuration(node.silentMs),
    queues: node.queues.toSorted(),
  };
}

export function toNodeState(state: NodeView["state"]): NodeState {
  return NODE_STATES[state];
}

export function toShard(shard: ShardView): Init<typeof ShardSchema> {
  return {
    number: shard.shard,
    ownerNodeId: shard.owner ?? "",
    placedNodeId: shard.placedOn ?? "",
    epoch: BigInt(shard.epoch),
    leaseRemaining: toDuration(isOwned(shard) ? Math.floor(shard.remainingMs) : 0),
  };
}

/** Whether a node has it: a lease that is over is nobody's. */
export function isOwned({ owner, remainingMs }: ShardView): boolean {
  return owner !== null && remainingMs > 0;
}

/** Whether another node has it than shall. */
export function isMisplaced(shard: ShardView): boolean {
  return isOwned(shard) && shard.placedOn !== null && shard.owner !== shard.placedOn;
}

/** An actor in the memory of a node. */
export function toActor(actor: ActorView): Init<typeof ActorSchema> {
  const { kind, state } = actor;
  return {
    kind: toActorKind(kind),
    id: actor.id,
    resident: true,
    nodeId: actor.nodeId,
    shard: actor.shard ?? undefined,
    definitionState: kind === "supervisor" ? known(DefinitionState, state) : undefined,
    instanceState: kind === "instance" ? known(InstanceState, state) : undefined,
    breakerState: kind === "destination" || kind === "platform" ? known(BreakerState, state) : undefined,
    idleTime: kind === "queue" ? undefined : toDuration(actor.idleMs),
    wakeTime: toOptionalTimestamp(actor.wakeAt),
    residentInstanceCount: kind === "supervisor" ? actor.waiting : 0,
    waitingInstanceCount: kind === "queue" || kind === "destination" || kind === "platform" ? actor.waiting : 0,
    freeSlotCount: actor.freeSlots,
    lockState: kind === "lock" ? known(LockState, state) : undefined,
    waitingCallerCount: kind === "lock" ? actor.waiting : 0,
  };
}

/** A queue as a whole: all that nodes have of it, which may be nothing. */
export function toWholeQueue(id: string, parts: readonly ActorView[]): Init<typeof ActorSchema> {
  const sum = (of: (part: ActorView) => number): number => parts.reduce((total, part) => total + of(part), 0);
  return {
    kind: ActorKind.QUEUE,
    id,
    nodeId: parts.length === 1 ? parts[0]?.nodeId : "",
    waitingInstanceCount: sum(({ waiting }) => waiting),
    freeSlotCount: sum(({ freeSlots }) => freeSlots),
  };
}

export function toActorKind(kind: ActorView["kind"]): ActorKind {
  return ACTOR_KINDS[kind];
}

/** Undefined: of any kind. */
export function actorKindOf(kind: ActorKind): ActorView["kind"] | undefined {
  return KINDS.find((each) => ACTOR_KINDS[each] === kind);
}

/** A node of another version may tell of states that this one does not know. */
function known<E extends Readonly<Record<string, number>>>(values: E, name: string): E[keyof E] | undefined {
  return Object.hasOwn(values, name) ? values[name as keyof E] : undefined;
}
