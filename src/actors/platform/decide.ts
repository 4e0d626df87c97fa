import type { PlatformRecord } from "../../domain/platform/platform.ts";
import type { Announcement } from "../breaker/effects.ts";
import { pureTransition } from "../pure-transition.ts";
import { isFeltElsewhere } from "../throttle/throttled.ts";
import type { PlatformEvent } from "./events.ts";
import { platformMachine } from "./machine.ts";

const transition = pureTransition(platformMachine);

/** What an event made of a platform. Not `accepted`: nothing changed. Commands of callers always are. */
export interface PlatformDecision {
  readonly accepted: boolean;
  /** The same object when nothing changed. */
  readonly record: PlatformRecord;
  /** None unless the decision is durable. */
  readonly effects: readonly Announcement[];
  /** It must be written now. The rest may be lost with the node: counts of calls, which cost a later opening at most. */
  readonly isDurable: boolean;
}

/** A pure decision. */
export function decidePlatform(record: PlatformRecord, event: PlatformEvent): PlatformDecision {
  const before = platformMachine.resolveState({
    value: record.enabled ? "ENABLED" : "DISABLED",
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

/** A token that is not written would be fetched again by the next node. */
function isWorthAWrite(before: PlatformRecord, after: PlatformRecord): boolean {
  return (
    after.revision !== before.revision ||
    isFeltElsewhere(before, after) ||
    after.token !== before.token ||
    after.tokenFailure !== before.tokenFailure
  );
}
