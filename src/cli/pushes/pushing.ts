import type { Command } from "commander";
import { PushWorkItemResponseSchema } from "../../client/index.ts";
import { apiCommand, withClient } from "../api/command.ts";
import type { ApiOptions } from "../api/command.ts";
import { Failure } from "../failure.ts";
import { writeJson } from "../format/json.ts";
import type { Surroundings } from "../surroundings.ts";
import { writePushLog } from "./view.ts";

interface Options extends ApiOptions {
  readonly session?: string;
  readonly action?: string;
  readonly note?: string;
  readonly requestId?: string;
}

export function addPushCommand(pushes: Command, surroundings: Surroundings): void {
  const { out, clock } = surroundings;
  apiCommand(pushes, "push <platform> [item]", "Tell a platform how a work item or a session stands now.", [
    "pushes push 0199a2b4-… 9001",
    "pushes push 0199a2b4-… --session 77 --action task_abort",
  ])
    .option("--session <id>", "of this session as a whole, instead of one item")
    .option("--action <action>", "what it is about, such as receive (default: what the present state calls for)")
    .option("--note <words>", "with remind_task: what the one who urges says")
    .option("--request-id <id>", "the same id within 24 h does it once and gives the same answer")
    .action(async (platformId: string, workItemId: string | undefined, options: Options) => {
      if ((workItemId === undefined) === (options.session === undefined)) {
        throw new Failure("Name one: a work item, or a session with --session.");
      }
      await withClient(surroundings, options, async (client) => {
        const answer = await client.pushes.pushWorkItem({
          platformId,
          workItemId,
          sessionId: options.session,
          action: options.action,
          note: options.note,
          requestId: options.requestId,
        });
        if (options.json) writeJson(out, PushWorkItemResponseSchema, answer);
        else if (answer.pushLog) writePushLog(out, answer.pushLog, clock.now());
      });
    });
}
