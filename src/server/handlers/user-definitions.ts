import { BelfryError, invalid } from "../../domain/error.ts";
import { SYSTEM_ID_PREFIX, isSystemDefinition } from "../../domain/definition/system-definition.ts";
import type { DefinitionCommands } from "../../runtime/index.ts";

/** The commands on definitions as callers may give them: definitions of the system can be read, and are otherwise left alone. */
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
    update: async (id, command) => commands.update(ofUser(id), command),
    delete: async (id, command) => commands.delete(ofUser(id), command),
    pause: async (id, command) => commands.pause(ofUser(id), command),
    resume: async (id, command) => commands.resume(ofUser(id), command),
    cancel: async (id, command) => commands.cancel(ofUser(id), command),
    trigger: async (id, command) => commands.trigger(ofUser(id), command),
    batchTrigger: async (id, command) => commands.batchTrigger(ofUser(id), command),
    backfill: async (id, command) => commands.backfill(ofUser(id), command),
  };
}

/** @throws BelfryError SYSTEM_RESOURCE */
function ofUser(id: string): string {
  if (!isSystemDefinition(id)) return id;
  throw new BelfryError(
    "SYSTEM_RESOURCE",
    `Definition "${id}" belongs to the system: it can be read, not changed. Dispatches are made with CreateDispatch, and changed by their own ids.`,
    { metadata: { definition_id: id } },
  );
}
