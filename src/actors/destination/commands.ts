/** What callers make of a destination. Each command is a revision, and what has expired goes with it. */
import type { DestinationRecord, DestinationSettings } from "../../domain/webhook/destination.ts";
import { announce } from "../breaker/effects.ts";
import { tell } from "./delivering.ts";
import type { DestinationContext, DestinationStep } from "./delivering.ts";
import type { DestinationEventOf } from "./events.ts";
import { liveSecrets, rotated } from "./secrets.ts";

export function update({ record }: DestinationContext, { at, change }: DestinationEventOf<"UPDATE">): DestinationStep {
  const changed = Object.fromEntries(
    Object.entries(change).filter(([, value]) => value !== undefined),
  ) as Partial<DestinationSettings>;
  const next = { ...revised(record, at), settings: { ...record.settings, ...changed } };
  // New settings may shorten a rest, or turn the breaker off.
  const { record: told, effects } = tell(next, { type: "WAKE", at });
  return { record: told, effects: [announce("settings_updated", { settings: Object.keys(changed) }), ...effects] };
}

export function rotateSecret(
  { record }: DestinationContext,
  event: DestinationEventOf<"ROTATE_SECRET">,
): DestinationStep {
  return {
    record: { ...revised(record, event.at), secrets: rotated(record, event) },
    effects: [announce("secret_rotated", { secretId: event.id })],
  };
}

export function isolate({ record }: DestinationContext, event: DestinationEventOf<"ISOLATE">): DestinationStep {
  return tell(revised(record, event.at), event);
}

export function reset({ record }: DestinationContext, event: DestinationEventOf<"RESET">): DestinationStep {
  const { record: next, effects } = tell(revised(record, event.at), event);
  return { record: { ...next, heldUntil: null, failingSince: null }, effects };
}

/** A reset of one that is disabled. */
export function enable(context: DestinationContext, event: DestinationEventOf<"RESET">): DestinationStep {
  const { record, effects } = reset(context, event);
  return { record: { ...record, disabled: null }, effects: [...effects, announce("enabled")] };
}

function revised(record: DestinationRecord, at: number): DestinationRecord {
  return { ...record, revision: record.revision + 1, secrets: liveSecrets(record, at) };
}
