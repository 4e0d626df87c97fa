import type { OccurrenceOutcome } from "../../domain/definition/occurrence.ts";
import type { ExecutionError, InstanceSpec } from "../../domain/instance/instance.ts";
import type { JsonObject } from "../../domain/json.ts";

/** What is to be done about a supervisor's decision, in the same commit or after it. */
export type SupervisorEffect =
  /** Create an instance; it waits for all others to end when `exclusive`. */
  | {
      readonly kind: "spawn";
      readonly instanceId: string;
      readonly spec: InstanceSpec;
      readonly exclusive: boolean;
      /** Why it is late, for the ledger; empty when on time. */
      readonly reason: string;
    }
  /** A due time was not fired. */
  | {
      readonly kind: "ledger";
      readonly scheduledAt: number;
      readonly outcome: OccurrenceOutcome;
      readonly reason: string;
    }
  /** Unfinished instances are to be called off, as `supervision.cancelling` says. */
  | { readonly kind: "cancelOthers" }
  /** An unfinished instance gives its place to the one that is made, and is called off: the holder of its unique key, or one that it supersedes. */
  | {
      readonly kind: "replace";
      readonly instanceId: string;
      readonly reason: string;
      /** What it ends with. Left out: with none. */
      readonly error?: ExecutionError;
    }
  /** A caller is answered with an instance that exists. */
  | { readonly kind: "existing"; readonly instanceId: string }
  /** The trigger is refused. */
  | {
      readonly kind: "refuse";
      readonly reason: "OVERLAP" | "UNIQUE_KEY_TAKEN";
      readonly message: string;
      readonly instanceId: string | null;
    }
  | { readonly kind: "announce"; readonly name: string; readonly data: JsonObject }
  /** Only its own state changed. */
  | { readonly kind: "touched" };
