/** Who changed what of a platform (变更记录, R-070). Secrets stand masked: that one changed is said, not what it is. */
import type { JsonObject } from "../json.ts";

export const PLATFORM_CHANGES = [
  "CREATED",
  "UPDATED",
  "ENABLED",
  "DISABLED",
  "ISOLATED",
  "RESET",
  "TOKEN_REFRESHED",
  "TRIGGER_CREATED",
  "TRIGGER_DELETED",
  "DELETED",
] as const;
export type PlatformChangeKind = (typeof PLATFORM_CHANGES)[number];

export interface PlatformChangeRecord {
  /** Newer ones sort before older ones of the same platform. */
  readonly id: string;
  readonly shard: number;
  readonly platformId: string;
  readonly kind: PlatformChangeKind;
  /** As the caller says; empty: it did not. */
  readonly changedBy: string;
  readonly reason: string;
  /** What is not as it was: before and after. Null: nothing was, or is. */
  readonly before: JsonObject | null;
  readonly after: JsonObject | null;
  readonly at: number;
}

const SEQUENCES = 10 ** 15;

/** @param sequence grows with each change of the platform. */
export function platformChangeId(platformId: string, sequence: number): string {
  return `${platformId}/${String(SEQUENCES - sequence).padStart(15, "0")}`;
}

/** What is stored of one: all but what its row is found by. */
export function stateOfChange({ id: _, shard: __, ...state }: PlatformChangeRecord): JsonObject {
  return state;
}

export function changeOfState(id: string, shard: number, state: JsonObject): PlatformChangeRecord {
  return { ...(state as unknown as Omit<PlatformChangeRecord, "id" | "shard">), id, shard };
}
