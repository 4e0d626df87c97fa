import type { FailureCause } from "../../domain/breaker.ts";
import type { PlatformRecord } from "../../domain/platform/platform.ts";
import type { CallOutcome } from "../throttle/throttled.ts";

/** What can happen to a platform. Time and sealed tokens come in with the event, so that the machine is pure. */
export type PlatformEvent =
  | { readonly type: "ENABLE"; readonly at: number }
  | { readonly type: "DISABLE"; readonly at: number }
  /** What is left out of the change, or is as it was, stays. */
  | { readonly type: "UPDATE"; readonly at: number; readonly change: PlatformChange }
  | { readonly type: "RESET"; readonly at: number }
  | { readonly type: "ISOLATE"; readonly at: number; readonly reason: string }
  /** A time may have come: see `nextLookOf`. */
  | { readonly type: "WAKE"; readonly at: number }
  /**
   * A request was sent and has ended. Not told: a push that had no token (TOKEN_FAILED says so once for all that waited), and an answer after which
   * the token is fetched again and the request repeated (TOKEN_REFUSED).
   */
  | {
      readonly type: "PUSHED";
      readonly at: number;
      /** When it was sent: what was sent before the breaker came into its state says nothing about it. Left out: it was sent since then. */
      readonly sentAt?: number;
      readonly outcome: CallOutcome;
    }
  | ({
      readonly type: "TOKEN_OBTAINED";
      readonly at: number;
      readonly sealed: string;
      /** As the platform says. */
      readonly expiresInMs: number;
    } & Asked)
  | ({
      readonly type: "TOKEN_FAILED";
      readonly at: number;
      /** When it was asked for, as `sentAt` of PUSHED. */
      readonly sentAt?: number;
      readonly code: string;
      readonly message: string;
      /** The credentials were refused: that counts as AUTH. */
      readonly isPermanent: boolean;
      /** What came in the way of one that is not permanent. Left out: CONNECTION. */
      readonly cause?: FailureCause;
    } & Asked)
  /** The platform did not take this token. */
  | { readonly type: "TOKEN_REFUSED"; readonly at: number; readonly sealed: string };

export type PlatformChange = Partial<Pick<PlatformRecord, "name" | "connector" | "settings" | "standsFor" | "policy">>;

interface Asked {
  /** With what the token was asked for: what came of others than those of now is not kept. Left out: with those of now. */
  readonly askedWith?: Pick<PlatformRecord, "connector" | "settings">;
}

export type PlatformEventOf<Type extends PlatformEvent["type"]> = Extract<PlatformEvent, { readonly type: Type }>;
