import type { Action } from "../../domain/action.ts";
import type { DefinitionSpec } from "../../domain/definition/definition.ts";
import type { FinalState } from "../../domain/instance/instance.ts";
import type { UniqueKey, ConcurrencyKey } from "../../domain/policy/keys.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { Priority } from "../../domain/policy/priority.ts";
import type { RetryPolicy } from "../../domain/policy/retry.ts";
import type { Timeouts } from "../../domain/policy/timeouts.ts";

/** How full a definition is when a decision is made: read off its roster. */
export interface Load {
  /** Unfinished instances. */
  readonly active: number;
  /** Those of them that wait until the definition is idle. */
  readonly buffered: number;
}

/** An unfinished instance with the supersede key of a newer one: it has no attempt under way. */
export interface Superseded {
  readonly instanceId: string;
  /** It waits until the definition is idle. */
  readonly buffered: boolean;
}

/** What one instance gets that differs from its definition. */
export interface Overrides {
  readonly name?: string;
  readonly userId?: string;
  readonly action?: Action;
  readonly retry?: RetryPolicy;
  readonly timeouts?: Timeouts;
  readonly supersedeKey?: string;
  readonly payload?: JsonObject;
  readonly content?: string;
  readonly priority?: Priority;
  readonly labels?: Readonly<Record<string, string>>;
  readonly businessId?: string;
  readonly uniqueKey?: UniqueKey;
  readonly orderingKey?: string;
  readonly concurrency?: ConcurrencyKey;
}

/** What can happen to a supervisor. Time and the id for an instance that may be made come in with the event. */
export type SupervisorEvent =
  /** Take the next due time, when it is due. One event takes one due time. */
  | { readonly type: "TAKE"; readonly at: number; readonly instanceId: string; readonly load: Load }
  | {
      readonly type: "TRIGGER";
      readonly at: number;
      readonly instanceId: string;
      readonly load: Load;
      readonly overrides: Overrides;
      /** Past the overlap policy: because the caller says so, or because it is one of a batch. */
      readonly ignoreOverlap: boolean;
      /** The unfinished instance that has the unique key. */
      readonly uniqueHolder: string | null;
      /** Those whose place it takes, the oldest first. */
      readonly superseded: readonly Superseded[];
    }
  /** Fire a due time of the past that has no record. */
  | {
      readonly type: "BACKFILL";
      readonly at: number;
      readonly instanceId: string;
      readonly load: Load;
      readonly dueAt: number;
    }
  | { readonly type: "ENDED"; readonly at: number; readonly state: FinalState }
  /** A finished instance was started anew. */
  | { readonly type: "REVIVED"; readonly at: number; readonly from: FinalState }
  | { readonly type: "PAUSE"; readonly at: number; readonly reason: string }
  | { readonly type: "RESUME"; readonly at: number }
  | {
      readonly type: "CANCEL";
      readonly at: number;
      readonly reason: string;
      readonly cancelRunning: boolean;
      readonly terminate: boolean;
    }
  | {
      readonly type: "UPDATE";
      readonly at: number;
      readonly spec: DefinitionSpec;
      /** Left out: the caller gave none. */
      readonly reason?: string;
    };

export type SupervisorEventOf<Type extends SupervisorEvent["type"]> = Extract<SupervisorEvent, { readonly type: Type }>;
