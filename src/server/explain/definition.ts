/** What a definition does and waits for, in sentences. Pure: everything comes from records. */
import type { DefinitionRecord } from "../../domain/definition/definition.ts";
import type { OccurrenceRecord } from "../../domain/definition/occurrence.ts";
import type { Supervision } from "../../domain/definition/supervision.ts";
import type { OverlapPolicy } from "../../domain/policy/overlap.ts";
import { describeSchedule } from "../../domain/schedule/describe.ts";
import { previewDueTimes } from "../../domain/schedule/preview.ts";
import { explainDueTime } from "./due-time.ts";
import { because, counted, relativeInWords, timeInZone } from "./words.ts";

export interface DefinitionQuestion {
  readonly definition: DefinitionRecord;
  readonly supervision: Supervision;
  /** Newest first. */
  readonly lastOccurrences: readonly OccurrenceRecord[];
  readonly now: number;
  /** "What became of this time?", with the ledger of the minute that begins there. */
  readonly asked: { readonly at: number; readonly nearby: readonly OccurrenceRecord[] } | undefined;
  /** How many due times to look ahead. */
  readonly upcoming: number;
}

export interface DefinitionExplanation {
  readonly summary: string;
  /** Most important first. */
  readonly facts: readonly string[];
  readonly nextDueAt: readonly number[];
  /** The record of the time asked for. */
  readonly occurrence: OccurrenceRecord | undefined;
}

export function explainDefinition(question: DefinitionQuestion): DefinitionExplanation {
  const answer = question.asked && explainDueTime({ ...question, ...question.asked });
  const facts = [answer?.sentence, scheduleFact(question), ...standingFacts(question), ...ledgerFacts(question)];
  return {
    summary: summaryOf(question),
    facts: facts.filter((fact) => fact !== undefined),
    nextDueAt: upcomingDueTimes(question),
    occurrence: answer?.occurrence,
  };
}

function summaryOf({ definition, supervision, now }: DefinitionQuestion): string {
  const { spec, state, stateReason } = definition;
  switch (state) {
    case "ACTIVE":
      return supervision.nextDueAt === null
        ? `Active, and nothing is due: ${describeSchedule(spec.schedule)}.`
        : `Active: next due at ${timeInZone(supervision.nextDueAt, spec.schedule.timeZone)}, ${relativeInWords(supervision.nextDueAt, now)}.`;
    case "PAUSED":
      return `Paused${because(stateReason)}. Nothing fires until ResumeDefinition; TriggerDefinition still works.`;
    case "COMPLETED":
      return "Completed: its schedule has nothing left to fire; TriggerDefinition still works.";
    case "CANCELLED":
      return `Cancelled${because(stateReason)}. It will never fire again.`;
  }
}

function scheduleFact({ definition }: DefinitionQuestion): string {
  return `Its schedule: ${describeSchedule(definition.spec.schedule)}.`;
}

function* standingFacts({ definition, supervision, now }: DefinitionQuestion): Iterable<string> {
  const { spec } = definition;
  const { counters, gated, lastFiredAt } = supervision;
  if (counters.active > 0) {
    // What the next due time meets is of interest only where one is to come.
    const isDueAgain = definition.state === "ACTIVE" && supervision.nextDueAt !== null;
    const meeting = isDueAgain ? overlapInWords(spec.overlapPolicy, spec.maxConcurrent) : "";
    yield `${counted(counters.active, "instance is", "instances are")} unfinished${meeting}.`;
  }
  if (gated > 0) yield `${counted(gated, "instance waits", "instances wait")} for others of this definition to end.`;
  if (spec.pauseOnFailures > 0 && counters.consecutiveFailures > 0) {
    yield `${counted(counters.consecutiveFailures, "instance")} in a row failed; it is paused at ${spec.pauseOnFailures}.`;
  }
  if (lastFiredAt !== null) {
    yield `It last fired for ${timeInZone(lastFiredAt, spec.schedule.timeZone)}, ${relativeInWords(lastFiredAt, now)}.`;
  }
  const { completed, failed, timedOut, cancelled } = counters;
  yield `So far: ${counted(counters.created, "instance")}; ${completed} completed, ${failed} failed, ${timedOut} timed out, ${cancelled} cancelled.`;
}

function overlapInWords(policy: OverlapPolicy, maxConcurrent: number): string {
  switch (policy) {
    case "SKIP":
      return ", so the next due time is skipped (overlap policy SKIP)";
    case "BUFFER_ONE":
      return "; one more waits for them, further due times are skipped (overlap policy BUFFER_ONE)";
    case "BUFFER_ALL":
      return "; the next wait for them (overlap policy BUFFER_ALL)";
    case "CANCEL_OTHER":
      return "; the next due time asks them to cancel (overlap policy CANCEL_OTHER)";
    case "TERMINATE_OTHER":
      return "; the next due time ends them (overlap policy TERMINATE_OTHER)";
    case "ALLOW_ALL":
      return maxConcurrent > 0 ? `; at most ${maxConcurrent} run at a time` : "; the next start beside them";
  }
}

function* ledgerFacts({ definition, supervision, lastOccurrences }: DefinitionQuestion): Iterable<string> {
  const { timeZone } = definition.spec.schedule;
  if (supervision.counters.notFired > 0) {
    yield `${counted(supervision.counters.notFired, "due time was", "due times were")} not fired; ListOccurrences says why.`;
  }
  const unfired = lastOccurrences.find(({ outcome }) => outcome !== "FIRED" && outcome !== "BUFFERED");
  if (unfired !== undefined) {
    yield `The newest of them, ${timeInZone(unfired.scheduledAt, timeZone)}: ${unfired.outcome}${because(unfired.reason)}.`;
  }
}

/** The next due times as the supervisor will take them: from the one it waits for, and no more than are left. */
function upcomingDueTimes({ definition, supervision, upcoming }: DefinitionQuestion): readonly number[] {
  const { schedule } = definition.spec;
  const { nextDueAt, counters } = supervision;
  if (definition.state !== "ACTIVE" || nextDueAt === null) return [];
  const left = (schedule.maxOccurrences ?? Number.POSITIVE_INFINITY) - counters.occurrences;
  const { maxOccurrences: _, ...unlimited } = schedule;
  return [nextDueAt, ...previewDueTimes(unlimited, nextDueAt, upcoming - 1)].slice(
    0,
    Math.max(0, Math.min(left, upcoming)),
  );
}
