import type { Command } from "commander";
import { examplesText } from "../api/command.ts";
import { configured } from "../node/configuration.ts";
import type { Surroundings } from "../surroundings.ts";

export function addServeCommand(program: Command, surroundings: Surroundings): void {
  program
    .command("serve")
    .description(
      "Run a node: the API, the schedules, and the embedded database unless BELFRY_DATABASE_URL names another.",
    )
    .option("--no-migrate", "refuse to start on a database that lacks migrations, instead of migrating it")
    .addHelpText(
      "after",
      examplesText(["serve", "serve --no-migrate"]) +
        "\n\nSettings come from the environment (BELFRY_LISTEN, BELFRY_DATABASE_URL, BELFRY_DATA_DIR, BELFRY_LOG_LEVEL, …): see the table in the README." +
        "\nSIGTERM and Ctrl-C drain it. It ends with 0 then, with 2 when a setting is wrong, with 1 when it cannot start or end.",
    )
    .action(async ({ migrate }: { readonly migrate: boolean }) => {
      const settings = configured(surroundings);
      // Loaded only when it is wanted: the database's libraries take half a second, which the other commands do without.
      const { serve } = await import("./serve.ts");
      await serve({ surroundings, ...settings, migrates: migrate });
    });
}
