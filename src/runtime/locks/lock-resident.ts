import { expireAtOf, stateOfLock } from "../../domain/lock/lock.ts";
import type { LockRecord } from "../../domain/lock/lock.ts";
import type { Timer } from "../../ports/clock.ts";
import type { ActorStateRecord } from "../../ports/store/actor-states.ts";
import type { ActorView } from "../api.ts";
import type { StatefulResident } from "../batch.ts";
import { Turns } from "./turns.ts";

/** By how much the clocks of two nodes may differ without a hold ending early: what another node granted counts for so much longer. */
const CLOCK_SKEW_MS = 1000;

/** A lock in memory. */
export class LockResident implements StatefulResident {
  readonly id: string;
  readonly shard: number;
  record: LockRecord;
  pins = 0;
  /** Monotonic time at which it was last wanted. */
  usedAt: number;
  /** Monotonic time of the last grant: by it this node judges when the hold is over, whatever becomes of the wall clock. */
  grantedAt: number;
  readonly turns = new Turns();
  /** Looks at it again when somebody waits. */
  timer: Timer | null = null;

  constructor(record: LockRecord, read: { readonly monotonic: number; readonly now: number }) {
    this.id = record.name;
    this.shard = record.shard;
    this.record = record;
    this.usedAt = read.monotonic;
    const ageMs = record.hold === null ? 0 : read.now - record.hold.grantedAt - CLOCK_SKEW_MS;
    this.grantedAt = read.monotonic - Math.max(0, ageMs);
  }

  /** When the hold is over, in monotonic time; null: there is none. */
  get overAt(): number | null {
    return this.record.hold === null ? null : this.grantedAt + this.record.hold.ttlMs;
  }

  stateRecord(): ActorStateRecord {
    const { id, shard, record } = this;
    return { kind: "lock", id, shard, state: stateOfLock(record), updatedAt: record.updatedAt };
  }

  viewOf({ nodeId, now }: { readonly nodeId: string; readonly now: number }): ActorView {
    const { id, shard, record, usedAt, turns } = this;
    return {
      kind: "lock",
      id,
      nodeId,
      shard,
      state: record.hold === null ? "FREE" : "HELD",
      idleMs: Math.max(0, Math.round(now - usedAt)),
      wakeAt: record.hold === null ? null : expireAtOf(record.hold),
      waiting: turns.size,
      freeSlots: 0,
    };
  }
}
