import { BelfryError, invalid } from "../../domain/error.ts";
import { isDeepStrictEqual } from "node:util";
import type { DefinitionSpec } from "../../domain/definition/definition.ts";
import { configuredMaintenance, scheduleKeysOf } from "../../domain/maintenance/configured-maintenance.ts";
import type { ConfiguredMaintenance } from "../../domain/maintenance/configured-maintenance.ts";
import {
  SYSTEM_ID_PREFIX,
  isMaintenanceDefinition,
  isSystemDefinition,
} from "../../domain/definition/system-definition.ts";
import type { DefinitionCommands } from "../../runtime/index.ts";

/**
 * The commands on definitions as callers may give them: definitions of the system can be read, and are otherwise left alone, but for maintenance: when
 * it runs is up to callers, what it does is not. Where the configuration says when it runs, it is set there.
 */
export function userDefinitions(commands: DefinitionCommands): DefinitionCommands {
  return {
    create: async (command) => {
      if (command.id !== undefined && isSystemDefinition(command.id)) {
        throw invalid({
          field: "definition.id",
          description: `must not begin with ${SYSTEM_ID_PREFIX}: those are the system's own`,
        });
      }
      return commands.create(command);
    },
    update: async (id, command) => {
      const { change } = command;
      return isMaintenanceDefinition(id)
        ? commands.update(id, { ...command, change: (spec, revision) => sameWork(id, spec, change(spec, revision)) })
        : commands.update(ofUser(id), command);
    },
    delete: async (id, command) => commands.delete(ofUser(id), command),
    pause: async (id, command) => commands.pause(settable(id), command),
    resume: async (id, command) => commands.resume(settable(id), command),
    cancel: async (id, command) => commands.cancel(ofUser(id), command),
    trigger: async (id, command) => commands.trigger(settable(id), command),
    batchTrigger: async (id, command) => commands.batchTrigger(ofUser(id), command),
    backfill: async (id, command) => commands.backfill(ofUser(id), command),
  };
}

/** @throws BelfryError SYSTEM_RESOURCE */
function ofUser(id: string): string {
  if (!isSystemDefinition(id)) return id;
  if (!isMaintenanceDefinition(id)) {
    throw systemResource(
      id,
      `Definition "${id}" belongs to the system: it can be read, not changed. Dispatches are made with CreateDispatch, pushes with PushWorkItem, and both are changed by their own ids.`,
    );
  }
  const of = configuredMaintenance(id);
  const allowed =
    of === undefined
      ? "it can be paused, triggered and set to other times, and nothing else."
      : `it can be paused and triggered, and nothing else. ${timesOf(of)}`;
  throw systemResource(id, `Definition "${id}" is maintenance of the system: ${allowed}`);
}

/** @throws BelfryError SYSTEM_RESOURCE */
function settable(id: string): string {
  return isMaintenanceDefinition(id) ? id : ofUser(id);
}

/** @throws BelfryError SYSTEM_RESOURCE */
function sameWork(id: string, before: DefinitionSpec, after: DefinitionSpec): DefinitionSpec {
  if (!isDeepStrictEqual(before.action, after.action) || !isDeepStrictEqual(before.labels, after.labels)) {
    throw systemResource(
      id,
      `What definition "${id}" does is the system's own affair: only when it runs can be changed.`,
    );
  }
  const of = configuredMaintenance(id);
  return of === undefined ? after : sameTimes(of, before, after);
}

/** @throws BelfryError SYSTEM_RESOURCE */
function sameTimes(of: ConfiguredMaintenance, before: DefinitionSpec, after: DefinitionSpec): DefinitionSpec {
  const { schedule } = before;
  if (isDeepStrictEqual({ ...after.schedule, anchorAt: 0 }, { ...schedule, anchorAt: 0 })) {
    return { ...after, schedule };
  }
  throw systemResource(of.id, `Definition "${of.id}" is maintenance of the system. ${timesOf(of)}`, {
    config_keys: scheduleKeysOf(of).join(","),
  });
}

function timesOf(of: ConfiguredMaintenance): string {
  return `When it runs is configured: set ${scheduleKeysOf(of).join(", ")} with SetConfig ("belfry config set").`;
}

function systemResource(id: string, message: string, metadata: Readonly<Record<string, string>> = {}): BelfryError {
  return new BelfryError("SYSTEM_RESOURCE", message, { metadata: { definition_id: id, ...metadata } });
}
