import type { Command } from "commander";
import type { Surroundings } from "../surroundings.ts";
import { addCreateCommand } from "./creating.ts";
import { addReadingCommands } from "./reading.ts";
import { addReplayCommand } from "./replaying.ts";

export function addDispatchesCommand(program: Command, surroundings: Surroundings): void {
  const dispatches = program
    .command("dispatches")
    .description("Tasks that are delivered to webhooks: make them, look at them, and replay them.");
  addReadingCommands(dispatches, surroundings);
  addCreateCommand(dispatches, surroundings);
  addReplayCommand(dispatches, surroundings);
}
