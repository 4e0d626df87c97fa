/** The commands that look at dispatches. */
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Command } from "commander";
import { GetDispatchResponseSchema, InstanceStateSchema, ListDispatchesResponseSchema } from "../../client/index.ts";
import type { InstanceState } from "../../client/index.ts";
import { addFilterOptions } from "../api/bulk.ts";
import type { FilterOptions } from "../api/bulk.ts";
import { apiCommand, withClient } from "../api/command.ts";
import type { ApiOptions } from "../api/command.ts";
import { addListOptions, writeList } from "../api/listing.ts";
import type { ListOptions } from "../api/listing.ts";
import { enumValues, momentBefore, originOf } from "../api/option-values.ts";
import { writeJson } from "../format/json.ts";
import { paint, writeLine } from "../format/screen.ts";
import { writeAttempts } from "../instances/view.ts";
import type { Surroundings } from "../surroundings.ts";
import { writeDispatch, writeDispatches, writeExchange } from "./view.ts";

/** So many attempts stand below a dispatch; `instances attempts` lists all. */
const SHOWN_ATTEMPTS = 10;

export function addReadingCommands(dispatches: Command, surroundings: Surroundings): void {
  addList(dispatches, surroundings);
  addGet(dispatches, surroundings);
}

function addList(dispatches: Command, surroundings: Surroundings): void {
  const { clock } = surroundings;
  interface Options extends ListOptions, FilterOptions {
    readonly origin?: string;
    readonly state?: InstanceState[];
    readonly since?: Timestamp;
    readonly until?: Timestamp;
  }
  const command = apiCommand(dispatches, "list", "List dispatches, newest first.", [
    "dispatches list --origin https://hooks.example.com --state failed --since 24h",
    "dispatches list --label team=pr --json | jq -r '.dispatches[].id'",
  ]);
  addListOptions(addFilterOptions(command))
    .option("--origin <url>", "only for this destination", originOf)
    .option("--state <states>", "only in these states, such as pending,failed", enumValues(InstanceStateSchema))
    .option(
      "--since <time>",
      "only created since then, such as 24h or 2026-01-31",
      momentBefore(() => clock.now()),
    )
    .option(
      "--until <time>",
      "only created before then",
      momentBefore(() => clock.now()),
    )
    .action((options: Options) =>
      writeList(surroundings, options, {
        schema: ListDispatchesResponseSchema,
        ask: (client, page) =>
          client.dispatches.listDispatches({
            ...page,
            origin: options.origin,
            states: options.state,
            userId: options.user,
            labels: options.label,
            businessId: options.businessId,
            createdAfter: options.since,
            createdBefore: options.until,
          }),
        itemsOf: (answer) => answer.dispatches,
        write: writeDispatches,
        what: "dispatches",
      }),
    );
}

function addGet(dispatches: Command, surroundings: Surroundings): void {
  const { out, clock } = surroundings;
  apiCommand(dispatches, "get <id>", "Show one dispatch, its attempts, and what was sent and answered last.", [
    "dispatches get wf_1767225600000_7c1fe2a4b90d3e58a1c6",
  ]).action(async (dispatchId: string, options: ApiOptions) => {
    await withClient(surroundings, options, async (client) => {
      const answer = await client.dispatches.getDispatch({ dispatchId });
      if (options.json) {
        writeJson(out, GetDispatchResponseSchema, answer);
        return;
      }
      if (answer.dispatch) writeDispatch(out, answer.dispatch, clock.now());
      const { attempts } = await client.instances.listAttempts({ instanceId: dispatchId, pageSize: SHOWN_ATTEMPTS });
      if (attempts.length === 0) return;
      writeLine(out);
      writeAttempts(out, attempts, clock.now());
      const last = attempts.find(({ exchange }) => exchange !== undefined);
      if (last?.exchange === undefined) return;
      writeLine(out);
      writeLine(out, paint(out, "bold", `Attempt ${last.number}:`));
      writeExchange(out, last.exchange);
    });
  });
}
