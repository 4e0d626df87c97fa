/** Platforms told event by event. */
import { allowanceOf, nextLookOf } from "../../../../src/actors/platform/allowance.ts";
import { decidePlatform } from "../../../../src/actors/platform/decide.ts";
import type { PlatformDecision } from "../../../../src/actors/platform/decide.ts";
import type { PlatformChange, PlatformEvent } from "../../../../src/actors/platform/events.ts";
import { tokenNeedOf } from "../../../../src/actors/platform/token.ts";
import { tokenHealthOf } from "../../../../src/domain/platform/token-health.ts";
import type { TokenNeed } from "../../../../src/actors/platform/token.ts";
import type { TokenState } from "../../../../src/domain/platform/token-health.ts";
import type { Allowance } from "../../../../src/actors/throttle/allowance.ts";
import type { CallFailure } from "../../../../src/actors/throttle/throttled.ts";
import type { JsonObject } from "../../../../src/domain/json.ts";
import {
  DEFAULT_PUSH_POLICY,
  newPlatform,
  platformOfState,
  stateOfPlatform,
} from "../../../../src/domain/platform/platform.ts";
import type { PlatformRecord, PushPolicy } from "../../../../src/domain/platform/platform.ts";
import { MANUAL_START_AT } from "../../../support/manual-clock.ts";

/** Second 0 of every story below. */
export const T0 = MANUAL_START_AT;

export function fresh(policy: Partial<PushPolicy> = {}): PlatformRecord {
  return newPlatform(
    { id: "p1", shard: 7, at: T0 },
    {
      name: "任务中心",
      connector: "jinzhi",
      settings: { host: "https://tasks.example.edu", appId: "app", appSecret: "sealed:secret" },
      standsFor: null,
      policy: { ...DEFAULT_PUSH_POLICY, ...policy },
    },
  );
}

/** `s` is seconds since its beginning; pushes are sent when they end unless it is said. It begins enabled. */
export class Story {
  /** As it is in memory. */
  record: PlatformRecord;
  /** As it was last written. */
  written: PlatformRecord;
  writes = 0;
  last: PlatformDecision;

  constructor(policy: Partial<PushPolicy> = {}) {
    this.record = { ...fresh(policy), enabled: true };
    this.written = this.record;
    this.last = { accepted: false, record: this.record, effects: [], isDurable: false };
  }

  when(event: PlatformEvent): this {
    this.last = decidePlatform(this.record, event);
    this.record = this.last.record;
    if (this.last.isDurable) {
      this.written = this.record;
      this.writes++;
    }
    return this;
  }

  enable(s = 0): this {
    return this.when({ type: "ENABLE", at: T0 + s * 1000 });
  }

  disable(s = 0): this {
    return this.when({ type: "DISABLE", at: T0 + s * 1000 });
  }

  update(s: number, change: PlatformChange): this {
    return this.when({ type: "UPDATE", at: T0 + s * 1000, change });
  }

  reset(s = 0): this {
    return this.when({ type: "RESET", at: T0 + s * 1000 });
  }

  isolate(s = 0): this {
    return this.when({ type: "ISOLATE", at: T0 + s * 1000, reason: "maintenance" });
  }

  wake(s: number): this {
    return this.when({ type: "WAKE", at: T0 + s * 1000 });
  }

  succeed(s = 0, sentS = s): this {
    return this.when({ type: "PUSHED", at: T0 + s * 1000, sentAt: T0 + sentS * 1000, outcome: { ok: true } });
  }

  fail(s = 0, given: Partial<CallFailure> = {}, sentS = s): this {
    const outcome = { ok: false, cause: "SERVER_ERROR", message: "HTTP 500", ...given } as const;
    return this.when({ type: "PUSHED", at: T0 + s * 1000, sentAt: T0 + sentS * 1000, outcome });
  }

  fails(times: number, s = 0): this {
    for (let time = 0; time < times; time++) {
      this.fail(s);
    }
    return this;
  }

  /** It answered that it wants to be left alone. */
  hold(s: number, forS: number): this {
    return this.fail(s, { cause: "RATE_LIMITED", message: "HTTP 429", retryAfterMs: forS * 1000 });
  }

  /** @param forS as the platform says. */
  obtain(s: number, forS = 7200, sealed = "sealed:t1"): this {
    return this.when({ type: "TOKEN_OBTAINED", at: T0 + s * 1000, sealed, expiresInMs: forS * 1000 });
  }

  failToken(s: number, isPermanent = false): this {
    const [code, message] = isPermanent ? ["40001", "appSecret is wrong"] : ["HTTP_503", "HTTP 503"];
    return this.when({ type: "TOKEN_FAILED", at: T0 + s * 1000, code, message, isPermanent });
  }

  refuseToken(s: number, sealed = "sealed:t1"): this {
    return this.when({ type: "TOKEN_REFUSED", at: T0 + s * 1000, sealed });
  }

  /** The node is gone: another reads what was written, which went through JSON. */
  restart(): this {
    const { id, shard } = this.record;
    this.record = platformOfState(id, shard, JSON.parse(JSON.stringify(stateOfPlatform(this.written))) as JsonObject);
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

  need(s: number): TokenNeed["kind"] {
    return tokenNeedOf(this.record, T0 + s * 1000).kind;
  }

  health(s: number): TokenState {
    return tokenHealthOf(this.record, T0 + s * 1000).state;
  }

  /** Names of what the last event announced. */
  get told(): readonly string[] {
    return this.last.effects.map(({ name }) => name);
  }
}
