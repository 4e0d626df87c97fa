/** Breakers and rates, of whatever is called: a webhook destination, a platform. */
import type { Duration } from "@bufbuild/protobuf/wkt";
import { DEFAULT_BREAKER_SETTINGS, FAILURE_CAUSES, type Breaker, type BreakerSettings } from "../../domain/breaker.ts";
import type { RateLimit } from "../../domain/webhook/destination.ts";
import {
  BreakerState,
  type BreakerSchema,
  type BreakerSettings as ProtoBreakerSettings,
  type BreakerSettingsSchema,
  type RateLimit as ProtoRateLimit,
} from "../../gen/belfry/v1/dispatch_pb.ts";
import { FailureCause } from "../../gen/belfry/v1/instance_pb.ts";
import { namesIn } from "./enumeration.ts";
import type { Findings } from "./findings.ts";
import type { Init } from "./init.ts";
import { durationOf, toDuration, toOptionalTimestamp, toTimestamp, type DurationRule } from "./time.ts";

const SECOND_MS = 1000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export function rateOf({ perSecond, burst }: ProtoRateLimit): RateLimit {
  return { perSecond, burst: burst ?? Math.ceil(perSecond) };
}

export function breakerSettingsOf(
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

/** Reads durations of one message; one that is unset is the fallback. */
export function durationsAt(field: string, findings: Findings) {
  return (duration: Duration | undefined, name: string, fallback: number, rule: DurationRule): number =>
    duration === undefined ? fallback : durationOf(duration, `${field}.${name}`, findings, rule);
}

export function toBreakerSettings(settings: BreakerSettings): Init<typeof BreakerSettingsSchema> {
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

/** How a breaker stands. @param createdAt of what it guards. */
export function toBreaker(
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
