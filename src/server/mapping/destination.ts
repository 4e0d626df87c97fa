import { fromJson, toJson } from "@bufbuild/protobuf";
import { ValueSchema, type Duration, type Value } from "@bufbuild/protobuf/wkt";
import { DEFAULT_BREAKER_SETTINGS, FAILURE_CAUSES, type Breaker, type BreakerSettings } from "../../domain/breaker.ts";
import {
  DEFAULT_DESTINATION_SETTINGS,
  type DestinationRecord,
  type DestinationSettings,
  type RateLimit,
} from "../../domain/webhook/destination.ts";
import { successRuleViolations } from "../../domain/webhook/success-rule.ts";
import type { Json } from "../../domain/json.ts";
import {
  BreakerState,
  type BreakerSchema,
  type BreakerSettings as ProtoBreakerSettings,
  type BreakerSettingsSchema,
  type DestinationSchema,
  type DestinationSettings as ProtoSettings,
  type DestinationSettingsSchema,
  type RateLimit as ProtoRateLimit,
} from "../../gen/belfry/v1/dispatch_pb.ts";
import { FailureCause } from "../../gen/belfry/v1/instance_pb.ts";
import { etagOf } from "./definition.ts";
import { namesIn } from "./enumeration.ts";
import type { Findings } from "./findings.ts";
import type { Init } from "./init.ts";
import { durationOf, toDuration, toOptionalTimestamp, toTimestamp, type DurationRule } from "./time.ts";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** All settings, with defaults for those left out. */
export function destinationSettingsOf(settings: ProtoSettings, field: string, findings: Findings): DestinationSettings {
  const defaults = DEFAULT_DESTINATION_SETTINGS;
  const read = durationsAt(field, findings);
  const successRules = settings.successRules.map(({ path, equals }) => ({ path, equals: jsonOf(equals) }));
  for (const broken of successRuleViolations(successRules)) {
    findings.add(`${field}.successRules${broken.field}`, broken.description);
  }
  const disableAfterMs = read(settings.disableAfter, "disableAfter", defaults.disableAfterMs ?? 0, {});
  return {
    maxConcurrent: settings.maxConcurrent ?? defaults.maxConcurrent,
    rate: settings.rateLimit === undefined ? defaults.rate : rateOf(settings.rateLimit),
    breaker: breakerSettingsOf(settings.breaker, `${field}.breaker`, findings),
    connectMs: read(settings.connectTimeout, "connectTimeout", defaults.connectMs, { minMs: 100, maxMs: MINUTE_MS }),
    headersMs: read(settings.headersTimeout, "headersTimeout", defaults.headersMs, {
      minMs: 100,
      maxMs: 10 * MINUTE_MS,
    }),
    successRules,
    disableAfterMs: disableAfterMs === 0 ? null : disableAfterMs,
  };
}

function rateOf({ perSecond, burst }: ProtoRateLimit): RateLimit {
  return { perSecond, burst: burst ?? Math.ceil(perSecond) };
}

function breakerSettingsOf(
  settings: ProtoBreakerSettings | undefined,
  field: string,
  findings: Findings,
): BreakerSettings {
  const defaults = DEFAULT_BREAKER_SETTINGS;
  if (settings === undefined) return defaults;
  const read = durationsAt(field, findings);
  const openMs = read(settings.openDuration, "openDuration", defaults.openMs, { minMs: SECOND_MS, maxMs: DAY_MS });
  return {
    consecutiveFailures: settings.consecutiveFailures ?? defaults.consecutiveFailures,
    failureRatio: settings.failureRatio ?? defaults.failureRatio,
    minCalls: settings.minCalls ?? defaults.minCalls,
    windowMs: read(settings.window, "window", defaults.windowMs, { minMs: SECOND_MS, maxMs: HOUR_MS }),
    openMs,
    maxOpenMs: read(settings.maxOpenDuration, "maxOpenDuration", Math.max(defaults.maxOpenMs, openMs), {
      minMs: openMs,
      maxMs: 7 * DAY_MS,
    }),
    causes: namesIn(FailureCause, settings.causes) ?? defaults.causes,
  };
}

