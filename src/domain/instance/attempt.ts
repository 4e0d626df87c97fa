import type { JsonObject } from "../json.ts";
import type { ExecutionError } from "./instance.ts";

export type AttemptOutcome = "SUCCEEDED" | "FAILED" | "TIMED_OUT" | "CANCELLED" | "LOST";

/** An attempt that is over. */
export interface AttemptRecord {
  readonly instanceId: string;
  readonly shard: number;
  readonly number: number;
  readonly series: number;
  readonly workerId: string;
  readonly outcome: AttemptOutcome;
  readonly error: ExecutionError | null;
  readonly startedAt: number;
  readonly endedAt: number;
  /** What was sent and answered, of an attempt that a node made itself: bounded, and without secrets. */
  readonly exchange?: JsonObject;
}
