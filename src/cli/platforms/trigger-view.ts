import type { Trigger } from "../../client/index.ts";
import type { Screen } from "../format/screen.ts";
import { writeTable } from "../format/table.ts";
import type { Column } from "../format/table.ts";
import { moment } from "../format/time.ts";

const COLUMNS: readonly Column[] = [
  { title: "ID" },
  { title: "PLATFORM" },
  { title: "ACTIONS", flexible: true },
  { title: "APPS", flexible: true },
  { title: "WHEN", flexible: true },
  { title: "CREATED" },
];

export function writeTriggers(screen: Screen, triggers: readonly Trigger[], now: number): void {
  if (triggers.length === 0) return;
  const rows = triggers.map((trigger) => [
    trigger.id,
    trigger.platformId,
    orAll(trigger.actions),
    orAll(trigger.appIds),
    conditionInWords(trigger),
    moment(trigger.createTime, now),
  ]);
  writeTable(screen, COLUMNS, rows);
}

function orAll(list: readonly string[]): string {
  return list.length === 0 ? "all" : list.join(", ");
}

function conditionInWords({ condition }: Trigger): string {
  const { nodeIds = [], creators = [], assignees = [] } = condition ?? {};
  const parts = [
    ["node", nodeIds],
    ["creator", creators],
    ["assignee", assignees],
  ] as const;
  const said = parts.filter(([, list]) => list.length > 0).map(([name, list]) => `${name} ${list.join(" or ")}`);
  return said.length === 0 ? "always" : said.join(" and ");
}
