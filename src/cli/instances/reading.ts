/** The commands that look at instances. */
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Command } from "commander";
import {
  ExplainInstanceResponseSchema,
  GetInstanceResponseSchema,
  GetInstanceStatsResponseSchema,
  InstanceStateSchema,
  ListAttemptsResponseSchema,
  ListInstancesResponseSchema,
} from "../../client/index.ts";
import type { InstanceState } from "../../client/index.ts";
import { addFilterOptions } from "../api/bulk.ts";
import type { FilterOptions } from "../api/bulk.ts";
import { apiCommand, withClient } from "../api/command.ts";
import type { ApiOptions } from "../api/command.ts";
import { addListOptions, writeList } from "../api/listing.ts";
import type { ListOptions } from "../api/listing.ts";
import { enumValues, momentBefore } from "../api/option-values.ts";
import { writeJson } from "../format/json.ts";
import { printable } from "../format/printable.ts";
import { paint, writeLine } from "../format/screen.ts";
import { moment } from "../format/time.ts";
import type { Surroundings } from "../surroundings.ts";
import { writeAttempts, writeInstance, writeInstances, writeStats } from "./view.ts";

export function addReadingCommands(instances: Command, surroundings: Surroundings): void {
  addList(instances, surroundings);
  addGet(instances, surroundings);
  addAttempts(instances, surroundings);
  addExplain(instances, surroundings);
  addStats(instances, surroundings);
}

function addList(instances: Command, surroundings: Surroundings): void {
  const { clock } = surroundings;
  interface Options extends ListOptions, FilterOptions {
    readonly definition?: string;
    readonly state?: InstanceState[];
    readonly since?: Timestamp;
  }
  const command = apiCommand(instances, "list", "List instances, newest first.", [
    "instances list --state failed,timed-out --since 24h",
    "instances list --definition 0199a2b4-… --json",
  ]);
  addListOptions(addFilterOptions(command))
    .option("--definition <id>", "only of this definition")
    .option("--state <states>", "only in these states, such as running,failed", enumValues(InstanceStateSchema))
    .option(
      "--since <time>",
      "only created since then, such as 24h or 08:00",
      momentBefore(() => clock.now()),
    )
    .action((options: Options) =>
      writeList(surroundings, options, {
        schema: ListInstancesResponseSchema,
        ask: (client, page) =>
          client.instances.listInstances({
            ...page,
            definitionId: options.definition,
            states: options.state,
            userId: options.user,
            labels: options.label,
            businessId: options.businessId,
            createdAfter: options.since,
          }),
        itemsOf: (answer) => answer.instances,
        write: writeInstances,
        what: "instances",
      }),
    );
}

function addGet(instances: Command, surroundings: Surroundings): void {
  const { out, clock } = surroundings;
  apiCommand(instances, "get <id>", "Show one instance.", ["instances get 0199a2b4-…"]).action(
    async (instanceId: string, options: ApiOptions) => {
      await withClient(surroundings, options, async (client) => {
        const answer = await client.instances.getInstance({ instanceId });
        if (options.json) writeJson(out, GetInstanceResponseSchema, answer);
        else if (answer.instance) writeInstance(out, answer.instance, clock.now());
      });
    },
  );
}

function addAttempts(instances: Command, surroundings: Surroundings): void {
  const command = apiCommand(instances, "attempts <id>", "List the attempts of an instance, newest first.", [
    "instances attempts 0199a2b4-…",
  ]);
  addListOptions(command).action((instanceId: string, options: ListOptions) =>
    writeList(surroundings, options, {
      schema: ListAttemptsResponseSchema,
      ask: (client, page) => client.instances.listAttempts({ ...page, instanceId }),
      itemsOf: (answer) => answer.attempts,
      write: writeAttempts,
      what: "attempts so far",
    }),
  );
}

function addExplain(instances: Command, surroundings: Surroundings): void {
  const { out, clock } = surroundings;
  apiCommand(instances, "explain <id>", "Say what an instance does or waits for, and since when.", [
    "instances explain 0199a2b4-…",
  ]).action(async (instanceId: string, options: ApiOptions) => {
    await withClient(surroundings, options, async (client) => {
      const answer = await client.instances.explainInstance({ instanceId });
      if (options.json) {
        writeJson(out, ExplainInstanceResponseSchema, answer);
        return;
      }
      writeLine(out, paint(out, "bold", printable(answer.summary)));
      for (const fact of answer.facts) writeLine(out, `- ${printable(fact)}`);
      if (answer.nextTime)
        writeLine(out, `Next: ${moment(answer.nextTime, clock.now())}: ${printable(answer.nextStep)}`);
    });
  });
}

function addStats(instances: Command, surroundings: Surroundings): void {
  const { out, clock } = surroundings;
  interface Options extends ApiOptions {
    readonly definition?: string;
    readonly user?: string;
    readonly since?: Timestamp;
    readonly until?: Timestamp;
  }
  apiCommand(instances, "stats", "Count instances by state, and say how long they took.", [
    "instances stats --since 7d",
    "instances stats --definition 0199a2b4-…",
  ])
    .option("--definition <id>", "only of this definition")
    .option("--user <id>", "only of this user")
    .option(
      "--since <time>",
      "only created since then (default: 24h)",
      momentBefore(() => clock.now()),
    )
    .option(
      "--until <time>",
      "only created before then",
      momentBefore(() => clock.now()),
    )
    .action(async (options: Options) => {
      await withClient(surroundings, options, async (client) => {
        const answer = await client.instances.getInstanceStats({
          definitionId: options.definition,
          userId: options.user,
          createdAfter: options.since,
          createdBefore: options.until,
        });
        if (options.json) writeJson(out, GetInstanceStatsResponseSchema, answer);
        else writeStats(out, answer);
      });
    });
}
