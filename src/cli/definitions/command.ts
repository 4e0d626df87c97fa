import type { Command } from "commander";
import type { Surroundings } from "../surroundings.ts";
import { addPreviewCommand } from "./preview.ts";
import { addReadingCommands } from "./reading.ts";
import { addStandingCommands } from "./standing.ts";
import { addWritingCommands } from "./writing.ts";

export function addDefinitionsCommand(program: Command, surroundings: Surroundings): void {
  const definitions = program
    .command("definitions")
    .alias("d")
    .description("What to run, and when: look at definitions and steer them.");
  addReadingCommands(definitions, surroundings);
  addPreviewCommand(definitions, surroundings);
  addWritingCommands(definitions, surroundings);
  addStandingCommands(definitions, surroundings);
}
