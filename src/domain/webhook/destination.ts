/** A destination: the origin to which webhooks go, with what it may bear and how it fares. */
import type { Breaker, BreakerSettings } from "../breaker.ts";
import { CLOSED_BREAKER, DEFAULT_BREAKER_SETTINGS } from "../breaker.ts";
import type { JsonObject } from "../json.ts";
import type { SuccessRule } from "./success-rule.ts";

/** At most so many a second on average; `burst` of them at once. */
export interface RateLimit {
  readonly perSecond: number;
  readonly burst: number;
}

/** What an operator sets. Durations in milliseconds. */
export interface DestinationSettings {
  /** Deliveries under way at a time. */
  readonly maxConcurrent: number;
  readonly rate: RateLimit | null;
  readonly breaker: BreakerSettings;
  /** Until the connection stands, TLS included. */
  readonly connectMs: number;
  /** From the sent request to the headers of the response. */
  readonly headersMs: number;
  /** A 2xx is a success only when its body keeps all of them. */
  readonly successRules: readonly SuccessRule[];
  /** Disabled by itself after so long without a success while deliveries fail; null: never. */
  readonly disableAfterMs: number | null;
}

export const DEFAULT_DESTINATION_SETTINGS: DestinationSettings = {
  maxConcurrent: 100,
  rate: null,
  breaker: DEFAULT_BREAKER_SETTINGS,
  connectMs: 5000,
  headersMs: 15_000,
  successRules: [],
  disableAfterMs: 5 * 24 * 3_600_000,
};

/** A secret that signs. During a rotation there are several; a receiver that knows any of them is content. */
export interface SigningSecret {
  readonly id: string;
  /** By the secret box. */
  readonly sealed: string;
  readonly createdAt: number;
  /** From then on it signs no more; null: until it is rotated. */
  readonly expiresAt: number | null;
}

export interface DestinationRecord {
  readonly origin: string;
  readonly shard: number;
  /** Grows with each command of a caller; shown as the etag. 0: no caller has changed it. */
  readonly revision: number;
  readonly settings: DestinationSettings;
  /** The newest first. */
  readonly secrets: readonly SigningSecret[];
  readonly breaker: Breaker;
  /** Nothing is delivered, and nothing new accepted, until a caller resets it. */
  readonly disabled: { readonly at: number; readonly reason: string } | null;
  /** It asked to be left alone until then (Retry-After). */
  readonly heldUntil: number | null;
  /** Since when no delivery succeeded, though some were tried; null: the last one succeeded, or none was tried. */
  readonly failingSince: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** One that nobody has written yet. */
export function newDestination(origin: string, shard: number, at: number): DestinationRecord {
  return {
    origin,
    shard,
    revision: 0,
    settings: DEFAULT_DESTINATION_SETTINGS,
    secrets: [],
    breaker: CLOSED_BREAKER,
    disabled: null,
    heldUntil: null,
    failingSince: null,
    createdAt: at,
    updatedAt: at,
  };
}

/** What is stored of one: all but what its row is found by. */
export function stateOfDestination({ origin: _, shard: __, ...state }: DestinationRecord): JsonObject {
  return state as unknown as JsonObject;
}

/** One as it was stored; settings that this version adds have their defaults. */
export function destinationOfState(origin: string, shard: number, state: JsonObject): DestinationRecord {
  const stored = state as unknown as Omit<DestinationRecord, "origin" | "shard">;
  const { settings } = stored;
  return {
    ...stored,
    origin,
    shard,
    settings: {
      ...DEFAULT_DESTINATION_SETTINGS,
      ...settings,
      breaker: { ...DEFAULT_BREAKER_SETTINGS, ...settings.breaker },
    },
  };
}
