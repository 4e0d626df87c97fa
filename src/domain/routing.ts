/**
 * Which shard an id belongs to.
 *
 * A UUID carries its 16-bit routing hash in its last four hex digits, so a definition and the instances it fires, which are minted with the
 * definition's hash, live in one shard, and any node finds the shard of an id without asking the store. So do the ids of dispatches. Free-text
 * ids hash as a whole; a destination's own definition lives where the destination does, and so do the batches of a platform; pushes live where their
 * session does, and executions where their own ids do.
 */
import { isDispatchId } from "./webhook/dispatch-id.ts";
import { platformOfBatchDefinition, shardOfPushDefinition } from "./approval/platform-push.ts";
import { shardOfExecutionDefinition } from "./execution/execution-definition.ts";
import { originOfDefinition } from "./webhook/origin.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The 16-bit routing hash of an id. */
export function routingHash(id: string): number {
  const isMinted = (id.length === 36 && UUID.test(id)) || isDispatchId(id);
  if (isMinted) {
    return Number.parseInt(id.slice(-4), 16);
  }
  const platform = platformOfBatchDefinition(id);
  return (
    shardOfPushDefinition(id) ??
    shardOfExecutionDefinition(id) ??
    (platform === null ? hashText(originOfDefinition(id) ?? id) : routingHash(platform))
  );
}

/** The 16-bit FNV-1a hash (folded from 32 bits) of a text's UTF-16 units. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return ((hash >>> 16) ^ hash) & 0xffff;
}

/** The shard of an id among `shardCount` shards (at most 65,536). */
export function shardOf(id: string, shardCount: number): number {
  return routingHash(id) % shardCount;
}
