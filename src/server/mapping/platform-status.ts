/** How a platform fares. */
import type { PlatformRecord, TokenFailure } from "../../domain/platform/platform.ts";
import { tokenHealthOf } from "../../domain/platform/token-health.ts";
import {
  PlatformTokenState,
  type PlatformStatusSchema,
  type PlatformTestSchema,
  type PlatformTokenSchema,
} from "../../gen/belfry/v1/platform_pb.ts";
import type { PlatformTest, PlatformView, StepExchange } from "../../runtime/index.ts";
import { toBreaker } from "./breaker.ts";
import { toExchange } from "./exchange.ts";
import type { Init } from "./init.ts";
import { toOptionalTimestamp, toTimestamp } from "./time.ts";

/** @param needsToken whether its connector has tokens. */
export function toPlatformStatus(
  { record, underWay, waiting }: PlatformView,
  now: number,
  needsToken: boolean,
): Init<typeof PlatformStatusSchema> {
  return {
    platformId: record.id,
    enabled: record.enabled,
    breaker: toBreaker(record.breaker, record.policy.breaker, record.createdAt, now),
    token: toToken(record, now, needsToken),
    underWayCount: underWay,
    waitingCount: waiting,
    heldUntilTime: record.heldUntil !== null && record.heldUntil > now ? toTimestamp(record.heldUntil) : undefined,
  };
}

function toToken(record: PlatformRecord, now: number, needsToken: boolean): Init<typeof PlatformTokenSchema> {
  const { token, tokenFailure } = record;
  return {
    state: PlatformTokenState[needsToken ? tokenHealthOf(record, now).state : "NOT_NEEDED"],
    obtainTime: toOptionalTimestamp(token?.obtainedAt),
    expireTime: toOptionalTimestamp(token?.expiresAt),
    failure: tokenFailure === null ? undefined : toTokenFailure(tokenFailure, now),
  };
}

function toTokenFailure({ code, message, at, retryAt }: TokenFailure, now: number) {
  return {
    code,
    message,
    time: toTimestamp(at),
    retryTime: toOptionalTimestamp((retryAt ?? 0) > now ? retryAt : null),
  };
}

export function toPlatformTest({ ok, code, message, exchanges }: PlatformTest): Init<typeof PlatformTestSchema> {
  return { ok, code, message, exchanges: exchanges.map(toStep) };
}

function toStep({ exchange, ...step }: StepExchange) {
  return { ...step, exchange: toExchange(exchange) };
}
