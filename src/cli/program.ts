import { Command } from "commander";
import { examplesText } from "./api/command.ts";
import { addClusterCommands } from "./cluster/command.ts";
import { addConfigCommand } from "./config/command.ts";
import { addDefinitionsCommand } from "./definitions/command.ts";
import { addDemoCommand } from "./demo/command.ts";
import { addDestinationsCommand } from "./destinations/command.ts";
import { addDispatchesCommand } from "./dispatches/command.ts";
import { addDoctorCommand } from "./doctor/command.ts";
import { addExecutionsCommand } from "./executions/command.ts";
import { addHealthCommand } from "./health/command.ts";
import { addInstancesCommand } from "./instances/command.ts";
import { addLocksCommand } from "./locks/command.ts";
import { addMigrateCommand } from "./migrate/command.ts";
import { addPlatformsCommand } from "./platforms/command.ts";
import { addPushesCommand } from "./pushes/command.ts";
import { addServeCommand } from "./serve/command.ts";
import type { Surroundings } from "./surroundings.ts";
import { ownVersion } from "./version.ts";
import { addWatchCommand } from "./watch/command.ts";
import { addWorkItemsCommand } from "./work-items/command.ts";

/** The `belfry` command with all it can do. */
export function buildProgram(surroundings: Surroundings): Command {
  const { out, err } = surroundings;
  const program = new Command("belfry")
    .description("Belfry keeps task definitions, runs their instances when they are due, and tells the world about it.")
    .version(ownVersion(), "-V, --version", "print the version")
    .helpCommand("help [command]", "show the help of a command")
    .showSuggestionAfterError()
    .showHelpAfterError('("--help" says more)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => out.write(text),
      writeErr: (text) => err.write(text),
      getOutHasColors: () => out.hasColours,
      getErrHasColors: () => err.hasColours,
      getOutHelpWidth: () => out.columns ?? 100,
      getErrHelpWidth: () => err.columns ?? 100,
    })
    .addHelpText("after", examplesText(["demo", "serve", "definitions list", "watch", "doctor"]));

  addServeCommand(program, surroundings);
  addDemoCommand(program, surroundings);
  addDoctorCommand(program, surroundings);
  addMigrateCommand(program, surroundings);
  addDefinitionsCommand(program, surroundings);
  addInstancesCommand(program, surroundings);
  addExecutionsCommand(program, surroundings);
  addDispatchesCommand(program, surroundings);
  addDestinationsCommand(program, surroundings);
  addPlatformsCommand(program, surroundings);
  addPushesCommand(program, surroundings);
  addWorkItemsCommand(program, surroundings);
  addConfigCommand(program, surroundings);
  addLocksCommand(program, surroundings);
  addWatchCommand(program, surroundings);
  addClusterCommands(program, surroundings);
  addHealthCommand(program, surroundings);
  return program;
}
