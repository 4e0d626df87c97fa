import type { LockEvent } from "../../../src/actors/lock/events.ts";
import { lockOfState, stateOfLock } from "../../../src/domain/lock/lock.ts";
import type { LockRecord } from "../../../src/domain/lock/lock.ts";
import type { ActorStateRecord } from "../../../src/ports/store/actor-states.ts";
import type { Mutant } from "./mutant.ts";
import { replacing } from "./replacing.ts";

/** A hold is taken to be a little older than it is. */
export const HOLD_ENDS_EARLY: Mutant = {
  name: "a hold ends a tenth of a second early",
  actors: (actors) => ({
    ...actors,
    decideLock: (record, event) => actors.decideLock(record, { ...event, elapsedMs: event.elapsedMs + 100 }),
  }),
};

/** Whoever takes over a hold whose time is up gets its token. */
export const TOKEN_STAYS: Mutant = {
  name: "the token does not grow when a hold has expired",
  actors: (actors) => ({
    ...actors,
    decideLock: (record, event) => {
      const isTakenOver = event.type === "ACQUIRE" && (record.hold !== null || record.ended === "expired");
      return actors.decideLock(isTakenOver ? { ...record, token: record.token - 1 } : record, event);
    },
  }),
};

/** Whoever had the lock at some time may let it go. */
export const STALE_RELEASE_ACCEPTED: Mutant = {
  name: "a stale token releases a lock",
  actors: (actors) => ({
    ...actors,
    decideLock: (record, event) =>
      actors.decideLock(record, event.type === "RELEASE" && event.token < record.token ? by(record, event) : event),
  }),
};

/** A holder that comes late keeps the lock, as long as nobody has seen that its time is up. */
export const LATE_RENEWAL_ACCEPTED: Mutant = {
  name: "a hold whose time is up is renewed",
  actors: (actors) => ({
    ...actors,
    decideLock: (record, event) =>
      actors.decideLock(record, event.type === "RENEW" ? { ...event, elapsedMs: 0 } : event),
  }),
};

/** A holder is told that it has the lock for longer, and has it for as long as before. */
export const RENEWAL_FORGOTTEN: Mutant = {
  name: "a renewal that was acknowledged is not written",
  actors: (actors) => ({
    ...actors,
    decideLock: (record, event) => {
      const decision = actors.decideLock(record, event);
      const isKept = event.type === "RENEW" && decision.granted;
      return isKept ? { ...decision, accepted: false, record } : decision;
    },
  }),
};

/** Who gets a shard does not find the locks of the owner before. */
export const LOCKS_FORGOTTEN: Mutant = {
  name: "locks are free when their shard has moved",
  store: (store) => ({
    ...store,
    actorStates: replacing(store.actorStates, {
      load: async (kind, ids) => (await store.actorStates.load(kind, ids)).map(freed),
    }),
  }),
};

function by({ token }: LockRecord, event: Extract<LockEvent, { readonly type: "RELEASE" }>): LockEvent {
  return { ...event, token };
}

function freed(row: ActorStateRecord): ActorStateRecord {
  if (row.kind !== "lock") {
    return row;
  }
  const record = lockOfState(row.id, row.shard, row.state);
  return { ...row, state: stateOfLock({ ...record, hold: null, ended: record.ended ?? "expired" }) };
}
