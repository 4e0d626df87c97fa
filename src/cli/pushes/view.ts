import { create } from "@bufbuild/protobuf";
import {
  DriftReasonSchema,
  ExchangeSchema,
  InstanceStateSchema,
  PushOriginSchema,
  PushStateSchema,
  WaitingReasonSchema,
} from "../../client/index.ts";
import type { Drift, GetPushErrorResponse, PushBatch, PushExchange, PushLog } from "../../client/index.ts";
import { writeExchange } from "../dispatches/view.ts";
import { printable } from "../format/printable.ts";
import { paint, writeLine } from "../format/screen.ts";
import type { Screen } from "../format/screen.ts";
import { writeFields, writeTable } from "../format/table.ts";
import type { Cell, Column } from "../format/table.ts";
import { between, moment } from "../format/time.ts";
import { dataInWords, enumWord, painted } from "../format/words.ts";

const LOG_COLUMNS: readonly Column[] = [
  { title: "ID" },
  { title: "PLATFORM", flexible: true },
  { title: "ABOUT", flexible: true },
  { title: "ACTION" },
  { title: "STATE" },
  { title: "RETRIES", align: "right" },
  { title: "CREATED" },
  { title: "RESULT", flexible: true },
];

const DRIFT_COLUMNS: readonly Column[] = [
  { title: "THIRD ID", flexible: true },
  { title: "SHOULD BE" },
  { title: "IS" },
  { title: "REASON" },
  { title: "FAILURES", align: "right" },
  { title: "FAILED" },
  { title: "LAST PUSH" },
];

export function writePushLogs(screen: Screen, logs: readonly PushLog[], now: number): void {
  if (logs.length === 0) return;
  const rows = logs.map((log): readonly Cell[] => [
    log.id,
    log.platformId,
    aboutInWords(log),
    log.action,
    painted(enumWord(PushStateSchema, log.state)),
    String(log.retryCount),
    moment(log.createTime, now),
    resultInWords(log),
  ]);
  writeTable(screen, LOG_COLUMNS, rows);
}

export function writePushLog(screen: Screen, log: PushLog, now: number): void {
  writeFields(screen, [
    ["id", log.id],
    ["platform", log.platformId],
    ["session", log.sessionId],
    ["work item", log.workItemId],
    ["third ids", log.thirdIds.join(" ")],
    ["action", log.action],
    ["state", painted(enumWord(PushStateSchema, log.state))],
    ["waits for", enumWord(WaitingReasonSchema, log.waitingReason)],
    ["origin", enumWord(PushOriginSchema, log.type)],
    ["force", log.force ? "also what the platform was told before" : ""],
    ["note", log.note],
    ["data", dataInWords(log.data)],
    ["result", resultInWords(log)],
    ["retries", String(log.retryCount)],
    ["next attempt", moment(log.nextAttemptTime, now)],
    ["failed", moment(log.failTime, now)],
    ["created", moment(log.createTime, now)],
    ["ended", moment(log.endTime, now)],
    ["took", between(log.createTime, log.endTime)],
  ]);
}

export function writePushError(screen: Screen, answer: GetPushErrorResponse): void {
  writeLine(screen, paint(screen, "bold", printable(answer.summary)));
  if (answer.advice !== "") writeLine(screen, printable(answer.advice));
  if (answer.retryable) writeLine(screen, "The same push may succeed later.");
  if (answer.lastExchange === undefined) return;
  writeLine(screen);
  writePushExchange(screen, answer.lastExchange);
}

export function writePushExchanges(screen: Screen, exchanges: readonly PushExchange[], now: number): void {
  for (const [index, exchange] of exchanges.entries()) {
    if (index > 0) writeLine(screen);
    writePushExchange(screen, exchange, now);
  }
}

function writePushExchange(screen: Screen, exchange: PushExchange, now?: number): void {
  const { attemptNumber, operation, thirdId, request, response, failure, duration, leftOutCount } = exchange;
  const when = now === undefined ? "" : `, ${moment(exchange.attemptTime, now)}`;
  const title = `Attempt ${attemptNumber}${when}: ${[operation, thirdId].filter((part) => part !== "").join(" ")}`;
  writeLine(screen, paint(screen, "bold", printable(title)));
  writeFields(screen, [["came to", saidInWords(exchange)]]);
  writeExchange(screen, create(ExchangeSchema, { request, response, failure, duration }));
  if (leftOutCount > 0) writeLine(screen, paint(screen, "dim", `${leftOutCount} more of this attempt are not kept.`));
}

export function writeBatch(screen: Screen, batch: PushBatch, now: number): void {
  writeFields(screen, [
    ["id", batch.id],
    ["platform", batch.platformId],
    ["state", painted(enumWord(InstanceStateSchema, batch.state))],
    ["progress", progressInWords(batch)],
    ["error", batch.error && [batch.error.code, batch.error.message].filter((part) => part !== "").join(": ")],
    ["created", moment(batch.createTime, now)],
    ["ended", moment(batch.endTime, now)],
    ["took", between(batch.createTime, batch.endTime)],
  ]);
}

/** `60 of 80 (75 %): 50 succeeded, 5 failed, 4 skipped, 1 superseded` */
export function progressInWords(batch: PushBatch): string {
  const { total, done, percent, succeeded, failed, skipped, superseded } = batch;
  return `${done} of ${total} (${Math.floor(percent)} %): ${succeeded} succeeded, ${failed} failed, ${skipped} skipped, ${superseded} superseded`;
}

export function writeDrift(screen: Screen, entries: readonly Drift[], now: number): void {
  if (entries.length === 0) return;
  const rows = entries.map((entry): readonly Cell[] => [
    entry.thirdId,
    entry.desired ?? "-",
    entry.acknowledged ?? "-",
    enumWord(DriftReasonSchema, entry.reason),
    String(entry.failureCount),
    moment(entry.failTime, now),
    entry.pushLogId,
  ]);
  writeTable(screen, DRIFT_COLUMNS, rows);
}

function aboutInWords({ thirdId, sessionId, workItemId }: PushLog): string {
  if (thirdId !== "") return thirdId;
  return workItemId === "" ? `session ${sessionId}` : `item ${workItemId}`;
}

/** What the platform said last, or why it was not asked. */
function resultInWords({ result, error }: PushLog): string {
  const text = (name: string): string => {
    const value = result?.[name];
    return typeof value === "string" ? value : "";
  };
  const said = saidInWords({ class: text("class"), code: text("code"), message: text("message") });
  return said === "" && error !== undefined ? saidInWords({ class: "", ...error }) : said;
}

function saidInWords(said: { readonly class: string; readonly code: string; readonly message: string }): string {
  const what = [said.class, said.code].filter((part) => part !== "").join(" ");
  return [what, said.message].filter((part) => part !== "").join(": ");
}
