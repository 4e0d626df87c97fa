import type { Allowance } from "../../actors/throttle/allowance.ts";
import type { TokenBucket } from "../../actors/throttle/token-bucket.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import type { ActorStateRecord } from "../../ports/store/actor-states.ts";
import type { ActorView } from "../api.ts";
import type { StatefulResident } from "../batch.ts";
import type { BuiltInExecutor } from "../executors/built-in-executor.ts";
import type { ServedRecord, ShownKind } from "./served-kind.ts";

const NOT_YET: Allowance = { kind: "shut", reason: "BREAKER_OPEN", until: null };
/** The more goes, the greater. */
const WIDTHS = { shut: 0, probe: 1, open: 2 } as const satisfies Record<Allowance["kind"], number>;

/** Whether the one lets more go than the other. */
export function isWider(one: Allowance, other: Allowance): boolean {
  return WIDTHS[one.kind] > WIDTHS[other.kind];
}

/** A destination or a platform in memory. */
export class ServedResident<Kept extends ServedRecord = ServedRecord> implements StatefulResident {
  readonly id: string;
  readonly shard: number;
  readonly #kind: ShownKind<Kept>;
  record: Kept;
  pins = 0;
  /** Monotonic time at which it was last wanted. */
  usedAt: number;
  /** Takes what waits for it; null: nothing did yet. */
  executor: BuiltInExecutor | null = null;
  /** Requests under way. */
  calling = 0;
  bucket: TokenBucket | null = null;
  /** It has counts that are only here. */
  isUnsaved = false;
  /** The store has it. */
  isKnown = false;
  /** Deleted by a caller: its row goes. */
  isDeleted = false;
  /** Looks at it again. */
  timer: Timer | null = null;
  /** Decisions that let more go and are not durable yet. */
  opening = 0;
  #change = Promise.withResolvers<void>();

  constructor(id: string, kind: ShownKind<Kept>, record: Kept, usedAt: number) {
    this.id = id;
    this.shard = record.shard;
    this.#kind = kind;
    this.record = record;
    this.usedAt = usedAt;
  }

  /** What may go now. */
  allowance(clock: Clock): Allowance {
    return this.opening > 0 ? NOT_YET : this.#kind.allowanceOf(this.record, clock.now());
  }

  /** How many calls may be under way at a time from now on. */
  slots(clock: Clock): number {
    const allowance = this.allowance(clock);
    if (allowance.kind === "shut") {
      return 0;
    }
    const tokens = this.bucket?.available(clock.monotonic()) ?? Number.POSITIVE_INFINITY;
    return Math.min(allowance.kind === "probe" ? 1 : allowance.slots, this.calling + tokens);
  }

  /** Whether no more may be sent right now. */
  isFull(clock: Clock): boolean {
    return this.slots(clock) <= this.calling;
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
    const { id, shard, record } = this;
    return { kind: this.#kind.kind, id, shard, state: this.#kind.stateOf(record), updatedAt: record.updatedAt };
  }

  viewOf({
    nodeId,
    now,
    waiting,
  }: {
    readonly nodeId: string;
    readonly now: number;
    readonly waiting: number;
  }): ActorView {
    const { id, shard, record, usedAt } = this;
    return {
      kind: this.#kind.kind,
      id,
      nodeId,
      shard,
      state: this.#kind.shownState(record),
      idleMs: Math.max(0, Math.round(now - usedAt)),
      wakeAt: this.#kind.nextLookOf(record),
      waiting,
      freeSlots: 0,
    };
  }
}
