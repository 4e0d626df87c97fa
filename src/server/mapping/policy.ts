/** Policies between proto and domain: what is left out gets the default that the schema's comments name. */
import { DEFAULT_CATCH_UP, type CatchUpPolicy } from "../../domain/policy/catch-up.ts";
import type { ConcurrencyKey, UniqueKey } from "../../domain/policy/keys.ts";
import { DEFAULT_PRIORITY, type Priority } from "../../domain/policy/priority.ts";
import { DEFAULT_RETRY_POLICY, type RetryPolicy } from "../../domain/policy/retry.ts";
import type { Timeouts } from "../../domain/policy/timeouts.ts";
import {
  CatchUpMode,
  UniqueConflict,
  type CatchUpPolicy as ProtoCatchUp,
  type CatchUpPolicySchema,
  type ConcurrencyKey as ProtoConcurrencyKey,
  type Priority as ProtoPriority,
  type RetryPolicy as ProtoRetryPolicy,
  type RetryPolicySchema,
  type Timeouts as ProtoTimeouts,
  type TimeoutsSchema,
  type UniqueKey as ProtoUniqueKey,
} from "../../gen/belfry/v1/policy_pb.ts";
import type { Duration } from "@bufbuild/protobuf/wkt";
import { nameIn } from "./enumeration.ts";
import type { Findings } from "./findings.ts";
import type { Init } from "./init.ts";
import { durationOf, toDuration, toOptionalDuration } from "./time.ts";

export function catchUpOf(policy: ProtoCatchUp | undefined, field: string, findings: Findings): CatchUpPolicy {
  if (policy === undefined) return DEFAULT_CATCH_UP;
  return {
    windowMs: policy.window ? durationOf(policy.window, `${field}.window`, findings) : DEFAULT_CATCH_UP.windowMs,
    mode: nameIn(CatchUpMode, policy.mode) ?? DEFAULT_CATCH_UP.mode,
    maxRate: policy.maxRate ?? DEFAULT_CATCH_UP.maxRate,
  };
}

export function toCatchUp(policy: CatchUpPolicy): Init<typeof CatchUpPolicySchema> {
  return { window: toDuration(policy.windowMs), mode: CatchUpMode[policy.mode], maxRate: policy.maxRate };
}

export function retryPolicyOf(policy: ProtoRetryPolicy | undefined, field: string, findings: Findings): RetryPolicy {
  if (policy === undefined) return DEFAULT_RETRY_POLICY;
  const delay = (duration: Duration | undefined, name: string, fallback: number): number =>
    duration ? durationOf(duration, `${field}.${name}`, findings) : fallback;
  return {
    initialDelayMs: delay(policy.initialDelay, "initialDelay", DEFAULT_RETRY_POLICY.initialDelayMs),
    factor: policy.factor ?? DEFAULT_RETRY_POLICY.factor,
    maxDelayMs: delay(policy.maxDelay, "maxDelay", DEFAULT_RETRY_POLICY.maxDelayMs),
    jitterMs: delay(policy.jitter, "jitter", DEFAULT_RETRY_POLICY.jitterMs),
    maxRetries: policy.maxRetries ?? DEFAULT_RETRY_POLICY.maxRetries,
    nonRetryableCodes: policy.nonRetryableCodes,
  };
}

export function toRetryPolicy(policy: RetryPolicy): Init<typeof RetryPolicySchema> {
  return {
    initialDelay: toDuration(policy.initialDelayMs),
    factor: policy.factor,
    maxDelay: toDuration(policy.maxDelayMs),
    jitter: toDuration(policy.jitterMs),
    maxRetries: policy.maxRetries,
    nonRetryableCodes: [...policy.nonRetryableCodes],
  };
}

export function timeoutsOf(
  timeouts: ProtoTimeouts | undefined,
  field: string,
  findings: Findings,
  defaults: Timeouts,
): Timeouts {
  if (timeouts === undefined) return defaults;
  const read = <F>(duration: Duration | undefined, name: string, fallback: F): number | F =>
    duration ? durationOf(duration, `${field}.${name}`, findings, { minMs: 1 }) : fallback;
  return {
    scheduleToStartMs: read(timeouts.scheduleToStart, "scheduleToStart", defaults.scheduleToStartMs),
    startToCloseMs: read(timeouts.startToClose, "startToClose", defaults.startToCloseMs),
    scheduleToCloseMs: read(timeouts.scheduleToClose, "scheduleToClose", defaults.scheduleToCloseMs),
    heartbeatMs: read(timeouts.heartbeat, "heartbeat", defaults.heartbeatMs),
    cancelGraceMs: read(timeouts.cancelGrace, "cancelGrace", defaults.cancelGraceMs),
  };
}

export function toTimeouts(timeouts: Timeouts): Init<typeof TimeoutsSchema> {
  return {
    scheduleToStart: toOptionalDuration(timeouts.scheduleToStartMs),
    startToClose: toOptionalDuration(timeouts.startToCloseMs),
    scheduleToClose: toOptionalDuration(timeouts.scheduleToCloseMs),
    heartbeat: toOptionalDuration(timeouts.heartbeatMs),
    cancelGrace: toDuration(timeouts.cancelGraceMs),
  };
}

/** The numbers of the domain are those of the schema; UNSPECIFIED is undefined. */
const PRIORITIES: Readonly<Record<number, Priority>> = { 1: 1, 2: 2, 3: 3, 4: 4 };

export function priorityOf(priority: ProtoPriority): Priority | undefined {
  return PRIORITIES[priority];
}

export function priorityOrDefault(priority: ProtoPriority): Priority {
  return priorityOf(priority) ?? DEFAULT_PRIORITY;
}

export function concurrencyKeyOf(key: ProtoConcurrencyKey | undefined): ConcurrencyKey | undefined {
  return key && { key: key.key, limit: key.limit ?? 1 };
}

export function uniqueKeyOf(key: ProtoUniqueKey | undefined): UniqueKey | undefined {
  return key && { key: key.key, onConflict: nameIn(UniqueConflict, key.onConflict) ?? "REJECT" };
}
