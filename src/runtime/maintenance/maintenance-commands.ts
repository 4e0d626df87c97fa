/** Definitions of maintenance of this node's shards, brought in line with the configuration. */
import { configuredSpec, rescheduling } from "../../domain/maintenance/configured-maintenance.ts";
import type { ConfiguredMaintenance, MaintenanceTimes } from "../../domain/maintenance/configured-maintenance.ts";
import type { ConfigReader } from "../../ports/config-reader.ts";
import type { DefinitionCommands } from "../api.ts";
import type { Gate } from "../gate.ts";
import type { Journal } from "../journal.ts";
import type { SystemDefinitions } from "../system-definitions.ts";

export interface MaintenanceCommands {
  /**
   * Makes the definition when there is none, and gives it the schedule that is configured now, when it has another one. One that this version does not
   * run is left alone.
   */
  align(definitionId: string): Promise<null>;
}

interface Deps {
  readonly gate: Gate;
  readonly journal: Journal;
  readonly systemDefinitions: SystemDefinitions;
  /** Of this node's shards. */
  readonly definitions: Pick<DefinitionCommands, "update">;
  readonly configs: () => Pick<ConfigReader, "resolve">;
  /** That this node runs, by id. */
  readonly maintenance: ReadonlyMap<string, ConfiguredMaintenance>;
}

export function maintenanceCommands(deps: Deps): MaintenanceCommands {
  const { gate, journal, systemDefinitions, definitions, configs, maintenance } = deps;
  const turns = new Map<string, Promise<unknown>>();

  /**
   * One after the other for each definition: what is configured is read when it is its turn, so the last one goes by what is newest. Otherwise one that
   * read an older value might come last.
   */
  async function inTurn(id: string, run: () => Promise<void>): Promise<void> {
    const turn = (turns.get(id) ?? Promise.resolve()).then(run, run);
    turns.set(id, turn);
    try {
      await turn;
    } finally {
      if (turns.get(id) === turn) {
        turns.delete(id);
      }
    }
  }

  async function timesOf({ enabledKey, crontabKey }: ConfiguredMaintenance): Promise<MaintenanceTimes> {
    const [enabled, crontab, timeZone] = await Promise.all([
      configs().resolve(enabledKey),
      configs().resolve(crontabKey),
      configs().resolve("maintenance_time_zone"),
    ]);
    return { enabled: enabled.value, crontab: crontab.value, timeZone: timeZone.value };
  }

  async function align(of: ConfiguredMaintenance): Promise<void> {
    const times = await gate.pass(() => timesOf(of));
    const { schedule } = await gate.pass(async () => {
      const resident = await systemDefinitions.ensure(of.id, () => configuredSpec(of, times));
      const { spec } = resident.definition;
      return journal.committed(resident.shard, () => spec);
    });
    const change = rescheduling(of, schedule, times);
    if (change !== null) {
      await definitions.update(of.id, {
        change: (spec) => ({ ...spec, schedule: change.schedule }),
        reason: change.reason,
      });
    }
  }

  return {
    align: async (id) => {
      const of = maintenance.get(id);
      if (of !== undefined) {
        await inTurn(id, () => align(of));
      }
      return null;
    },
  };
}
