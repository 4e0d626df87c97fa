import type { DestinationRecord } from "../../domain/webhook/destination.ts";
import type { Announcement } from "../breaker/effects.ts";
import { pureTransition } from "../pure-transition.ts";
import { isFeltElsewhere } from "../throttle/throttled.ts";
import type { DestinationEvent } from "./events.ts";
import { destinationMachine } from "./machine.ts";

const transition = pureTransition(destinationMachine);

/** What an event made of a destination. Not `accepted`: nothing changed. Commands of callers always are. */
export interface DestinationDecision {
  readonly accepted: boolean;
  /** The same object when nothing changed. */
  readonly record: DestinationRecord;
  /** None unless the decision is durable. */
  readonly effects: readonly Announcement[];
  /** It must be written now. The rest may be lost with the node: counts of calls, which cost a later opening at most. */
  readonly isDurable: boolean;
}

/** A pure decision. */
export function decideDestination(record: DestinationRecord, event: DestinationEvent): DestinationDecision {
  const before = destinationMachine.resolveState({
    value: record.disabled === null ? "ENABLED" : "DISABLED",
    context: { record },
  });
  const [after, actions] = transition(before, event);
  const next = after.context.record;
  if (next === record) {
    return { accepted: false, record, effects: [], isDurable: false };
  }
  const isDurable = isWorthAWrite(record, next);
  return {
    accepted: true,
    record: isDurable ? { ...next, updatedAt: event.at } : next,
    effects: actions.map((action) => action.params as Announcement),
    isDurable,
  };
}

function isWorthAWrite(before: DestinationRecord, after: DestinationRecord): boolean {
  return (
    after.revision !== before.revision ||
    isFeltElsewhere(before, after) ||
    (after.disabled === null) !== (before.disabled === null) ||
    (after.failingSince === null) !== (before.failingSince === null)
  );
}
