import { allowanceOf, nextLookOf } from "../../actors/destination/allowance.ts";
import type { Allowance } from "../../actors/destination/allowance.ts";
import type { TokenBucket } from "../../actors/destination/token-bucket.ts";
import type { DestinationRecord } from "../../domain/webhook/destination.ts";
import { stateOfDestination } from "../../domain/webhook/destination.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import type { ActorStateRecord } from "../../ports/store/actor-states.ts";
import type { ActorView } from "../api.ts";
import type { StatefulResident } from "../batch.ts";
import type { BuiltInExecutor } from "../executors/built-in-executor.ts";

const NOT_YET: Allowance = { kind: "shut", reason: "BREAKER_OPEN", until: null };
/** The more goes, the greater. */
const WIDTHS = { shut: 0, probe: 1, open: 2 } as const satisfies Record<Allowance["kind"], number>;

/** Whether the one lets more go than the other. */
export function isWider(one: Allowance, other: Allowance): boolean {
  return WIDTHS[one.kind] > WIDTHS[other.kind];
}

/** A destination in memory. */
export class DestinationResident implements StatefulResident {
  readonly origin: string;
  readonly shard: number;
  record: DestinationRecord;
  pins = 0;
  /** Monotonic time at which it was last wanted. */
  usedAt: number;
  /** Takes what waits for it; null: nothing did yet. */
  executor: BuiltInExecutor | null = null;
  /** Requests under way. */
  delivering = 0;
  bucket: TokenBucket | null = null;
  /** It has counts that are only here. */
  isUnsaved = false;
  /** The store has it: something was sent to it once, or somebody set it. */
  isKnown = false;
  /** Looks at it again. */
  timer: Timer | null = null;
  /** Decisions that let more go and are not durable yet. */
  opening = 0;
  #change = Promise.withResolvers<void>();

  constructor(record: DestinationRecord, usedAt: number) {
    this.origin = record.origin;
    this.shard = record.shard;
    this.record = record;
    this.usedAt = usedAt;
  }

  /** What may go now. */
  allowance(clock: Clock): Allowance {
    return this.opening > 0 ? NOT_YET : allowanceOf(this.record, clock.now());
  }

  /** How many deliveries may be under way at a time from now on. */
  slots(clock: Clock): number {
    const allowance = this.allowance(clock);
    if (allowance.kind === "shut") {
      return 0;
    }
    const tokens = this.bucket?.available(clock.monotonic()) ?? Number.POSITIVE_INFINITY;
    return Math.min(allowance.kind === "probe" ? 1 : allowance.slots, this.delivering + tokens);
  }

  /** Whether no more may be sent right now. */
  isFull(clock: Clock): boolean {
    return this.slots(clock) <= this.delivering;
  }

  /** Resolves when more may go than before, perhaps. */
  get change(): Promise<void> {
    return this.#change.promise;
  }

  changed(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }

  stateRecord(): ActorStateRecord {
    const { origin, shard, record } = this;
    return { kind: "destination", id: origin, shard, state: stateOfDestination(record), updatedAt: record.updatedAt };
  }
}

export function actorViewOf(
  { origin, shard, record, usedAt }: DestinationResident,
  { nodeId, now, waiting }: { readonly nodeId: string; readonly now: number; readonly waiting: number },
): ActorView {
  return {
    kind: "destination",
    id: origin,
    nodeId,
    shard,
    state: record.disabled === null ? record.breaker.state : "DISABLED",
    idleMs: Math.max(0, Math.round(now - usedAt)),
    wakeAt: nextLookOf(record),
    waiting,
    freeSlots: 0,
  };
}
