/** A configured third-party platform (第三方平台): which connector with which settings, and how it fares. Instants in epoch milliseconds. */
import type { Breaker, BreakerSettings } from "../breaker.ts";
import { CLOSED_BREAKER, DEFAULT_BREAKER_SETTINGS } from "../breaker.ts";
import type { JsonObject } from "../json.ts";
import type { RetryPolicy } from "../policy/retry.ts";
import { DEFAULT_RETRY_POLICY } from "../policy/retry.ts";
import type { RateLimit } from "../webhook/destination.ts";

/** How pushes to a platform are made. Durations in milliseconds. */
export interface PushPolicy {
  readonly maxConcurrent: number;
  readonly rate: RateLimit | null;
  readonly breaker: BreakerSettings;
  /** One request, as a whole. */
  readonly requestMs: number;
  /** Attempts of one push. */
  readonly retry: RetryPolicy;
  /** How often the sweep tries again what failed for the same item, and not before so long. */
  readonly maxRetries: number;
  readonly retryIntervalMs: number;
  /** Whether the sweep tries again what failed for good. */
  readonly sweepPermanent: boolean;
}

export const DEFAULT_PUSH_POLICY: PushPolicy = {
  maxConcurrent: 8,
  rate: null,
  breaker: DEFAULT_BREAKER_SETTINGS,
  requestMs: 10_000,
  retry: DEFAULT_RETRY_POLICY,
  maxRetries: 3,
  retryIntervalMs: 300_000,
  sweepPermanent: true,
};

export interface PlatformToken {
  /** By the secret box. */
  readonly sealed: string;
  readonly obtainedAt: number;
  /** It is used until then; the platform mostly takes it for a while longer. */
  readonly expiresAt: number;
}

/** Why no token could be had, or why the last one is of no use. */
export interface TokenFailure {
  readonly code: string;
  /** For a person, without secrets. */
  readonly message: string;
  readonly at: number;
  /** Nothing is pushed, and no token asked for, until then; null: at once when one is needed. */
  readonly retryAt: number | null;
}

export interface PlatformRecord {
  readonly id: string;
  readonly shard: number;
  /** Grows with each change by a caller; shown as the etag. */
  readonly revision: number;
  readonly name: string;
  /** A connector's or a preset's name. */
  readonly connector: string;
  /** As given, secrets sealed. */
  readonly settings: JsonObject;
  /** Pushes of a platform that is not are skipped. */
  readonly enabled: boolean;
  /** 融合平台: pushes for this one go to that platform; null: it stands for itself. */
  readonly standsFor: string | null;
  readonly policy: PushPolicy;
  readonly breaker: Breaker;
  /** It asked to be left alone until then. */
  readonly heldUntil: number | null;
  readonly token: PlatformToken | null;
  /** Why there is no token, or none that it takes; null: the last one was got, or none was asked for. */
  readonly tokenFailure: TokenFailure | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export function newPlatform(
  identity: { readonly id: string; readonly shard: number; readonly at: number },
  given: Pick<PlatformRecord, "name" | "connector" | "settings" | "standsFor" | "policy">,
): PlatformRecord {
  return {
    id: identity.id,
    shard: identity.shard,
    revision: 1,
    ...given,
    enabled: false,
    breaker: CLOSED_BREAKER,
    heldUntil: null,
    token: null,
    tokenFailure: null,
    createdAt: identity.at,
    updatedAt: identity.at,
  };
}

/** What is stored of one: all but what its row is found by. */
export function stateOfPlatform({ id: _, shard: __, ...state }: PlatformRecord): JsonObject {
  return state as unknown as JsonObject;
}

/** One as it was stored; settings of its policy that this version adds have their defaults. */
export function platformOfState(id: string, shard: number, state: JsonObject): PlatformRecord {
  const stored = state as unknown as Omit<PlatformRecord, "id" | "shard">;
  const { policy } = stored;
  const breaker = { ...DEFAULT_BREAKER_SETTINGS, ...policy.breaker };
  return { ...stored, id, shard, policy: { ...DEFAULT_PUSH_POLICY, ...policy, breaker } };
}
