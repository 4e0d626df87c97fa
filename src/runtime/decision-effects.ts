/** What decisions leave to others, and what becomes of them. */
import type { InstanceEffect } from "../actors/instance/effects.ts";
import type { BelfryError } from "../domain/error.ts";
import type { JsonObject } from "../domain/json.ts";
import type { InstanceResident, SupervisorResident } from "./residents.ts";

/** What decisions need of queues and workers. */
export interface ExecutorPort {
  offer(resident: InstanceResident): void;
  withdraw(resident: InstanceResident): void;
  dispatch(resident: InstanceResident): void;
  signal(resident: InstanceResident, signal: Extract<InstanceEffect, { kind: "signal" }>): void;
  /** The attempt with this token is over: its slot is free. */
  release(token: string): void;
  /** Pairs what waits with free slots, when a run of decisions is over. */
  settle(): void;
}

/** What decisions leave to be done after them, by someone who may wait. */
export interface FollowUps {
  callOff(supervisor: SupervisorResident): void;
  /** An instance that is not in memory is to be let go by its supervisor. */
  releaseLater(supervisor: SupervisorResident, instanceId: string): void;
}

export type SupervisorOutcome =
  | { readonly kind: "done"; readonly spawned: InstanceResident | null }
  | { readonly kind: "existing"; readonly instanceId: string }
  | { readonly kind: "refused"; readonly error: BelfryError }
  /** The state does not allow it, or nothing was due. */
  | { readonly kind: "ignored" };

/** What every event of an instance tells beside its own details. */
export function eventData(resident: InstanceResident, data: JsonObject): JsonObject {
  const { spec, state } = resident.record;
  return {
    state,
    ...(spec.definitionId === null ? {} : { definitionId: spec.definitionId }),
    ...(spec.businessId === "" ? {} : { businessId: spec.businessId }),
    ...data,
  };
}
