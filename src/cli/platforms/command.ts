import type { Command } from "commander";
import type { Surroundings } from "../surroundings.ts";
import { addReadingCommands } from "./reading.ts";
import { addStandingCommands } from "./standing.ts";
import { addTriggersCommand } from "./triggers.ts";
import { addWritingCommands } from "./writing.ts";

export function addPlatformsCommand(program: Command, surroundings: Surroundings): void {
  const platforms = program
    .command("platforms")
    .description(
      "Third-party task centres: set them up, look at how they fare, and say which events they are told of.",
    );
  addReadingCommands(platforms, surroundings);
  addWritingCommands(platforms, surroundings);
  addStandingCommands(platforms, surroundings);
  addTriggersCommand(platforms, surroundings);
}
