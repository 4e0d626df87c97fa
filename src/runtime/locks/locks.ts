/**
 * The locks of this node's shards.
 *
 * Never do two callers have a valid token of one lock:
 *
 * K1 Only the owner of the lock's shard decides, on the record in its memory, one event after the other.
 * K2 Nobody hears of a decision before its commit, which holds only at the owner's epoch. A node that lost the shard grants nothing.
 * K3 A token is the one before plus one, in the commit that grants the hold; it stays when the lock is free, through restarts and moves.
 * K4 A hold that this node granted is over when its TTL has passed on this node's monotonic clock. The holder counts from before it asked, so its
 *    time is over first.
 * K5 A hold that another node granted, or this one in an earlier life, is known by the wall clock alone. It counts for CLOCK_SKEW_MS longer than its
 *    TTL; a clock that is behind the grant lets it count anew, once. When clocks differ by more it may end too early: then the token of the
 *    former holder is smaller than the next one's, and what the lock protects refuses it.
 */
import type { LockEvent } from "../../actors/lock/events.ts";
import type { LockDecision } from "../../actors/lock/decide.ts";
import { lockOfState, newLock } from "../../domain/lock/lock.ts";
import { shardOf } from "../../domain/routing.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ActorStateRecord } from "../../ports/store/actor-states.ts";
import { ACTORS } from "../actor-logic.ts";
import type { ActorView } from "../api.ts";
import type { Journal } from "../journal.ts";
import type { Ownership } from "../ownership.ts";
import { Reader } from "../reader.ts";
import { shardUnavailable } from "../refusals.ts";
import type { RuntimeDeps } from "../runtime-deps.ts";
import { LockResident } from "./lock-resident.ts";

const IDLE_MS = 30_000;
const SWEEP_MS = 10_000;
/**
 * When there are more, those leave that were idle so long, held ones too: K5 is for those who read them again. Not those of commands that came just now,
 * and have not decided yet.
 */
const MOST = 50_000;
const IDLE_OF_MANY_MS = 1000;
const SWEEP_OF_MANY_MS = 100;

interface Deps {
  readonly node: Pick<RuntimeDeps, "clock" | "store" | "actors" | "options">;
  readonly ownership: Ownership;
  readonly journal: Journal;
}

type Asked = LockEvent extends infer Event
  ? Event extends LockEvent
    ? Omit<Event, "at" | "elapsedMs">
    : never
  : never;

export class Locks {
  readonly #clock: Clock;
  readonly #ownership: Ownership;
  readonly #journal: Journal;
  readonly #decideLock: typeof ACTORS.decideLock;
  readonly #nodeId: string;
  readonly #shardCount: number;
  readonly #residents = new Map<string, LockResident>();
  readonly #coming = new Map<string, Promise<LockResident>>();
  readonly #rows: Reader<ActorStateRecord>;
  #sweeping: { cancel(): void } | null = null;
  /** Monotonic time of the last sweep. */
  #sweptAt = Number.NEGATIVE_INFINITY;
  #stopped = false;

