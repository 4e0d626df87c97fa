/** What an instance does or waits for, since when, and what comes next by itself. Pure. */
import type { Action } from "../../domain/action.ts";
import { originOf } from "../../domain/webhook/origin.ts";
import { isFinal, type InstanceRecord, type RunningAttempt } from "../../domain/instance/instance.ts";
import { because, counted, durationInWords, relativeInWords, timeInZone } from "./words.ts";

export interface InstanceExplanation {
  readonly summary: string;
  /** Most important first. */
  readonly facts: readonly string[];
  readonly sinceAt: number;
  readonly next: NextStep | undefined;
}

export interface NextStep {
  readonly at: number;
  readonly step: string;
}

export function explainInstance(instance: InstanceRecord, now: number): InstanceExplanation {
  const sinceAt = instance.life.stateAt;
  const next = nextStep(instance);
  const length = isFinal(instance.state)
    ? relativeInWords(sinceAt, now)
    : `for ${durationInWords(Math.max(0, now - sinceAt))}`;
  return {
    summary: `${doing(instance)} (since ${timeInZone(sinceAt, "UTC")}, ${length}).`,
    facts: [...facts(instance, now), ...nextFact(next, now)],
    sinceAt,
    next,
  };
}

function doing(instance: InstanceRecord): string {
  const { state, spec, life } = instance;
  if (spec.action.kind === "external") return doingElsewhere(instance);
  switch (state) {
    case "PENDING":
      return waiting(instance);
    case "RUNNING":
      return running(instance);
    case "BACKING_OFF":
      return `Attempt ${life.attemptCount} failed and the next one waits for its time`;
    case "PAUSED":
      return `Paused${because(life.stateReason)}; its deadlines stand still until ResumeInstance`;
    case "COMPLETED":
      return `Completed after ${counted(life.attemptCount, "attempt")}`;
    case "FAILED":
      return `Failed after ${counted(life.attemptCount, "attempt")} of at most ${spec.retry.maxRetries + 1} a series; RetryInstance starts it anew`;
    case "CANCELLED":
      return `Cancelled${because(life.stateReason)}`;
    case "TIMED_OUT":
      return "Timed out: it was not done in time; RetryInstance starts it anew";
  }
}

/** Whoever runs it tells how it goes; nothing here tries it again. */
function doingElsewhere(instance: InstanceRecord): string {
  const { state, life } = instance;
  const who = life.workerId === "" ? "" : ` on "${life.workerId}"`;
  switch (state) {
    case "PENDING":
      return waiting(instance);
    case "RUNNING":
      return `Runs elsewhere${who}, as UpdateExecution told`;
    case "BACKING_OFF":
      return `Attempt ${life.attemptCount} failed elsewhere${who}, and whoever runs it tries it again`;
    case "PAUSED":
      return `Paused${because(life.stateReason)}, as far as Belfry goes: what runs elsewhere is not held back`;
    case "COMPLETED":
      return "Completed elsewhere";
    case "FAILED":
      return "Failed elsewhere; a run that is started anew there is another execution";
    case "CANCELLED":
      return `Cancelled${because(life.stateReason)}`;
    case "TIMED_OUT":
      return "Timed out: nobody told in time that it was done";
  }
}

function waiting({ spec, life }: InstanceRecord): string {
  switch (life.waitingReason) {
    case "NO_WORKER":
      return waitingToRun(spec.action);
    case "CONCURRENCY":
      return `Waits until others end: ${gates(spec).join(", ")}`;
    case "BUFFERED":
      return "Waits until earlier instances of its definition end, as the overlap policy says";
    case "BREAKER_OPEN":
      return `Waits because nothing goes to ${target(spec.action)} now: its breaker is open, or it is disabled${whereToLook(spec.action)}`;
    case "RATE_LIMITED":
      return `Waits because the rate limit of ${target(spec.action)} is used up, or it asked to be left alone for a while${whereToLook(spec.action)}`;
    case "BACKOFF":
      return "Waits for the time of its next attempt";
    case "PAUSED":
      return "Waits because it is paused";
    case null:
      return "Waits to be started";
  }
}

function waitingToRun(action: Action): string {
  switch (action.kind) {
    case "worker":
      return `Waits for a worker of queue "${action.queue}" with a free slot`;
    case "nats":
      return `Waits for a node that is connected to NATS and has room for one more request (to "${action.subject}")`;
    case "webhook":
      return `Waits to be delivered to ${originOf(action.url)}`;
    case "push":
      return `Waits to be pushed to ${target(action)}`;
    case "job":
      return `Waits for a node with room for work of the system's own (${action.job})`;
    case "external":
      return "Waits to be run elsewhere";
  }
}

function target(action: Action): string {
  switch (action.kind) {
    case "webhook":
      return originOf(action.url);
    case "push":
      return `platform ${action.platformId}`;
    default:
      return "its target";
  }
}

function whereToLook(action: Action): string {
  switch (action.kind) {
    case "webhook":
      return " (GetDestination says more)";
    case "push":
      return " (GetPlatformStatus says more)";
    default:
      return "";
  }
}

