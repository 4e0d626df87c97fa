import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { InvalidArgumentError } from "commander";
import type { Command } from "commander";
import { PreviewScheduleResponseSchema, ScheduleSchema } from "../../client/index.ts";
import type { Schedule } from "../../client/index.ts";
import { parseDuration } from "../../config/index.ts";
import { apiCommand, withClient } from "../api/command.ts";
import type { ApiOptions } from "../api/command.ts";
import { countFrom, momentBefore, several } from "../api/option-values.ts";
import { Failure } from "../failure.ts";
import { writeJson } from "../format/json.ts";
import { printable } from "../format/printable.ts";
import { paint, writeLine } from "../format/screen.ts";
import { moment } from "../format/time.ts";
import type { Surroundings } from "../surroundings.ts";
import { readMessage } from "./json-file.ts";

interface PreviewOptions extends ApiOptions {
  readonly cron?: string[];
  readonly every?: number;
  readonly rrule?: string;
  readonly file?: string;
  readonly timeZone?: string;
  readonly count: number;
  readonly after?: Timestamp;
}

export function addPreviewCommand(definitions: Command, surroundings: Surroundings): void {
  const { out, err, clock } = surroundings;
  apiCommand(definitions, "preview", "Show the next due times of a schedule, without a definition.", [
    'definitions preview --cron "0 8 * * *" --time-zone Asia/Shanghai',
    'definitions preview --cron "*/10 * * * * *" --count 3',
    "definitions preview -f schedule.json",
  ])
    .option("--cron <expression>", "five or six fields, seconds first when six; may stand several times", several)
    .option("--every <time>", "an interval, such as 30s or 12h", interval)
    .option("--rrule <rule>", "an RFC 5545 rule, such as FREQ=WEEKLY;BYDAY=MO")
    .option("-f, --file <path>", "a JSON file with the schedule; - is standard input")
    .option("--time-zone <name>", "an IANA name, such as Asia/Shanghai (default: UTC)")
    .option("--count <count>", "how many due times", countFrom(1, 1000), 10)
    .option(
      "--after <time>",
      "after this (default: now)",
      momentBefore(() => clock.now()),
    )
    .action(async (options: PreviewOptions) => {
      const schedule = await scheduleOf(options, surroundings);
      await withClient(surroundings, options, async (client) => {
        const answer = await client.definitions.previewSchedule({
          schedule,
          count: options.count,
          after: options.after,
        });
        if (options.json) {
          writeJson(out, PreviewScheduleResponseSchema, answer);
          return;
        }
        writeLine(out, paint(out, "bold", printable(answer.description)));
        for (const time of answer.times) writeLine(out, `  ${moment(time, clock.now())}`);
        if (answer.times.length < options.count) writeLine(err, paint(err, "dim", "There are no more."));
      });
    });
}

async function scheduleOf(options: PreviewOptions, surroundings: Surroundings): Promise<Schedule> {
  const { cron, every, rrule, file, timeZone = "" } = options;
  if ([cron, every, rrule, file].filter((given) => given !== undefined).length !== 1) {
    throw new Failure("Say one of --cron, --every, --rrule and --file.");
  }
  if (file !== undefined) {
    const schedule = await readMessage(surroundings, file, ScheduleSchema, "schedule");
    return timeZone === "" ? schedule : { ...schedule, timeZone };
  }
  const timing =
    cron !== undefined
      ? { case: "cron" as const, value: { expressions: cron } }
      : rrule !== undefined
        ? { case: "rrule" as const, value: { rule: rrule } }
        : { case: "every" as const, value: { interval: durationFromMs(every ?? 0) } };
  return create(ScheduleSchema, { timeZone, timing });
}

function interval(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError("It must be a length of time, such as 30s, 5m or 12h.");
  return ms;
}
