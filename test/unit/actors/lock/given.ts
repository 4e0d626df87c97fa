/** Locks told event by event. */
import { decideLock } from "../../../../src/actors/lock/decide.ts";
import type { LockDecision } from "../../../../src/actors/lock/decide.ts";
import type { LockEvent } from "../../../../src/actors/lock/events.ts";
import type { JsonObject } from "../../../../src/domain/json.ts";
import { lockOfState, newLock, stateOfLock } from "../../../../src/domain/lock/lock.ts";
import type { LockRecord } from "../../../../src/domain/lock/lock.ts";
import { MANUAL_START_AT } from "../../../support/manual-clock.ts";

/** Second 0 of every story below. */
export const T0 = MANUAL_START_AT;

/** `s` is seconds since its beginning. Its one node measures time as the wall clock tells it. */
export class Story {
  record: LockRecord = newLock("import_42", 3, T0);
  last: LockDecision = { accepted: false, record: this.record, effects: [], granted: false };

  when(event: LockEvent): this {
    this.last = decideLock(this.record, event);
    this.record = this.last.record;
    return this;
  }

  acquire(s: number, holder: string, ttlS = 60): this {
    return this.when({ type: "ACQUIRE", ...this.#when(s), holder, ttlMs: ttlS * 1000 });
  }

  renew(s: number, token: number, ttlS?: number): this {
    return this.when({
      type: "RENEW",
      ...this.#when(s),
      token,
      ...(ttlS === undefined ? {} : { ttlMs: ttlS * 1000 }),
    });
  }

  release(s: number, token: number): this {
    return this.when({ type: "RELEASE", ...this.#when(s), token });
  }

  wake(s: number): this {
    return this.when({ type: "WAKE", ...this.#when(s) });
  }

  /** Another node reads what was written, which went through JSON. */
  restart(): this {
    const { name, shard } = this.record;
    this.record = lockOfState(name, shard, JSON.parse(JSON.stringify(stateOfLock(this.record))) as JsonObject);
    return this;
  }

  /** What the last event announced. */
  get told(): readonly string[] {
    return this.last.effects.map(({ name, data }) => `${name} ${data["holder"] as string} ${data["token"] as number}`);
  }

  #when(s: number): { readonly at: number; readonly elapsedMs: number } {
    const at = T0 + s * 1000;
    return { at, elapsedMs: at - (this.record.hold?.grantedAt ?? at) };
  }
}
