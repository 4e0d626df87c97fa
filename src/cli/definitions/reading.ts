/** The commands that look at definitions. */
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Command } from "commander";
import {
  DefinitionStateSchema,
  ExplainDefinitionResponseSchema,
  GetDefinitionResponseSchema,
  ListDefinitionsResponseSchema,
  ListOccurrencesResponseSchema,
  OccurrenceOutcomeSchema,
  SearchDefinitionsResponseSchema,
} from "../../client/index.ts";
import type { DefinitionState, OccurrenceOutcome } from "../../client/index.ts";
import { addFilterOptions } from "../api/bulk.ts";
import type { FilterOptions } from "../api/bulk.ts";
import { apiCommand, withClient } from "../api/command.ts";
import type { ApiOptions } from "../api/command.ts";
import { addListOptions, writeList, writeRest } from "../api/listing.ts";
import type { ListOptions } from "../api/listing.ts";
import { countFrom, enumValues, momentBefore } from "../api/option-values.ts";
import { writeJson } from "../format/json.ts";
import { printable } from "../format/printable.ts";
import { paint, writeLine } from "../format/screen.ts";
import { moment } from "../format/time.ts";
import type { Surroundings } from "../surroundings.ts";
import { writeDefinition, writeDefinitions, writeMatches, writeOccurrences } from "./view.ts";

export function addReadingCommands(definitions: Command, surroundings: Surroundings): void {
  addList(definitions, surroundings);
  addGet(definitions, surroundings);
  addSearch(definitions, surroundings);
  addExplain(definitions, surroundings);
  addOccurrences(definitions, surroundings);
}

function addList(definitions: Command, surroundings: Surroundings): void {
  const { clock } = surroundings;
  interface Options extends ListOptions, FilterOptions {
    readonly state?: DefinitionState[];
    readonly since?: Timestamp;
    readonly maintenance?: boolean;
  }
  const command = apiCommand(definitions, "list", "List definitions, newest first.", [
    "definitions list --state active --user user1",
    "definitions list --maintenance --label module=belfry",
    "definitions list --label team=ops --json | jq -r '.definitions[].id'",
  ]);
  addListOptions(addFilterOptions(command))
    .option("--state <states>", "only in these states, such as active,paused", enumValues(DefinitionStateSchema))
    .option(
      "--since <time>",
      "only created since then, such as 24h or 2026-01-31",
      momentBefore(() => clock.now()),
    )
    .option("--maintenance", "those of Belfry's own maintenance too")
    .action((options: Options) =>
      writeList(surroundings, options, {
        schema: ListDefinitionsResponseSchema,
        ask: (client, page) =>
          client.definitions.listDefinitions({
            ...page,
            userId: options.user,
            states: options.state,
            labels: options.label,
            businessId: options.businessId,
            createdAfter: options.since,
            showMaintenance: options.maintenance,
          }),
        itemsOf: (answer) => answer.definitions,
        write: writeDefinitions,
        what: "definitions",
      }),
    );
}

function addGet(definitions: Command, surroundings: Surroundings): void {
  const { out, clock } = surroundings;
  apiCommand(definitions, "get <id>", "Show one definition.", ["definitions get 0199a2b4-…"]).action(
    async (definitionId: string, options: ApiOptions) => {
      await withClient(surroundings, options, async (client) => {
        const answer = await client.definitions.getDefinition({ definitionId });
        if (options.json) writeJson(out, GetDefinitionResponseSchema, answer);
        else if (answer.definition) writeDefinition(out, answer.definition, clock.now());
      });
    },
  );
}

function addSearch(definitions: Command, surroundings: Surroundings): void {
  const { out, clock } = surroundings;
  interface Options extends ApiOptions {
    readonly user?: string;
    readonly state?: DefinitionState[];
    readonly limit: number;
  }
  apiCommand(
    definitions,
    "search <words...>",
    "Find definitions whose name or content is like some words, best match first.",
    ["definitions search 监控服务器", "definitions search nightly report --user user1"],
  )
    .option("--user <id>", "only of this user")
    .option("--state <states>", "only in these states (default: all but cancelled)", enumValues(DefinitionStateSchema))
    .option("--limit <count>", "how many at most", countFrom(1, 500), 50)
    .action(async (words: string[], options: Options) => {
      await withClient(surroundings, options, async (client) => {
        const answer = await client.definitions.searchDefinitions({
          query: words.join(" "),
          userId: options.user,
          states: options.state,
          pageSize: options.limit,
        });
        if (options.json) {
          writeJson(out, SearchDefinitionsResponseSchema, answer);
          return;
        }
        writeMatches(out, answer.matches, clock.now());
        writeRest(surroundings, answer.matches.length, "definitions like that", "");
      });
    });
}

function addExplain(definitions: Command, surroundings: Surroundings): void {
  const { out, clock } = surroundings;
  interface Options extends ApiOptions {
    readonly at?: Timestamp;
  }
  apiCommand(definitions, "explain <id>", "Say what a definition does, what it waits for, and why it did not run.", [
    "definitions explain 0199a2b4-…",
    "definitions explain 0199a2b4-… --at 08:00",
  ])
    .option(
      "--at <time>",
      "also say what became of this time, such as 08:00",
      momentBefore(() => clock.now()),
    )
    .action(async (definitionId: string, options: Options) => {
      await withClient(surroundings, options, async (client) => {
        const answer = await client.definitions.explainDefinition({ definitionId, at: options.at });
        if (options.json) {
          writeJson(out, ExplainDefinitionResponseSchema, answer);
          return;
        }
        writeLine(out, paint(out, "bold", printable(answer.summary)));
        for (const fact of answer.facts) writeLine(out, `- ${printable(fact)}`);
        if (answer.nextFireTimes.length > 0) writeLine(out, "Next:");
        for (const time of answer.nextFireTimes) writeLine(out, `  ${moment(time, clock.now())}`);
        if (answer.lastOccurrences.length > 0) writeLine(out, "Last:");
        writeOccurrences(out, answer.lastOccurrences, clock.now());
      });
    });
}

function addOccurrences(definitions: Command, surroundings: Surroundings): void {
  const { clock } = surroundings;
  interface Options extends ListOptions {
    readonly outcome?: OccurrenceOutcome[];
    readonly since?: Timestamp;
    readonly until?: Timestamp;
  }
  const command = apiCommand(definitions, "occurrences <id>", "List what became of due times, newest first.", [
    "definitions occurrences 0199a2b4-… --outcome missed,skipped-overlap --since 24h",
  ]);
  addListOptions(command)
    .option(
      "--outcome <outcomes>",
      "only with these outcomes, such as fired,missed",
      enumValues(OccurrenceOutcomeSchema),
    )
    .option(
      "--since <time>",
      "only due since then, such as 24h or 08:00",
      momentBefore(() => clock.now()),
    )
    .option(
      "--until <time>",
      "only due before then",
      momentBefore(() => clock.now()),
    )
    .action((definitionId: string, options: Options) =>
      writeList(surroundings, options, {
        schema: ListOccurrencesResponseSchema,
        ask: (client, page) =>
          client.definitions.listOccurrences({
            ...page,
            definitionId,
            outcomes: options.outcome,
            scheduledAfter: options.since,
            scheduledBefore: options.until,
          }),
        itemsOf: (answer) => answer.occurrences,
        write: writeOccurrences,
        what: "due times so far",
      }),
    );
}
