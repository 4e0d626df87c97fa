import type { FailureCause } from "../../domain/breaker.ts";

/** What can happen to a breaker. Time comes in with the event, so that the machine is pure; it may run backwards. */
export type BreakerEvent =
  | ({ readonly type: "SUCCEEDED" } & CallResult)
  | ({ readonly type: "FAILED"; readonly cause: FailureCause; readonly message: string } & CallResult)
  /** Its time may have come, or its settings have changed. */
  | { readonly type: "WAKE"; readonly at: number }
  | { readonly type: "RESET"; readonly at: number }
  | { readonly type: "ISOLATE"; readonly at: number; readonly reason: string };

export interface CallResult {
  readonly at: number;
  /** When the call was sent. What was sent before the breaker came into its state says nothing about it. Left out: it was sent since then. */
  readonly sentAt?: number;
}

export type BreakerEventOf<Type extends BreakerEvent["type"]> = Extract<BreakerEvent, { readonly type: Type }>;
