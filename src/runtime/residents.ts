/** Actors in memory: plain data beside what the runtime needs to know of it. */
import type { Deadline } from "../actors/instance/deadline.ts";
import type { Roster } from "../actors/supervisor/roster.ts";
import type { DefinitionRecord } from "../domain/definition/definition.ts";
import type { Supervision } from "../domain/definition/supervision.ts";
import type { InstanceRecord } from "../domain/instance/instance.ts";

interface Resident {
  readonly id: string;
  readonly shard: number;
  /** Decisions and queue places that need it in memory. */
  pins: number;
  /** Monotonic time of its last message. */
  usedAt: number;
  /** The wake time its row has, or will have when what is staged is committed. */
  storedWakeAt: number | null;
  /** When it has something to do by itself. */
  deadlineAt: number | null;
}

export interface SupervisorResident extends Resident {
  readonly kind: "supervisor";
  definition: DefinitionRecord;
  supervision: Supervision;
  roster: Roster;
  /** Instances of it in memory: they need it there. */
  instances: number;
  /** Whether unfinished instances are being called off right now. */
  callingOff: boolean;
  /** Deleted: no message may bring it back. */
  deleted: boolean;
  /** Instances whose turn came that have not been told yet: until then they count as gated. */
  releasing: number;
}

export interface InstanceResident extends Resident {
  readonly kind: "instance";
  record: InstanceRecord;
  readonly supervisor: SupervisorResident | null;
  deadline: Deadline | null;
  /** Whether it has a row among the waiting ones of its queue. */
  enqueued: boolean;
  /** Whether it stands in its queue's memory. */
  queued: boolean;
}

/** An instance as it comes into memory. */
export function instanceResident(
  record: InstanceRecord,
  supervisor: SupervisorResident | null,
  usedAt: number,
): InstanceResident {
  return {
    kind: "instance",
    id: record.id,
    shard: record.shard,
    pins: 0,
    usedAt,
    storedWakeAt: record.wakeAt,
    deadlineAt: null,
    deadline: null,
    record,
    supervisor,
    enqueued: false,
    queued: false,
  };
}

/** A supervisor as it comes into memory. */
export function supervisorResident(
  definition: DefinitionRecord,
  state: { readonly supervision: Supervision; readonly wakeAt: number | null; readonly roster: Roster },
  usedAt: number,
): SupervisorResident {
  return {
    kind: "supervisor",
    id: definition.id,
    shard: definition.shard,
    pins: 0,
    usedAt,
    storedWakeAt: state.wakeAt,
    deadlineAt: null,
    definition,
    supervision: state.supervision,
    roster: state.roster,
    instances: 0,
    callingOff: false,
    deleted: false,
    releasing: 0,
  };
}

export class Residents {
  readonly supervisors = new Map<string, SupervisorResident>();
  readonly instances = new Map<string, InstanceResident>();

  get size(): number {
    return this.supervisors.size + this.instances.size;
  }

  addInstance(resident: InstanceResident): void {
    this.instances.set(resident.id, resident);
    if (resident.supervisor !== null) {
      resident.supervisor.instances++;
    }
  }

  removeInstance(resident: InstanceResident): void {
    if (this.instances.get(resident.id) === resident) {
      this.instances.delete(resident.id);
      if (resident.supervisor !== null) {
        resident.supervisor.instances--;
      }
    }
  }

  /** Forgets the actors of shards that are no longer this node's. */
  dropShards(isLost: (shard: number) => boolean): void {
    for (const resident of this.instances.values()) {
      if (isLost(resident.shard)) {
        this.instances.delete(resident.id);
      }
    }
    for (const resident of this.supervisors.values()) {
      if (isLost(resident.shard)) {
        this.supervisors.delete(resident.id);
      }
    }
  }
}
