/** The steps of an instance's life: pure functions from what it is and what happened to what it is next and what is to be done. */
import type { AttemptOutcome, AttemptRecord } from "../../domain/instance/attempt.ts";
import type {
  ExecutionError,
  FinalState,
  InstanceLife,
  InstanceSpec,
  RunningAttempt,
  WaitingReason,
} from "../../domain/instance/instance.ts";
import type { JsonObject } from "../../domain/json.ts";
import { retryDelayMs } from "../../domain/policy/retry.ts";
import type { InstanceEffect } from "./effects.ts";
import type { AttemptFailure, InstanceEventOf } from "./events.ts";

/** What the machine carries: the fixed spec and the life so far. */
export interface InstanceContext {
  readonly spec: InstanceSpec;
  readonly life: InstanceLife;
}

export interface Step {
  readonly life: InstanceLife;
  readonly effects: readonly InstanceEffect[];
}

const OFFER: InstanceEffect = { kind: "offer" };
const WITHDRAW: InstanceEffect = { kind: "withdraw" };
const TOUCHED: InstanceEffect = { kind: "touched" };

export function announce(name: string, data: JsonObject = {}): InstanceEffect {
  return { kind: "announce", name, data };
}

/** The life of an instance that was just created; `gate` is what it must wait for before a worker may have it. */
export function newLife(at: number, gate: WaitingReason | null): InstanceLife {
  return {
    attemptCount: 0,
    series: 0,
    seriesStart: 0,
    attempt: null,
    waitingReason: gate ?? "NO_WORKER",
    stateAt: at,
    readyAt: gate === null ? at : null,
    openedAt: at,
    nextAttemptAt: null,
    cancelRequestedAt: null,
    stateReason: "",
    paused: null,
    progress: null,
    metadata: null,
    result: null,
    error: null,
    workerId: "",
    startedAt: null,
    endedAt: null,
  };
}

/** Whether it stands in a queue: waiting, and for nothing but a worker. */
export function isOffered(life: InstanceLife): boolean {
  return life.waitingReason === "NO_WORKER";
}

/** Waits for a worker from now on. */
export function becomeReady({ life }: InstanceContext, at: number): Step {
  return {
    life: { ...life, waitingReason: "NO_WORKER", stateAt: at, readyAt: at, nextAttemptAt: null },
    effects: [OFFER],
  };
}

export function start({ life }: InstanceContext, event: InstanceEventOf<"START">): Step {
  const attempt: RunningAttempt = {
    number: life.attemptCount + 1,
    token: event.token,
    workerId: event.workerId,
    startedAt: event.at,
    seenAt: event.at,
    heartbeatMs: event.heartbeatMs,
  };
  return {
    life: {
      ...life,
      attempt,
      attemptCount: attempt.number,
      waitingReason: null,
      stateAt: event.at,
      readyAt: null,
      startedAt: life.startedAt ?? event.at,
      workerId: event.workerId,
      progress: null,
    },
    effects: [{ kind: "dispatch" }, announce("started", { attempt: attempt.number, worker: event.workerId })],
  };
}

export function heartbeat({ life }: InstanceContext, event: InstanceEventOf<"HEARTBEAT">): Step {
  const attempt = { ...present(life.attempt), seenAt: event.at };
  const told = event.progress !== undefined || event.metadata !== undefined;
  const progress = event.progress === undefined ? life.progress : { ...event.progress, at: event.at };
  const metadata = event.metadata === undefined ? life.metadata : { ...life.metadata, ...event.metadata };
  return {
    life: { ...life, attempt, progress, metadata },
    effects:
      told && progress !== null
        ? [announce("progressed", { percent: progress.percent, step: progress.step, message: progress.message })]
        : [TOUCHED],
  };
}

export function complete({ life }: InstanceContext, event: InstanceEventOf<"COMPLETE">): Step {
  const ended = end(life, "COMPLETED", event.at);
  return {
    life: {
      ...ended.life,
      result: event.result,
      error: null,
      progress: life.progress === null ? null : { ...life.progress, percent: 100, at: event.at },
    },
    effects: [
      record(life, event.at, "SUCCEEDED", null),
      announce("completed", { attempts: life.attemptCount }),
      ...ended.effects,
    ],
  };
}