function gates(spec: InstanceRecord["spec"]): string[] {
  const found: string[] = [];
  if (spec.concurrency !== null)
    found.push(`at most ${spec.concurrency.limit} run at a time with concurrency key "${spec.concurrency.key}"`);
  if (spec.orderingKey !== "") found.push(`one after the other with ordering key "${spec.orderingKey}"`);
  if (found.length > 0) return found;
  return [`${limiting(spec.action)} lets only so many run at a time`];
}

function limiting(action: Action): string {
  switch (action.kind) {
    case "webhook":
      return `its definition or its destination ${originOf(action.url)}`;
    case "push":
      return target(action);
    default:
      return "its definition";
  }
}

function running({ life }: InstanceRecord): string {
  if (life.attempt?.handedOn !== undefined && life.cancelRequestedAt === null) {
    return `Attempt ${life.attempt.number} was delivered, and its receiver has yet to report the result`;
  }
  const who = life.workerId === "" ? "" : ` on worker "${life.workerId}"`;
  const how = life.cancelRequestedAt === null ? "is under way" : "was asked to cancel and has not answered yet";
  return `Attempt ${life.attempt?.number ?? life.attemptCount}${who} ${how}`;
}

function* facts({ state, spec, life }: InstanceRecord, now: number): Iterable<string> {
  if (life.error !== null && state !== "COMPLETED")
    yield `Last error: ${life.error.code === "" ? life.error.message : life.error.code + because(life.error.message)}.`;
  if (life.progress !== null && !isFinal(state)) {
    const { percent, step, message, at } = life.progress;
    const where = step === "" ? "" : ` at step "${step}"`;
    yield `Progress ${percent} %${where}${because(message)}, reported ${relativeInWords(at, now)}.`;
  }
  if (life.attempt !== null && life.attempt.handedOn === undefined) {
    yield `The worker's last sign of life came ${relativeInWords(life.attempt.seenAt, now)}.`;
  }
  const tried = life.attemptCount - life.seriesStart;
  if (!isFinal(state) && tried > 0 && spec.action.kind !== "external")
    yield `${counted(tried, "attempt")} of at most ${spec.retry.maxRetries + 1} started.`;
  if (spec.scheduledAt !== null) yield `It was due at ${timeInZone(spec.scheduledAt, "UTC")}.`;
  if (life.endedAt !== null && life.startedAt !== null) {
    yield `From its first attempt to its end it took ${durationInWords(life.endedAt - life.startedAt)}.`;
  }
}

function* nextFact(next: NextStep | undefined, now: number): Iterable<string> {
  if (next !== undefined) yield `At ${timeInZone(next.at, "UTC")} (${relativeInWords(next.at, now)}): ${next.step}.`;
}

/** The earliest of its deadlines; none while it is paused or has ended. */
function nextStep(instance: InstanceRecord): NextStep | undefined {
  const { state, spec, life } = instance;
  if (isFinal(state) || state === "PAUSED") return undefined;
  const steps: NextStep[] = [];
  const { scheduleToStartMs, scheduleToCloseMs } = spec.timeouts;
  if (scheduleToCloseMs !== null) {
    steps.push({ at: life.openedAt + scheduleToCloseMs, step: "it is ended as TIMED_OUT (schedule-to-close)" });
  }
  if (state === "PENDING" && scheduleToStartMs !== null && life.readyAt !== null) {
    steps.push({
      at: life.readyAt + scheduleToStartMs,
      step: "it is ended as TIMED_OUT unless an attempt has started (schedule-to-start)",
    });
  }
  if (state === "BACKING_OFF" && life.nextAttemptAt !== null)
    steps.push({ at: life.nextAttemptAt, step: "it may be tried again" });
  if (state === "RUNNING" && life.attempt !== null) steps.push(...attemptSteps(instance, life.attempt));
  return steps.toSorted((a, b) => a.at - b.at)[0];
}

function* attemptSteps({ spec, life }: InstanceRecord, attempt: RunningAttempt): Iterable<NextStep> {
  const { startToCloseMs, cancelGraceMs } = spec.timeouts;
  const closeMs = attempt.handedOn?.closeMs ?? startToCloseMs;
  if (closeMs !== null) {
    const how =
      attempt.handedOn === undefined ? "it has ended (start-to-close)" : "its receiver has reported the result";
    yield { at: attempt.startedAt + closeMs, step: `the attempt has failed unless ${how}` };
  }
  if (attempt.heartbeatMs !== null && attempt.handedOn === undefined) {
    yield {
      at: attempt.seenAt + attempt.heartbeatMs,
      step: "the attempt has failed unless its worker gives a sign of life (heartbeat)",
    };
  }
  if (life.cancelRequestedAt !== null) {
    yield {
      at: life.cancelRequestedAt + cancelGraceMs,
      step: "it is ended as CANCELLED whether the worker has answered or not",
    };
  }
}
