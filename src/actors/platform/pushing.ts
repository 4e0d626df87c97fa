/** What pushes and time make of a platform. */
import type { PlatformRecord } from "../../domain/platform/platform.ts";
import * as throttle from "../throttle/throttled.ts";
import type { PlatformEventOf } from "./events.ts";
import { rested } from "./token-rest.ts";

/** What the machine carries. */
export interface PlatformContext {
  readonly record: PlatformRecord;
}

export type PlatformStep = throttle.ThrottleStep<PlatformRecord>;

export function hear({ record }: PlatformContext, event: PlatformEventOf<"PUSHED">): PlatformStep {
  return throttle.hear(record, record.policy.breaker, event);
}

/** Looks whether the time has come of the breaker, of a hold, or of a rest for want of a token. */
export function wake({ record }: PlatformContext, { at }: PlatformEventOf<"WAKE">): PlatformStep {
  return throttle.wake(rested(record, at), record.policy.breaker, at);
}