/** Whether the policy grants another attempt after this failure. */
export function mayRetry({ spec, life }: InstanceContext, failure: Omit<AttemptFailure, "chance">): boolean {
  const retries = life.attemptCount - life.seriesStart - 1;
  return (
    failure.retryable &&
    life.cancelRequestedAt === null &&
    retries < spec.retry.maxRetries &&
    !spec.retry.nonRetryableCodes.includes(failure.error.code)
  );
}

/** The attempt failed and another one has a time. */
export function backOff(
  { spec, life }: InstanceContext,
  at: number,
  failure: AttemptFailure,
  outcome: AttemptOutcome,
): Step {
  const retries = life.attemptCount - life.seriesStart - 1;
  const delayMs = failure.retryDelayMs ?? retryDelayMs(spec.retry, retries, failure.chance);
  return {
    life: {
      ...life,
      attempt: null,
      waitingReason: "BACKOFF",
      stateAt: at,
      readyAt: null,
      nextAttemptAt: at + delayMs,
      error: failure.error,
    },
    effects: [
      record(life, at, outcome, failure.error),
      ...staleSignal(life, outcome),
      announce("retrying", {
        attempt: life.attemptCount,
        delayMs,
        code: failure.error.code,
        message: failure.error.message,
      }),
    ],
  };
}

/** The attempt failed and there is no other. */
export function giveUp(
  { life }: InstanceContext,
  at: number,
  state: "FAILED" | "TIMED_OUT",
  failure: AttemptFailure,
  outcome: AttemptOutcome,
): Step {
  const ended = end(life, state, at);
  return {
    life: { ...ended.life, error: failure.error },
    effects: [
      record(life, at, outcome, failure.error),
      ...staleSignal(life, outcome),
      announce(EVENT_OF[state], {
        attempts: life.attemptCount,
        code: failure.error.code,
        message: failure.error.message,
      }),
      ...ended.effects,
    ],
  };
}

/** Ends it from outside, whatever it does: called off, or out of time. */
export function endNow(
  { life }: InstanceContext,
  at: number,
  state: "CANCELLED" | "TIMED_OUT",
  reason: string,
  error: ExecutionError | null,
): Step {
  const ended = end(life, state, at);
  const effects: InstanceEffect[] = [];
  if (life.attempt !== null) {
    effects.push(
      record(life, at, state === "CANCELLED" ? "CANCELLED" : "TIMED_OUT", error),
      staleSignalOf(life.attempt.token),
    );
  } else if (isOffered(life)) {
    effects.push(WITHDRAW);
  }
  effects.push(
    announce(EVENT_OF[state], error === null ? { reason } : { reason, code: error.code, message: error.message }),
    ...ended.effects,
  );
  return { life: { ...ended.life, stateReason: reason, error: error ?? ended.life.error }, effects };
}

export function requestCancel({ life }: InstanceContext, event: InstanceEventOf<"CANCEL">): Step {
  const { token } = present(life.attempt);
  if (life.cancelRequestedAt !== null) {
    return { life, effects: [TOUCHED] };
  }
  const running = life.paused === null ? life : { ...thaw(life, event.at), stateAt: event.at };
  return {
    life: { ...running, cancelRequestedAt: event.at, stateReason: event.reason },
    effects: [
      { kind: "signal", token, cancelRequested: true, pauseRequested: false, stale: false },
      announce("cancel_requested", { reason: event.reason }),
    ],
  };
}

export function pause(
  { life }: InstanceContext,
  event: InstanceEventOf<"PAUSE">,
  from: "PENDING" | "RUNNING" | "BACKING_OFF",
): Step {
  const effects: InstanceEffect[] = [announce("paused", { reason: event.reason })];
  if (life.attempt !== null) {
    effects.push({
      kind: "signal",
      token: life.attempt.token,
      cancelRequested: false,
      pauseRequested: true,
      stale: false,
    });
  } else if (isOffered(life)) {
    effects.push(WITHDRAW);
  }
  return {
    life: {
      ...life,
      waitingReason: "PAUSED",
      stateAt: event.at,
      stateReason: event.reason,
      paused: { at: event.at, from, reason: life.waitingReason },
    },
    effects,
  };
}

export function resume({ life }: InstanceContext, event: InstanceEventOf<"RESUME">): Step {
  const next: InstanceLife = { ...thaw(life, event.at), stateAt: event.at, stateReason: "" };
  const effects: InstanceEffect[] = [announce("resumed")];
  if (next.attempt !== null) {
    effects.push({
      kind: "signal",
      token: next.attempt.token,
      cancelRequested: false,
      pauseRequested: false,
      stale: false,
    });
  } else if (isOffered(next)) {
    effects.push(OFFER);
  }
  return { life: next, effects };
}

