import type { Command } from "commander";
import type { Surroundings } from "../surroundings.ts";
import { addReadingCommands } from "./reading.ts";
import { addWritingCommands } from "./writing.ts";

export function addConfigCommand(program: Command, surroundings: Surroundings): void {
  const config = program
    .command("config")
    .description("What can be configured while Belfry runs: for everybody, and for single users.");
  addReadingCommands(config, surroundings);
  addWritingCommands(config, surroundings);
}
