/** Breakers in every state they can be in, made by the events that lead there. */
import { decideBreaker } from "../../../../src/actors/breaker/decide.ts";
import type { BreakerDecision } from "../../../../src/actors/breaker/decide.ts";
import type { BreakerEvent } from "../../../../src/actors/breaker/events.ts";
import { CLOSED_BREAKER, DEFAULT_BREAKER_SETTINGS } from "../../../../src/domain/breaker.ts";
import type { Breaker, BreakerSettings, FailureCause } from "../../../../src/domain/breaker.ts";
import { MANUAL_START_AT } from "../../../support/manual-clock.ts";

/** Second 0 of every story below. */
export const T0 = MANUAL_START_AT;

/** Three failures in a row, a minute of rest, ten minutes at most; TIMEOUT does not count, and neither does REFUSED. */
const settings = (given: Partial<BreakerSettings> = {}): BreakerSettings => ({
  ...DEFAULT_BREAKER_SETTINGS,
  causes: DEFAULT_BREAKER_SETTINGS.causes.filter((cause) => cause !== "TIMEOUT"),
  ...given,
});

/** A breaker's story told event by event; `s` is seconds since its beginning, and calls are sent when they end unless it is said. */
export class Story {
  breaker: Breaker = CLOSED_BREAKER;
  last: BreakerDecision = { breaker: CLOSED_BREAKER, effects: [] };
  settings: BreakerSettings;

  constructor(given: Partial<BreakerSettings> = {}) {
    this.settings = settings(given);
  }

  when(event: BreakerEvent): this {
    this.last = decideBreaker(this.breaker, this.settings, event);
    this.breaker = this.last.breaker;
    return this;
  }

  succeed(s = 0, sentS = s): this {
    return this.when({ type: "SUCCEEDED", at: T0 + s * 1000, sentAt: T0 + sentS * 1000 });
  }

  fail(s = 0, cause: FailureCause = "SERVER_ERROR", sentS = s): this {
    return this.when({ type: "FAILED", at: T0 + s * 1000, sentAt: T0 + sentS * 1000, cause, message: "no luck" });
  }

  fails(times: number, s = 0): this {
    for (let time = 0; time < times; time++) {
      this.fail(s);
    }
    return this;
  }

  wake(s: number): this {
    return this.when({ type: "WAKE", at: T0 + s * 1000 });
  }

  reset(s = 0): this {
    return this.when({ type: "RESET", at: T0 + s * 1000 });
  }

  isolate(s = 0, reason = "maintenance"): this {
    return this.when({ type: "ISOLATE", at: T0 + s * 1000, reason });
  }

  get state(): string {
    return this.breaker.state;
  }

  /** Names of what the last event announced. */
  get told(): readonly string[] {
    return this.last.effects.map(({ name }) => name);
  }

  /** Until which second it is open. */
  get openUntilS(): number | null {
    return this.breaker.openUntil === null ? null : (this.breaker.openUntil - T0) / 1000;
  }
}

/** Every state, and what makes a difference within it. All were come to by second 100; an event comes at second 110. */
export const PLACES = {
  CLOSED: () => new Story().succeed(100),
  "CLOSED, one failure short": () => new Story().fails(2, 100),
  "CLOSED by a probe": () => new Story({ openMs: 10_000 }).fails(3, 80).wake(90).succeed(100),
  OPEN: () => new Story().fails(3, 100),
  "OPEN, its time has come": () => new Story({ openMs: 10_000 }).fails(3, 100),
  "OPEN after a failed probe": () => new Story({ openMs: 10_000 }).fails(3, 80).wake(90).fail(100),
  HALF_OPEN: () => new Story({ openMs: 10_000 }).fails(3, 90).wake(100),
  ISOLATED: () => new Story().isolate(100),
} as const satisfies Record<string, () => Story>;
export type Place = keyof typeof PLACES;