  constructor({ node, ownership, journal }: Deps) {
    this.#clock = node.clock;
    this.#ownership = ownership;
    this.#journal = journal;
    this.#decideLock = (node.actors ?? ACTORS).decideLock;
    this.#nodeId = node.options.nodeId;
    this.#shardCount = node.options.shardCount;
    const { actorStates } = node.store;
    this.#rows = new Reader(
      async (ids) =>
        new Map((await actorStates.load("lock", ids)).map((row): [string, ActorStateRecord] => [row.id, row])),
    );
  }

  start(): void {
    this.#sweeping = this.#clock.schedule(SWEEP_MS, () => {
      this.#sweep();
      this.start();
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#sweeping?.cancel();
    this.#residents.forEach((resident) => this.#dismiss(resident));
  }

  lost(shards: ReadonlySet<number>): void {
    for (const resident of this.#residents.values()) {
      if (shards.has(resident.shard)) {
        this.#residents.delete(resident.id);
        this.#dismiss(resident);
      }
    }
  }

  /** The shard of a lock that this node decides for now. @throws BelfryError SHARD_UNAVAILABLE */
  openShard(name: string): number {
    const shard = shardOf(name, this.#shardCount);
    if (this.#ownership.open(shard) === null) {
      throw shardUnavailable(shard);
    }
    return shard;
  }

  /** In memory. @throws BelfryError SHARD_UNAVAILABLE, STORE_UNAVAILABLE */
  bring(name: string): Promise<LockResident> {
    const known = this.#residents.get(name);
    if (known !== undefined) {
      known.usedAt = this.#clock.monotonic();
      return Promise.resolve(known);
    }
    let coming = this.#coming.get(name);
    if (coming === undefined) {
      coming = this.#read(name).finally(() => this.#coming.delete(name));
      this.#coming.set(name, coming);
    }
    return coming;
  }

  /** K1. Stages what the decision changes; whoever asked hears of it after the commit. @throws BelfryError SHARD_UNAVAILABLE */
  decide(resident: LockResident, asked: Asked): LockDecision {
    const { id, shard } = resident;
    this.#requireCurrent(resident);
    const at = this.#clock.now();
    const monotonic = this.#clock.monotonic();
    const event: LockEvent = { ...asked, at, elapsedMs: Math.floor(monotonic - resident.grantedAt) };
    const decision = this.#decideLock(resident.record, event);
    if (!decision.accepted) {
      return decision;
    }
    resident.record = decision.record;
    if (decision.granted && decision.record.hold !== null) {
      resident.grantedAt = monotonic;
    }
    const { open } = this.#journal;
    open.decisions++;
    open.actorState(resident);
    for (const { name, data } of decision.effects) {
      open.announce(shard, { resource: "lock", resourceId: id, name, at, data });
    }
    return decision;
  }

  /** Ends a hold whose time is up, offers the lock to whoever waits when it is free, and sees to it that this happens in time. */
  look(resident: LockResident): void {
    this.#requireCurrent(resident);
    const now = this.#clock.monotonic();
    if (resident.overAt !== null && resident.overAt <= now) {
      this.decide(resident, { type: "WAKE" });
      this.#journal.kick();
    }
    if (resident.record.hold === null) {
      resident.turns.offer(now);
    }
    this.#arm(resident);
  }

  views(): readonly ActorView[] {
    const now = this.#clock.monotonic();
    return [...this.#residents.values()].map((resident) => resident.viewOf({ nodeId: this.#nodeId, now }));
  }

  #arm(resident: LockResident): void {
    resident.timer?.cancel();
    resident.timer = null;
    if (resident.turns.size === 0 || this.#stopped) {
      return;
    }
    const at = resident.overAt ?? resident.turns.offeredUntil;
    if (at !== null) {
      resident.timer = this.#clock.schedule(Math.max(1, at - this.#clock.monotonic()), () => this.#lookAgain(resident));
    }
  }

  #lookAgain(resident: LockResident): void {
    resident.timer = null;
    if (this.#isCurrent(resident)) {
      this.look(resident);
    } else {
      this.#dismiss(resident);
    }
  }

  #isCurrent(resident: LockResident): boolean {
    return this.#residents.get(resident.id) === resident && this.#ownership.open(resident.shard) !== null;
  }

  #requireCurrent(resident: LockResident): void {
    if (!this.#isCurrent(resident)) {
      throw shardUnavailable(resident.shard);
    }
  }

  #dismiss(resident: LockResident): void {
    resident.timer?.cancel();
    resident.timer = null;
    resident.turns.dismiss(shardUnavailable(resident.shard));
  }

  async #read(name: string): Promise<LockResident> {
    const shard = this.openShard(name);
    const claim = this.#ownership.open(shard);
    const row = await this.#rows.get(name);
    if (claim === null || this.#ownership.open(shard) !== claim) {
      throw shardUnavailable(shard);
    }
    const now = this.#clock.now();
    const record = row === null ? newLock(name, shard, now) : lockOfState(name, shard, row.state);
    const resident = new LockResident(record, { monotonic: this.#clock.monotonic(), now });
    this.#residents.set(name, resident);
    if (this.#residents.size > MOST && this.#clock.monotonic() - this.#sweptAt >= SWEEP_OF_MANY_MS) {
      this.#sweep();
    }
    return resident;
  }

  /** Held ones stay while there is room (K4). */
  #sweep(): void {
    const isFull = this.#residents.size > MOST;
    this.#sweptAt = this.#clock.monotonic();
    const idleSince = this.#sweptAt - (isFull ? IDLE_OF_MANY_MS : IDLE_MS);
    for (const resident of this.#residents.values()) {
      const { pins, turns, usedAt, overAt } = resident;
      const isOfUse = pins > 0 || turns.size > 0 || usedAt >= idleSince;
      if (!isOfUse && (isFull || overAt === null || overAt < idleSince)) {
        this.#residents.delete(resident.id);
      }
    }
  }
}
