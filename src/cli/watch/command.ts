import { create } from "@bufbuild/protobuf";
import type { Command } from "commander";
import { WatchEventsResponseSchema } from "../../client/index.ts";
import type { WatchOptions } from "../../client/index.ts";
import { apiCommand, withClient } from "../api/command.ts";
import type { ApiOptions } from "../api/command.ts";
import { countFrom } from "../api/option-values.ts";
import { Failure } from "../failure.ts";
import { writeJsonLine } from "../format/json.ts";
import { paint, writeLine } from "../format/screen.ts";
import type { Surroundings } from "../surroundings.ts";
import { eventLine } from "./event-line.ts";
import { subjectPattern } from "./subject-pattern.ts";

interface Options extends ApiOptions {
  readonly fromStart?: boolean;
  readonly resumeToken?: string;
  readonly count: number;
}

export function addWatchCommand(program: Command, surroundings: Surroundings): void {
  const { out, err } = surroundings;
  apiCommand(program, "watch [subjects...]", "Show what happens, a line an event, until Ctrl-C.", [
    "watch",
    "watch instance",
    "watch 'instance.*.failed' 'definition.>' --from-start",
    "watch instance --json | jq .event.type",
  ])
    .option("--from-start", "begin with what the log still holds, not with now")
    .option("--resume-token <token>", "begin after the event that came with this token")
    .option("--count <count>", "end after so many events (default: never)", countFrom(1), Infinity)
    .action(async (subjects: string[], options: Options) => {
      const from = startOf(options);
      const patterns = subjects.map(subjectPattern);
      const stop = new AbortController();
      const forget = surroundings.onStopSignal(() => stop.abort());
      let resumeToken = options.resumeToken ?? "";
      let count = 0;
      try {
        await withClient(surroundings, options, async (client) => {
          // A watch waits for a server as long as it takes; a person wants to know at once that there is none.
          await client.events.listEvents({ subjects: patterns, pageSize: 1 }, { signal: stop.signal });
          if (!options.json) writeLine(err, paint(err, "dim", "Watching. Ctrl-C ends it."));
          for await (const watched of client.watchEvents({ subjects: patterns, from, signal: stop.signal })) {
            resumeToken = watched.resumeToken;
            if (options.json) writeJsonLine(out, WatchEventsResponseSchema, create(WatchEventsResponseSchema, watched));
            else writeLine(out, eventLine(out, watched.event));
            count += 1;
            if (count >= options.count) break;
          }
        });
      } catch (error) {
        if (!stop.signal.aborted) throw error;
      } finally {
        forget();
      }
      if (resumeToken !== "" && !options.json) {
        writeLine(err, paint(err, "dim", `Go on later with --resume-token ${resumeToken}`));
      }
    });
}

function startOf({ fromStart, resumeToken }: Options): WatchOptions["from"] {
  if (resumeToken === undefined) return fromStart === true ? "start" : "now";
  if (fromStart === true) throw new Failure("Say --from-start or --resume-token, not both.");
  return { resumeToken };
}
