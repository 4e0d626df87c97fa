import type { Command } from "commander";
import type { Surroundings } from "../surroundings.ts";
import { addReadingCommands } from "./reading.ts";
import { addStandingCommands } from "./standing.ts";

export function addInstancesCommand(program: Command, surroundings: Surroundings): void {
  const instances = program
    .command("instances")
    .alias("i")
    .description("The runs of definitions: look at instances and steer them.");
  addReadingCommands(instances, surroundings);
  addStandingCommands(instances, surroundings);
}
