/** A value that somebody set, and who changed it when (变更历史). */
import type { JsonObject } from "../json.ts";
import type { ConfigValue } from "./config-key.ts";
import { configId } from "./config-place.ts";
import type { ConfigPlace } from "./config-place.ts";

export interface ConfigRecord extends ConfigPlace {
  readonly value: ConfigValue;
  /** Grows with each change of the place, and goes on where it was when a value that was unset is set again. */
  readonly revision: number;
  /** When it was set first, since it was unset last. */
  readonly createdAt: number;
  readonly updatedAt: number;
  /** As the caller said; empty: it did not. */
  readonly updatedBy: string;
}

export interface ConfigChange extends ConfigPlace {
  /** Of the place after it. */
  readonly revision: number;
  /** Null: nothing was set there, or nothing is any more. */
  readonly before: ConfigValue | null;
  readonly after: ConfigValue | null;
  /** As the caller said; empty: it did not. */
  readonly changedBy: string;
  readonly reason: string;
  readonly at: number;
}

/** Of one place, so many of the newest changes are kept. */
export const CHANGES_KEPT = 100;

const REVISIONS = 10 ** 12;

/** Newer changes of a place sort before older ones. */
export function configChangeId(place: ConfigPlace, revision: number): string {
  return `${changesPrefix(place)}${String(REVISIONS - revision).padStart(12, "0")}`;
}

/** With what the ids of a place's changes begin. */
export function changesPrefix(place: ConfigPlace): string {
  return `${configId(place)}/`;
}

export function stateOfConfig(record: ConfigRecord): JsonObject {
  return { ...record };
}

export function configOfState(state: JsonObject): ConfigRecord {
  return state as unknown as ConfigRecord;
}

export function stateOfConfigChange(change: ConfigChange): JsonObject {
  return { ...change };
}

export function configChangeOfState(state: JsonObject): ConfigChange {
  return state as unknown as ConfigChange;
}
