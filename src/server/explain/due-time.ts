/** "Why did it not run at 08:00?" from the ledger, and where it says nothing, from the schedule. */
import type { DefinitionRecord } from "../../domain/definition/definition.ts";
import type { OccurrenceRecord } from "../../domain/definition/occurrence.ts";
import type { Supervision } from "../../domain/definition/supervision.ts";
import { nextDueTime } from "../../domain/schedule/next.ts";
import type { Schedule } from "../../domain/schedule/schedule.ts";
import { because, timeInZone } from "./words.ts";

export interface DueTimeQuestion {
  readonly definition: DefinitionRecord;
  readonly supervision: Supervision;
  readonly now: number;
  readonly at: number;
  /** The ledger's records from `at` up to a minute later. */
  readonly nearby: readonly OccurrenceRecord[];
}

export interface DueTimeAnswer {
  readonly sentence: string;
  readonly occurrence: OccurrenceRecord | undefined;
}

/** Who asks for 08:00 means the minute. */
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

export function explainDueTime(question: DueTimeQuestion): DueTimeAnswer {
  const { definition, at, nearby } = question;
  const { timeZone } = definition.spec.schedule;
  const occurrence = nearby
    .toSorted((a, b) => a.scheduledAt - b.scheduledAt)
    .find(({ scheduledAt }) => scheduledAt >= at);
  if (occurrence === undefined)
    return { sentence: `${timeInZone(at, timeZone)}: ${withoutRecord(question)}`, occurrence };
  const why = whatBecame(occurrence, definition);
  return { sentence: `${timeInZone(occurrence.scheduledAt, timeZone)}: ${why}`, occurrence };
}

function whatBecame({ outcome, reason, instanceId }: OccurrenceRecord, { spec }: DefinitionRecord): string {
  switch (outcome) {
    case "FIRED":
      return `it was fired as instance ${instanceId ?? "unknown"}${because(reason)}.`;
    case "BUFFERED":
      return `instance ${instanceId ?? "unknown"} was created for it and waits for others to end.`;
    case "SKIPPED_OVERLAP":
      return `it was not fired: other instances were unfinished and the overlap policy is ${spec.overlapPolicy}${because(reason)}.`;
    case "MISSED":
      return `it was not fired: nobody could fire it in time, and the catch-up policy (${spec.catchUp.mode}) left it out${because(reason)}.`;
    case "PAUSED":
      return `it was not fired: the definition was paused${because(reason)}.`;
    case "DROPPED":
      return instanceId === null
        ? `it was not fired: ${spec.bufferLimit} instances were waiting already${because(reason)}.`
        : `instance ${instanceId} was created for it and never ran${because(reason)}.`;
  }
}

function withoutRecord({ definition, supervision, now, at }: DueTimeQuestion): string {
  const { schedule } = definition.spec;
  const { timeZone } = schedule;
  if (at < definition.createdAt)
    return `the definition did not exist yet: it was created at ${timeInZone(definition.createdAt, timeZone)}.`;
  if (schedule.startAt !== undefined && at < schedule.startAt) {
    return `the schedule starts later, at ${timeInZone(schedule.startAt, timeZone)}.`;
  }
  if (schedule.endAt !== undefined && at >= schedule.endAt) {
    return `the schedule had ended, at ${timeInZone(schedule.endAt, timeZone)}.`;
  }
  const dueAt = dueInMinute(schedule, at, supervision.lastEndedAt);
  if (dueAt === null) return notDue(schedule, at, supervision.lastEndedAt) + changedSince(definition, at);
  if (dueAt > now) return willBecome(definition);
  if (definition.state === "CANCELLED") return "the schedule names it, but the definition was cancelled.";
  if (schedule.maxOccurrences !== undefined && supervision.counters.occurrences >= schedule.maxOccurrences) {
    return `the schedule names it, but its ${schedule.maxOccurrences} due times had been taken.`;
  }
  if (supervision.takenUntil < dueAt) {
    return `it is due, but has not been decided yet: due times are taken up to ${timeInZone(supervision.takenUntil, timeZone)}.`;
  }
  // Nothing is removed sooner than that.
  const removed = now - at > DAY_MS ? " Records that are older than retention_days are removed." : "";
  return `the schedule names it now, but the ledger has no record of it.${changedSince(definition, at)}${removed}`;
}

function notDue(schedule: Schedule, at: number, lastEndedAt: number | null): string {
  if (dueInMinute({ ...schedule, exclusions: [], excludedDates: [] }, at, lastEndedAt) !== null) {
    return "it is not due: the schedule excludes it (excludedDates or exclusions).";
  }
  const nextAt = nextDueTime(schedule, at, lastEndedAt ?? undefined);
  const next =
    nextAt === null
      ? "nothing is due after it"
      : `the next due time after it is ${timeInZone(nextAt, schedule.timeZone)}`;
  return `it is not due: the schedule does not name it; ${next}.`;
}

function willBecome({ state }: DefinitionRecord): string {
  switch (state) {
    case "ACTIVE":
      return "it is due then and still to come.";
    case "PAUSED":
      return "it is due then, but will not be fired while the definition is paused.";
    case "COMPLETED":
    case "CANCELLED":
      return `it will not be fired: the definition is ${state}.`;
  }
}

function changedSince({ updatedAt, spec }: DefinitionRecord, at: number): string {
  return updatedAt > at
    ? ` The definition was changed since, at ${timeInZone(updatedAt, spec.schedule.timeZone)}.`
    : "";
}

function dueInMinute(schedule: Schedule, at: number, lastEndedAt: number | null): number | null {
  const dueAt = nextDueTime(schedule, at - 1, lastEndedAt ?? undefined);
  return dueAt !== null && dueAt < at + MINUTE_MS ? dueAt : null;
}
