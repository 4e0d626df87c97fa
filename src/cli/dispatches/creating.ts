import { fromJson } from "@bufbuild/protobuf";
import type { JsonObject } from "@bufbuild/protobuf";
import type { Command } from "commander";
import { InvalidArgumentError } from "commander";
import { CreateDispatchResponseSchema, EvidenceSchema, PrioritySchema } from "../../client/index.ts";
import type { Evidence, Priority } from "../../client/index.ts";
import { apiCommand, withClient } from "../api/command.ts";
import type { ApiOptions } from "../api/command.ts";
import { enumValue, jsonObject, label } from "../api/option-values.ts";
import { Failure } from "../failure.ts";
import { writeJson } from "../format/json.ts";
import { writeLine } from "../format/screen.ts";
import type { Surroundings } from "../surroundings.ts";
import { writeDispatch } from "./view.ts";

interface Options extends ApiOptions {
  readonly evidence?: Evidence;
  readonly taskType?: string;
  readonly data?: JsonObject;
  readonly priority?: Priority;
  readonly failFast?: boolean;
  readonly callback?: boolean;
  readonly user?: string;
  readonly label?: Readonly<Record<string, string>>;
  readonly businessId?: string;
  readonly orderingKey?: string;
  readonly supersedeKey?: string;
  readonly requestId?: string;
}

export function addCreateCommand(dispatches: Command, surroundings: Surroundings): void {
  const { out, err, clock } = surroundings;
  apiCommand(dispatches, "create <url>", "Pack a task and deliver it to a webhook.", [
    `dispatches create https://hooks.example.com/webhook --task-type competitor_alert --data '{"rival":"x"}'`,
    `dispatches create https://hooks.example.com/webhook --priority high --evidence '{"evidenceFragment":"…",…}'`,
  ])
    .option("--task-type <name>", "what kind of task it is")
    .option("--data <json>", "with --task-type: its data", jsonObject)
    .option("--evidence <json>", "a piece of evidence instead, by the names of the API", evidence)
    .option("--priority <priority>", "critical, high, medium or low", enumValue(PrioritySchema))
    .option("--fail-fast", "refuse it while the breaker of the destination is open, instead of letting it wait")
    .option("--callback", "the receiver reports the result later")
    .option("--user <id>", "whose it is")
    .option("--label <name=value>", "a label; may stand several times", label)
    .option("--business-id <id>", "the business object it belongs to")
    .option("--ordering-key <key>", "one after the other with others of this key")
    .option("--supersede-key <key>", "takes the place of those with this key that still wait")
    .option("--request-id <id>", "the same id within 24 h does it once and gives the same answer")
    .action(async (webhookUrl: string, options: Options) => {
      if ((options.evidence === undefined) === (options.taskType === undefined)) {
        throw new Failure("Say one of --task-type and --evidence.");
      }
      await withClient(surroundings, options, async (client) => {
        const answer = await client.dispatches.createDispatch({
          webhookUrl,
          evidence: options.evidence,
          taskType: options.taskType,
          data: options.data,
          priority: options.priority,
          failFast: options.failFast,
          callbackRequired: options.callback,
          userId: options.user,
          labels: options.label,
          businessId: options.businessId,
          orderingKey: options.orderingKey,
          supersedeKey: options.supersedeKey,
          requestId: options.requestId,
        });
        if (options.json) {
          writeJson(out, CreateDispatchResponseSchema, answer);
          return;
        }
        if (answer.existing) writeLine(err, "There was one with this unique key already:");
        if (answer.dispatch) writeDispatch(out, answer.dispatch, clock.now());
      });
    });
}

function evidence(text: string): Evidence {
  const fields = jsonObject(text);
  try {
    return fromJson(EvidenceSchema, fields);
  } catch (error) {
    throw new InvalidArgumentError(`It is no evidence (${error instanceof Error ? error.message : String(error)}).`);
  }
}
