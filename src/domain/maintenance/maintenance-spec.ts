import type { DefinitionSpec } from "../definition/definition.ts";
import { systemSpec } from "../definition/system-definition.ts";
import type { Schedule } from "../schedule/schedule.ts";
import { JOB_RETRY } from "./job-retry.ts";

/** The module that Belfry's own runs belong to, in the label that executions have theirs in. */
const OWN_MODULE = { module: "belfry" };

/** A definition of maintenance: a job of Belfry's own that runs by itself, one at a time. */
export function maintenanceSpec({
  name,
  content,
  job,
  schedule,
}: {
  readonly name: string;
  readonly content: string;
  readonly job: string;
  readonly schedule: Schedule;
}): DefinitionSpec {
  const spec = systemSpec(name, { kind: "job", job });
  return { ...spec, content, schedule, overlapPolicy: "SKIP", retry: JOB_RETRY, labels: OWN_MODULE };
}

/** Due at these times of a zone's clocks; of a time that a change of clocks leaves out, right after it. */
export function maintenanceSchedule(expressions: readonly string[], timeZone: string): Schedule {
  return { ...BY_HAND, timing: { kind: "cron", expressions }, timeZone };
}

/** Never due: it runs when somebody triggers it. */
export const BY_HAND: Schedule = {
  timing: { kind: "manual" },
  timeZone: "UTC",
  anchorAt: Number.NaN,
  jitterMs: 0,
  excludedDates: [],
  exclusions: [],
  gapPolicy: "RUN_AFTER",
  foldPolicy: "ONCE",
};
