import type { Action } from "../action.ts";
import type { JsonObject } from "../json.ts";
import type { ConcurrencyKey } from "../policy/keys.ts";
import type { Priority } from "../policy/priority.ts";
import type { RetryPolicy } from "../policy/retry.ts";
import type { Timeouts } from "../policy/timeouts.ts";

export const FINAL_STATES = ["COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT"] as const;
export type FinalState = (typeof FINAL_STATES)[number];
export const ACTIVE_STATES = ["PENDING", "RUNNING", "BACKING_OFF", "PAUSED"] as const;
export type ActiveState = (typeof ACTIVE_STATES)[number];
export type InstanceState = ActiveState | FinalState;

export function isFinal(state: InstanceState): state is FinalState {
  return (FINAL_STATES as readonly InstanceState[]).includes(state);
}

export type WaitingReason =
  | "NO_WORKER"
  | "BREAKER_OPEN"
  | "RATE_LIMITED"
  | "CONCURRENCY"
  | "BACKOFF"
  | "PAUSED"
  | "BUFFERED";

export type TriggerKind = "SCHEDULE" | "MANUAL" | "BACKFILL";

/** What an instance was created with. Never changes. */
export interface InstanceSpec {
  readonly definitionId: string | null;
  /** When its definition was created: another one of the same id, made later, is not its definition. */
  readonly definitionCreatedAt?: number;
  readonly userId: string;
  readonly name: string;
  readonly content: string;
  readonly payload: JsonObject | null;
  readonly action: Action;
  readonly priority: Priority;
  readonly labels: Readonly<Record<string, string>>;
  readonly businessId: string;
  readonly uniqueKey: string;
  readonly orderingKey: string;
  /** A newer instance of its definition with the same key takes its place as long as it does not run. Left out: none does. */
  readonly supersedeKey?: string;
  readonly concurrency: ConcurrencyKey | null;
  readonly trigger: TriggerKind;
  /** The due time it was fired for. */
  readonly scheduledAt: number | null;
  readonly retry: RetryPolicy;
  readonly timeouts: Timeouts;
}

export interface Progress {
  readonly percent: number;
  readonly step: string;
  readonly message: string;
  readonly at: number;
}

export interface ExecutionError {
  readonly code: string;
  readonly message: string;
  readonly traceback: string;
}

/** The attempt under way. */
export interface RunningAttempt {
  readonly number: number;
  /** Unguessable; names the attempt to heartbeats and results. */
  readonly token: string;
  readonly workerId: string;
  readonly startedAt: number;
  /** How long it stood still while the instance was paused; left out when never. */
  readonly frozenMs?: number;
  /** The last sign of life. */
  readonly seenAt: number;
  /** How long the worker may be silent; null: for ever. */
  readonly heartbeatMs: number | null;
  /** It was handed on to somebody who reports the result later; nobody here runs it any more. Left out: it was not. */
  readonly handedOn?: {
    /** By when the result is due, from the start of the attempt, pauses left out: stands for start-to-close. */
    readonly closeMs: number;
    /** What was sent and answered. */
    readonly exchange: JsonObject;
  };
}

/** What changes of an instance as it lives, beside its state. Instants in epoch milliseconds. */
export interface InstanceLife {
  /** Attempts started, over all series. */
  readonly attemptCount: number;
  /** How often it was started anew by a caller. */
  readonly series: number;
  /** `attemptCount` when the series began: retries are counted from here. */
  readonly seriesStart: number;
  readonly attempt: RunningAttempt | null;
  readonly waitingReason: WaitingReason | null;
  /** Since when it is in this state for this reason. */
  readonly stateAt: number;
  /** Since when it could have run, had a worker been free: what schedule-to-start counts from. */
  readonly readyAt: number | null;
  /** What schedule-to-close counts from: creation, or the start of the series. */
  readonly openedAt: number;
  readonly nextAttemptAt: number | null;
  readonly cancelRequestedAt: number | null;
  /** Why it was cancelled or paused. */
  readonly stateReason: string;
  /** While PAUSED: since when, and the state to go back to. Deadlines stand still from `at` on. */
  readonly paused: {
    readonly at: number;
    readonly from: "PENDING" | "RUNNING" | "BACKING_OFF";
    readonly reason: WaitingReason | null;
  } | null;
  readonly progress: Progress | null;
  readonly metadata: JsonObject | null;
  readonly result: JsonObject | null;
  readonly error: ExecutionError | null;
  /** Who runs it or ran it last. */
  readonly workerId: string;
  /** Start of the first attempt. */
  readonly startedAt: number | null;
  readonly endedAt: number | null;
}

/** An instance as the store has it. */
export interface InstanceRecord {
  readonly id: string;
  readonly shard: number;
  /** Grows with each change; shown as the etag. */
  readonly revision: number;
  readonly state: InstanceState;
  readonly spec: InstanceSpec;
  readonly life: InstanceLife;
  readonly createdAt: number;
  /** Look at it no later than this; may be earlier than needed, never later. Null: nothing to wake for. */
  readonly wakeAt: number | null;
}
