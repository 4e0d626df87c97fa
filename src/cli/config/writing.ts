/** The commands that change what is configured. */
import { fromJson } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import type { Value } from "@bufbuild/protobuf/wkt";
import type { Command } from "commander";
import { DeleteConfigResponseSchema, SetConfigResponseSchema } from "../../client/index.ts";
import { apiCommand, withClient } from "../api/command.ts";
import { writeJson } from "../format/json.ts";
import { addChangeOptions, addEtagOption, whoAndWhy } from "../platforms/changing.ts";
import type { EtagOptions } from "../platforms/changing.ts";
import type { Surroundings } from "../surroundings.ts";
import { placeOf } from "./place.ts";
import type { PlaceOptions } from "./place.ts";
import { writeConfig } from "./view.ts";

type Options = EtagOptions & PlaceOptions;

export function addWritingCommands(config: Command, surroundings: Surroundings): void {
  addSet(config, surroundings);
  addUnset(config, surroundings);
}

function addSet(config: Command, surroundings: Surroundings): void {
  const { out, clock } = surroundings;
  const command = apiCommand(config, "set <key> <value>", "Set a value, for everybody or for one user.", [
    "config set retention_days 90 --by li --reason 'the auditors asked'",
    "config set cleanup_crontab '0 3 * * *'",
    "config set timeout_minutes 30 --user li",
  ]);
  addEtagOption(addChangeOptions(command))
    .option("--user <id>", "only for this user")
    .action(async (key: string, text: string, options: Options) => {
      await withClient(surroundings, options, async (client) => {
        const asked = { ...placeOf(key, options), value: valueOf(text), etag: options.etag };
        const answer = await client.configs.setConfig({ config: asked, ...whoAndWhy(options) });
        if (options.json) writeJson(out, SetConfigResponseSchema, answer);
        else if (answer.config) writeConfig(out, answer.config, clock.now());
      });
    });
}

function addUnset(config: Command, surroundings: Surroundings): void {
  const { out, clock } = surroundings;
  const command = apiCommand(config, "unset <key>", "Take back what is set, and show what holds then.", [
    "config unset retention_days",
    "config unset timeout_minutes --user li",
  ]);
  addEtagOption(addChangeOptions(command))
    .option("--user <id>", "only of this user")
    .action(async (key: string, options: Options) => {
      await withClient(surroundings, options, async (client) => {
        const asked = { ...placeOf(key, options), etag: options.etag, ...whoAndWhy(options) };
        const answer = await client.configs.deleteConfig(asked);
        if (options.json) writeJson(out, DeleteConfigResponseSchema, answer);
        else if (answer.config) writeConfig(out, answer.config, clock.now());
      });
    });
}

/** `90` is a number and `true` a truth value; all else is a text. */
function valueOf(text: string): Value {
  if (text === "true" || text === "false") return fromJson(ValueSchema, text === "true");
  return fromJson(ValueSchema, /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : text);
}
