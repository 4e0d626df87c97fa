/** The commands that cancel, retry, pause and resume instances: one by its id, or several by filters. */
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Command } from "commander";
import {
  CancelInstanceResponseSchema,
  InstanceStateSchema,
  PauseInstanceResponseSchema,
  ResumeInstanceResponseSchema,
  RetryInstanceResponseSchema,
} from "../../client/index.ts";
import type { BulkResult, Instance, InstanceState } from "../../client/index.ts";
import { addFilterOptions, targetOf, writeBulk } from "../api/bulk.ts";
import type { FilterOptions } from "../api/bulk.ts";
import { apiCommand, withClient } from "../api/command.ts";
import type { ApiOptions } from "../api/command.ts";
import { enumValues, momentBefore } from "../api/option-values.ts";
import { writeJson } from "../format/json.ts";
import type { Surroundings } from "../surroundings.ts";
import { writeInstance } from "./view.ts";

interface StandingOptions extends ApiOptions, FilterOptions {
  readonly definition?: string;
  readonly state?: InstanceState[];
  readonly since?: Timestamp;
  readonly dryRun?: boolean;
}

interface ReasonOptions extends StandingOptions {
  readonly reason?: string;
}

interface CancelOptions extends ReasonOptions {
  readonly terminate?: boolean;
}

export function addStandingCommands(instances: Command, surroundings: Surroundings): void {
  addCancel(instances, surroundings);
  addRetry(instances, surroundings);
  addPause(instances, surroundings);
  addResume(instances, surroundings);
}

function addCancel(instances: Command, surroundings: Surroundings): void {
  selecting(
    instances,
    surroundings,
    "cancel",
    "Call instances off: at once when they do not run, else their worker is asked.",
    [
      "instances cancel 0199a2b4-… --reason 'wrong order'",
      "instances cancel --definition 0199a2b4-… --state pending --dry-run",
    ],
  )
    .option("--terminate", "end it at once, without asking its worker")
    .option("--reason <words>", "why, for people")
    .action(async (id: string | undefined, options: CancelOptions) => {
      await withClient(surroundings, options, async (client) => {
        const { reason, terminate } = options;
        const answer = await client.instances.cancelInstance({ ...requestOf(id, options), reason, terminate });
        if (options.json) writeJson(surroundings.out, CancelInstanceResponseSchema, answer);
        else writeOutcome(surroundings, answer, "called off", options);
      });
    });
}

function addRetry(instances: Command, surroundings: Surroundings): void {
  selecting(instances, surroundings, "retry", "Start finished instances anew.", [
    "instances retry 0199a2b4-…",
    "instances retry --state failed --since 1h",
  ]).action(async (id: string | undefined, options: StandingOptions) => {
    await withClient(surroundings, options, async (client) => {
      const answer = await client.instances.retryInstance(requestOf(id, options));
      if (options.json) writeJson(surroundings.out, RetryInstanceResponseSchema, answer);
      else writeOutcome(surroundings, answer, "started anew", options);
    });
  });
}

function addPause(instances: Command, surroundings: Surroundings): void {
  selecting(instances, surroundings, "pause", "Hold instances back; their deadlines stand still.", [
    "instances pause 0199a2b4-…",
  ])
    .option("--reason <words>", "why, for people")
    .action(async (id: string | undefined, options: ReasonOptions) => {
      await withClient(surroundings, options, async (client) => {
        const answer = await client.instances.pauseInstance({ ...requestOf(id, options), reason: options.reason });
        if (options.json) writeJson(surroundings.out, PauseInstanceResponseSchema, answer);
        else writeOutcome(surroundings, answer, "paused", options);
      });
    });
}

function addResume(instances: Command, surroundings: Surroundings): void {
  selecting(instances, surroundings, "resume", "Let paused instances go on.", ["instances resume 0199a2b4-…"]).action(
    async (id: string | undefined, options: StandingOptions) => {
      await withClient(surroundings, options, async (client) => {
        const answer = await client.instances.resumeInstance(requestOf(id, options));
        if (options.json) writeJson(surroundings.out, ResumeInstanceResponseSchema, answer);
        else writeOutcome(surroundings, answer, "resumed", options);
      });
    },
  );
}

function selecting(
  instances: Command,
  { clock }: Surroundings,
  verb: string,
  description: string,
  examples: readonly string[],
): Command {
  return addFilterOptions(apiCommand(instances, `${verb} [id]`, description, examples))
    .option("--definition <id>", "only of this definition")
    .option("--state <states>", "only in these states, such as pending,running", enumValues(InstanceStateSchema))
    .option(
      "--since <time>",
      "only created since then, such as 1h",
      momentBefore(() => clock.now()),
    )
    .option("--dry-run", "only show what the filters select");
}

function requestOf(id: string | undefined, options: StandingOptions) {
  const {
    definition: definitionId,
    user: userId,
    state: states,
    label: labels,
    businessId,
    since: createdAfter,
  } = options;
  const target = targetOf(id, { definitionId, userId, states, labels, businessId, createdAfter }, options.dryRun);
  return target.kind === "one"
    ? { instanceId: target.id }
    : { selector: target.selector, validateOnly: target.validateOnly };
}

function writeOutcome(
  surroundings: Surroundings,
  answer: { readonly instance?: Instance; readonly bulk?: BulkResult },
  deed: string,
  { dryRun }: StandingOptions,
): void {
  if (answer.instance) writeInstance(surroundings.out, answer.instance, surroundings.clock.now());
  writeBulk(surroundings, answer.bulk, "instance", deed, dryRun === true);
}
