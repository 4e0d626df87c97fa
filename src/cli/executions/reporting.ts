/** The commands that tell of executions. */
import { fromJson } from "@bufbuild/protobuf";
import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { ListValueSchema, ValueSchema } from "@bufbuild/protobuf/wkt";
import type { Value } from "@bufbuild/protobuf/wkt";
import type { Command } from "commander";
import { InvalidArgumentError } from "commander";
import {
  RegisterExecutionResponseSchema,
  SyncExecutionResponseSchema,
  UpdateExecutionResponseSchema,
} from "../../client/index.ts";
import { apiCommand, withClient } from "../api/command.ts";
import type { ApiOptions } from "../api/command.ts";
import { jsonObject, jsonOrText, label } from "../api/option-values.ts";
import { writeJson } from "../format/json.ts";
import { writeLine } from "../format/screen.ts";
import type { Surroundings } from "../surroundings.ts";
import { writeExecution } from "./view.ts";

/** What both can tell. */
interface ReportOptions extends ApiOptions {
  readonly status?: string;
  readonly result?: Value;
  readonly error?: string;
  readonly errorType?: string;
  readonly traceback?: string;
  readonly metadata?: JsonObject;
  readonly worker?: string;
}

function addReportOptions(command: Command): Command {
  return command
    .option("--status <status>", "PENDING, STARTED, RETRY, SUCCESS, FAILURE or REVOKED")
    .option("--result <json>", "what it returned", (text) => fromJson(ValueSchema, jsonOrText(text)))
    .option("--error <text>", "why it failed")
    .option("--error-type <type>", "what kind of error that is")
    .option("--traceback <text>", "where it happened")
    .option("--metadata <json>", "free data, merged key by key", jsonObject)
    .option("--worker <name>", "who runs it");
}

function reportOf({ status, result, error, errorType, traceback, metadata, worker }: ReportOptions) {
  return { status, result, error, errorType, traceback, metadata, worker };
}

export function addReportingCommands(executions: Command, surroundings: Surroundings): void {
  addRegister(executions, surroundings);
  addUpdate(executions, surroundings);
  addSync(executions, surroundings);
}

function addRegister(executions: Command, surroundings: Surroundings): void {
  const { out, err, clock } = surroundings;
  interface Options extends ReportOptions {
    readonly module?: string;
    readonly user?: string;
    readonly args?: readonly JsonValue[];
    readonly kwargs?: JsonObject;
    readonly businessId?: string;
    readonly label?: Readonly<Record<string, string>>;
  }
  const command = apiCommand(
    executions,
    "register <task-id> <name>",
    "Register an execution, or show the one there is.",
    ["executions register 1f0c2f0e-… cloud_billing.collect --module cloud_billing --status STARTED"],
  );
  addReportOptions(command)
    .option("--module <name>", "the part of a program it belongs to")
    .option("--user <id>", "whose it is")
    .option("--args <json>", "what it is called with, by position, such as '[1,2]'", jsonList)
    .option("--kwargs <json>", "what it is called with, by name", jsonObject)
    .option("--business-id <id>", "the business object it is for")
    .option("--label <name=value>", "a label; may stand several times", label)
    .action(async (taskId: string, taskName: string, options: Options) => {
      await withClient(surroundings, options, async (client) => {
        const { module, user, args, kwargs, businessId, label: labels } = options;
        const answer = await client.executions.registerExecution({
          ...reportOf(options),
          taskId,
          taskName,
          module,
          createdBy: user,
          kwargs,
          businessId,
          labels,
          args: args && fromJson(ListValueSchema, [...args]),
        });
        if (options.json) {
          writeJson(out, RegisterExecutionResponseSchema, answer);
          return;
        }
        if (answer.existing) writeLine(err, "It was registered before; nothing was changed.");
        if (answer.execution) writeExecution(out, answer.execution, clock.now());
      });
    });
}

function addUpdate(executions: Command, surroundings: Surroundings): void {
  const { out, err, clock } = surroundings;
  const command = apiCommand(executions, "update <task-id>", "Tell how an execution goes.", [
    "executions update 1f0c2f0e-… --status FAILURE --error 'no luck'",
    "executions update 1f0c2f0e-… --metadata '{\"progress_percent\":70}'",
  ]);
  addReportOptions(command).action(async (taskId: string, options: ReportOptions) => {
    await withClient(surroundings, options, async (client) => {
      const answer = await client.executions.updateExecution({ taskId, ...reportOf(options) });
      if (options.json) {
        writeJson(out, UpdateExecutionResponseSchema, answer);
        return;
      }
      if (answer.statusIgnored) writeLine(err, answer.statusIgnoredReason);
      if (answer.execution) writeExecution(out, answer.execution, clock.now());
    });
  });
}

function addSync(executions: Command, surroundings: Surroundings): void {
  const { out, err, clock } = surroundings;
  apiCommand(executions, "sync <task-id>", "Take over what Celery's result backend knows of an execution.", [
    "executions sync 1f0c2f0e-…",
  ]).action(async (taskId: string, options: ApiOptions) => {
    await withClient(surroundings, options, async (client) => {
      const answer = await client.executions.syncExecution({ taskId });
      if (options.json) {
        writeJson(out, SyncExecutionResponseSchema, answer);
        return;
      }
      if (!answer.changed) writeLine(err, "Celery has no news of it.");
      if (answer.execution) writeExecution(out, answer.execution, clock.now());
    });
  });
}

function jsonList(text: string): readonly JsonValue[] {
  const value = jsonOrText(text);
  if (Array.isArray(value)) return value;
  throw new InvalidArgumentError("It must be a JSON list, such as '[1,2]'.");
}
