/** The commands about what platforms should believe. */
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Command } from "commander";
import { ListDriftResponseSchema, ReconcilePushesResponseSchema } from "../../client/index.ts";
import { apiCommand, withClient } from "../api/command.ts";
import type { ApiOptions } from "../api/command.ts";
import { addListOptions, writeList } from "../api/listing.ts";
import type { ListOptions } from "../api/listing.ts";
import { momentBefore } from "../api/option-values.ts";
import { writeJson } from "../format/json.ts";
import { writeLine } from "../format/screen.ts";
import type { Surroundings } from "../surroundings.ts";
import { writeDrift } from "./view.ts";

export function addDriftCommands(pushes: Command, surroundings: Surroundings): void {
  addDrift(pushes, surroundings);
  addReconcile(pushes, surroundings);
}

function addDrift(pushes: Command, surroundings: Surroundings): void {
  const { clock } = surroundings;
  interface Options extends ListOptions {
    readonly since?: Timestamp;
  }
  const command = apiCommand(
    pushes,
    "drift <platform>",
    "List where a platform believes something else than it should.",
    ["pushes drift 0199a2b4-…", "pushes drift 0199a2b4-… --since 30d --json | jq '.entries | length'"],
  );
  addListOptions(command)
    .option(
      "--since <time>",
      "only of what something was told since then (default: 3 days ago)",
      momentBefore(() => clock.now()),
    )
    .action((platformId: string, options: Options) =>
      writeList(surroundings, options, {
        schema: ListDriftResponseSchema,
        ask: (client, page) => client.pushes.listDrift({ ...page, platformId, updatedAfter: options.since }),
        itemsOf: (answer) => answer.entries,
        write: writeDrift,
        what: "drift",
      }),
    );
}

function addReconcile(pushes: Command, surroundings: Surroundings): void {
  const { out } = surroundings;
  interface Options extends ApiOptions {
    readonly requestId?: string;
  }
  apiCommand(
    pushes,
    "reconcile [platform]",
    "Push now what was not pushed, failed, or differs (default: of all platforms).",
    ["pushes reconcile", "pushes reconcile 0199a2b4-…"],
  )
    .option("--request-id <id>", "the same id within 24 h does it once and gives the same answer")
    .action(async (platformId: string | undefined, options: Options) => {
      await withClient(surroundings, options, async (client) => {
        const answer = await client.pushes.reconcilePushes({ platformId, requestId: options.requestId });
        if (options.json) writeJson(out, ReconcilePushesResponseSchema, answer);
        else writeLine(out, `It runs as instance ${answer.instanceId}.`);
      });
    });
}
