/** The commands on triggers: which events a platform is told of. */
import type { Command } from "commander";
import {
  CreateTriggerResponseSchema,
  DeleteTriggerResponseSchema,
  ListTriggersResponseSchema,
} from "../../client/index.ts";
import { apiCommand, withClient } from "../api/command.ts";
import { addListOptions, writeList } from "../api/listing.ts";
import type { ListOptions } from "../api/listing.ts";
import { writeJson } from "../format/json.ts";
import { writeLine } from "../format/screen.ts";
import type { Surroundings } from "../surroundings.ts";
import { addChangeOptions, whoAndWhy, type ChangeOptions } from "./changing.ts";
import { writeTriggers } from "./trigger-view.ts";

export function addTriggersCommand(platforms: Command, surroundings: Surroundings): void {
  const triggers = platforms.command("triggers").description("Which events platforms are told of.");
  addList(triggers, surroundings);
  addCreate(triggers, surroundings);
  addDelete(triggers, surroundings);
}

function addList(triggers: Command, surroundings: Surroundings): void {
  interface Options extends ListOptions {
    readonly platform?: string;
  }
  const command = apiCommand(triggers, "list", "List triggers.", ["platforms triggers list --platform 0199a2b4-…"]);
  addListOptions(command)
    .option("--platform <id>", "only those of this platform")
    .action((options: Options) =>
      writeList(surroundings, options, {
        schema: ListTriggersResponseSchema,
        ask: (client, page) => client.platforms.listTriggers({ ...page, platformId: options.platform }),
        itemsOf: (answer) => answer.triggers,
        write: writeTriggers,
        what: "triggers",
      }),
    );
}

function addCreate(triggers: Command, surroundings: Surroundings): void {
  const { out, clock } = surroundings;
  interface Options extends ChangeOptions {
    readonly action?: readonly string[];
    readonly app?: readonly string[];
    readonly node?: readonly string[];
    readonly creator?: readonly string[];
    readonly assignee?: readonly string[];
  }
  const command = apiCommand(triggers, "create <platform-id>", "Tell a platform of events, from now on.", [
    "platforms triggers create 0199a2b4-… --action receive,after_examine,after_end --app 12",
  ]);
  addChangeOptions(command)
    .option("--action <names>", "only these, such as receive,after_end; may stand several times", words)
    .option("--app <ids>", "only of these applications", words)
    .option("--node <ids>", "only of items at these nodes", words)
    .option("--creator <numbers>", "only of sessions that these people began", words)
    .option("--assignee <numbers>", "only of items that these people have", words)
    .action(async (platformId: string, options: Options) => {
      const { action, app, node, creator, assignee } = options;
      await withClient(surroundings, options, async (client) => {
        const answer = await client.platforms.createTrigger({
          trigger: {
            platformId,
            actions: [...(action ?? [])],
            appIds: [...(app ?? [])],
            condition: { nodeIds: [...(node ?? [])], creators: [...(creator ?? [])], assignees: [...(assignee ?? [])] },
          },
          ...whoAndWhy(options),
        });
        if (options.json) writeJson(out, CreateTriggerResponseSchema, answer);
        else if (answer.trigger) writeTriggers(out, [answer.trigger], clock.now());
      });
    });
}

function addDelete(triggers: Command, surroundings: Surroundings): void {
  const { out } = surroundings;
  const command = apiCommand(triggers, "delete <id>", "Push its events no more.", [
    "platforms triggers delete 0199a2b4-…",
  ]);
  addChangeOptions(command).action(async (triggerId: string, options: ChangeOptions) => {
    await withClient(surroundings, options, async (client) => {
      const answer = await client.platforms.deleteTrigger({ triggerId, ...whoAndWhy(options) });
      if (options.json) writeJson(out, DeleteTriggerResponseSchema, answer);
      else writeLine(out, "Deleted.");
    });
  });
}

/** `a,b`; the option may stand several times. */
function words(text: string, before: readonly string[] = []): readonly string[] {
  return [
    ...before,
    ...text
      .split(",")
      .map((word) => word.trim())
      .filter((word) => word !== ""),
  ];
}
