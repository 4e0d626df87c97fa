import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { Command } from "commander";
import type { BelfryClient } from "../../client/index.ts";
import { writeJson } from "../format/json.ts";
import { paint, writeLine } from "../format/screen.ts";
import type { Screen } from "../format/screen.ts";
import type { Surroundings } from "../surroundings.ts";
import { withClient } from "./command.ts";
import type { ApiOptions } from "./command.ts";
import { countFrom } from "./option-values.ts";
import { readPages } from "./pages.ts";
import type { AskedPage } from "./pages.ts";

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

interface Listing<Answer extends DescMessage, Item> {
  /** Of the answer, that is printed as JSON. */
  readonly schema: Answer;
  ask(client: BelfryClient, page: AskedPage): Promise<MessageShape<Answer> & { readonly nextPageToken: string }>;
  itemsOf(answer: MessageShape<Answer>): Item[];
  /** As a table. */
  write(screen: Screen, items: readonly Item[], now: number): void;
  /** What they are, where there are none. */
  readonly what: string;
}

/** What a list command does: it asks for as many as its options say, page by page, and writes them. */
export async function writeList<Answer extends DescMessage, Item>(
  surroundings: Surroundings,
  options: ListOptions,
  { schema, ask, itemsOf, write, what }: Listing<Answer, Item>,
): Promise<void> {
  const { out, clock } = surroundings;
  await withClient(surroundings, options, async (client) => {
    const answers: MessageShape<Answer>[] = [];
    const { items, nextPageToken } = await readPages(options.limit, options.pageToken, async (page) => {
      const answer = await ask(client, page);
      answers.push(answer);
      return { items: itemsOf(answer), nextPageToken: answer.nextPageToken };
    });
    const [last] = answers.slice(-1);
    if (options.json && last !== undefined) {
      // One answer with the items of all, as if the page had been as long as the list.
      const shown = itemsOf(last);
      shown.length = 0;
      for (const item of items) shown.push(item);
      writeJson(out, schema, last);
      return;
    }
    write(out, items, clock.now());
    writeRest(surroundings, items.length, what, nextPageToken);
  });
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
