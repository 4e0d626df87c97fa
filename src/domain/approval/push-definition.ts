import type { DefinitionSpec } from "../definition/definition.ts";
import { MAINTENANCE_ID_PREFIX, systemSpec } from "../definition/system-definition.ts";
import { JOB_RETRY } from "../maintenance/job-retry.ts";
import { maintenanceSchedule, maintenanceSpec } from "../maintenance/maintenance-spec.ts";
import { BATCH_JOB } from "./platform-push.ts";

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

export const RECONCILE_JOB = "reconcile-pushes";

/** The definition under which the batches of a platform run (`batchDefinitionId`). */
export function batchDefinition(): DefinitionSpec {
  return { ...systemSpec("batches of pushes", { kind: "job", job: BATCH_JOB }), retry: JOB_RETRY };
}

/** The sweep, for everybody to see and to set when it runs. */
export const RECONCILE_DEFINITION_ID = `${MAINTENANCE_ID_PREFIX}reconcile-pushes`;

/** Every five minutes, one at a time. */
export function reconcileDefinition(): DefinitionSpec {
  return maintenanceSpec({
    name: "reconcile pushes",
    content: "Pushes of the last three days that were not made, failed, or no longer agree are made again (对账重试).",
    job: RECONCILE_JOB,
    schedule: maintenanceSchedule(["*/5 * * * *"], "UTC"),
  });
}
