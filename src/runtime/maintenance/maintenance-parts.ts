/** The parts of a node that maintenance is made of, wired together. */
import { CLEANUP, MARK_TIMEOUTS } from "../../domain/maintenance/configured-maintenance.ts";
import type { ConfiguredMaintenance } from "../../domain/maintenance/configured-maintenance.ts";
import type { DefinitionCommands } from "../api.ts";
import type { LocalCommands } from "../cluster/routed-commands.ts";
import type { Configs } from "../config/api.ts";
import type { CommandDeps } from "../definition-commands.ts";
import { cleanupJob } from "../jobs/cleanup-job.ts";
import type { Job } from "../jobs/job-executor.ts";
import { markTimeoutsJob } from "../jobs/mark-timeouts-job.ts";
import type { RuntimeDeps } from "../runtime-deps.ts";
import type { SystemDefinitions } from "../system-definitions.ts";
import { Caretaker } from "./caretaker.ts";
import { maintenanceCommands } from "./maintenance-commands.ts";
import type { MaintenanceCommands } from "./maintenance-commands.ts";

interface PartsDeps {
  readonly node: RuntimeDeps;
  readonly commands: Pick<CommandDeps, "gate" | "journal" | "ownership" | "activation">;
  readonly systemDefinitions: SystemDefinitions;
  /** Of this node's shards. */
  readonly definitions: DefinitionCommands;
  readonly configs: () => Configs;
  /** Commands as callers of any node give them. */
  readonly routed: () => Pick<LocalCommands, "executions" | "instances" | "maintenance">;
}

interface MaintenanceParts {
  readonly local: MaintenanceCommands;
  readonly jobs: ReadonlyMap<string, Job>;
  readonly caretaker: Caretaker;
}

export function maintenanceParts(deps: PartsDeps): MaintenanceParts {
  const { node, commands, systemDefinitions, definitions, configs, routed } = deps;
  const { clock, log } = node;
  const { ownership, activation } = commands;

  /** All that this version runs, with what it does. */
  const all: readonly (readonly [ConfiguredMaintenance, Job])[] = [
    [
      CLEANUP,
      cleanupJob({
        clock,
        store: node.store,
        configs,
        instances: () => routed().instances,
        shardCount: node.options.shardCount,
        publishes: node.eventStream !== undefined,
      }),
    ],
    [
      MARK_TIMEOUTS,
      markTimeoutsJob({
        clock,
        log,
        queries: node.store.queries,
        configs,
        executions: () => routed().executions,
        hasResults: node.resultBackend !== undefined,
      }),
    ],
  ];

  const maintenance = all.map(([of]) => of);
  const local = maintenanceCommands({
    ...commands,
    systemDefinitions,
    definitions,
    configs,
    maintenance: new Map(maintenance.map((of) => [of.id, of])),
  });
  return {
    local,
    jobs: new Map(all.map(([{ job }, run]) => [job, run])),
    caretaker: new Caretaker({
      clock,
      log,
      maintenance: node.maintenance === true ? maintenance : [],
      configs,
      decides: (id) => ownership.open(activation.shardOf(id)) !== null,
      local,
      routed: () => routed().maintenance,
    }),
  };
}
