import { readConfig } from "../../config/index.ts";
import type { Config } from "../../config/index.ts";
import type { Log } from "../../ports/log.ts";
import { createLog } from "../../system/log.ts";
import { EXIT_WRONG_CONFIG, Failure } from "../failure.ts";
import type { Surroundings } from "../surroundings.ts";

/** The configuration of a command that works on the database itself, and its log. @throws Failure when a variable is wrong. */
export function configured(surroundings: Surroundings): { readonly config: Config; readonly log: Log } {
  const reading = readConfig(surroundings.env, surroundings.machine);
  if (reading.kind === "wrong") throw new Failure(reading.message, { exitCode: EXIT_WRONG_CONFIG });
  const { config, warnings } = reading;
  const log = createLog({
    level: config.log.level,
    clock: surroundings.clock,
    sink: { write: (line) => surroundings.err.write(line), isTTY: surroundings.err.hasColours },
    format: config.log.format ?? (surroundings.err.isTerminal ? "text" : "json"),
  });
  for (const warning of warnings) log.warn(warning);
  return { config, log };
}
