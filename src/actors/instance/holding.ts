/** Holding an instance back, letting it go on, and asking it to stop. */
import type { InstanceLife } from "../../domain/instance/instance.ts";
import type { InstanceEffect } from "./effects.ts";
import type { InstanceEventOf } from "./events.ts";
import type { InstanceContext, Step } from "./life.ts";
import { OFFER, TOUCHED, WITHDRAW, announce, isOffered, present } from "./life.ts";

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

/** Moves every deadline by the time it stood still. */
export function thaw(life: InstanceLife, at: number): InstanceLife {
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
      life.attempt === null ? null : { ...life.attempt, frozenMs: (life.attempt.frozenMs ?? 0) + frozenMs, seenAt: at },
  };
}
