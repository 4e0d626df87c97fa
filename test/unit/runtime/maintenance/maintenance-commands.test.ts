import { describe, expect, it } from "vitest";
import type { ConfigKey, ConfigValueOf } from "../../../../src/domain/config/config-key.ts";
import { MARK_TIMEOUTS, configuredSpec } from "../../../../src/domain/maintenance/configured-maintenance.ts";
import type { ConfigReader } from "../../../../src/ports/config-reader.ts";
import { maintenanceCommands } from "../../../../src/runtime/maintenance/maintenance-commands.ts";
import { settled } from "../../../support/manual-clock.ts";

type Deps = Parameters<typeof maintenanceCommands>[0];

describe("aligning a definition with what is configured", () => {
  it("R-132: ends with what is newest, though an older value was long in being read", async () => {
    const values = {
      mark_timeout_enabled: true,
      mark_timeout_crontab: "1 * * * *",
      maintenance_time_zone: "UTC",
    } as Record<ConfigKey, ConfigValueOf<ConfigKey>>;
    const slow = Promise.withResolvers<void>();
    const late: Promise<void>[] = [slow.promise];
    const configs: Pick<ConfigReader, "resolve"> = {
      resolve: async <Key extends ConfigKey>(key: Key) => {
        const value = values[key] as ConfigValueOf<Key>;
        if (key === "mark_timeout_crontab") await late.shift();
        return { value, source: "GLOBAL" };
      },
    };
    let spec = configuredSpec(MARK_TIMEOUTS, { enabled: true, crontab: "0 * * * *", timeZone: "UTC" });
    const reasons: unknown[] = [];
    const deps = {
      gate: { pass: (command: () => Promise<unknown>) => command() },
      journal: { committed: async (_: number, value: () => unknown) => value() },
      systemDefinitions: { ensure: async () => ({ shard: 0, definition: { spec } }) },
      definitions: {
        update: async (_: string, command: Parameters<Deps["definitions"]["update"]>[1]) => {
          spec = command.change(spec, 1);
          reasons.push(command.reason);
        },
      },
      configs: () => configs,
      maintenance: new Map([[MARK_TIMEOUTS.id, MARK_TIMEOUTS]]),
    } as unknown as Deps;
    const { align } = maintenanceCommands(deps);

    const early = align(MARK_TIMEOUTS.id);
    values.mark_timeout_crontab = "2 * * * *";
    const second = align(MARK_TIMEOUTS.id);
    await settled();
    slow.resolve();
    await Promise.all([early, second, align("$belfry/of-the-future")]);
    expect(spec.schedule.timing).toMatchObject({ expressions: ["2 * * * *"] });
    expect(reasons.at(-1)).toBe('configuration: mark_timeout_crontab is "2 * * * *"');
  });
});
