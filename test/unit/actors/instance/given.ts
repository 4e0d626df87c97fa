/** Instances in every state they can be in, made by the events that lead there. */
import type { InstanceDecision } from "../../../../src/actors/instance/decide.ts";
import { createInstance, decideInstance } from "../../../../src/actors/instance/decide.ts";
import type { InstanceEvent } from "../../../../src/actors/instance/events.ts";
import { nextDeadline } from "../../../../src/actors/instance/deadline.ts";
import type { Deadline } from "../../../../src/actors/instance/deadline.ts";
import type { InstanceRecord, InstanceSpec, WaitingReason } from "../../../../src/domain/instance/instance.ts";
import type { RetryPolicy } from "../../../../src/domain/policy/retry.ts";
import type { Timeouts } from "../../../../src/domain/policy/timeouts.ts";
import { MANUAL_START_AT } from "../../../support/manual-clock.ts";
import { anInstanceSpec } from "../../../support/records.ts";

/** Second 0 of every life below. */
export const T0 = MANUAL_START_AT;
export const BOOM = { code: "BOOM", message: "no luck", traceback: "" };

export const retry = (given: Partial<RetryPolicy> = {}): RetryPolicy => ({
  initialDelayMs: 30_000,
  factor: 2,
  maxDelayMs: 3_600_000,
  jitterMs: 0,
  maxRetries: 3,
  nonRetryableCodes: [],
  ...given,
});

export const timeouts = (given: Partial<Timeouts> = {}): Timeouts => ({
  scheduleToStartMs: null,
  startToCloseMs: null,
  scheduleToCloseMs: null,
  heartbeatMs: undefined,
  cancelGraceMs: 30_000,
  ...given,
});

/** A life told event by event; `s` is seconds since its creation. */
export class Life {
  record: InstanceRecord;
  last: InstanceDecision;

  constructor(given: Partial<InstanceSpec> = {}, gate: WaitingReason | null = null) {
    this.last = createInstance(
      { id: "i", shard: 0, at: T0 },
      anInstanceSpec({ retry: retry(), timeouts: timeouts(), ...given }),
      gate,
    );
    this.record = this.last.record;
  }

  when(event: InstanceEvent): this {
    this.last = decideInstance(this.record, event);
    this.record = this.last.record;
    return this;
  }

  release(s = 0): this {
    return this.when({ type: "RELEASE", at: T0 + s * 1000 });
  }

  start(s = 0, token = `token${this.record.life.attemptCount + 1}`, heartbeatMs: number | null = null): this {
    return this.when({ type: "START", at: T0 + s * 1000, token, workerId: "w1", heartbeatMs });
  }

  heartbeat(s: number): this {
    return this.when({ type: "HEARTBEAT", at: T0 + s * 1000, token: this.token });
  }

  complete(s = 0): this {
    return this.when({ type: "COMPLETE", at: T0 + s * 1000, token: this.token, result: { ok: true } });
  }

  fail(s = 0, failure: { retryable?: boolean; retryDelayMs?: number; code?: string; chance?: number } = {}): this {
    const { retryable = true, code = "BOOM", chance = 0, retryDelayMs } = failure;
    const error = { ...BOOM, code };
    return this.when({
      type: "FAIL",
      at: T0 + s * 1000,
      token: this.token,
      error,
      retryable,
      chance,
      ...(retryDelayMs === undefined ? {} : { retryDelayMs }),
    });
  }

  handOn(s: number, withinS: number): this {
    const exchange = { response: { status: 202 } };
    return this.when({ type: "HAND_ON", at: T0 + s * 1000, token: this.token, withinMs: withinS * 1000, exchange });
  }

  lose(s = 0): this {
    return this.when({ type: "LOSE", at: T0 + s * 1000, token: this.token, chance: 0 });
  }

  wake(s: number, heartbeatFloor = 0): this {
    return this.when({ type: "WAKE", at: T0 + s * 1000, chance: 0, heartbeatFloor });
  }

  cancel(s = 0): this {
    return this.when({ type: "CANCEL", at: T0 + s * 1000, reason: "not needed" });
  }

  terminate(s = 0): this {
    return this.when({ type: "TERMINATE", at: T0 + s * 1000, reason: "enough" });
  }

  pause(s = 0): this {
    return this.when({ type: "PAUSE", at: T0 + s * 1000, reason: "lunch" });
  }

  resume(s = 0): this {
    return this.when({ type: "RESUME", at: T0 + s * 1000 });
  }

  retry(s = 0, gate: WaitingReason | null = null): this {
    return this.when({ type: "RETRY", at: T0 + s * 1000, gate });
  }

  get token(): string {
    return this.record.life.attempt?.token ?? "none";
  }

  get state(): string {
    return this.record.state;
  }

  /** The next thing that happens by itself, in seconds since the creation. */
  deadline(heartbeatFloor = 0): { kind: Deadline["kind"]; s: number } | null {
    const next = nextDeadline(this.record.state, this.record.life, this.record.spec, heartbeatFloor);
    return next === null ? null : { kind: next.kind, s: (next.at - T0) / 1000 };
  }

  /** The kinds of the last decision's effects, announcements by their name. */
  get effects(): readonly string[] {
    return this.last.effects.map((effect) => (effect.kind === "announce" ? effect.name : effect.kind));
  }
}

/** Each place of the statechart, with the ways in which its data can differ. */
export const PLACES = {
  PENDING: () => new Life(),
  "PENDING, gated": () => new Life({}, "BUFFERED"),
  RUNNING: () => new Life().start(),
  "RUNNING, cancel asked": () => new Life().start().cancel(),
  "RUNNING, handed on": () => new Life().start().handOn(0, 1000),
  BACKING_OFF: () => new Life().start().fail(),
  "PAUSED from PENDING": () => new Life().pause(),
  "PAUSED from gated": () => new Life({}, "CONCURRENCY").pause(),
  "PAUSED from RUNNING": () => new Life().start().pause(),
  "PAUSED, handed on": () => new Life().start().handOn(0, 1000).pause(),
  "PAUSED from BACKING_OFF": () => new Life().start().fail().pause(),
  COMPLETED: () => new Life().start().complete(),
  FAILED: () => new Life().start().fail(0, { retryable: false }),
  CANCELLED: () => new Life().terminate(),
  TIMED_OUT: () => new Life({ timeouts: timeouts({ scheduleToCloseMs: 1000 }) }).wake(1),
} as const satisfies Record<string, () => Life>;
export type Place = keyof typeof PLACES;
