import type { Command } from "commander";
import type { Surroundings } from "../surroundings.ts";
import { addHoldingCommands } from "./holding.ts";
import { addReadingCommands } from "./reading.ts";

export function addLocksCommand(program: Command, surroundings: Surroundings): void {
  const locks = program
    .command("locks")
    .description("Locks by name, for whoever must not run beside another: look at them, take them and let them go.");
  addReadingCommands(locks, surroundings);
  addHoldingCommands(locks, surroundings);
}
