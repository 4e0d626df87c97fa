/** What tests of batches and sweeps have in common. */
import { batchMetadataOf } from "../../../../src/domain/approval/batch-log.ts";
import type { BatchMetadata } from "../../../../src/domain/approval/batch-log.ts";
import { isFinal } from "../../../../src/domain/instance/instance.ts";
import type { InstanceRecord } from "../../../../src/domain/instance/instance.ts";
import type { DriftEntry, DriftPage } from "../../../../src/runtime/platforms/api.ts";
import type { StartedRuntime } from "../../../../src/runtime/index.ts";
import type { World } from "../../../support/node.ts";
import { facts, report } from "../approvals/given.ts";

/** So many sessions with an item each, of which no platform was told. @returns ids of the sessions. */
export async function sessionsWithItems(node: StartedRuntime, count: number, prefix = "s"): Promise<readonly string[]> {
  const ids = Array.from({ length: count }, (_, n) => `${prefix}${String(n).padStart(4, "0")}`);
  await Promise.all(ids.map((id, n) => report(node, id, facts(`${id}-t`, n))));
  return ids;
}

export const thirdIdOf = (sessionId: string): string => `${sessionId}_${sessionId}-t`;

export async function startBatch(
  node: StartedRuntime,
  platformId: string,
  given: Partial<Parameters<StartedRuntime["taskCenters"]["pushes"]["batch"]>[1]> = {},
): Promise<string> {
  const { instance } = await node.taskCenters.pushes.batch(platformId, {
    filter: {},
    pageSize: 30,
    force: false,
    ...given,
  });
  return instance.id;
}

export async function recordOf({ store }: Pick<World, "store">, id: string): Promise<InstanceRecord> {
  const record = await store.queries.getInstance(id);
  if (record === null) throw new Error(`there is no instance ${id}`);
  return record;
}

export async function batchOf(
  world: Pick<World, "store">,
  id: string,
): Promise<BatchMetadata & { readonly state: InstanceRecord["state"] }> {
  const { state, life } = await recordOf(world, id);
  return { state, ...batchMetadataOf(life.metadata) };
}

/** Turns the clock until an instance has ended, or for so long. */
export async function untilEnded(
  world: Pick<World, "store" | "clock">,
  id: string,
  mostMs = 600_000,
): Promise<InstanceRecord> {
  for (let waited = 0; ; waited += 500) {
    const record = await recordOf(world, id);
    if (isFinal(record.state) || waited >= mostMs) return record;
    await world.clock.advance(500);
  }
}

export async function sweepNow(
  world: Pick<World, "store" | "clock">,
  node: StartedRuntime,
  platformId: string | null = null,
): Promise<InstanceRecord> {
  const { instance } = await node.taskCenters.pushes.reconcile({ platformId });
  return untilEnded(world, instance.id, 60_000);
}

/** All of it, page by page. @param between is done between two pages. */
export async function driftOf(
  { taskCenters }: StartedRuntime,
  platformId: string,
  { updatedAfter = 0, limit = 100, startedAt = Number.MAX_SAFE_INTEGER } = {},
  between: (page: DriftPage) => Promise<unknown> = async () => {},
): Promise<readonly DriftEntry[]> {
  const entries: DriftEntry[] = [];
  let cursor: DriftPage["next"] = null;
  do {
    const asked = { platformId, updatedAfter, startedAt, cursor, limit };
    const page: DriftPage = await taskCenters.pushes.drift(asked);
    entries.push(...page.entries);
    cursor = page.next;
    await between(page);
  } while (cursor !== null);
  return entries;
}
