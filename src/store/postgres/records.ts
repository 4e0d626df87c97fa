import type { DefinitionWithSupervision } from "../../ports/store/actors.ts";
import type { InstanceRecord } from "../../domain/instance/instance.ts";
import { DEFINITION_STATES, INSTANCE_STATES } from "./codes.ts";
import { DEFINITION_SPEC, INSTANCE_LIFE, INSTANCE_SPEC, SUPERVISION } from "./documents.ts";

/** What a query of instances selects, from either of their tables. */
export interface InstanceRow {
  readonly id: string;
  readonly shard: number;
  readonly revision: number;
  readonly state: number;
  readonly created_at: number;
  readonly wake_at: number | null;
  readonly spec: unknown;
  readonly life: unknown;
}

export function instanceOf(row: InstanceRow): InstanceRecord {
  return {
    id: row.id,
    shard: row.shard,
    revision: row.revision,
    state: INSTANCE_STATES.nameOf(row.state),
    spec: INSTANCE_SPEC.complete(row.spec),
    life: INSTANCE_LIFE.complete(row.life),
    createdAt: row.created_at,
    wakeAt: row.wake_at,
  };
}

/** What a query of definitions selects, joined with their supervisors. */
export interface DefinitionRow {
  readonly id: string;
  readonly shard: number;
  readonly revision: number;
  readonly state: number;
  readonly state_reason: string;
  readonly spec: unknown;
  readonly created_at: number;
  readonly updated_at: number;
  readonly wake_at: number | null;
  readonly supervision: unknown;
}

export function definitionOf(row: DefinitionRow): DefinitionWithSupervision {
  return {
    definition: {
      id: row.id,
      shard: row.shard,
      revision: row.revision,
      spec: DEFINITION_SPEC.complete(row.spec),
      state: DEFINITION_STATES.nameOf(row.state),
      stateReason: row.state_reason,
      createdAt: row.created_at,
      updatedAt: row.updated_at,
    },
    supervisor: {
      definitionId: row.id,
      shard: row.shard,
      supervision: SUPERVISION.complete(row.supervision),
      wakeAt: row.wake_at,
    },
  };
}
