/** How pushes to a platform are made, between proto and domain. */
import { DEFAULT_PUSH_POLICY, type PushPolicy } from "../../domain/platform/platform.ts";
import { type PushPolicy as ProtoPolicy, type PushPolicySchema } from "../../gen/belfry/v1/platform_pb.ts";
import { breakerSettingsOf, durationsAt, rateOf, toBreakerSettings } from "./breaker.ts";
import type { Findings } from "./findings.ts";
import type { Init } from "./init.ts";
import { retryPolicyOf, toRetryPolicy } from "./policy.ts";
import { toDuration } from "./time.ts";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const DAY_MS = 1440 * MINUTE_MS;

/** What each field of the schema is called in the domain. */
export const POLICY_FIELDS: ReadonlyMap<string, keyof PushPolicy> = new Map([
  ["max_concurrent", "maxConcurrent"],
  ["rate_limit", "rate"],
  ["breaker", "breaker"],
  ["request_timeout", "requestMs"],
  ["retry_policy", "retry"],
  ["sweep_max_retries", "maxRetries"],
  ["sweep_interval", "retryIntervalMs"],
  ["sweep_permanent", "sweepPermanent"],
]);

/** The whole policy, with defaults for what is left out. */
export function pushPolicyOf(policy: ProtoPolicy | undefined, field: string, findings: Findings): PushPolicy {
  const defaults = DEFAULT_PUSH_POLICY;
  if (policy === undefined) return defaults;
  const read = durationsAt(field, findings);
  return {
    maxConcurrent: policy.maxConcurrent ?? defaults.maxConcurrent,
    rate: policy.rateLimit === undefined ? defaults.rate : rateOf(policy.rateLimit),
    breaker: breakerSettingsOf(policy.breaker, `${field}.breaker`, findings),
    requestMs: read(policy.requestTimeout, "requestTimeout", defaults.requestMs, { minMs: 100, maxMs: 2 * MINUTE_MS }),
    retry: retryPolicyOf(policy.retryPolicy, `${field}.retryPolicy`, findings),
    maxRetries: policy.sweepMaxRetries ?? defaults.maxRetries,
    retryIntervalMs: read(policy.sweepInterval, "sweepInterval", defaults.retryIntervalMs, {
      minMs: SECOND_MS,
      maxMs: 3 * DAY_MS,
    }),
    sweepPermanent: policy.sweepPermanent ?? defaults.sweepPermanent,
  };
}

export function toPushPolicy(policy: PushPolicy): Init<typeof PushPolicySchema> {
  return {
    maxConcurrent: policy.maxConcurrent,
    rateLimit: policy.rate ?? undefined,
    breaker: toBreakerSettings(policy.breaker),
    requestTimeout: toDuration(policy.requestMs),
    retryPolicy: toRetryPolicy(policy.retry),
    sweepMaxRetries: policy.maxRetries,
    sweepInterval: toDuration(policy.retryIntervalMs),
    sweepPermanent: policy.sweepPermanent,
  };
}
