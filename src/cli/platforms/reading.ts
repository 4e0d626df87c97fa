/** The commands that look at platforms. */
import { create } from "@bufbuild/protobuf";
import type { Command } from "commander";
import {
  GetPlatformResponseSchema,
  GetPlatformStatusResponseSchema,
  ListConnectorsResponseSchema,
  ListPlatformChangesResponseSchema,
  ListPlatformsResponseSchema,
} from "../../client/index.ts";
import { apiCommand, withClient } from "../api/command.ts";
import type { ApiOptions } from "../api/command.ts";
import { addListOptions, writeList } from "../api/listing.ts";
import type { ListOptions } from "../api/listing.ts";
import { Failure } from "../failure.ts";
import { writeJson } from "../format/json.ts";
import type { Surroundings } from "../surroundings.ts";
import { writeChanges, writePlatform, writePlatforms, writeStatus } from "./view.ts";
import { writeConnectors, writeSettings } from "./connector-view.ts";

export function addReadingCommands(platforms: Command, surroundings: Surroundings): void {
  addList(platforms, surroundings);
  addConnectors(platforms, surroundings);
  addShow(platforms, surroundings);
  addStatus(platforms, surroundings);
  addChanges(platforms, surroundings);
}

function addList(platforms: Command, surroundings: Surroundings): void {
  interface Options extends ListOptions {
    readonly connector?: string;
    readonly enabled?: boolean;
    readonly disabled?: boolean;
  }
  const command = apiCommand(platforms, "list", "List platforms.", [
    "platforms list --enabled",
    "platforms list --connector jinzhi --json | jq -r '.platforms[].id'",
  ]);
  addListOptions(command)
    .option("--connector <name>", "only those with this connector")
    .option("--enabled", "only those that are enabled")
    .option("--disabled", "only those that are not")
    .action(async (options: Options) => {
      if (options.enabled && options.disabled) throw new Failure("Say one of --enabled and --disabled, or neither.");
      await writeList(surroundings, options, {
        schema: ListPlatformsResponseSchema,
        ask: (client, page) =>
          client.platforms.listPlatforms({
            ...page,
            connector: options.connector,
            enabled: options.enabled ?? (options.disabled ? false : undefined),
          }),
        itemsOf: (answer) => answer.platforms,
        write: writePlatforms,
        what: "platforms",
      });
    });
}

function addConnectors(platforms: Command, surroundings: Surroundings): void {
  const { out } = surroundings;
  apiCommand(platforms, "connectors [name]", "List the kinds of task centres, or the settings that one asks for.", [
    "platforms connectors",
    "platforms connectors jinzhi",
  ]).action(async (name: string | undefined, options: ApiOptions) => {
    await withClient(surroundings, options, async (client) => {
      const { connectors: all } = await client.platforms.listConnectors({ pageSize: 500 });
      const connectors = all.filter((connector) => name === undefined || connector.name === name);
      const [first] = connectors;
      if (first === undefined) {
        throw new Failure(`There is no connector "${name}": there are ${all.map((each) => each.name).join(", ")}.`);
      }
      if (options.json) {
        writeJson(out, ListConnectorsResponseSchema, create(ListConnectorsResponseSchema, { connectors }));
      } else if (name === undefined) writeConnectors(out, connectors);
      else writeSettings(out, first);
    });
  });
}

function addShow(platforms: Command, surroundings: Surroundings): void {
  const { out, clock } = surroundings;
  apiCommand(platforms, "show <id>", "Show one platform; secrets are masked.", ["platforms show 0199a2b4-…"])
    .alias("get")
    .action(async (platformId: string, options: ApiOptions) => {
      await withClient(surroundings, options, async (client) => {
        const answer = await client.platforms.getPlatform({ platformId });
        if (options.json) writeJson(out, GetPlatformResponseSchema, answer);
        else if (answer.platform) writePlatform(out, answer.platform, clock.now());
      });
    });
}

function addStatus(platforms: Command, surroundings: Surroundings): void {
  const { out, clock } = surroundings;
  apiCommand(platforms, "status <id>", "Show how it fares: breaker, access token, pushes under way and waiting.", [
    "platforms status 0199a2b4-…",
  ]).action(async (platformId: string, options: ApiOptions) => {
    await withClient(surroundings, options, async (client) => {
      const answer = await client.platforms.getPlatformStatus({ platformId });
      if (options.json) writeJson(out, GetPlatformStatusResponseSchema, answer);
      else if (answer.status) writeStatus(out, answer.status, clock.now());
    });
  });
}

function addChanges(platforms: Command, surroundings: Surroundings): void {
  const command = apiCommand(platforms, "changes <id>", "List who changed what of it, newest first.", [
    "platforms changes 0199a2b4-… --limit 5",
  ]);
  addListOptions(command).action((platformId: string, options: ListOptions) =>
    writeList(surroundings, options, {
      schema: ListPlatformChangesResponseSchema,
      ask: (client, page) => client.platforms.listPlatformChanges({ ...page, platformId }),
      itemsOf: (answer) => answer.changes,
      write: writeChanges,
      what: "changes",
    }),
  );
}
