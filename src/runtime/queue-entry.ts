/** An instance as it stands in a queue. */
import type { QueueItem } from "../actors/queue/queue.ts";
import { queueOf } from "../domain/action.ts";
import type { QueueEntry } from "../ports/store/journal.ts";
import type { InstanceResident } from "./residents.ts";

/** Whether it waits for a worker and its queue does not know. */
export function isUnheld({ queued, record }: InstanceResident): boolean {
  return !queued && record.life.waitingReason === "NO_WORKER";
}

/** Its place in memory. */
export function itemOf({ id, shard, record }: InstanceResident): QueueItem {
  const { priority, definitionId } = record.spec;
  return { instanceId: id, shard, priority, definitionId: definitionId ?? "" };
}

/** Its row. */
export function entryOf(resident: InstanceResident): QueueEntry {
  return { ...itemOf(resident), queue: queueOf(resident.record.spec.action) ?? "" };
}
