/** What callers make of a platform. Each command is a revision. */
import type { PlatformRecord } from "../../domain/platform/platform.ts";
import { announce } from "../breaker/effects.ts";
import { tell } from "../throttle/throttled.ts";
import { changedOf } from "./changes.ts";
import type { PlatformEventOf } from "./events.ts";
import type { PlatformContext, PlatformStep } from "./pushing.ts";

/** One that is enabled already, or disabled already. */
export function confirm({ record }: PlatformContext): PlatformStep {
  return { record: revised(record), effects: [] };
}

export function enable({ record }: PlatformContext): PlatformStep {
  return { record: { ...revised(record), enabled: true }, effects: [announce("enabled")] };
}

/** What it knows of the other side stays for the time when it is enabled again. */
export function disable({ record }: PlatformContext): PlatformStep {
  return { record: { ...revised(record), enabled: false }, effects: [announce("disabled")] };
}

export function update({ record }: PlatformContext, { at, change }: PlatformEventOf<"UPDATE">): PlatformStep {
  const changed = changedOf(record, change);
  const isOther = changed.connector !== undefined || changed.settings !== undefined;
  // Another account, perhaps another place: neither its token nor what it asked for is of use there.
  const forgotten = isOther ? { token: null, tokenFailure: null, heldUntil: null } : {};
  const next = { ...revised(record), ...changed, ...forgotten };
  const fields = Object.keys(changed);
  const told = fields.length === 0 ? [] : [announce("settings_updated", { fields })];
  // A new policy may shorten a rest, or turn the breaker off.
  const { record: woken, effects } = tell(next, next.policy.breaker, { type: "WAKE", at });
  return { record: woken, effects: [...told, ...effects] };
}

export function isolate({ record }: PlatformContext, event: PlatformEventOf<"ISOLATE">): PlatformStep {
  return tell(revised(record), record.policy.breaker, event);
}

/** Forgets what failed. A token that works is kept. */
export function reset({ record }: PlatformContext, event: PlatformEventOf<"RESET">): PlatformStep {
  return tell({ ...revised(record), heldUntil: null, tokenFailure: null }, record.policy.breaker, event);
}

function revised(record: PlatformRecord): PlatformRecord {
  return { ...record, revision: record.revision + 1 };
}
