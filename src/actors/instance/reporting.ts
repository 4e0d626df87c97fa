/**
 * What becomes of an instance that runs elsewhere when somebody reports of it. Reports come late, twice and out of order:
 *
 * - R1 A final state is never undone, nor does one that has begun become one that has not. What a report says beside its state still counts.
 * - R2 Beginning and end are set once.
 * - R3 The same report again changes nothing.
 */
import type { ReportedState } from "../../domain/execution/celery-status.ts";
import { progressIn } from "../../domain/execution/progress.ts";
import type { ProgressTold } from "../../domain/execution/progress.ts";
import type { ExecutionError, InstanceLife, InstanceState, Progress } from "../../domain/instance/instance.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { InstanceEffect } from "./effects.ts";
import { EVENT_OF, end } from "./ending.ts";
import type { InstanceEventOf } from "./events.ts";
import { thaw } from "./holding.ts";
import type { InstanceContext, Step } from "./life.ts";
import { TOUCHED, announce, merged } from "./life.ts";

type Report = InstanceEventOf<"REPORT">;
type FinalReport = Extract<ReportedState, "COMPLETED" | "FAILED" | "CANCELLED">;

export function isExternal({ spec }: InstanceContext): boolean {
  return spec.action.kind === "external";
}

/** A report that changes no state: what it tells is kept. */
export function tell({ life }: InstanceContext, event: Report): Step {
  const told = withTold(life, event);
  if (sameLife(told, life)) {
    return { life, effects: [] };
  }
  const { progress } = told;
  return {
    life: told,
    effects: progress !== null && progress !== life.progress ? [progressed(progress)] : [TOUCHED],
  };
}

/** It runs. After a retry that is another attempt. */
export function begin({ life }: InstanceContext, event: Report): Step {
  const goesOn = life.paused?.from === "RUNNING";
  const startedAt = life.startedAt ?? within(event.startedAt ?? event.at, life.openedAt, event.at);
  const attempt = goesOn ? life.attemptCount : life.attemptCount + 1;
  const told = withTold({ ...settled(life, event.at), startedAt, attemptCount: attempt }, event);
  return {
    life: told,
    effects: [
      goesOn ? announce("resumed") : announce("started", { attempt, worker: told.workerId }),
      ...(told.progress !== null && told.progress !== life.progress ? [progressed(told.progress)] : []),
    ],
  };
}

/** Its attempt failed, and whoever runs it tries it again. */
export function awaitRetry({ life }: InstanceContext, event: Report): Step {
  // Nobody may have told that it began.
  const attempt = Math.max(1, life.attemptCount);
  const told = withTold({ ...settled(life, event.at), waitingReason: "BACKOFF", attemptCount: attempt }, event);
  const { code = "", message = "" } = told.error ?? {};
  return { life: told, effects: [announce("retrying", { attempt, code, message })] };
}

/** It has ended. */
export function conclude({ life }: InstanceContext, event: Report, state: FinalReport): Step {
  const startedAt =
    life.startedAt ?? (event.startedAt === undefined ? null : within(event.startedAt, life.openedAt, event.at));
  const attempts = startedAt === null ? life.attemptCount : Math.max(1, life.attemptCount);
  const told = withTold({ ...life, startedAt, attemptCount: attempts }, event);
  const ended = end(told, state, event.at);
  const endedAt = within(event.endedAt ?? event.at, startedAt ?? life.openedAt, event.at);
  const error = state === "COMPLETED" ? null : told.error;
  const { code = "", message = "" } = error ?? {};
  const progress =
    state === "COMPLETED" && told.progress !== null ? { ...told.progress, percent: 100, at: event.at } : told.progress;
  const data: Readonly<Record<FinalReport, JsonObject>> = {
    COMPLETED: { attempts },
    FAILED: { attempts, code, message },
    CANCELLED: { reason: message },
  };
  return {
    life: {
      ...ended.life,
      endedAt,
      error,
      progress,
      stateReason: state === "CANCELLED" ? message : life.stateReason,
    },
    effects: [announce(EVENT_OF[state], data[state]), ...ended.effects],
  };
}

/** R1: after the end, metadata is still merged, and the same end told again brings what it lacked. */
export function amend({ life }: InstanceContext, event: Report, state: InstanceState): Step {
  const isTheSame = event.state === state || (event.state === "FAILED" && state === "TIMED_OUT");
  const amended: InstanceLife = {
    ...life,
    metadata: mergedWith(life.metadata, event.metadata),
    ...(isTheSame && {
      result: state === "COMPLETED" ? (life.result ?? event.result ?? null) : life.result,
      error: state === "COMPLETED" ? null : completedError(life.error, event.error),
      workerId: life.workerId === "" ? (event.workerId ?? "") : life.workerId,
    }),
  };
  return sameLife(amended, life)
    ? { life, effects: [] }
    : { life: amended, effects: [{ kind: "amended" }, announce("amended")] };
}

/** What a report says beside the state. */
function withTold(life: InstanceLife, { at, metadata, progress, result, error, workerId }: Report): InstanceLife {
  return {
    ...life,
    metadata: mergedWith(life.metadata, metadata),
    progress: progressAfter(life.progress, { ...(metadata && progressIn(metadata)), ...progress }, at),
    result: result ?? life.result,
    error: error === undefined ? life.error : { ...NO_ERROR, ...life.error, ...error },
    workerId: workerId ?? life.workerId,
  };
}

const NO_ERROR: ExecutionError = { code: "", message: "", traceback: "" };

/** An error with what it did not say yet. */
function completedError(known: ExecutionError | null, told: Partial<ExecutionError> = {}): ExecutionError | null {
  if (known === null) {
    return Object.keys(told).length === 0 ? null : { ...NO_ERROR, ...told };
  }
  const { code = "", message = "", traceback = "" } = told;
  return {
    code: known.code === "" ? code : known.code,
    message: known.message === "" ? message : known.message,
    traceback: known.traceback === "" ? traceback : known.traceback,
  };
}

function progressAfter(known: Progress | null, told: ProgressTold, at: number): Progress | null {
  const next = { percent: 0, step: "", message: "", at, ...known, ...told };
  const isNew =
    Object.keys(told).length > 0 &&
    (known === null || next.percent !== known.percent || next.step !== known.step || next.message !== known.message);
  return isNew ? { ...next, at } : known;
}

/** What is left of an earlier state goes: waiting, and standing still. */
function settled(life: InstanceLife, at: number): InstanceLife {
  return { ...thaw(life, at), waitingReason: null, readyAt: null, nextAttemptAt: null, stateAt: at };
}

/** As `merged`; the same object when nothing is new. */
function mergedWith(known: JsonObject | null, told: JsonObject | undefined): JsonObject | null {
  const isNew = Object.entries(told ?? {}).some(
    ([key, value]) => known === null || !Object.hasOwn(known, key) || !isSame(known[key], value),
  );
  return isNew ? merged(known, told) : known;
}

function sameLife(one: InstanceLife, other: InstanceLife): boolean {
  return (Object.keys(one) as (keyof InstanceLife)[]).every((key) => isSame(one[key], other[key]));
}

/** Both come from JSON, or from each other. */
function isSame(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

function progressed({ percent, step, message }: Progress): InstanceEffect {
  return announce("progressed", { percent, step, message });
}

/** Clocks elsewhere may be wrong: nothing begins before it was registered, nor ends before it began or after now. */
function within(told: number, from: number, to: number): number {
  return Math.max(from, Math.min(told, to));
}
