import type { Command } from "commander";
import { paint, writeLine } from "../format/screen.ts";
import type { Surroundings } from "../surroundings.ts";
import type { ApiOptions } from "./command.ts";
import { countFrom } from "./option-values.ts";

/** The options of commands that list. */
export interface ListOptions extends ApiOptions {
  readonly limit: number;
  readonly pageToken: string;
}

export function addListOptions(command: Command): Command {
  return command
    .option("--limit <count>", "how many at most", countFrom(1), 50)
    .option("--page-token <token>", "go on after an earlier list with the same filters", "");
}

/** What stands below a table: that there is nothing, or more. Not part of the answer, so it goes to standard error. */
export function writeRest({ err }: Surroundings, count: number, what: string, nextPageToken: string): void {
  if (count === 0) writeLine(err, paint(err, "dim", `No ${what}.`));
  if (nextPageToken !== "") {
    writeLine(
      err,
      paint(err, "dim", `There are more: --limit for a longer list, or go on with --page-token ${nextPageToken}`),
    );
  }
}
