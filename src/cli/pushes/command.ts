import type { Command } from "commander";
import type { Surroundings } from "../surroundings.ts";
import { addBatchCommands } from "./batches.ts";
import { addDriftCommands } from "./drifting.ts";
import { addPushCommand } from "./pushing.ts";
import { addReadingCommands } from "./reading.ts";

export function addPushesCommand(program: Command, surroundings: Surroundings): void {
  const pushes = program
    .command("pushes")
    .description("What platforms are told of approvals: look at it, find out why it failed, and push by hand.");
  addReadingCommands(pushes, surroundings);
  addPushCommand(pushes, surroundings);
  addBatchCommands(pushes, surroundings);
  addDriftCommands(pushes, surroundings);
}
