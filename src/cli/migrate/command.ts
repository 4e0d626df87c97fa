import type { Command } from "commander";
import { examplesText } from "../api/command.ts";
import { configured } from "../node/configuration.ts";
import type { Surroundings } from "../surroundings.ts";

export function addMigrateCommand(program: Command, surroundings: Surroundings): void {
  program
    .command("migrate")
    .description(
      "Bring the database up to this version. Harmless when it is up to date, and when several run it at once.",
    )
    .option("--check", "change nothing; end with 1 when migrations are pending")
    .addHelpText("after", examplesText(["migrate --check", "migrate"]))
    .action(async ({ check }: { readonly check?: boolean }) => {
      const settings = configured(surroundings);
      const { migrateDatabase } = await import("./migrate.ts");
      await migrateDatabase({ surroundings, ...settings, onlyChecks: check === true });
    });
}
