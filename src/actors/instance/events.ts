import type { ExecutionReport } from "../../domain/execution/report.ts";
import type { ExecutionError, Progress, WaitingReason } from "../../domain/instance/instance.ts";
import type { JsonObject } from "../../domain/json.ts";

/**
 * What can happen to an instance. Time (`at`), tokens and chance come in with the event, so that the machine is pure. Events that speak for an
 * attempt carry its token; with another attempt's token nothing happens.
 */
export type InstanceEvent =
  /** The definition's policies let it go. */
  | { readonly type: "RELEASE"; readonly at: number }
  | {
      readonly type: "START";
      readonly at: number;
      readonly token: string;
      readonly workerId: string;
      readonly heartbeatMs: number | null;
    }
  | {
      readonly type: "HEARTBEAT";
      readonly at: number;
      readonly token: string;
      readonly progress?: Omit<Progress, "at">;
      readonly metadata?: JsonObject;
    }
  | {
      readonly type: "COMPLETE";
      readonly at: number;
      readonly token: string;
      readonly result: JsonObject | null;
      readonly exchange?: JsonObject;
      /** Merged, as that of HEARTBEAT. */
      readonly metadata?: JsonObject;
    }
  /** Whoever ran it handed it on to somebody who reports the result with the same token, within so long. */
  | {
      readonly type: "HAND_ON";
      readonly at: number;
      readonly token: string;
      readonly withinMs: number;
      readonly exchange: JsonObject;
    }
  | ({ readonly type: "FAIL"; readonly at: number; readonly token: string } & AttemptFailure)
  /** The worker's stream broke and its policy is to fail at once. */
  | { readonly type: "LOSE"; readonly at: number; readonly token: string; readonly chance: number }
  /** The attempt was started for a worker that never heard of it: nothing ran. */
  | { readonly type: "RETURN"; readonly at: number; readonly token: string }
  /** A deadline may have passed. */
  | { readonly type: "WAKE"; readonly at: number; readonly chance: number; readonly heartbeatFloor: number }
  | { readonly type: "CANCEL"; readonly at: number; readonly reason: string }
  | { readonly type: "TERMINATE"; readonly at: number; readonly reason: string; readonly error?: ExecutionError }
  | { readonly type: "PAUSE"; readonly at: number; readonly reason: string }
  | { readonly type: "RESUME"; readonly at: number }
  /** Whoever runs it elsewhere tells of it. */
  | ({ readonly type: "REPORT"; readonly at: number } & ExecutionReport)
  /** Start a finished one anew; `gate` says what it must wait for first. */
  | { readonly type: "RETRY"; readonly at: number; readonly gate: WaitingReason | null };

/** Why an attempt failed, and whether another may help. */
export interface AttemptFailure {
  readonly error: ExecutionError;
  readonly retryable: boolean;
  /** Instead of what the retry policy says. */
  readonly retryDelayMs?: number;
  /** What was sent and answered, when a node ran it itself. */
  readonly exchange?: JsonObject;
  /** Merged, as that of HEARTBEAT. */
  readonly metadata?: JsonObject;
  /** In [0, 1), for the jitter. */
  readonly chance: number;
}

export type InstanceEventOf<Type extends InstanceEvent["type"]> = Extract<InstanceEvent, { readonly type: Type }>;
