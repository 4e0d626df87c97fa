import type { Command } from "commander";
import type { Surroundings } from "../surroundings.ts";
import { addReadingCommands } from "./reading.ts";
import { addStandingCommands } from "./standing.ts";

export function addDestinationsCommand(program: Command, surroundings: Surroundings): void {
  const destinations = program
    .command("destinations")
    .description("Where webhooks go: look at how destinations fare, and open, shut and re-key them.");
  addReadingCommands(destinations, surroundings);
  addStandingCommands(destinations, surroundings);
}
