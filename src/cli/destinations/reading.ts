/** The commands that look at destinations. */
import type { Command } from "commander";
import {
  BreakerStateSchema,
  GetDestinationResponseSchema,
  ListDestinationsResponseSchema,
} from "../../client/index.ts";
import type { BreakerState } from "../../client/index.ts";
import { apiCommand, withClient } from "../api/command.ts";
import type { ApiOptions } from "../api/command.ts";
import { addListOptions, writeList } from "../api/listing.ts";
import type { ListOptions } from "../api/listing.ts";
import { enumValues, originOf } from "../api/option-values.ts";
import { writeJson } from "../format/json.ts";
import type { Surroundings } from "../surroundings.ts";
import { writeDestination, writeDestinations } from "./view.ts";

export function addReadingCommands(destinations: Command, surroundings: Surroundings): void {
  addList(destinations, surroundings);
  addGet(destinations, surroundings);
}

function addList(destinations: Command, surroundings: Surroundings): void {
  interface Options extends ListOptions {
    readonly prefix?: string;
    readonly breaker?: BreakerState[];
    readonly disabled?: boolean;
  }
  const command = apiCommand(destinations, "list", "List destinations, by origin.", [
    "destinations list --breaker open,isolated",
    "destinations list --disabled --json | jq -r '.destinations[].origin'",
  ]);
  addListOptions(command)
    .option("--prefix <text>", "only those whose origin begins so, such as https://hooks.")
    .option("--breaker <states>", "only those whose breaker is in these states", enumValues(BreakerStateSchema))
    .option("--disabled", "only those that are disabled")
    .action((options: Options) =>
      writeList(surroundings, options, {
        schema: ListDestinationsResponseSchema,
        ask: (client, page) =>
          client.dispatches.listDestinations({
            ...page,
            originPrefix: options.prefix,
            breakerStates: options.breaker,
            disabledOnly: options.disabled,
          }),
        itemsOf: (answer) => answer.destinations,
        write: writeDestinations,
        what: "destinations",
      }),
    );
}

function addGet(destinations: Command, surroundings: Surroundings): void {
  const { out, clock } = surroundings;
  apiCommand(destinations, "get", "Show one destination.", ["destinations get https://hooks.example.com"])
    .argument("<url>", "its origin, or any address there", originOf)
    .action(async (origin: string, options: ApiOptions) => {
      await withClient(surroundings, options, async (client) => {
        const answer = await client.dispatches.getDestination({ origin });
        if (options.json) writeJson(out, GetDestinationResponseSchema, answer);
        else if (answer.destination) writeDestination(out, answer.destination, clock.now());
      });
    });
}
