/** The commands that look at what is configured. */
import type { Command } from "commander";
import {
  ConfigScope,
  GetConfigResponseSchema,
  ListConfigsResponseSchema,
  ResolveConfigResponseSchema,
} from "../../client/index.ts";
import { apiCommand, withClient } from "../api/command.ts";
import { addListOptions, writeList } from "../api/listing.ts";
import type { ListOptions } from "../api/listing.ts";
import { writeJson } from "../format/json.ts";
import type { Surroundings } from "../surroundings.ts";
import { placeOf } from "./place.ts";
import type { PlaceOptions } from "./place.ts";
import { writeChanges, writeConfig, writeConfigs, writeResolved } from "./view.ts";

export function addReadingCommands(config: Command, surroundings: Surroundings): void {
  addList(config, surroundings);
  addGet(config, surroundings);
  addResolve(config, surroundings);
}

function addList(config: Command, surroundings: Surroundings): void {
  interface Options extends ListOptions, PlaceOptions {
    readonly key?: string;
    readonly users?: boolean;
  }
  const command = apiCommand(config, "list", "List keys with what holds, and what users have set.", [
    "config list",
    "config list --user li",
    "config list --users --key timeout_minutes",
  ]);
  addListOptions(command)
    .option("--key <key>", "only this key")
    .option("--user <id>", "every key, with what holds for this user")
    .option("--users", "only what single users have set; with --user what that one has")
    .action(async (options: Options) => {
      const scope = options.users ? ConfigScope.USER : ConfigScope.UNSPECIFIED;
      const filter = { scope, userId: options.user, key: options.key };
      await writeList(surroundings, options, {
        schema: ListConfigsResponseSchema,
        ask: (client, page) => client.configs.listConfigs({ ...filter, ...page }),
        itemsOf: (answer) => answer.configs,
        write: writeConfigs,
        what: "values",
      });
    });
}

function addGet(config: Command, surroundings: Surroundings): void {
  const { out, clock } = surroundings;
  apiCommand(config, "get <key>", "Show what holds, where it comes from, and who changed it.", [
    "config get retention_days",
    "config get timeout_minutes --user li",
  ])
    .option("--user <id>", "what holds for this user (default: for everybody)")
    .action(async (key: string, options: PlaceOptions) => {
      await withClient(surroundings, options, async (client) => {
        const answer = await client.configs.getConfig(placeOf(key, options));
        if (options.json) {
          writeJson(out, GetConfigResponseSchema, answer);
          return;
        }
        if (answer.config) writeConfig(out, answer.config, clock.now());
        writeChanges(out, answer.changes, clock.now());
      });
    });
}

function addResolve(config: Command, surroundings: Surroundings): void {
  const { out } = surroundings;
  apiCommand(config, "resolve <key>", "Say what holds for a key, and where that comes from.", [
    "config resolve timeout_minutes --user li",
    "config resolve retention_days --json | jq .value",
  ])
    .option("--user <id>", "for this user (default: for nobody in particular)")
    .action(async (key: string, options: PlaceOptions) => {
      await withClient(surroundings, options, async (client) => {
        const answer = await client.configs.resolveConfig({ userId: options.user, key });
        if (options.json) writeJson(out, ResolveConfigResponseSchema, answer);
        else writeResolved(out, answer);
      });
    });
}
