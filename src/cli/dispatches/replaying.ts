import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Command } from "commander";
import { InstanceStateSchema, ReplayDispatchesResponseSchema } from "../../client/index.ts";
import type { InstanceState } from "../../client/index.ts";
import { addFilterOptions, targetOf, writeBulk } from "../api/bulk.ts";
import type { FilterOptions } from "../api/bulk.ts";
import { apiCommand, withClient } from "../api/command.ts";
import type { ApiOptions } from "../api/command.ts";
import { enumValues, momentBefore, originOf } from "../api/option-values.ts";
import { writeJson } from "../format/json.ts";
import type { Surroundings } from "../surroundings.ts";
import { writeDispatch } from "./view.ts";

interface Options extends ApiOptions, FilterOptions {
  readonly origin?: string;
  readonly state?: InstanceState[];
  readonly since?: Timestamp;
  readonly until?: Timestamp;
  readonly dryRun?: boolean;
}

export function addReplayCommand(dispatches: Command, surroundings: Surroundings): void {
  const { out, clock } = surroundings;
  const command = apiCommand(
    dispatches,
    "replay [id]",
    "Start finished dispatches anew: those that failed, by default.",
    [
      "dispatches replay wf_1767225600000_7c1fe2a4b90d3e58a1c6",
      "dispatches replay --origin https://hooks.example.com --since 24h --dry-run",
    ],
  );
  addFilterOptions(command)
    .option("--origin <url>", "only for this destination", originOf)
    .option(
      "--state <states>",
      "only in these final states (default: failed,timed-out)",
      enumValues(InstanceStateSchema),
    )
    .option(
      "--since <time>",
      "only ended since then, such as 24h or 08:00",
      momentBefore(() => clock.now()),
    )
    .option(
      "--until <time>",
      "only ended before then",
      momentBefore(() => clock.now()),
    )
    .option("--dry-run", "only show what the filters select")
    .action(async (id: string | undefined, options: Options) => {
      await withClient(surroundings, options, async (client) => {
        const answer = await client.dispatches.replayDispatches(requestOf(id, options));
        if (options.json) {
          writeJson(out, ReplayDispatchesResponseSchema, answer);
          return;
        }
        if (answer.dispatch) writeDispatch(out, answer.dispatch, clock.now());
        writeBulk(surroundings, answer.bulk, "dispatch", "started anew", options.dryRun === true);
      });
    });
}

function requestOf(id: string | undefined, options: Options) {
  const { origin, state: states, user: userId, label: labels, businessId, since, until } = options;
  const selector = { origin, states, userId, labels, businessId, endedAfter: since, endedBefore: until };
  const target = targetOf(id, selector, options.dryRun);
  return target.kind === "one"
    ? { dispatchId: target.id }
    : { selector: target.selector, validateOnly: target.validateOnly };
}
