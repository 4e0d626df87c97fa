import type { AttemptRecord } from "../../domain/instance/attempt.ts";
import type { FinalState } from "../../domain/instance/instance.ts";
import type { JsonObject } from "../../domain/json.ts";

/** What is to be done once an instance's decision is durable (rows are part of the same commit). */
export type InstanceEffect =
  /** It may run: its queue shall find a worker. */
  | { readonly kind: "offer" }
  /** It no longer waits in its queue. */
  | { readonly kind: "withdraw" }
  /** The attempt that just started goes to its worker. */
  | { readonly kind: "dispatch" }
  /** Tell the worker of a running attempt. */
  | {
      readonly kind: "signal";
      readonly token: string;
      readonly cancelRequested: boolean;
      readonly pauseRequested: boolean;
      readonly stale: boolean;
    }
  /** Nobody here runs this attempt any more, though it goes on: its slot is free. */
  | { readonly kind: "handedOn"; readonly token: string }
  /** An attempt is over and stays in the history. */
  | { readonly kind: "record"; readonly attempt: Omit<AttemptRecord, "instanceId" | "shard"> }
  | { readonly kind: "announce"; readonly name: string; readonly data: JsonObject }
  /** Nothing more happens: its supervisor is told. */
  | { readonly kind: "ended"; readonly state: FinalState }
  /** It is active again: its supervisor knows already. */
  | { readonly kind: "revived" }
  /** It has ended, and something was added to what is known of it. */
  | { readonly kind: "amended" }
  /** Only its own state changed. */
  | { readonly kind: "touched" };
