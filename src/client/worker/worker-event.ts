import type { InstanceState } from "../../gen/belfry/v1/instance_pb.ts";
import type { AbortKind } from "./attempt-aborted.ts";

/** What a worker does, as it happens. */
export type WorkerEvent =
  /** The server answered the hello. `resumed`: attempts that still run from before, without the stale ones. */
  | { readonly kind: "connected"; readonly sessionId: string; readonly resumed: number }
  /** The stream is over; the next try comes after `retryInMs`, or none does. */
  | { readonly kind: "disconnected"; readonly error: unknown; readonly retryInMs: number | undefined }
  /** The server goes away and asked to connect again. */
  | { readonly kind: "draining" }
  /** A handler begins. */
  | { readonly kind: "started"; readonly instanceId: string; readonly attempt: number }
  /** A handler was asked to stop. */
  | { readonly kind: "aborted"; readonly instanceId: string; readonly attempt: number; readonly reason: AbortKind }
  /** A handler has ended, or was given up; `dropped`: its result is not wanted. */
  | {
      readonly kind: "finished";
      readonly instanceId: string;
      readonly attempt: number;
      readonly outcome: "completed" | "failed" | "dropped";
    }
  /** The server answered a result. When not accepted, `reason` says why, e.g. STALE_ATTEMPT. */
  | {
      readonly kind: "receipt";
      readonly instanceId: string;
      readonly attempt: number;
      readonly accepted: boolean;
      readonly reason: string;
      readonly state: InstanceState;
    };
