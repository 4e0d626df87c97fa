/** The commands that make, change and remove platforms. */
import { create } from "@bufbuild/protobuf";
import type { JsonObject } from "@bufbuild/protobuf";
import type { Command } from "commander";
import {
  CreatePlatformResponseSchema,
  DeletePlatformResponseSchema,
  PlatformSchema,
  PushPolicySchema,
  RateLimitSchema,
  UpdatePlatformResponseSchema,
} from "../../client/index.ts";
import type { Platform } from "../../client/index.ts";
import { apiCommand, withClient } from "../api/command.ts";
import { countFrom, jsonObject, label, several } from "../api/option-values.ts";
import { readMessage } from "../definitions/json-file.ts";
import { Failure } from "../failure.ts";
import { writeJson } from "../format/json.ts";
import { writeLine } from "../format/screen.ts";
import type { Surroundings } from "../surroundings.ts";
import { addChangeOptions, addEtagOption, whoAndWhy, type ChangeOptions, type EtagOptions } from "./changing.ts";
import { writePlatform } from "./view.ts";

interface PlatformOptions extends ChangeOptions {
  readonly file?: string;
  readonly name?: string;
  readonly connector?: string;
  readonly set?: Readonly<Record<string, string>>;
  readonly settings?: JsonObject;
  readonly standsFor?: string;
  readonly maxConcurrent?: number;
  readonly rate?: number;
}

export function addWritingCommands(platforms: Command, surroundings: Surroundings): void {
  addCreate(platforms, surroundings);
  addUpdate(platforms, surroundings);
  addDelete(platforms, surroundings);
}

function addPlatformOptions(command: Command): Command {
  return addChangeOptions(command)
    .option("-f, --file <path>", "a JSON file with the platform; - is standard input. Options stand above it")
    .option("--name <name>", "what it is called")
    .option("--connector <name>", 'how to speak with it: see "platforms connectors"')
    .option("--set <name=value>", "a setting that is a text; may stand several times", label)
    .option("--settings <json>", "settings of any kind", jsonObject)
    .option("--stands-for <id>", "the platform for which this one stands in; empty: none")
    .option("--max-concurrent <count>", "pushes under way at a time", countFrom(1, 10_000))
    .option("--rate <count>", "pushes a second at most", countFrom(1, 100_000));
}

function addCreate(platforms: Command, surroundings: Surroundings): void {
  const { out, err, clock } = surroundings;
  const command = apiCommand(platforms, "create", "Create a platform, which is disabled at first.", [
    "platforms create -f jz.json",
    "platforms create --name jz --connector jinzhi --set host=https://… --set appId=a --set appSecret=… --set sceneCode=APPROVAL",
  ]);
  addPlatformOptions(command).action(async (options: PlatformOptions) => {
    const { platform } = await asked(surroundings, options);
    await withClient(surroundings, options, async (client) => {
      const answer = await client.platforms.createPlatform({ platform, ...whoAndWhy(options) });
      if (options.json) {
        writeJson(out, CreatePlatformResponseSchema, answer);
        return;
      }
      if (answer.platform === undefined) return;
      writePlatform(out, answer.platform, clock.now());
      writeLine(
        err,
        `It is disabled: "belfry platforms test ${answer.platform.id}" tries it, "enable" begins to push.`,
      );
    });
  });
}

function addUpdate(platforms: Command, surroundings: Surroundings): void {
  const { out, clock } = surroundings;
  interface Options extends PlatformOptions, EtagOptions {
    readonly unset?: readonly string[];
  }
  const command = apiCommand(platforms, "update <id>", "Change what the options name; the rest stays.", [
    "platforms update 0199a2b4-… --set appSecret=… --by li --reason 'rotated'",
    "platforms update 0199a2b4-… --unset notFoundCodes --max-concurrent 4",
  ]);
  addEtagOption(addPlatformOptions(command))
    .option("--unset <name>", "a setting that goes back to its default; may stand several times", several)
    .action(async (id: string, options: Options) => {
      const { platform, paths } = await asked(surroundings, options);
      const { unset = [] } = options;
      if (paths.length + unset.length === 0) throw new Failure("Say what to change (see --help).");
      platform.id = id;
      platform.etag = options.etag ?? platform.etag;
      await withClient(surroundings, options, async (client) => {
        const answer = await client.platforms.updatePlatform({
          platform: { ...platform, settings: { ...platform.settings, ...cleared(unset) } },
          updateMask: { paths: [...new Set(unset.length === 0 ? paths : [...paths, "settings"])] },
          ...whoAndWhy(options),
        });
        if (options.json) writeJson(out, UpdatePlatformResponseSchema, answer);
        else if (answer.platform) writePlatform(out, answer.platform, clock.now());
      });
    });
}

function cleared(names: readonly string[]): JsonObject {
  return Object.fromEntries(names.map((name) => [name, null]));
}

function addDelete(platforms: Command, surroundings: Surroundings): void {
  const { out } = surroundings;
  const command = apiCommand(platforms, "delete <id>", "Delete a platform that is disabled, with its triggers.", [
    "platforms delete 0199a2b4-… --by li",
  ]);
  addEtagOption(addChangeOptions(command)).action(async (platformId: string, options: EtagOptions) => {
    await withClient(surroundings, options, async (client) => {
      const answer = await client.platforms.deletePlatform({ platformId, etag: options.etag, ...whoAndWhy(options) });
      if (options.json) writeJson(out, DeletePlatformResponseSchema, answer);
      else writeLine(out, "Deleted, with its triggers. Logs of its pushes stay.");
    });
  });
}

/** The platform that file and options describe, and which of its fields they name. */
async function asked(
  surroundings: Surroundings,
  options: PlatformOptions,
): Promise<{ readonly platform: Platform; readonly paths: readonly string[] }> {
  const { file, name, connector, set, settings, standsFor, maxConcurrent, rate } = options;
  const platform =
    file === undefined ? create(PlatformSchema) : await readMessage(surroundings, file, PlatformSchema, "platform");
  const policy = create(PushPolicySchema, platform.policy);
  if (maxConcurrent !== undefined) policy.maxConcurrent = maxConcurrent;
  if (rate !== undefined) policy.rateLimit = create(RateLimitSchema, { perSecond: rate });
  const saysPolicy = (platform.policy ?? maxConcurrent ?? rate) !== undefined;
  const described = create(PlatformSchema, {
    ...platform,
    ...(name !== undefined && { name }),
    ...(connector !== undefined && { connector }),
    ...(standsFor !== undefined && { standsFor }),
    ...((set ?? settings) !== undefined && { settings: { ...platform.settings, ...settings, ...set } }),
    ...(saysPolicy && { policy }),
  });
  const paths = [
    ...(described.name === "" ? [] : ["name"]),
    ...(described.connector === "" ? [] : ["connector"]),
    ...(described.standsFor === "" && standsFor === undefined ? [] : ["stands_for"]),
    ...(described.settings === undefined ? [] : ["settings"]),
    // What a file says of the policy is all of it.
    ...(platform.policy === undefined ? [] : ["policy"]),
    ...(maxConcurrent === undefined ? [] : ["policy.max_concurrent"]),
    ...(rate === undefined ? [] : ["policy.rate_limit"]),
  ];
  return { platform: described, paths };
}
