/** An instance's life: what the machine carries of it, how it begins, runs, and begins anew. Pure functions, as are those in the files beside. */
import type { InstanceLife, InstanceSpec, RunningAttempt, WaitingReason } from "../../domain/instance/instance.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { InstanceEffect } from "./effects.ts";
import type { InstanceEventOf } from "./events.ts";

/** What the machine carries: the fixed spec and the life so far. */
export interface InstanceContext {
  readonly spec: InstanceSpec;
  readonly life: InstanceLife;
}

export interface Step {
  readonly life: InstanceLife;
  readonly effects: readonly InstanceEffect[];
}

export const OFFER: InstanceEffect = { kind: "offer" };

export const WITHDRAW: InstanceEffect = { kind: "withdraw" };

export const TOUCHED: InstanceEffect = { kind: "touched" };

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

/** Takes an attempt back that nobody heard of: it does not count, and the instance stands in its queue again. */
export function takeBack({ life }: InstanceContext, event: InstanceEventOf<"RETURN">): Step {
  const { number } = present(life.attempt);
  return {
    life: {
      ...life,
      attempt: null,
      attemptCount: number - 1,
      waitingReason: "NO_WORKER",
      stateAt: event.at,
      readyAt: event.at,
      startedAt: number === life.seriesStart + 1 ? null : life.startedAt,
      workerId: "",
    },
    effects: [announce("returned", { attempt: number }), OFFER],
  };
}

/** The same while it is held: it waits for a worker again when it is resumed. */
export function takeBackPaused(context: InstanceContext, event: InstanceEventOf<"RETURN">): Step {
  const { life, effects } = takeBack(context, event);
  const { openedAt, stateAt, paused } = context.life;
  return {
    life: {
      ...life,
      waitingReason: "PAUSED",
      stateAt,
      // The wait for a worker stands still from now on; what stood still until now is settled here.
      openedAt: openedAt + (paused === null ? 0 : event.at - paused.at),
      paused: { at: event.at, from: "PENDING", reason: "NO_WORKER" },
    },
    effects: effects.filter(({ kind }) => kind !== "offer"),
  };
}

/** Somebody else reports the result: no signs of life are asked for, and a time of its own runs. */
export function handOn({ life }: InstanceContext, event: InstanceEventOf<"HAND_ON">): Step {
  const attempt = present(life.attempt);
  if (attempt.handedOn !== undefined) {
    // Said again, as its answer was lost: the time for the result runs already.
    return { life, effects: [{ kind: "handedOn", token: event.token }, TOUCHED] };
  }
  const ranUntil = life.paused?.at ?? event.at;
  const ranMs = Math.max(0, ranUntil - attempt.startedAt - (attempt.frozenMs ?? 0));
  const handedOn = { closeMs: ranMs + event.withinMs, exchange: event.exchange };
  return {
    life: { ...life, attempt: { ...attempt, seenAt: event.at, heartbeatMs: null, handedOn } },
    effects: [
      { kind: "handedOn", token: event.token },
      announce("delivered", { attempt: attempt.number, withinMs: event.withinMs }),
    ],
  };
}

export function isHandedOn({ attempt }: InstanceLife): boolean {
  return attempt?.handedOn !== undefined;
}

/** Metadata with what is told of it. */
export function merged(known: JsonObject | null, told: JsonObject | undefined): JsonObject | null {
  return told === undefined ? known : { ...known, ...told };
}

export function heartbeat({ life }: InstanceContext, event: InstanceEventOf<"HEARTBEAT">): Step {
  const attempt = { ...present(life.attempt), seenAt: event.at };
  const told = event.progress !== undefined || event.metadata !== undefined;
  const progress = event.progress === undefined ? life.progress : { ...event.progress, at: event.at };
  return {
    life: { ...life, attempt, progress, metadata: merged(life.metadata, event.metadata) },
    effects:
      told && progress !== null
        ? [announce("progressed", { percent: progress.percent, step: progress.step, message: progress.message })]
        : [TOUCHED],
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

export function present(attempt: RunningAttempt | null): RunningAttempt {
  if (attempt === null) {
    throw new Error("an instance in this state has an attempt");
  }
  return attempt;
}
