/** How an instance ends. */
import type { AttemptOutcome, AttemptRecord } from "../../domain/instance/attempt.ts";
import type { ExecutionError, FinalState, InstanceLife } from "../../domain/instance/instance.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { InstanceEffect } from "./effects.ts";
import type { InstanceEventOf } from "./events.ts";
import type { InstanceContext, Step } from "./life.ts";
import { WITHDRAW, announce, isOffered, merged, present } from "./life.ts";

export function complete({ life }: InstanceContext, event: InstanceEventOf<"COMPLETE">): Step {
  const ended = end(life, "COMPLETED", event.at);
  return {
    life: {
      ...ended.life,
      result: event.result,
      metadata: merged(life.metadata, event.metadata),
      error: null,
      progress: life.progress === null ? null : { ...life.progress, percent: 100, at: event.at },
    },
    effects: [
      record(life, event.at, "SUCCEEDED", null, event.exchange),
      announce("completed", { attempts: life.attemptCount }),
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

export const EVENT_OF = {
  COMPLETED: "completed",
  FAILED: "failed",
  CANCELLED: "cancelled",
  TIMED_OUT: "timed_out",
} as const satisfies Record<FinalState, string>;

export function end(life: InstanceLife, state: FinalState, at: number): Step {
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

export function record(
  life: InstanceLife,
  at: number,
  outcome: AttemptOutcome,
  error: ExecutionError | null,
  exchanged?: JsonObject,
): InstanceEffect {
  const attempt = present(life.attempt);
  const exchange = exchanged ?? attempt.handedOn?.exchange;
  const ended: Omit<AttemptRecord, "instanceId" | "shard"> = {
    number: attempt.number,
    series: life.series,
    workerId: attempt.workerId,
    outcome,
    error,
    startedAt: attempt.startedAt,
    endedAt: at,
    ...(exchange === undefined ? {} : { exchange }),
  };
  return { kind: "record", attempt: ended };
}

/** A worker that reported itself knows; one whose attempt was taken away is told that its token is stale. */
export function staleSignal(life: InstanceLife, outcome: AttemptOutcome): readonly InstanceEffect[] {
  return life.attempt !== null && outcome === "TIMED_OUT" ? [staleSignalOf(life.attempt.token)] : [];
}

function staleSignalOf(token: string): InstanceEffect {
  return { kind: "signal", token, cancelRequested: false, pauseRequested: false, stale: true };
}
