import type { DefinitionSpec } from "../definition/definition.ts";
import type { RetryPolicy } from "../policy/retry.ts";
import { MAINTENANCE_ID_PREFIX, systemSpec } from "../definition/system-definition.ts";

/** The definition under which the pushes of a shard's sessions run (`pushDefinitionId`). Each brings its own name, action and retry policy. */
export function pushDefinition(): DefinitionSpec {
  return systemSpec("pushes", {
    kind: "push",
    platformId: "",
    sessionId: "",
    workItemId: null,
    action: "manual",
    transfer: null,
    note: "",
    origin: "MANUAL",
    force: false,
  });
}

/** Jobs go on where they were: a node that went away is no reason to give up. */
const JOB_RETRY: RetryPolicy = {
  initialDelayMs: 1000,
  factor: 2,
  maxDelayMs: 60_000,
  jitterMs: 1000,
  maxRetries: 100,
  nonRetryableCodes: [],
};

export const BATCH_JOB = "batch-push";
export const RECONCILE_JOB = "reconcile-pushes";

/** The definition under which the batches of a platform run (`batchDefinitionId`). */
export function batchDefinition(): DefinitionSpec {
  return { ...systemSpec("batches of pushes", { kind: "job", job: BATCH_JOB }), retry: JOB_RETRY };
}

/** The sweep, for everybody to see and to set when it runs. */
export const RECONCILE_DEFINITION_ID = `${MAINTENANCE_ID_PREFIX}reconcile-pushes`;

/** Every five minutes, one at a time. */
export function reconcileDefinition(): DefinitionSpec {
  const spec = systemSpec("reconcile pushes", { kind: "job", job: RECONCILE_JOB });
  return {
    ...spec,
    content: "Pushes of the last three days that were not made, failed, or no longer agree are made again (对账重试).",
    schedule: {
      ...spec.schedule,
      timing: { kind: "cron", expressions: ["*/5 * * * *"] },
    },
    overlapPolicy: "SKIP",
    retry: JOB_RETRY,
    labels: { module: "belfry" },
  };
}
