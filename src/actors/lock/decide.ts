import type { LockRecord } from "../../domain/lock/lock.ts";
import type { Announcement } from "../breaker/effects.ts";
import { pureTransition } from "../pure-transition.ts";
import type { LockEvent } from "./events.ts";
import { lockMachine } from "./machine.ts";

const transition = pureTransition(lockMachine);

/** What an event made of a lock. Whatever changes is to be written before anybody hears of it. */
export interface LockDecision {
  /** Whether something changed. A holder that comes too late is refused, and yet ends its hold. */
  readonly accepted: boolean;
  /** The same object when nothing changed. */
  readonly record: LockRecord;
  readonly effects: readonly Announcement[];
  /** Whether the caller has what it asked for: the lock, a longer hold, or a hold that has ended by its release. */
  readonly granted: boolean;
}

/** A pure decision. */
export function decideLock(record: LockRecord, event: LockEvent): LockDecision {
  const before = lockMachine.resolveState({ value: record.hold === null ? "FREE" : "HELD", context: { record } });
  const [after, actions] = transition(before, event);
  const next = after.context.record;
  const granted = isGranted(record, next, event);
  if (next === record) {
    return { accepted: false, record, effects: [], granted };
  }
  return {
    accepted: true,
    record: { ...next, updatedAt: event.at },
    effects: actions.map((action) => action.params as Announcement),
    granted,
  };
}

function isGranted(before: LockRecord, after: LockRecord, event: LockEvent): boolean {
  switch (event.type) {
    case "ACQUIRE":
      return after.token > before.token;
    case "RENEW":
      return after !== before && after.hold !== null;
    case "RELEASE":
      // Again, too: it has ended by the release of this token, and nobody has taken it since.
      return after.token === event.token && after.ended === "released";
    case "WAKE":
      return false;
    default:
      return event satisfies never;
  }
}
