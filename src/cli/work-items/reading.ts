/** The commands that look at approvals. */
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Command } from "commander";
import {
  GetSessionResponseSchema,
  GetWorkItemResponseSchema,
  ListWorkItemsResponseSchema,
  SessionStateSchema,
  WorkItemStateSchema,
} from "../../client/index.ts";
import type { SessionState, WorkItemState } from "../../client/index.ts";
import { apiCommand, withClient } from "../api/command.ts";
import type { ApiOptions } from "../api/command.ts";
import { addListOptions, writeList } from "../api/listing.ts";
import type { ListOptions } from "../api/listing.ts";
import { enumValues, momentBefore } from "../api/option-values.ts";
import { writeJson } from "../format/json.ts";
import { writeLine } from "../format/screen.ts";
import type { Surroundings } from "../surroundings.ts";
import { writeAcknowledgements, writeSession, writeWorkItem, writeWorkItems } from "./view.ts";

export function addReadingCommands(workItems: Command, surroundings: Surroundings): void {
  addList(workItems, surroundings);
  addShow(workItems, surroundings);
  addSession(workItems, surroundings);
}

function addList(workItems: Command, surroundings: Surroundings): void {
  const { clock } = surroundings;
  interface Options extends ListOptions {
    readonly session?: string;
    readonly sessionStatus?: SessionState[];
    readonly app?: string;
    readonly node?: string;
    readonly state?: WorkItemState[];
    readonly assignee?: string;
    readonly since?: Timestamp;
    readonly until?: Timestamp;
  }
  const command = apiCommand(workItems, "list", "List work items, newest first.", [
    "work-items list --assignee 10086 --state open,claimed",
    "work-items list --app 12 --since 3d --json | jq -r '.workItems[].id'",
  ]);
  addListOptions(command)
    .option("--session <id>", "only of this approval")
    .option("--app <id>", "only of this application")
    .option("--node <id>", "only at this node")
    .option("--state <states>", "only in these states, such as open,done", enumValues(WorkItemStateSchema))
    .option(
      "--session-status <states>",
      "only of approvals that are in these states now, such as running,completed",
      enumValues(SessionStateSchema),
    )
    .option("--assignee <number>", "only those that this person has now")
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
        schema: ListWorkItemsResponseSchema,
        ask: (client, page) =>
          client.workItems.listWorkItems({
            ...page,
            sessionId: options.session,
            sessionStates: options.sessionStatus,
            appId: options.app,
            nodeId: options.node,
            states: options.state,
            assignee: options.assignee,
            createdAfter: options.since,
            createdBefore: options.until,
          }),
        itemsOf: (answer) => answer.workItems,
        write: writeWorkItems,
        what: "work items",
      }),
    );
}

function addShow(workItems: Command, surroundings: Surroundings): void {
  const { out, clock } = surroundings;
  apiCommand(workItems, "show <id>", "Show one work item, and what platforms acknowledged of it.", [
    "work-items show 9001",
  ]).action(async (workItemId: string, options: ApiOptions) => {
    await withClient(surroundings, options, async (client) => {
      const answer = await client.workItems.getWorkItem({ workItemId });
      if (options.json) {
        writeJson(out, GetWorkItemResponseSchema, answer);
        return;
      }
      if (answer.workItem) writeWorkItem(out, answer.workItem, clock.now());
      if (answer.acknowledgements.length > 0) writeLine(out);
      writeAcknowledgements(out, answer.acknowledgements, clock.now());
    });
  });
}

function addSession(workItems: Command, surroundings: Surroundings): void {
  const { out, clock } = surroundings;
  apiCommand(
    workItems,
    "session <id>",
    "Show an approval with its work items, its log, and what platforms acknowledged.",
    ["work-items session 77"],
  ).action(async (sessionId: string, options: ApiOptions) => {
    await withClient(surroundings, options, async (client) => {
      const answer = await client.workItems.getSession({ sessionId });
      if (options.json) writeJson(out, GetSessionResponseSchema, answer);
      else writeSession(out, answer, clock.now());
    });
  });
}
