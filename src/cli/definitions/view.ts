import { OccurrenceOutcomeSchema, OverlapPolicySchema, PrioritySchema } from "../../client/index.ts";
import type { Definition, Occurrence } from "../../client/index.ts";
import type { Screen } from "../format/screen.ts";
import { writeFields, writeTable } from "../format/table.ts";
import type { Cell, Column } from "../format/table.ts";
import { moment } from "../format/time.ts";
import {
  actionInWords,
  dataInWords,
  definitionState,
  enumWord,
  labelsInWords,
  painted,
  scheduleInWords,
} from "../format/words.ts";

const COLUMNS: readonly Column[] = [
  { title: "ID" },
  { title: "NAME", flexible: true },
  { title: "STATE" },
  { title: "SCHEDULE", flexible: true },
  { title: "NEXT" },
  { title: "ACTIVE", align: "right" },
  { title: "DONE", align: "right" },
  { title: "FAILED", align: "right" },
];

export function writeDefinitions(screen: Screen, definitions: readonly Definition[], now: number): void {
  if (definitions.length > 0)
    writeTable(
      screen,
      COLUMNS,
      definitions.map((definition) => row(definition, now)),
    );
}

export function writeMatches(
  screen: Screen,
  matches: readonly { readonly definition?: Definition; readonly score: number }[],
  now: number,
): void {
  if (matches.length === 0) return;
  const rows = matches.map(({ definition, score }) => [score.toFixed(2), ...(definition ? row(definition, now) : [])]);
  writeTable(screen, [{ title: "SCORE", align: "right" }, ...COLUMNS], rows);
}

function row(definition: Definition, now: number): readonly Cell[] {
  const { id, name, state, schedule, nextFireTime, counters } = definition;
  const failed = (counters?.failed ?? 0n) + (counters?.timedOut ?? 0n);
  return [
    id,
    name,
    definitionState(state),
    scheduleInWords(schedule),
    moment(nextFireTime, now),
    String(counters?.active ?? 0n),
    String(counters?.completed ?? 0n),
    { text: String(failed), style: failed > 0n ? "red" : undefined },
  ];
}

export function writeDefinition(screen: Screen, definition: Definition, now: number): void {
  const { counters } = definition;
  writeFields(screen, [
    ["id", definition.id],
    ["name", definition.name],
    ["state", definitionState(definition.state)],
    ["because", definition.stateReason],
    ["user", definition.userId],
    ["content", definition.content],
    ["payload", dataInWords(definition.payload)],
    ["schedule", scheduleInWords(definition.schedule)],
    ["runs", actionInWords(definition.action)],
    ["overlap", enumWord(OverlapPolicySchema, definition.overlapPolicy)],
    ["priority", enumWord(PrioritySchema, definition.priority)],
    ["labels", labelsInWords(definition.labels)],
    ["business id", definition.businessId],
    ["next", moment(definition.nextFireTime, now)],
    ["last", moment(definition.lastFireTime, now)],
    [
      "instances",
      counters &&
        `${counters.created} created, ${counters.active} active, ${counters.completed} completed, ${counters.failed} failed, ` +
          `${counters.cancelled} cancelled, ${counters.timedOut} timed out`,
    ],
    ["due times", counters && `${counters.occurrences} taken, ${counters.notFired} of them not fired`],
    ["created", moment(definition.createTime, now)],
    ["updated", moment(definition.updateTime, now)],
    ["etag", definition.etag],
  ]);
}

export function writeOccurrences(screen: Screen, occurrences: readonly Occurrence[], now: number): void {
  if (occurrences.length === 0) return;
  const columns: readonly Column[] = [
    { title: "DUE" },
    { title: "OUTCOME" },
    { title: "INSTANCE" },
    { title: "REASON", flexible: true },
  ];
  const rows = occurrences.map(({ scheduledTime, outcome, instanceId, reason }): readonly Cell[] => [
    moment(scheduledTime, now),
    painted(enumWord(OccurrenceOutcomeSchema, outcome)),
    instanceId,
    reason,
  ]);
  writeTable(screen, columns, rows);
}
