import type { Action } from "../action.ts";
import type { JsonObject } from "../json.ts";
import type { CatchUpPolicy } from "../policy/catch-up.ts";
import type { ConcurrencyKey } from "../policy/keys.ts";
import type { OverlapPolicy } from "../policy/overlap.ts";
import type { Priority } from "../policy/priority.ts";
import type { RetryPolicy } from "../policy/retry.ts";
import type { Timeouts } from "../policy/timeouts.ts";
import type { Schedule } from "../schedule/schedule.ts";

export type DefinitionState = "ACTIVE" | "PAUSED" | "COMPLETED" | "CANCELLED";

/** What the caller sets of a definition, defaults filled in. */
export interface DefinitionSpec {
  readonly name: string;
  readonly userId: string;
  readonly content: string;
  readonly payload: JsonObject | null;
  readonly schedule: Schedule;
  readonly action: Action;
  readonly overlapPolicy: OverlapPolicy;
  /** With ALLOW_ALL: how many instances run at a time; 0 is no limit. */
  readonly maxConcurrent: number;
  /** With BUFFER_ALL: how many instances may wait. */
  readonly bufferLimit: number;
  readonly catchUp: CatchUpPolicy;
  readonly retry: RetryPolicy;
  readonly timeouts: Timeouts;
  readonly priority: Priority;
  readonly labels: Readonly<Record<string, string>>;
  readonly businessId: string;
  readonly orderingKey: string;
  readonly concurrency: ConcurrencyKey | null;
  /** Pause after so many failures in a row; 0 is never. */
  readonly pauseOnFailures: number;
}

/** A definition as the control plane sees it: what changes by a caller's command only, and the state. */
export interface DefinitionRecord {
  readonly id: string;
  readonly shard: number;
  /** Grows with each change by a caller; shown as the etag. */
  readonly revision: number;
  readonly spec: DefinitionSpec;
  readonly state: DefinitionState;
  readonly stateReason: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}