/** While paused, the attempt that was under way failed: the wait for the next one begins when it is resumed. */
export function backOffPaused(
  context: InstanceContext,
  at: number,
  failure: AttemptFailure,
  outcome: AttemptOutcome,
): Step {
  const step = backOff(context, at, failure, outcome);
  const { life } = context;
  const frozenMs = life.paused === null ? 0 : at - life.paused.at;
  return {
    life: {
      ...step.life,
      waitingReason: "PAUSED",
      stateAt: life.stateAt,
      // The backoff stands still from now on; what stood still until now is settled here.
      openedAt: life.openedAt + frozenMs,
      paused: { at, from: "BACKING_OFF", reason: "BACKOFF" },
    },
    effects: step.effects,
  };
}

/** Whether it was paused while it waited for others of its definition. */
export function isPausedAtGate({ paused }: InstanceLife): boolean {
  return paused !== null && paused.from === "PENDING" && paused.reason !== "NO_WORKER";
}

/** While paused, its turn came: it is ready when resumed. */
export function releasePaused({ life }: InstanceContext): Step {
  if (life.paused === null) {
    return { life, effects: [] };
  }
  return {
    life: { ...life, readyAt: life.paused.at, paused: { ...life.paused, reason: "NO_WORKER" } },
    effects: [TOUCHED],
  };
}

export function retry({ life }: InstanceContext, event: InstanceEventOf<"RETRY">): Step {
  const fresh = newLife(event.at, event.gate);
  return {
    life: {
      ...fresh,
      attemptCount: life.attemptCount,
      series: life.series + 1,
      seriesStart: life.attemptCount,
      metadata: life.metadata,
      workerId: life.workerId,
    },
    effects: [
      { kind: "revived" },
      announce("retried", { series: life.series + 1 }),
      ...(event.gate === null ? [OFFER] : []),
    ],
  };
}

/** Moves every deadline by the time it stood still. */
function thaw(life: InstanceLife, at: number): InstanceLife {
  if (life.paused === null) {
    return life;
  }
  const frozenMs = at - life.paused.at;
  const later = (instant: number | null): number | null => (instant === null ? null : instant + frozenMs);
  return {
    ...life,
    paused: null,
    waitingReason: life.paused.reason,
    openedAt: life.openedAt + frozenMs,
    readyAt: later(life.readyAt),
    nextAttemptAt: later(life.nextAttemptAt),
    attempt:
      life.attempt === null ? null : { ...life.attempt, startedAt: life.attempt.startedAt + frozenMs, seenAt: at },
  };
}

const EVENT_OF = {
  COMPLETED: "completed",
  FAILED: "failed",
  CANCELLED: "cancelled",
  TIMED_OUT: "timed_out",
} as const satisfies Record<FinalState, string>;

function end(life: InstanceLife, state: FinalState, at: number): Step {
  return {
    life: {
      ...life,
      attempt: null,
      waitingReason: null,
      stateAt: at,
      readyAt: null,
      nextAttemptAt: null,
      cancelRequestedAt: null,
      paused: null,
      endedAt: at,
    },
    effects: [{ kind: "ended", state }],
  };
}

function record(life: InstanceLife, at: number, outcome: AttemptOutcome, error: ExecutionError | null): InstanceEffect {
  const attempt = present(life.attempt);
  const ended: Omit<AttemptRecord, "instanceId" | "shard"> = {
    number: attempt.number,
    series: life.series,
    workerId: attempt.workerId,
    outcome,
    error,
    startedAt: attempt.startedAt,
    endedAt: at,
  };
  return { kind: "record", attempt: ended };
}

/** A worker that reported itself knows; one whose attempt was taken away is told that its token is stale. */
function staleSignal(life: InstanceLife, outcome: AttemptOutcome): readonly InstanceEffect[] {
  return life.attempt !== null && outcome === "TIMED_OUT" ? [staleSignalOf(life.attempt.token)] : [];
}

function staleSignalOf(token: string): InstanceEffect {
  return { kind: "signal", token, cancelRequested: false, pauseRequested: false, stale: true };
}

function present(attempt: RunningAttempt | null): RunningAttempt {
  if (attempt === null) {
    throw new Error("an instance in this state has an attempt");
  }
  return attempt;
}
