/** The commands that make, run and remove definitions. */
import type { JsonObject } from "@bufbuild/protobuf";
import type { Command } from "commander";
import {
  CreateDefinitionResponseSchema,
  DefinitionSchema,
  DeleteDefinitionResponseSchema,
  PrioritySchema,
  TriggerDefinitionResponseSchema,
} from "../../client/index.ts";
import type { Priority } from "../../client/index.ts";
import { apiCommand, withClient } from "../api/command.ts";
import type { ApiOptions } from "../api/command.ts";
import { enumValue, jsonObject } from "../api/option-values.ts";
import { writeJson } from "../format/json.ts";
import { paint, writeLine } from "../format/screen.ts";
import { writeInstance } from "../instances/view.ts";
import type { Surroundings } from "../surroundings.ts";
import { readMessage } from "./json-file.ts";
import { writeDefinition } from "./view.ts";

const REQUEST_ID = "--request-id <id>";
const REQUEST_ID_MEANING = "the same id within 24 h does it once and gives the same answer";

export function addWritingCommands(definitions: Command, surroundings: Surroundings): void {
  addCreate(definitions, surroundings);
  addTrigger(definitions, surroundings);
  addDelete(definitions, surroundings);
}

function addCreate(definitions: Command, surroundings: Surroundings): void {
  const { out, clock } = surroundings;
  interface Options extends ApiOptions {
    readonly file: string;
    readonly requestId?: string;
  }
  apiCommand(definitions, "create", "Create a definition from a JSON file.", [
    "definitions create -f watch-servers.json",
    `definitions create -f - <<< '{"name":"hello","schedule":{"every":{"interval":"30s"}},"action":{"worker":{"queue":"agents"}}}'`,
  ])
    .requiredOption("-f, --file <path>", "the file; - is standard input")
    .option(REQUEST_ID, REQUEST_ID_MEANING)
    .action(async (options: Options) => {
      const definition = await readMessage(surroundings, options.file, DefinitionSchema, "definition");
      await withClient(surroundings, options, async (client) => {
        const answer = await client.definitions.createDefinition({ definition, requestId: options.requestId });
        if (options.json) {
          writeJson(out, CreateDefinitionResponseSchema, answer);
          return;
        }
        if (answer.definition) writeDefinition(out, answer.definition, clock.now());
        if (answer.instance) {
          writeLine(out);
          writeLine(out, paint(out, "bold", "Its instance:"));
          writeInstance(out, answer.instance, clock.now());
        }
      });
    });
}

function addTrigger(definitions: Command, surroundings: Surroundings): void {
  const { out, err, clock } = surroundings;
  interface Options extends ApiOptions {
    readonly payload?: JsonObject;
    readonly content?: string;
    readonly priority?: Priority;
    readonly ignoreOverlap?: boolean;
    readonly requestId?: string;
  }
  apiCommand(definitions, "trigger <id>", "Create an instance now, past the schedule.", [
    `definitions trigger 0199a2b4-… --payload '{"host":"b"}'`,
  ])
    .option("--payload <json>", "data for the executor, instead of the definition's", jsonObject)
    .option("--content <words>", "what is to be done, instead of the definition's")
    .option("--priority <priority>", "critical, high, medium or low", enumValue(PrioritySchema))
    .option("--ignore-overlap", "run it whatever the overlap policy says")
    .option(REQUEST_ID, REQUEST_ID_MEANING)
    .action(async (definitionId: string, options: Options) => {
      await withClient(surroundings, options, async (client) => {
        const answer = await client.definitions.triggerDefinition({
          definitionId,
          payload: options.payload,
          ignoreOverlap: options.ignoreOverlap,
          requestId: options.requestId,
          overrides: { content: options.content, priority: options.priority },
        });
        if (options.json) {
          writeJson(out, TriggerDefinitionResponseSchema, answer);
          return;
        }
        if (answer.existing) writeLine(err, "There was one with this unique key already:");
        if (answer.instance) writeInstance(out, answer.instance, clock.now());
      });
    });
}

function addDelete(definitions: Command, surroundings: Surroundings): void {
  const { out } = surroundings;
  interface Options extends ApiOptions {
    readonly etag?: string;
    readonly requestId?: string;
  }
  apiCommand(definitions, "delete <id>", "Remove a definition that has no unfinished instance, with its due times.", [
    "definitions delete 0199a2b4-…",
  ])
    .option("--etag <etag>", "only if it has not changed since this etag was read")
    .option(REQUEST_ID, REQUEST_ID_MEANING)
    .action(async (definitionId: string, options: Options) => {
      await withClient(surroundings, options, async (client) => {
        const answer = await client.definitions.deleteDefinition({
          definitionId,
          etag: options.etag,
          requestId: options.requestId,
        });
        if (options.json) writeJson(out, DeleteDefinitionResponseSchema, answer);
        else writeLine(out, "Deleted. Its finished instances stay.");
      });
    });
}
