/** The commands that pause, resume and cancel definitions: one by its id, or several by filters. */
import type { Command } from "commander";
import {
  CancelDefinitionResponseSchema,
  DefinitionStateSchema,
  PauseDefinitionResponseSchema,
  ResumeDefinitionResponseSchema,
} from "../../client/index.ts";
import type { BulkResult, Definition, DefinitionState } from "../../client/index.ts";
import { addFilterOptions, targetOf, writeBulk } from "../api/bulk.ts";
import type { FilterOptions } from "../api/bulk.ts";
import { apiCommand, withClient } from "../api/command.ts";
import type { ApiOptions } from "../api/command.ts";
import { enumValues } from "../api/option-values.ts";
import { writeJson } from "../format/json.ts";
import type { Surroundings } from "../surroundings.ts";
import { writeDefinition } from "./view.ts";

interface StandingOptions extends ApiOptions, FilterOptions {
  readonly state?: DefinitionState[];
  readonly dryRun?: boolean;
}

interface ReasonOptions extends StandingOptions {
  readonly reason?: string;
}

interface CancelOptions extends ReasonOptions {
  readonly cancelRunning?: boolean;
  readonly terminate?: boolean;
}

export function addStandingCommands(definitions: Command, surroundings: Surroundings): void {
  addPause(definitions, surroundings);
  addResume(definitions, surroundings);
  addCancel(definitions, surroundings);
}

function addPause(definitions: Command, surroundings: Surroundings): void {
  selecting(definitions, "pause", "Stop firing; instances go on.", [
    "definitions pause 0199a2b4-… --reason 先别监控了",
    "definitions pause --label team=ops --dry-run",
  ])
    .option("--reason <words>", "why, for people")
    .action(async (id: string | undefined, options: ReasonOptions) => {
      await withClient(surroundings, options, async (client) => {
        const answer = await client.definitions.pauseDefinition({ ...requestOf(id, options), reason: options.reason });
        if (options.json) writeJson(surroundings.out, PauseDefinitionResponseSchema, answer);
        else writeOutcome(surroundings, answer, "paused", options);
      });
    });
}

function addResume(definitions: Command, surroundings: Surroundings): void {
  selecting(definitions, "resume", "Fire again from now on.", ["definitions resume 0199a2b4-…"]).action(
    async (id: string | undefined, options: StandingOptions) => {
      await withClient(surroundings, options, async (client) => {
        const answer = await client.definitions.resumeDefinition(requestOf(id, options));
        if (options.json) writeJson(surroundings.out, ResumeDefinitionResponseSchema, answer);
        else writeOutcome(surroundings, answer, "resumed", options);
      });
    },
  );
}

function addCancel(definitions: Command, surroundings: Surroundings): void {
  selecting(definitions, "cancel", "End for good: it never fires again.", [
    "definitions cancel 0199a2b4-… --cancel-running",
    "definitions cancel --user user1 --state active,paused --dry-run",
  ])
    .option("--cancel-running", "also cancel unfinished instances")
    .option("--terminate", "with --cancel-running: end them at once instead of asking their workers")
    .option("--reason <words>", "why, for people")
    .action(async (id: string | undefined, options: CancelOptions) => {
      await withClient(surroundings, options, async (client) => {
        const { reason, cancelRunning, terminate } = options;
        const answer = await client.definitions.cancelDefinition({
          ...requestOf(id, options),
          reason,
          cancelRunning,
          terminate,
        });
        if (options.json) writeJson(surroundings.out, CancelDefinitionResponseSchema, answer);
        else writeOutcome(surroundings, answer, "cancelled", options);
      });
    });
}

function selecting(definitions: Command, verb: string, description: string, examples: readonly string[]): Command {
  return addFilterOptions(apiCommand(definitions, `${verb} [id]`, description, examples))
    .option("--state <states>", "only in these states, such as active,paused", enumValues(DefinitionStateSchema))
    .option("--dry-run", "only show what the filters select");
}

function requestOf(id: string | undefined, options: StandingOptions) {
  const { user: userId, state: states, label: labels, businessId } = options;
  const target = targetOf(id, { userId, states, labels, businessId }, options.dryRun);
  return target.kind === "one"
    ? { definitionId: target.id }
    : { selector: target.selector, validateOnly: target.validateOnly };
}

function writeOutcome(
  surroundings: Surroundings,
  answer: { readonly definition?: Definition; readonly bulk?: BulkResult },
  deed: string,
  { dryRun }: StandingOptions,
): void {
  if (answer.definition) writeDefinition(surroundings.out, answer.definition, surroundings.clock.now());
  writeBulk(surroundings, answer.bulk, "definition", deed, dryRun === true);
}
