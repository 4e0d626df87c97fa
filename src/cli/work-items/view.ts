import { SessionStateSchema, WorkItemStateSchema } from "../../client/index.ts";
import type { Acknowledgement, GetSessionResponse, Links, Person, Session, WorkItem } from "../../client/index.ts";
import { paint, writeLine } from "../format/screen.ts";
import type { Screen } from "../format/screen.ts";
import { writeFields, writeTable } from "../format/table.ts";
import type { Cell, Column } from "../format/table.ts";
import { moment } from "../format/time.ts";
import { dataInWords, enumWord, labelsInWords, painted } from "../format/words.ts";

const ITEM_COLUMNS: readonly Column[] = [
  { title: "ID" },
  { title: "SESSION", flexible: true },
  { title: "NODE", flexible: true },
  { title: "STATE" },
  { title: "ASSIGNEES", flexible: true },
  { title: "CREATED" },
  { title: "FINISHED" },
];

const ACKNOWLEDGEMENT_COLUMNS: readonly Column[] = [
  { title: "PLATFORM", flexible: true },
  { title: "THIRD ID", flexible: true },
  { title: "STATUS" },
  { title: "ASSIGNEES", flexible: true },
  { title: "TOLD" },
  { title: "FAILURES", align: "right" },
];

const LOG_COLUMNS: readonly Column[] = [
  { title: "TIME" },
  { title: "WHO" },
  { title: "ITEM" },
  { title: "WHAT", flexible: true },
  { title: "OPINION", flexible: true },
];

const TODO_COLUMNS: readonly Column[] = [
  { title: "TODO" },
  { title: "NODE", flexible: true },
  { title: "COMPLETE", align: "right" },
  { title: "FINISHED" },
];

const SHARE_COLUMNS: readonly Column[] = [{ title: "SHARED" }, { title: "FROM" }, { title: "TO" }, { title: "TIME" }];

export function writeWorkItems(screen: Screen, items: readonly WorkItem[], now: number): void {
  if (items.length === 0) return;
  const rows = items.map((item): readonly Cell[] => [
    item.id,
    item.sessionId,
    nodeInWords(item),
    painted(enumWord(WorkItemStateSchema, item.state)),
    item.assignees.map(personInWords).join(", "),
    moment(item.createTime, now),
    moment(item.finishTime, now),
  ]);
  writeTable(screen, ITEM_COLUMNS, rows);
}

export function writeWorkItem(screen: Screen, item: WorkItem, now: number): void {
  writeFields(screen, [
    ["id", item.id],
    ["session", item.sessionId],
    ["app", item.appId],
    ["node", nodeInWords(item)],
    ["state", painted(enumWord(WorkItemStateSchema, item.state))],
    ["assignees", item.assignees.map(personInWords).join(", ")],
    ["handled by", item.handledBy && personInWords(item.handledBy)],
    ["opinion", item.opinion ?? ""],
    ["comes after", item.previousIds.join(" ")],
    ["handled at", linksInWords(item.todoView)],
    ["shown at", linksInWords(item.view)],
    ["data", dataInWords(item.data)],
    ["created", moment(item.createTime, now)],
    ["finished", moment(item.finishTime, now)],
    ["updated", moment(item.updateTime, now)],
  ]);
}

export function writeAcknowledgements(screen: Screen, entries: readonly Acknowledgement[], now: number): void {
  if (entries.length === 0) return;
  const rows = entries.map((entry): readonly Cell[] => [
    entry.platformId,
    entry.thirdId,
    entry.status ?? "-",
    entry.assignees.join(", "),
    moment(entry.time, now),
    String(entry.failureCount),
  ]);
  writeTable(screen, ACKNOWLEDGEMENT_COLUMNS, rows);
}

export function writeSession(screen: Screen, answer: GetSessionResponse, now: number): void {
  const { session, workItems, acknowledgements, todos, shares, log, leftOutCount } = answer;
  if (session !== undefined) writeSessionFields(screen, session, now);
  const section = (entries: readonly unknown[], write: () => void): void => {
    if (entries.length === 0) return;
    writeLine(screen);
    write();
  };
  section(workItems, () => writeWorkItems(screen, workItems, now));
  section(acknowledgements, () => writeAcknowledgements(screen, acknowledgements, now));
  section(todos, () => {
    const rows = todos.map((todo) => [
      todo.id,
      todo.nodeId,
      `${todo.complete} of ${todo.total}`,
      moment(todo.finishTime, now),
    ]);
    writeTable(screen, TODO_COLUMNS, rows);
  });
  section(shares, () => {
    const rows = shares.map((share) => [share.workItemId, share.from, share.to, moment(share.time, now)]);
    writeTable(screen, SHARE_COLUMNS, rows);
  });
  section(log, () => {
    const rows = log.map((entry) => [
      moment(entry.time, now),
      entry.actor === undefined ? "" : personInWords(entry.actor),
      entry.workItemId,
      entry.operation,
      entry.opinion,
    ]);
    writeTable(screen, LOG_COLUMNS, rows);
  });
  if (leftOutCount > 0) writeLine(screen, paint(screen, "dim", `${leftOutCount} entries more did not fit.`));
}

function writeSessionFields(screen: Screen, session: Session, now: number): void {
  writeFields(screen, [
    ["id", session.id],
    ["title", session.title ?? ""],
    ["app", [session.appId ?? "", labelsInWords(session.appName)].filter((part) => part !== "").join(" ")],
    ["state", painted(enumWord(SessionStateSchema, session.state))],
    ["deleted", moment(session.deleteTime, now)],
    ["archived", moment(session.archiveTime, now)],
    ["creator", session.creator && personInWords(session.creator)],
    ["serial number", session.serialNumber ?? ""],
    ["summary", session.summary.map(({ label, value }) => `${label}: ${value}`).join("; ")],
    ["shown at", linksInWords(session.view)],
    ["questionnaire", session.isQuestionnaire === true ? "it is never pushed" : ""],
    ["start and end", session.isStartAndEnd === true ? "it ends as it begins" : ""],
    ["created", moment(session.createTime, now)],
    ["finished", moment(session.finishTime, now)],
    ["updated", moment(session.updateTime, now)],
  ]);
}

function nodeInWords({ nodeId = "", nodeName = "" }: WorkItem): string {
  return nodeName === "" ? nodeId : nodeId === "" ? nodeName : `${nodeName} (${nodeId})`;
}

function personInWords({ number, name }: Person): string {
  return name === "" ? number : `${name} (${number})`;
}

function linksInWords(links: Links | undefined): string {
  return [links?.pc ?? "", links?.h5 ?? ""].filter((part) => part !== "").join(" ");
}
