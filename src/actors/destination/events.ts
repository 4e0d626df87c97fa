import type { DestinationSettings } from "../../domain/webhook/destination.ts";
import type { CallFailure } from "../throttle/throttled.ts";

/** What can happen to a destination. Time, ids and sealed secrets come in with the event, so that the machine is pure. */
export type DestinationEvent =
  | {
      readonly type: "DELIVERED";
      readonly at: number;
      /** When it was sent: what was sent before the breaker came into its state says nothing about it. Left out: it was sent since then. */
      readonly sentAt?: number;
      readonly outcome: DeliveryOutcome;
    }
  /** A time may have come: see `nextLookOf`. */
  | { readonly type: "WAKE"; readonly at: number }
  /** What is left out of the change stays. */
  | { readonly type: "UPDATE"; readonly at: number; readonly change: Partial<DestinationSettings> }
  | { readonly type: "RESET"; readonly at: number }
  | { readonly type: "ISOLATE"; readonly at: number; readonly reason: string }
  /** @param overlapMs how long the secrets before go on signing. */
  | {
      readonly type: "ROTATE_SECRET";
      readonly at: number;
      readonly id: string;
      readonly sealed: string;
      readonly overlapMs: number;
    };

export type DeliveryOutcome = { readonly ok: true } | DeliveryFailure;

export interface DeliveryFailure extends CallFailure {
  /** It answered that it is gone for good (410). */
  readonly isGone?: boolean;
}

export type DestinationEventOf<Type extends DestinationEvent["type"]> = Extract<
  DestinationEvent,
  { readonly type: Type }
>;
