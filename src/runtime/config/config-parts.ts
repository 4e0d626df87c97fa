/** The parts of a node that configuration is made of, wired together. */
import type { ConfigPlace } from "../../domain/config/config-place.ts";
import type { CommandDeps } from "../definition-commands.ts";
import type { RuntimeDeps } from "../runtime-deps.ts";
import type { Configs } from "./api.ts";
import { configCommands } from "./config-commands.ts";
import type { ConfigCommands } from "./config-commands.ts";
import { configs } from "./configs.ts";

interface ConfigParts {
  readonly local: ConfigCommands;
  /** @param routed commands as callers of any node give them. */
  facade(routed: ConfigCommands): Configs;
}

export function configParts({ store, configEnvironment, log }: RuntimeDeps, commands: CommandDeps): ConfigParts {
  const listeners = new Set<(changed: ConfigPlace) => void>();
  function changed(place: ConfigPlace): void {
    for (const listener of listeners) {
      try {
        listener(place);
      } catch (error) {
        log.error("a listener to changes of configuration failed", { error });
      }
    }
  }
  return {
    local: configCommands({ ...commands, store: store.actorStates, changed }),
    facade: (routed) =>
      configs({ store: store.actorStates, environment: configEnvironment ?? {}, commands: routed, listeners }),
  };
}
