/** The commands for batches of pushes. */
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Command } from "commander";
import {
  BatchPushResponseSchema,
  GetBatchPushResponseSchema,
  SessionStateSchema,
  WorkItemStateSchema,
} from "../../client/index.ts";
import type { BelfryClient, SessionState, WorkItemState } from "../../client/index.ts";
import { apiCommand, withClient } from "../api/command.ts";
import type { ApiOptions } from "../api/command.ts";
import { countFrom, enumValues, momentBefore } from "../api/option-values.ts";
import { writeJson } from "../format/json.ts";
import { paint, writeLine } from "../format/screen.ts";
import type { Surroundings } from "../surroundings.ts";
import { untilBatchEnds } from "./until-batch-ends.ts";
import { writeBatch } from "./view.ts";

interface FollowOptions extends ApiOptions {
  readonly follow?: boolean;
}

export function addBatchCommands(pushes: Command, surroundings: Surroundings): void {
  addBatch(pushes, surroundings);
  addBatchStatus(pushes, surroundings);
}

function addBatch(pushes: Command, surroundings: Surroundings): void {
  const { out, clock } = surroundings;
  interface Options extends FollowOptions {
    readonly since?: Timestamp;
    readonly until?: Timestamp;
    readonly app?: string;
    readonly state?: WorkItemState[];
    readonly session?: string;
    readonly sessionStatus?: SessionState[];
    readonly assignee?: string;
    readonly node?: string;
    readonly pageSize?: number;
    readonly force?: boolean;
    readonly requestId?: string;
  }
  apiCommand(pushes, "batch <platform>", "Tell a platform of all work items that filters select (default: all).", [
    "pushes batch 0199a2b4-… --since 3d --follow",
    "pushes batch 0199a2b4-… --app 12 --state done --force",
    "pushes batch 0199a2b4-… --session-status completed,aborted",
  ])
    .option(
      "--since <time>",
      "only items created since then, such as 24h or 2026-01-31",
      momentBefore(() => clock.now()),
    )
    .option(
      "--until <time>",
      "only items created before then",
      momentBefore(() => clock.now()),
    )
    .option("--app <id>", "only of this application")
    .option("--state <states>", "only in these states, such as open,done", enumValues(WorkItemStateSchema))
    .option("--session <id>", "only of this approval")
    .option(
      "--session-status <states>",
      "only of approvals that are in these states now, such as running,completed",
      enumValues(SessionStateSchema),
    )
    .option("--assignee <number>", "only those that this person has now")
    .option("--node <id>", "only at this node")
    .option("--page-size <count>", "items that are read at a time (default: 30)", countFrom(1, 500))
    .option("--force", "also what the platform was told before")
    .option("--request-id <id>", "the same id within 24 h does it once and gives the same answer")
    .option("--follow", "wait until it has ended, and say how far it is")
    .action(async (platformId: string, options: Options) => {
      await withClient(surroundings, options, async (client) => {
        const answer = await client.pushes.batchPush({
          platformId,
          filter: {
            createdAfter: options.since,
            createdBefore: options.until,
            appId: options.app,
            states: options.state,
            sessionId: options.session,
            sessionStates: options.sessionStatus,
            assignee: options.assignee,
            nodeId: options.node,
          },
          pageSize: options.pageSize,
          force: options.force,
          requestId: options.requestId,
        });
        const batchId = answer.batch?.id ?? "";
        if (options.follow) {
          await follow(client, batchId, surroundings);
          await showStatus(client, batchId, options, surroundings);
        } else if (options.json) {
          writeJson(out, BatchPushResponseSchema, answer);
        } else if (answer.batch) {
          writeBatch(out, answer.batch, clock.now());
        }
      });
    });
}

function addBatchStatus(pushes: Command, surroundings: Surroundings): void {
  apiCommand(pushes, "batch-status <id>", 'Show how far a batch is. "belfry instances cancel <id>" ends it.', [
    "pushes batch-status 0199a2b4-… --follow",
  ])
    .option("--follow", "wait until it has ended, and say how far it is")
    .action(async (batchId: string, options: FollowOptions) => {
      await withClient(surroundings, options, async (client) => {
        if (options.follow) await follow(client, batchId, surroundings);
        await showStatus(client, batchId, options, surroundings);
      });
    });
}

/** Tells on standard error: the answer comes after it. */
async function follow(client: BelfryClient, batchId: string, { clock, err }: Surroundings): Promise<void> {
  await untilBatchEnds({
    clock,
    getBatch: async () => (await client.pushes.getBatchPush({ batchId })).batch,
    tell: (words) => writeLine(err, paint(err, "dim", words)),
  });
}

async function showStatus(
  client: BelfryClient,
  batchId: string,
  options: ApiOptions,
  { out, clock }: Surroundings,
): Promise<void> {
  const answer = await client.pushes.getBatchPush({ batchId });
  if (options.json) writeJson(out, GetBatchPushResponseSchema, answer);
  else if (answer.batch) writeBatch(out, answer.batch, clock.now());
}
