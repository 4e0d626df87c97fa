import { describe, expect, it } from "vitest";
import {
  CLEANUP,
  MARK_TIMEOUTS,
  configuredMaintenance,
  configuredSpec,
  rescheduling,
  scheduleKeysOf,
} from "../../../../src/domain/maintenance/configured-maintenance.ts";
import type { MaintenanceTimes } from "../../../../src/domain/maintenance/configured-maintenance.ts";
import { CONFIG_KEYS } from "../../../../src/domain/config/config-key.ts";
import { nextDueTime } from "../../../../src/domain/schedule/next.ts";

/** As nobody has changed it. */
const CLEANUP_TIMES: MaintenanceTimes = {
  enabled: CONFIG_KEYS.cleanup_enabled.fallback,
  crontab: CONFIG_KEYS.cleanup_crontab.fallback,
  timeZone: CONFIG_KEYS.maintenance_time_zone.fallback,
};

function cleanup(times: Partial<MaintenanceTimes> = {}) {
  return configuredSpec(CLEANUP, { ...CLEANUP_TIMES, ...times }).schedule;
}

describe("maintenance whose times are configured", () => {
  it("R-132, R-135: is a job of the module belfry, one at a time, found by its id", () => {
    for (const of of [CLEANUP, MARK_TIMEOUTS]) {
      expect(configuredMaintenance(of.id)).toBe(of);
      expect(configuredSpec(of, CLEANUP_TIMES)).toMatchObject({
        name: of.name,
        action: { kind: "job", job: of.job },
        labels: { module: "belfry" },
        overlapPolicy: "SKIP",
      });
    }
    expect(configuredMaintenance("$belfry/reconcile-pushes")).toBeUndefined();
    expect(scheduleKeysOf(CLEANUP)).toEqual(["cleanup_crontab", "cleanup_enabled", "maintenance_time_zone"]);
  });

  it("the cleanup is due daily at 02:00 UTC, or of the time zone", () => {
    const from = Date.UTC(2026, 0, 1, 12);
    expect(nextDueTime(cleanup(), from)).toBe(Date.UTC(2026, 0, 2, 2));
    expect(nextDueTime(cleanup({ timeZone: "Asia/Shanghai" }), from)).toBe(Date.UTC(2026, 0, 1, 18));
  });

  it("is due once also on the days on which its time does not exist, or exists twice", () => {
    const schedule = cleanup({ timeZone: "Europe/Berlin", crontab: "30 2 * * *" });
    const dueFrom = (from: number): readonly (number | null)[] => {
      const first = nextDueTime(schedule, from);
      return [first, nextDueTime(schedule, first ?? 0)];
    };
    expect(dueFrom(Date.UTC(2026, 2, 29, 0))).toEqual([Date.UTC(2026, 2, 29, 1), Date.UTC(2026, 2, 30, 0, 30)]);
    expect(dueFrom(Date.UTC(2026, 9, 25, 0))).toEqual([Date.UTC(2026, 9, 25, 0, 30), Date.UTC(2026, 9, 26, 1, 30)]);
  });

  it.each<[string, Partial<MaintenanceTimes>, Partial<MaintenanceTimes>, string | null]>([
    ["nothing has changed", {}, {}, null],
    ["it is disabled still", { enabled: false }, { enabled: false, crontab: "0 5 * * *" }, null],
    ["another crontab", {}, { crontab: "0 5 * * *" }, 'configuration: cleanup_crontab is "0 5 * * *"'],
    ["another time zone", {}, { timeZone: "Asia/Tokyo" }, "configuration: maintenance_time_zone is Asia/Tokyo"],
    ["it is disabled", {}, { enabled: false }, "configuration: cleanup_enabled is false"],
    [
      "it is enabled, elsewhere",
      { enabled: false },
      { timeZone: "Asia/Tokyo" },
      "configuration: cleanup_enabled is true, maintenance_time_zone is Asia/Tokyo",
    ],
    [
      "both",
      {},
      { crontab: "0 5 * * *", timeZone: "Asia/Tokyo" },
      'configuration: cleanup_crontab is "0 5 * * *", maintenance_time_zone is Asia/Tokyo',
    ],
  ])("is rescheduled when its configuration says so, and says why: %s", (_, before, after, reason) => {
    const wanted = { ...CLEANUP_TIMES, ...after };
    const change = rescheduling(CLEANUP, { ...cleanup(before), anchorAt: 1 }, wanted);
    expect(change?.reason ?? null).toBe(reason);
    if (change !== null) {
      expect(change.schedule).toEqual(cleanup(after));
      expect(rescheduling(CLEANUP, { ...change.schedule, anchorAt: 1 }, wanted)).toBeNull();
    }
  });
});
