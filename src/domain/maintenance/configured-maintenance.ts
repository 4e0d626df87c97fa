/**
 * Maintenance whose times are configured: what it is called, what it does, and by which keys of the configuration it runs. That is the
 * one place where its schedule is decided; the definition has what follows from it, and no caller sets it there.
 */
import type { ConfigKey } from "../config/config-key.ts";
import type { DefinitionSpec } from "../definition/definition.ts";
import { MAINTENANCE_ID_PREFIX } from "../definition/system-definition.ts";
import type { Schedule } from "../schedule/schedule.ts";
import { BY_HAND, maintenanceSchedule, maintenanceSpec } from "./maintenance-spec.ts";

export interface ConfiguredMaintenance {
  /** Of its definition. */
  readonly id: string;
  readonly job: string;
  readonly name: string;
  readonly content: string;
  /** Keys of the configuration. */
  readonly enabledKey: "cleanup_enabled" | "mark_timeout_enabled";
  readonly crontabKey: "cleanup_crontab" | "mark_timeout_crontab";
}

export const CLEANUP: ConfiguredMaintenance = {
  id: `${MAINTENANCE_ID_PREFIX}cleanup`,
  job: "cleanup",
  name: "cleanup",
  content: "What has finished is removed when it is older than retention_days (清理历史记录).",
  enabledKey: "cleanup_enabled",
  crontabKey: "cleanup_crontab",
};

export const MARK_TIMEOUTS: ConfiguredMaintenance = {
  id: `${MAINTENANCE_ID_PREFIX}mark-timeouts`,
  job: "mark-timeouts",
  name: "mark timeouts",
  content:
    "Executions that started longer ago than timeout_minutes, and have not ended, count as failed (超时自动置失败).",
  enabledKey: "mark_timeout_enabled",
  crontabKey: "mark_timeout_crontab",
};

const ALL = [CLEANUP, MARK_TIMEOUTS];

/** The time zone of all crontabs. */
const TIME_ZONE_KEY = "maintenance_time_zone";

/** Undefined: its times are not configured. */
export function configuredMaintenance(definitionId: string): ConfiguredMaintenance | undefined {
  return ALL.find(({ id }) => id === definitionId);
}

/** The keys that say when it runs. */
export function scheduleKeysOf({ enabledKey, crontabKey }: ConfiguredMaintenance): readonly ConfigKey[] {
  return [crontabKey, enabledKey, TIME_ZONE_KEY];
}

/** What those keys say. */
export interface MaintenanceTimes {
  /** Whether it runs by itself; else by hand alone. */
  readonly enabled: boolean;
  readonly crontab: string;
  readonly timeZone: string;
}

export function configuredSpec(of: ConfiguredMaintenance, times: MaintenanceTimes): DefinitionSpec {
  return maintenanceSpec({ ...of, schedule: configuredSchedule(times) });
}

/**
 * The schedule that a definition must get to be as configured, and why, in words; null: it is so already.
 * @param before the one that it has.
 */
export function rescheduling(
  { enabledKey, crontabKey }: ConfiguredMaintenance,
  before: Schedule,
  times: MaintenanceTimes,
): { readonly schedule: Schedule; readonly reason: string } | null {
  const { enabled, crontab, timeZone } = times;
  const crontabBefore = crontabOf(before);
  const isSwitched = (crontabBefore !== null) !== enabled;
  const changes = [
    isSwitched && `${enabledKey} is ${enabled}`,
    enabled && !isSwitched && crontabBefore !== crontab && `${crontabKey} is ${JSON.stringify(crontab)}`,
    before.timeZone !== timeZone && `${TIME_ZONE_KEY} is ${timeZone}`,
  ].filter((change) => change !== false);
  return changes.length === 0
    ? null
    : { schedule: configuredSchedule(times), reason: `configuration: ${changes.join(", ")}` };
}

function configuredSchedule({ enabled, crontab, timeZone }: MaintenanceTimes): Schedule {
  return enabled ? maintenanceSchedule([crontab], timeZone) : { ...BY_HAND, timeZone };
}

/** Null: it runs by hand alone. */
function crontabOf({ timing }: Schedule): string | null {
  return timing.kind === "cron" ? timing.expressions.join("\n") : null;
}
