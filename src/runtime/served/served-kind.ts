import type { Announcement } from "../../actors/breaker/effects.ts";
import type { Allowance } from "../../actors/throttle/allowance.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { RateLimit } from "../../domain/webhook/destination.ts";

export interface ServedRecord {
  readonly shard: number;
  readonly updatedAt: number;
}

/** What an event made of one. */
export interface ServedDecision<Kept> {
  readonly accepted: boolean;
  readonly record: Kept;
  readonly effects: readonly Announcement[];
  readonly isDurable: boolean;
}

/** What is to be said of one. */
export interface ShownKind<Kept extends ServedRecord> {
  readonly kind: "destination" | "platform";
  stateOf(record: Kept): JsonObject;
  allowanceOf(record: Kept, at: number): Allowance;
  nextLookOf(record: Kept, at?: number): number | null;
  /** For people. */
  shownState(record: Kept): string;
}

/** How destinations and platforms differ. All of it is pure. */
export interface ServedKind<Kept extends ServedRecord, Event extends { readonly at: number }> extends ShownKind<Kept> {
  /** What instances show as their worker, before `@` and the node. */
  readonly worker: string;
  queueOf(id: string): string;
  /** Null when the queue is none of these. */
  idOfQueue(queue: string): string | null;
  /** @param state as it was stored; null: nobody has written one. */
  recordOf(id: string, shard: number, state: JsonObject | null, at: number): Kept;
  /** Whether one that nobody has written is written when it is used first. */
  readonly isMadeByUse: boolean;
  decide(record: Kept, event: Event): ServedDecision<Kept>;
  wakeAt(at: number): Event;
  rateOf(record: Kept): RateLimit | null;
}
