/** The commands that look at executions. */
import type { JsonObject } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Command } from "commander";
import {
  GetExecutionResponseSchema,
  GetExecutionStatsResponseSchema,
  GranularitySchema,
  ListExecutionsResponseSchema,
} from "../../client/index.ts";
import type { Granularity } from "../../client/index.ts";
import { apiCommand, withClient } from "../api/command.ts";
import type { ApiOptions } from "../api/command.ts";
import { addListOptions, writeList } from "../api/listing.ts";
import type { ListOptions } from "../api/listing.ts";
import { enumValue, jsonObject, label, momentBefore, several } from "../api/option-values.ts";
import { writeJson } from "../format/json.ts";
import type { Surroundings } from "../surroundings.ts";
import { writeExecution, writeExecutions, writeExecutionStats } from "./view.ts";

/** The filters that lists and statistics have in common. */
interface FilterOptions {
  readonly module?: string;
  readonly name?: string;
  readonly user?: string;
  readonly businessId?: string;
  readonly metadata?: JsonObject;
}

function addFilterOptions(command: Command): Command {
  return command
    .option("--module <name>", "only of this module")
    .option("--name <name>", "only of this task name")
    .option("--user <id>", "only those that this user created")
    .option("--business-id <id>", "only for this business object")
    .option("--metadata <json>", 'only those whose metadata contains this, such as \'{"order_id":"42"}\'', jsonObject);
}

function filterOf({ module, name, user, businessId, metadata }: FilterOptions) {
  return { module, taskName: name, createdBy: user, businessId, metadata };
}

export function addReadingCommands(executions: Command, surroundings: Surroundings): void {
  addList(executions, surroundings);
  addShow(executions, surroundings);
  addStats(executions, surroundings);
}

function addList(executions: Command, surroundings: Surroundings): void {
  const { clock } = surroundings;
  interface Options extends ListOptions, FilterOptions {
    readonly status?: string[];
    readonly search?: string;
    readonly label?: Readonly<Record<string, string>>;
    readonly since?: Timestamp;
    readonly until?: Timestamp;
  }
  const ago = momentBefore(() => clock.now());
  const command = apiCommand(executions, "list", "List executions, newest first.", [
    "executions list --module cloud_billing --status FAILURE --since 24h",
    'executions list --metadata \'{"order_id":"42"}\'',
  ]);
  addFilterOptions(addListOptions(command))
    .option("--status <status>", "only with this status, such as FAILURE; may stand several times", several)
    .option("--search <text>", "only those whose id begins with it, or whose name contains it")
    .option("--label <name=value>", "only with this label; may stand several times", label)
    .option("--since <time>", "only registered since then, such as 24h or 2026-01-31", ago)
    .option("--until <time>", "only registered before then", ago)
    .action((options: Options) =>
      writeList(surroundings, options, {
        schema: ListExecutionsResponseSchema,
        ask: (client, page) =>
          client.executions.listExecutions({
            ...page,
            ...filterOf(options),
            statuses: options.status,
            search: options.search,
            labels: options.label,
            createdAfter: options.since,
            createdBefore: options.until,
          }),
        itemsOf: (answer) => answer.executions,
        write: writeExecutions,
        what: "executions",
      }),
    );
}

function addShow(executions: Command, surroundings: Surroundings): void {
  const { out, clock } = surroundings;
  apiCommand(executions, "show <task-id>", "Show one execution.", [
    "executions show 1f0c2f0e-…",
    "executions show 1f0c2f0e-… --sync",
  ])
    .option("--sync", "first take over what Celery knows")
    .action(async (taskId: string, options: ApiOptions & { readonly sync?: boolean }) => {
      await withClient(surroundings, options, async (client) => {
        const answer = await client.executions.getExecution({ taskId, sync: options.sync });
        if (options.json) writeJson(out, GetExecutionResponseSchema, answer);
        else if (answer.execution) writeExecution(out, answer.execution, clock.now());
      });
    });
}

function addStats(executions: Command, surroundings: Surroundings): void {
  const { out, clock } = surroundings;
  interface Options extends ApiOptions, FilterOptions {
    readonly granularity?: Granularity;
    readonly groupBy?: string;
    readonly timeZone?: string;
  }
  const command = apiCommand(executions, "stats", "Count executions of the last 24 hours, 30 days or 12 months.", [
    "executions stats --module cloud_billing",
    "executions stats --granularity month --group-by metadata.order_id",
  ]);
  addFilterOptions(command)
    .option("--granularity <span>", "day (24 hours), month (30 days) or year (12 months)", enumValue(GranularitySchema))
    .option("--group-by <field>", "module, task_name, business_id or metadata.<key>")
    .option("--time-zone <name>", "whose hours, days and months, such as Asia/Shanghai (default: UTC)")
    .action(async (options: Options) => {
      await withClient(surroundings, options, async (client) => {
        const { granularity, groupBy, timeZone } = options;
        const asked = { ...filterOf(options), granularity, groupBy, timeZone };
        const answer = await client.executions.getExecutionStats(asked);
        if (options.json) writeJson(out, GetExecutionStatsResponseSchema, answer);
        else writeExecutionStats(out, answer, clock.now());
      });
    });
}