function durationsAt(field: string, findings: Findings) {
  return (duration: Duration | undefined, name: string, fallback: number, rule: DurationRule): number =>
    duration === undefined ? fallback : durationOf(duration, `${field}.${name}`, findings, rule);
}

/** How a destination stands. @param traffic what goes on there now, when it was asked for. */
export function toDestination(
  record: DestinationRecord,
  now: number,
  traffic: { readonly underWay: number; readonly waiting: number } = { underWay: 0, waiting: 0 },
): Init<typeof DestinationSchema> {
  const { settings, breaker, disabled, secrets } = record;
  return {
    origin: record.origin,
    settings: toSettings(settings),
    isolated: breaker.state === "ISOLATED",
    breaker: toBreaker(breaker, settings.breaker, record.createdAt, now),
    disabled: disabled !== null,
    disableReason: disabled?.reason ?? "",
    disableTime: toOptionalTimestamp(disabled?.at),
    heldUntilTime: record.heldUntil !== null && record.heldUntil > now ? toTimestamp(record.heldUntil) : undefined,
    failingSinceTime: toOptionalTimestamp(record.failingSince),
    secrets: secrets
      .filter(({ expiresAt }) => expiresAt === null || expiresAt > now)
      .map(({ id, createdAt, expiresAt }) => ({
        id,
        createTime: toTimestamp(createdAt),
        expireTime: toOptionalTimestamp(expiresAt),
      })),
    underWayCount: traffic.underWay,
    waitingCount: traffic.waiting,
    etag: etagOf(record.revision),
    createTime: toTimestamp(record.createdAt),
    updateTime: toTimestamp(record.updatedAt),
  };
}

function toSettings(settings: DestinationSettings): Init<typeof DestinationSettingsSchema> {
  return {
    maxConcurrent: settings.maxConcurrent,
    rateLimit: settings.rate ?? undefined,
    breaker: toBreakerSettings(settings.breaker),
    connectTimeout: toDuration(settings.connectMs),
    headersTimeout: toDuration(settings.headersMs),
    successRules: settings.successRules.map(({ path, equals }) => ({ path, equals: toValue(equals) })),
    disableAfter: toDuration(settings.disableAfterMs ?? 0),
  };
}

function toBreakerSettings(settings: BreakerSettings): Init<typeof BreakerSettingsSchema> {
  return {
    consecutiveFailures: settings.consecutiveFailures,
    failureRatio: settings.failureRatio,
    minCalls: settings.minCalls,
    window: toDuration(settings.windowMs),
    openDuration: toDuration(settings.openMs),
    maxOpenDuration: toDuration(settings.maxOpenMs),
    causes: FAILURE_CAUSES.filter((cause) => settings.causes.includes(cause)).map((cause) => FailureCause[cause]),
  };
}

function toBreaker(
  breaker: Breaker,
  { windowMs }: BreakerSettings,
  createdAt: number,
  now: number,
): Init<typeof BreakerSchema> {
  const { state, since, openUntil, lastFailure } = breaker;
  const recent = breaker.window.filter(({ from }) => from > now - windowMs);
  return {
    state: BreakerState[state],
    // One that never was anything but closed has been so from the beginning.
    stateTime: toTimestamp(since === 0 ? createdAt : since),
    openUntilTime: state === "OPEN" ? toOptionalTimestamp(openUntil) : undefined,
    reason: breaker.reason,
    timesOpened: breaker.timesOpened,
    consecutiveFailures: breaker.consecutiveFailures,
    windowSucceeded: recent.reduce((sum, { succeeded }) => sum + succeeded, 0),
    windowFailed: recent.reduce((sum, { failed }) => sum + failed, 0),
    lastFailure: lastFailure === null ? undefined : toFailure(lastFailure),
  };
}

function toFailure({ cause, message, at }: NonNullable<Breaker["lastFailure"]>) {
  return { cause: FailureCause[cause], message, time: toTimestamp(at) };
}

function jsonOf(value: Value | undefined): Json {
  return value === undefined ? null : toJson(ValueSchema, value);
}

function toValue(value: Json): Value {
  return fromJson(ValueSchema, value as Parameters<typeof fromJson>[1]);
}
