/** How the values of the API read to a person. */
import type { DescEnum } from "@bufbuild/protobuf";
import { DefinitionStateSchema, InstanceStateSchema, WaitingReasonSchema } from "../../client/index.ts";
import type { Action, DefinitionState, Instance, InstanceState, Schedule } from "../../client/index.ts";
import type { Style } from "./screen.ts";
import type { Cell } from "./table.ts";
import { duration, localTime } from "./time.ts";
import { timestampMs } from "@bufbuild/protobuf/wkt";

/** The value's own name, `ACTIVE` of `DEFINITION_STATE_ACTIVE`; empty for UNSPECIFIED. */
export function enumWord(schema: DescEnum, value: number): string {
  if (value === 0) return "";
  const name = schema.value[value]?.name;
  // A newer server may know values that we do not.
  return name === undefined ? String(value) : name.slice(schema.sharedPrefix?.length ?? 0);
}

const STYLES: Readonly<Record<string, Style>> = {
  ACTIVE: "green",
  RUNNING: "cyan",
  COMPLETED: "green",
  FIRED: "green",
  SUCCEEDED: "green",
  SUCCESS: "green",
  STARTED: "cyan",
  RETRY: "yellow",
  FAILURE: "red",
  REVOKED: "dim",
  PAUSED: "yellow",
  BACKING_OFF: "yellow",
  BUFFERED: "yellow",
  SKIPPED_OVERLAP: "yellow",
  CANCELLED: "dim",
  FAILED: "red",
  TIMED_OUT: "red",
  LOST: "red",
  CLOSED: "green",
  HALF_OPEN: "yellow",
  OPEN: "red",
  ISOLATED: "red",
  DISABLED: "red",
  MISSED: "red",
  DROPPED: "red",
};

/** A word in the colour of what it says. */
export function painted(word: string): Cell {
  return { text: word, style: STYLES[word] };
}

export function definitionState(state: DefinitionState): Cell {
  return painted(enumWord(DefinitionStateSchema, state));
}

/** The state, and while it waits, for what: `PENDING NO_WORKER`. */
export function instanceState(instance: Pick<Instance, "state" | "waitingReason">): Cell {
  const state = instanceStateWord(instance.state);
  const reason = enumWord(WaitingReasonSchema, instance.waitingReason);
  // BACKING_OFF and PAUSED say it themselves.
  return { text: state === "PENDING" && reason !== "" ? `${state} ${reason}` : state, style: STYLES[state] };
}

export function instanceStateWord(state: InstanceState): string {
  return enumWord(InstanceStateSchema, state);
}

export function scheduleInWords(schedule: Schedule | undefined): string {
  const zone = schedule?.timeZone ? ` ${schedule.timeZone}` : "";
  const timing = schedule?.timing;
  switch (timing?.case) {
    case "immediate":
      return "once, at creation";
    case "at":
      return timing.value.time === undefined ? "once" : `once, ${localTime(timestampMs(timing.value.time))}`;
    case "every":
      return `every ${duration(timing.value.interval)}${timing.value.fixedDelay ? " after the last end" : ""}`;
    case "cron":
      return `cron ${timing.value.expressions.join(" | ")}${zone}`;
    case "rrule":
      return `rrule ${timing.value.rule}${zone}`;
    case undefined:
      return "";
  }
}

export function actionInWords(action: Action | undefined): string {
  switch (action?.kind.case) {
    case "worker":
      return `worker queue ${action.kind.value.queue}`;
    case "nats":
      return `NATS subject ${action.kind.value.subject}`;
    case "webhook":
      return `webhook ${action.kind.value.url}`;
    case "push":
      return `push ${action.kind.value.action} to platform ${action.kind.value.platformId}`;
    case "job":
      return `job ${action.kind.value.job}`;
    case "external":
      return "external";
    case undefined:
      return "";
  }
}

/** `a=1 b=2`. */
export function labelsInWords(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
}

/** Free data as JSON on one line; empty for none. */
export function dataInWords(data: object | undefined): string {
  return data === undefined || Object.keys(data).length === 0 ? "" : JSON.stringify(data);
}

/** `3 instances`. */
export function counted(count: number | bigint, noun: string): string {
  return `${count} ${noun}${Number(count) === 1 ? "" : "s"}`;
}
