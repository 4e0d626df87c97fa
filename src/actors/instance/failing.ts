/** What becomes of an instance whose attempt failed: another attempt, or the end. */
import type { AttemptOutcome } from "../../domain/instance/attempt.ts";
import { retryDelayMs } from "../../domain/policy/retry.ts";
import { EVENT_OF, end, record, staleSignal } from "./ending.ts";
import type { AttemptFailure } from "./events.ts";
import type { InstanceContext, Step } from "./life.ts";
import { announce, merged } from "./life.ts";

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
      metadata: merged(life.metadata, failure.metadata),
      error: failure.error,
    },
    effects: [
      record(life, at, outcome, failure.error, failure.exchange),
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
    life: { ...ended.life, metadata: merged(life.metadata, failure.metadata), error: failure.error },
    effects: [
      record(life, at, outcome, failure.error, failure.exchange),
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
