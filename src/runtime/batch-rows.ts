/** The rows of actors, as a commit writes them. */
import type { SupervisorRecord } from "../domain/definition/supervision.ts";
import type { InstanceRecord } from "../domain/instance/instance.ts";
import { isFinal } from "../domain/instance/instance.ts";
import type { InstanceResident, SupervisorResident } from "./residents.ts";

/** Where an instance's row is and where it goes. */
export type InstanceChange = "created" | "changed" | "finished" | "revived" | "amended";

/**
 * The wake time a row gets. A stored one that is too early costs a look; one that is too late would lose a deadline. So it is written only
 * when it must become earlier, which keeps updates out of the index, and exactly when the actor is about to leave the memory.
 */
function wakeAt(resident: { storedWakeAt: number | null }, deadlineAt: number | null, exact: boolean): number | null {
  const stored = resident.storedWakeAt;
  if (exact || (deadlineAt !== null && (stored === null || deadlineAt < stored))) {
    resident.storedWakeAt = deadlineAt;
  }
  return resident.storedWakeAt;
}

export function rowOfInstance(resident: InstanceResident, change: InstanceChange, wake: boolean): InstanceRecord {
  if (isFinal(resident.record.state)) {
    return { ...resident.record, wakeAt: null };
  }
  return {
    ...resident.record,
    wakeAt: wakeAt(resident, resident.deadlineAt, wake || change === "created" || change === "revived"),
  };
}

export function rowOfSupervisor(resident: SupervisorResident, wake: boolean): SupervisorRecord {
  const gated = resident.roster.gated + resident.releasing;
  // While instances wait for each other, or are being called off, a new owner must look at once.
  const deadlineAt = gated > 0 || resident.supervision.cancelling !== undefined ? 0 : resident.deadlineAt;
  return {
    definitionId: resident.id,
    shard: resident.shard,
    supervision: { ...resident.supervision, gated },
    wakeAt: wakeAt(resident, deadlineAt, wake),
  };
}
