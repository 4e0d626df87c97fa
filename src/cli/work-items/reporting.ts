import type { Command } from "commander";
import { BatchReportEventsResponseSchema, ReportEventResponseSchema } from "../../client/index.ts";
import type { BatchReportEventsRequest, BatchReportEventsResponse } from "../../client/index.ts";
import { apiCommand, withClient } from "../api/command.ts";
import type { ApiOptions } from "../api/command.ts";
import { Failure } from "../failure.ts";
import { writeJson } from "../format/json.ts";
import { printable } from "../format/printable.ts";
import { writeLine } from "../format/screen.ts";
import { counted } from "../format/words.ts";
import type { Surroundings } from "../surroundings.ts";
import { readEvents } from "./events-file.ts";

export function addReportCommand(workItems: Command, surroundings: Surroundings): void {
  const { out } = surroundings;
  apiCommand(
    workItems,
    "report [file]",
    "Report an event of the process system, or many: a JSON file, one event or one a line (default: -, standard input).",
    ["work-items report event.json", "work-items report - < events.jsonl"],
  ).action(async (path: string | undefined, options: ApiOptions) => {
    const { isOne, requests } = await readEvents(surroundings, path ?? "-");
    await withClient(surroundings, options, async (client) => {
      const [first] = requests;
      if (isOne && first !== undefined) {
        const answer = await client.workItems.reportEvent({ event: first.event, requestId: first.requestId });
        if (options.json) writeJson(out, ReportEventResponseSchema, answer);
        else writeLine(out, `Reported. It brings about ${pushesInWords(answer.pushes.length)}.`);
        for (const { id, platformId } of options.json ? [] : answer.pushes) {
          writeLine(out, printable(`  ${id} to platform ${platformId}`));
        }
        return;
      }
      const answer = await client.workItems.batchReportEvents(streamOf(requests));
      if (options.json) writeJson(out, BatchReportEventsResponseSchema, answer);
      else writeLine(out, summaryOf(answer));
      if (answer.failedCount > 0n) throw refusedOf(answer);
    });
  });
}

async function* streamOf(requests: readonly BatchReportEventsRequest[]): AsyncGenerator<BatchReportEventsRequest> {
  yield* requests;
}

function summaryOf({ acceptedCount, pushCount }: BatchReportEventsResponse): string {
  return `${counted(acceptedCount, "event")} reported. They bring about ${pushesInWords(pushCount)}.`;
}

function pushesInWords(count: number | bigint): string {
  return Number(count) === 1 ? "1 push" : `${count} pushes`;
}

function refusedOf({ failedCount, failures }: BatchReportEventsResponse): Failure {
  const details = failures.map(({ index, reason, message }) =>
    printable(`  event ${index + 1n}: ${reason}: ${message}`),
  );
  const isCut = failedCount > BigInt(failures.length);
  return new Failure(`${counted(failedCount, "event")} refused:`, { details: isCut ? [...details, "  …"] : details });
}
