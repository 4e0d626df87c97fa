import { FailureCauseSchema, PrioritySchema, WaitingReasonSchema } from "../../client/index.ts";
import type { Dispatch, Exchange, ExecutionError } from "../../client/index.ts";
import type { Screen } from "../format/screen.ts";
import { writeFields, writeTable } from "../format/table.ts";
import type { Cell, Column } from "../format/table.ts";
import { between, duration, moment } from "../format/time.ts";
import { dataInWords, enumWord, instanceState, instanceStateWord, labelsInWords, painted } from "../format/words.ts";

const COLUMNS: readonly Column[] = [
  { title: "ID" },
  { title: "TASK", flexible: true },
  { title: "STATE" },
  { title: "ATTEMPTS", align: "right" },
  { title: "CREATED" },
  { title: "TO", flexible: true },
  { title: "LAST ERROR", flexible: true },
];

export function writeDispatches(screen: Screen, dispatches: readonly Dispatch[], now: number): void {
  if (dispatches.length === 0) return;
  const rows = dispatches.map((dispatch): readonly Cell[] => [
    dispatch.id,
    dispatch.taskType,
    instanceState(dispatch),
    String(dispatch.attemptCount),
    moment(dispatch.createTime, now),
    dispatch.webhookUrl,
    errorInWords(dispatch.error),
  ]);
  writeTable(screen, COLUMNS, rows);
}

export function writeDispatch(screen: Screen, dispatch: Dispatch, now: number): void {
  writeFields(screen, [
    ["id", dispatch.id],
    ["task", dispatch.taskType],
    ["to", dispatch.webhookUrl],
    ["destination", dispatch.origin],
    ["state", painted(instanceStateWord(dispatch.state))],
    ["waits for", enumWord(WaitingReasonSchema, dispatch.waitingReason)],
    ["callback", callbackInWords(dispatch)],
    ["since", moment(dispatch.stateTime, now)],
    ["because", dispatch.stateReason],
    ["error", errorInWords(dispatch.error)],
    ["result", dataInWords(dispatch.result)],
    ["attempts", String(dispatch.attemptCount)],
    ["next attempt", moment(dispatch.nextAttemptTime, now)],
    ["priority", enumWord(PrioritySchema, dispatch.priority)],
    ["data", dataInWords(dispatch.data)],
    ["headers", labelsInWords(dispatch.headers)],
    ["user", dispatch.userId],
    ["labels", labelsInWords(dispatch.labels)],
    ["business id", dispatch.businessId],
    ["unique key", dispatch.uniqueKey],
    ["ordering key", dispatch.orderingKey],
    ["supersede key", dispatch.supersedeKey],
    ["definition", dispatch.definitionId],
    ["created", moment(dispatch.createTime, now)],
    ["started", moment(dispatch.startTime, now)],
    ["ended", moment(dispatch.completeTime, now)],
    ["took", between(dispatch.startTime, dispatch.completeTime)],
  ]);
}

/** What was sent and answered. */
export function writeExchange(screen: Screen, { request, response, failure, ...exchange }: Exchange): void {
  writeFields(screen, [
    ["sent", request && `${request.method} ${request.url}`],
    ["headers", request && headersInWords(request.headers)],
    ["body", request && bodyInWords(request)],
    ["answered", response && `HTTP ${response.status}`],
    ["headers", response && headersInWords(response.headers)],
    ["body", response && bodyInWords(response)],
    ["failed", failure && `${enumWord(FailureCauseSchema, failure.cause)}: ${failure.message}`],
    ["took", duration(exchange.duration)],
  ]);
}

function callbackInWords({ callbackRequired, callbackAwaited, callbackTimeout }: Dispatch): string {
  if (!callbackRequired) return "";
  const within = `within ${duration(callbackTimeout)}`;
  return callbackAwaited ? `delivered; the receiver reports the result ${within}` : `the receiver reports ${within}`;
}

function headersInWords(headers: Readonly<Record<string, string>>): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join("; ");
}

function bodyInWords({ body, bodyCut }: { readonly body: string; readonly bodyCut: boolean }): string {
  return bodyCut ? `${body} …` : body;
}

function errorInWords(error: ExecutionError | undefined): string {
  if (error === undefined) return "";
  return [error.code, error.message].filter((part) => part !== "").join(": ");
}
