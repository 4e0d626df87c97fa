/** Destinations told event by event. */
import { decideDestination } from "../../../../src/actors/destination/decide.ts";
import type { DestinationDecision } from "../../../../src/actors/destination/decide.ts";
import { allowanceOf, nextLookOf } from "../../../../src/actors/destination/allowance.ts";
import type { Allowance } from "../../../../src/actors/throttle/allowance.ts";
import type { DeliveryFailure, DestinationEvent } from "../../../../src/actors/destination/events.ts";
import type { JsonObject } from "../../../../src/domain/json.ts";
import { destinationOfState, newDestination, stateOfDestination } from "../../../../src/domain/webhook/destination.ts";
import type { DestinationRecord, DestinationSettings } from "../../../../src/domain/webhook/destination.ts";
import { MANUAL_START_AT } from "../../../support/manual-clock.ts";

/** Second 0 of every story below. */
export const T0 = MANUAL_START_AT;
export const HOUR_S = 3600;
export const DAY_S = 24 * HOUR_S;

/** `s` is seconds since its beginning; deliveries are sent when they end unless it is said. */
export class Story {
  /** As it is in memory. */
  record: DestinationRecord;
  /** As it was last written; null: it never was. */
  written: DestinationRecord | null = null;
  writes = 0;
  last: DestinationDecision;

  constructor(given: Partial<DestinationSettings> = {}) {
    const fresh = newDestination("https://hooks.example.com", 7, T0);
    this.record = { ...fresh, settings: { ...fresh.settings, ...given } };
    this.last = { accepted: false, record: this.record, effects: [], isDurable: false };
  }

  when(event: DestinationEvent): this {
    this.last = decideDestination(this.record, event);
    this.record = this.last.record;
    if (this.last.isDurable) {
      this.written = this.record;
      this.writes++;
    }
    return this;
  }

  succeed(s = 0, sentS = s): this {
    return this.when({ type: "DELIVERED", at: T0 + s * 1000, sentAt: T0 + sentS * 1000, outcome: { ok: true } });
  }

  fail(s = 0, given: Partial<DeliveryFailure> = {}, sentS = s): this {
    const outcome = { ok: false, cause: "SERVER_ERROR", message: "HTTP 500", ...given } as const;
    return this.when({ type: "DELIVERED", at: T0 + s * 1000, sentAt: T0 + sentS * 1000, outcome });
  }

  fails(times: number, s = 0): this {
    for (let time = 0; time < times; time++) {
      this.fail(s);
    }
    return this;
  }

  /** Answered 429 with Retry-After. */
  hold(s: number, forS: number): this {
    return this.fail(s, { cause: "RATE_LIMITED", message: "HTTP 429", retryAfterMs: forS * 1000 });
  }

  gone(s: number): this {
    return this.fail(s, { cause: "REFUSED", message: "HTTP 410", isGone: true });
  }

  wake(s: number): this {
    return this.when({ type: "WAKE", at: T0 + s * 1000 });
  }

  update(s: number, change: Partial<DestinationSettings>): this {
    return this.when({ type: "UPDATE", at: T0 + s * 1000, change });
  }

  reset(s = 0): this {
    return this.when({ type: "RESET", at: T0 + s * 1000 });
  }

  isolate(s = 0, reason = "maintenance"): this {
    return this.when({ type: "ISOLATE", at: T0 + s * 1000, reason });
  }

  rotate(s: number, id: string, overlapS = 0): this {
    return this.when({
      type: "ROTATE_SECRET",
      at: T0 + s * 1000,
      id,
      sealed: `sealed:${id}`,
      overlapMs: overlapS * 1000,
    });
  }

  /** The node is gone: another reads what was written, which went through JSON. */
  restart(): this {
    const { origin, shard } = this.record;
    this.record =
      this.written === null
        ? newDestination(origin, shard, T0)
        : destinationOfState(origin, shard, JSON.parse(JSON.stringify(stateOfDestination(this.written))) as JsonObject);
    return this;
  }

  allowance(s: number): Allowance {
    return allowanceOf(this.record, T0 + s * 1000);
  }

  /** The second of the next look. */
  lookS(s?: number): number | null {
    const look = nextLookOf(this.record, s === undefined ? undefined : T0 + s * 1000);
    return look === null ? null : (look - T0) / 1000;
  }

  /** Names of what the last event announced. */
  get told(): readonly string[] {
    return this.last.effects.map(({ name }) => name);
  }
}
