import type { Command } from "commander";
import type { Surroundings } from "../surroundings.ts";
import { addReadingCommands } from "./reading.ts";
import { addReportCommand } from "./reporting.ts";

export function addWorkItemsCommand(program: Command, surroundings: Surroundings): void {
  const workItems = program
    .command("work-items")
    .description(
      "Approvals and their work items, as the process system tells of them: report events, and look at them.",
    );
  addReadingCommands(workItems, surroundings);
  addReportCommand(workItems, surroundings);
}
