/** The commands that look at pushes. */
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Command } from "commander";
import {
  GetPushErrorResponseSchema,
  ListExchangesResponseSchema,
  ListPushLogsResponseSchema,
  PushOriginSchema,
  PushStateSchema,
} from "../../client/index.ts";
import type { PushOrigin, PushState } from "../../client/index.ts";
import { apiCommand, withClient } from "../api/command.ts";
import type { ApiOptions } from "../api/command.ts";
import { addListOptions, writeList } from "../api/listing.ts";
import type { ListOptions } from "../api/listing.ts";
import { enumValues, momentBefore } from "../api/option-values.ts";
import { writeJson } from "../format/json.ts";
import type { Surroundings } from "../surroundings.ts";
import { writePushError, writePushExchanges, writePushLog, writePushLogs } from "./view.ts";

export function addReadingCommands(pushes: Command, surroundings: Surroundings): void {
  addList(pushes, surroundings);
  addShow(pushes, surroundings);
  addError(pushes, surroundings);
  addExchanges(pushes, surroundings);
}

function addList(pushes: Command, surroundings: Surroundings): void {
  const { clock } = surroundings;
  interface Options extends ListOptions {
    readonly platform?: string;
    readonly thirdId?: string;
    readonly session?: string;
    readonly item?: string;
    readonly batch?: string;
    readonly state?: PushState[];
    readonly origin?: PushOrigin[];
    readonly deletions?: boolean;
    readonly since?: Timestamp;
    readonly until?: Timestamp;
  }
  const command = apiCommand(pushes, "list", "List pushes, newest first.", [
    "pushes list --platform 0199a2b4-… --state failed --since 3d",
    "pushes list --platform 0199a2b4-… --third-id 77_9001 --json | jq -r '.pushLogs[].id'",
  ]);
  addListOptions(command)
    .option("--platform <id>", "only to this platform")
    .option("--third-id <id>", "with --platform: only about this id of its own")
    .option("--session <id>", "only of this approval")
    .option("--item <id>", "only about this work item")
    .option("--batch <id>", "only of this batch")
    .option("--state <states>", "only in these states, such as retrying,failed", enumValues(PushStateSchema))
    .option("--origin <origins>", "only with these origins: event, manual, batch, sweep", enumValues(PushOriginSchema))
    .option("--deletions", "only of deletions")
    .option(
      "--since <time>",
      "only made since then, such as 24h or 2026-01-31",
      momentBefore(() => clock.now()),
    )
    .option(
      "--until <time>",
      "only made before then",
      momentBefore(() => clock.now()),
    )
    .action((options: Options) =>
      writeList(surroundings, options, {
        schema: ListPushLogsResponseSchema,
        ask: (client, page) =>
          client.pushes.listPushLogs({
            ...page,
            platformId: options.platform,
            thirdId: options.thirdId,
            sessionId: options.session,
            workItemId: options.item,
            batchId: options.batch,
            states: options.state,
            origins: options.origin,
            deletionsOnly: options.deletions,
            createdAfter: options.since,
            createdBefore: options.until,
          }),
        itemsOf: (answer) => answer.pushLogs,
        write: writePushLogs,
        what: "pushes",
      }),
    );
}

function addShow(pushes: Command, surroundings: Surroundings): void {
  const { out, clock } = surroundings;
  apiCommand(pushes, "show <id>", "Show one push: what was to be sent, and what it came to.", [
    "pushes show 0199a2b4-…",
  ]).action(async (pushLogId: string, options: ApiOptions) => {
    await withClient(surroundings, options, async (client) => {
      const answer = await client.pushes.getPushError({ pushLogId });
      if (options.json) writeJson(out, GetPushErrorResponseSchema, answer);
      else if (answer.pushLog) writePushLog(out, answer.pushLog, clock.now());
    });
  });
}

function addError(pushes: Command, surroundings: Surroundings): void {
  const { out } = surroundings;
  apiCommand(pushes, "error <id>", "Say what of a push failed, what to try, and show the request that tells.", [
    "pushes error 0199a2b4-…",
  ]).action(async (pushLogId: string, options: ApiOptions) => {
    await withClient(surroundings, options, async (client) => {
      const answer = await client.pushes.getPushError({ pushLogId });
      if (options.json) writeJson(out, GetPushErrorResponseSchema, answer);
      else writePushError(out, answer);
    });
  });
}

function addExchanges(pushes: Command, surroundings: Surroundings): void {
  const command = apiCommand(
    pushes,
    "exchanges <id>",
    "Show what a push sent and what was answered, newest attempt first.",
    ["pushes exchanges 0199a2b4-… --limit 5"],
  );
  addListOptions(command).action((pushLogId: string, options: ListOptions) =>
    writeList(surroundings, options, {
      schema: ListExchangesResponseSchema,
      ask: (client, page) => client.pushes.listExchanges({ ...page, pushLogId }),
      itemsOf: (answer) => answer.exchanges,
      write: writePushExchanges,
      what: "exchanges",
    }),
  );
}
