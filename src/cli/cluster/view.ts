import { durationMs } from "@bufbuild/protobuf/wkt";
import type { Duration } from "@bufbuild/protobuf/wkt";
import {
  ActorKind,
  ActorKindSchema,
  BreakerStateSchema,
  DefinitionStateSchema,
  InstanceStateSchema,
  LockStateSchema,
  NodeStateSchema,
} from "../../client/index.ts";
import type { Actor, Node, Shard } from "../../client/index.ts";
import type { Screen, Style } from "../format/screen.ts";
import { writeFields, writeTable } from "../format/table.ts";
import type { Cell, Column } from "../format/table.ts";
import { duration, moment } from "../format/time.ts";
import { counted, enumWord, painted } from "../format/words.ts";

const NODE_COLUMNS: readonly Column[] = [
  { title: "ID" },
  { title: "STATE" },
  { title: "SHARDS", align: "right" },
  { title: "ACTORS", align: "right" },
  { title: "UNCOMMITTED", align: "right" },
  { title: "UNPUBLISHED", align: "right" },
  { title: "QUEUES", flexible: true },
  { title: "ADDRESS" },
  { title: "VERSION" },
  { title: "STARTED", flexible: true },
  { title: "HEARD" },
];

const NODE_STYLES: Readonly<Record<string, Style>> = {
  ACTIVE: "green",
  DRAINING: "yellow",
  DRAINED: "cyan",
  LEAVING: "dim",
};

export function writeNodes(screen: Screen, nodes: readonly Node[], now: number): void {
  const rows = nodes.map((node): readonly Cell[] => [
    node.id,
    nodeState(node),
    shardsInWords(node),
    String(node.residentActorCount),
    String(node.uncommittedDecisionCount),
    String(node.unpublishedEventCount),
    node.queues.join(" "),
    node.address,
    node.version,
    moment(node.startTime, now),
    heardInWords(node.lastHeard),
  ]);
  writeTable(screen, NODE_COLUMNS, rows);
}

export function writeNode(screen: Screen, node: Node, now: number): void {
  writeFields(screen, [
    ["id", node.id],
    ["state", nodeState(node)],
    ["shards", shardsInWords(node)],
    ["actors", String(node.residentActorCount)],
    ["uncommitted", String(node.uncommittedDecisionCount)],
    ["unpublished", String(node.unpublishedEventCount)],
    ["queues", node.queues.join(" ")],
    ["address", node.address],
    ["version", node.version],
    ["started", moment(node.startTime, now)],
    ["heard", heardInWords(node.lastHeard)],
  ]);
}

export function writeShards(screen: Screen, shards: readonly Shard[]): void {
  if (shards.length === 0) return;
  const columns: readonly Column[] = [
    { title: "SHARD", align: "right" },
    { title: "OWNER" },
    { title: "MEANT FOR" },
    { title: "EPOCH", align: "right" },
    { title: "LEASE", align: "right" },
  ];
  const rows = shards.map((shard): readonly Cell[] => {
    const { number, ownerNodeId, placedNodeId, epoch, leaseRemaining } = shard;
    const isOwned = leaseRemaining !== undefined && durationMs(leaseRemaining) > 0;
    const isMisplaced = isOwned && placedNodeId !== "" && placedNodeId !== ownerNodeId;
    const formerly = ownerNodeId === "" ? "nobody" : `nobody (was ${ownerNodeId})`;
    return [
      String(number),
      isOwned ? ownerNodeId : { text: formerly, style: "red" },
      { text: placedNodeId === "" ? "nobody" : placedNodeId, style: isMisplaced ? "yellow" : undefined },
      String(epoch),
      isOwned ? duration(leaseRemaining) : "",
    ];
  });
  writeTable(screen, columns, rows);
}

export function writeActors(screen: Screen, actors: readonly Actor[], now: number): void {
  if (actors.length === 0) return;
  const columns: readonly Column[] = [
    { title: "KIND" },
    { title: "ID" },
    { title: "NODE" },
    { title: "SHARD", align: "right" },
    { title: "STATE" },
    { title: "HAS", flexible: true },
    { title: "IDLE", align: "right" },
    { title: "WAKES" },
  ];
  const rows = actors.map((actor): readonly Cell[] => [
    enumWord(ActorKindSchema, actor.kind).toLowerCase(),
    actor.id,
    actor.nodeId,
    actor.shard === undefined ? "" : String(actor.shard),
    painted(stateWord(actor)),
    holdingsInWords(actor),
    duration(actor.idleTime),
    moment(actor.wakeTime, now),
  ]);
  writeTable(screen, columns, rows);
}

function nodeState({ state, drained }: Node): Cell {
  const word = enumWord(NodeStateSchema, state);
  const shown = word === "DRAINING" && drained ? "DRAINED" : word;
  return { text: shown, style: NODE_STYLES[shown] };
}

/** `43`, or `43 → 64` while it has not got, or not given away, what it shall. */
function shardsInWords({ shardCount, placedShardCount }: Node): string {
  return shardCount === placedShardCount ? String(shardCount) : `${shardCount} → ${placedShardCount}`;
}

function heardInWords(lastHeard: Duration | undefined): string {
  return lastHeard === undefined || durationMs(lastHeard) === 0 ? "now" : `${duration(lastHeard)} ago`;
}

function stateWord({ kind, definitionState, instanceState, breakerState, lockState }: Actor): string {
  switch (kind) {
    case ActorKind.SUPERVISOR:
      return enumWord(DefinitionStateSchema, definitionState);
    case ActorKind.DESTINATION:
    case ActorKind.PLATFORM:
      return enumWord(BreakerStateSchema, breakerState) || "DISABLED";
    case ActorKind.LOCK:
      return enumWord(LockStateSchema, lockState);
    default:
      return enumWord(InstanceStateSchema, instanceState);
  }
}

function holdingsInWords(actor: Actor): string {
  const { kind, residentInstanceCount, waitingInstanceCount, freeSlotCount, waitingCallerCount } = actor;
  switch (kind) {
    case ActorKind.QUEUE:
      return `${waitingInstanceCount} waiting, ${counted(freeSlotCount, "free slot")}`;
    case ActorKind.DESTINATION:
    case ActorKind.PLATFORM:
      return `${waitingInstanceCount} waiting`;
    case ActorKind.LOCK:
      return `${waitingCallerCount} waiting`;
    case ActorKind.SUPERVISOR:
      return counted(residentInstanceCount, "instance");
    default:
      return "";
  }
}
