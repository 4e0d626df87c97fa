import { fromJson, toJson } from "@bufbuild/protobuf";
import { ValueSchema, type Value } from "@bufbuild/protobuf/wkt";
import {
  DEFAULT_DESTINATION_SETTINGS,
  type DestinationRecord,
  type DestinationSettings,
} from "../../domain/webhook/destination.ts";
import { successRuleViolations } from "../../domain/webhook/success-rule.ts";
import type { Json } from "../../domain/json.ts";
import {
  type DestinationSchema,
  type DestinationSettings as ProtoSettings,
  type DestinationSettingsSchema,
} from "../../gen/belfry/v1/dispatch_pb.ts";
import { breakerSettingsOf, durationsAt, rateOf, toBreaker, toBreakerSettings } from "./breaker.ts";
import { etagOf } from "./definition.ts";
import type { Findings } from "./findings.ts";
import type { Init } from "./init.ts";
import { toDuration, toOptionalTimestamp, toTimestamp } from "./time.ts";

const MINUTE_MS = 60_000;

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

function jsonOf(value: Value | undefined): Json {
  return value === undefined ? null : toJson(ValueSchema, value);
}

function toValue(value: Json): Value {
  return fromJson(ValueSchema, value as Parameters<typeof fromJson>[1]);
}
