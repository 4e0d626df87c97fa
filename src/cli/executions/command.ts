import type { Command } from "commander";
import type { Surroundings } from "../surroundings.ts";
import { addReadingCommands } from "./reading.ts";
import { addReportingCommands } from "./reporting.ts";

export function addExecutionsCommand(program: Command, surroundings: Surroundings): void {
  const executions = program
    .command("executions")
    .description("What runs elsewhere, Celery above all, as it was told of.");
  addReadingCommands(executions, surroundings);
  addReportingCommands(executions, surroundings);
}
