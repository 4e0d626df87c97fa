/**
 * The destinations, or the platforms, of this node's shards: what waits for them, and how much of it may go.
 *
 * One in memory is to the rest of the runtime a worker on a queue of its own, whose free slots are what its breaker, its rate and its
 * concurrency allow: so what may not go waits in the queue and no attempt begins (D1). It comes to memory when something waits for it, here or
 * on another node, and leaves when nothing has for a while, and its counts are written (D2). What was assigned before the breaker opened, or it
 * left, is given back, and does not count (D3). A call that ends after it went to another node is reported as any other; the breaker there does
 * not hear of it (D4). A decision that lets more go counts from its commit on (D5). A receiver may report before it answers: its slot is free
 * then, though its request is still under way. What comes for the slot waits until it may go (D6).
 */
import { TokenBucket } from "../../actors/throttle/token-bucket.ts";
import { shardOf } from "../../domain/routing.ts";
import type { ActorView, Assignment } from "../api.ts";
import { BuiltInExecutor } from "../executors/built-in-executor.ts";
import type { Outcome } from "../executors/performed-attempt.ts";
import { shardUnavailable } from "../refusals.ts";
import type { Performed, ServedView } from "./served-call.ts";
import type { ServedDeps } from "./served-deps.ts";
import type { ServedRecord } from "./served-kind.ts";
import { ServedResident, isWider } from "./served-resident.ts";

/** D2. */
const IDLE_MS = 60_000;
const SWEEP_MS = 10_000;
/** What could not be decided when its time came is looked at again after so long. */
const LOOK_AGAIN_MS = 1000;
const GIVEN_BACK: Outcome = { kind: "given-back" };

export class ServedActors<Kept extends ServedRecord, Event extends { readonly at: number }> {
  readonly #deps: ServedDeps<Kept, Event>;
  readonly #residents = new Map<string, ServedResident<Kept>>();
  readonly #coming = new Map<string, Promise<ServedResident<Kept>>>();
  /** Of those that left the memory: what is under way with them ends by itself. */
  readonly #retiring = new Set<BuiltInExecutor>();
  #sweeping: { cancel(): void } | null = null;
  #stopped = false;

  constructor(deps: ServedDeps<Kept, Event>) {
    this.#deps = deps;
  }

  start(): void {
    this.#sweeping = this.#deps.clock.schedule(SWEEP_MS, () => {
      this.#sweep();
      this.start();
    });
  }

  /** Something waits in this queue. @returns whether the one that serves it is here; while it is not, it is to be asked for again. */
  serve(queue: string): boolean {
    const id = this.#deps.kind.idOfQueue(queue);
    if (id === null || this.#stopped || this.#deps.ownership.open(this.#shardOf(id)) === null) {
      return false;
    }
    if (this.#deps.call === null) {
      return true;
    }
    const resident = this.#residents.get(id);
    if (resident === undefined) {
      this.bring(id).then(
        (brought) => this.#open(brought),
        (error: unknown) =>
          this.#deps.log.warn("an actor could not be read; it is tried again", {
            kind: this.#deps.kind.kind,
            id,
            error,
          }),
      );
      return false;
    }
    this.#open(resident);
    return true;
  }

  /** In memory. @throws BelfryError SHARD_UNAVAILABLE, STORE_UNAVAILABLE */
  bring(id: string): Promise<ServedResident<Kept>> {
    const known = this.#residents.get(id);
    if (known !== undefined) {
      known.usedAt = this.#deps.clock.monotonic();
      return Promise.resolve(known);
    }
    let coming = this.#coming.get(id);
    if (coming === undefined) {
      coming = this.#read(id).finally(() => this.#coming.delete(id));
      this.#coming.set(id, coming);
    }
    return coming;
  }

  /** @throws BelfryError SHARD_UNAVAILABLE @returns whether its state allowed it. */
  decide(resident: ServedResident<Kept>, event: Event): boolean {
    const { shard, id } = resident;
    if (this.#residents.get(id) !== resident || this.#deps.ownership.open(shard) === null) {
      throw shardUnavailable(shard);
    }
    const decision = this.#deps.kind.decide(resident.record, event);
    if (!decision.accepted) {
      return false;
    }
    const before = this.#deps.kind.allowanceOf(resident.record, event.at);
    resident.record = decision.record;
    resident.isUnsaved = true;
    if (decision.isDurable) {
      this.#deps.run(() => {
        const { open } = this.#deps.journal;
        this.save(resident);
        if (isWider(this.#deps.kind.allowanceOf(decision.record, event.at), before)) {
          this.#openWhenDurable(resident);
        }
        for (const { name, data } of decision.effects) {
          open.announce(shard, { resource: this.#deps.kind.kind, resourceId: id, name, at: event.at, data });
        }
      });
    }
    this.#adjust(resident);
    return true;
  }

  /** D5. */
  #openWhenDurable(resident: ServedResident<Kept>): void {
    resident.opening++;
    this.#deps.journal.after(resident.shard, () => {
      resident.opening--;
      this.#adjustIfHere(resident);
    });
  }

  viewOf({ record, id, executor }: ServedResident<Kept>): ServedView<Kept> {
    return { record, underWay: executor?.underWay ?? 0, waiting: this.#deps.waitingFor(this.#deps.kind.queueOf(id)) };
  }

  /** Those in memory, for people who look. */
  views(): readonly ActorView[] {
    return [...this.#residents.values()].map((resident) =>
      resident.viewOf({
        nodeId: this.#deps.nodeId,
        now: this.#deps.clock.monotonic(),
        waiting: this.#deps.waitingFor(this.#deps.kind.queueOf(resident.id)),
      }),
    );
  }

  lost(shards: ReadonlySet<number>): void {
    for (const resident of this.#residents.values()) {
      if (shards.has(resident.shard)) {
        this.#forget(resident);
      }
    }
  }

  /** Calls nobody any more. What is under way has a moment to end: what is returned resolves then. */
  stop(): readonly Promise<void>[] {
    this.#end();
    return this.#executors().map((executor) => executor.stop());
  }

  abandon(): void {
    this.#end();
    for (const executor of this.#executors()) {
      executor.abandon();
    }
  }

  #executors(): readonly BuiltInExecutor[] {
    return [...this.#retiring, ...[...this.#residents.values()].flatMap(({ executor }) => executor ?? [])];
  }

  #end(): void {
    this.#stopped = true;
    this.#sweeping?.cancel();
    for (const { timer } of this.#residents.values()) {
      timer?.cancel();
    }
  }

  #shardOf(id: string): number {
    return shardOf(id, this.#deps.shardCount);
  }

  async #read(id: string): Promise<ServedResident<Kept>> {
    const shard = this.#shardOf(id);
    const claim = this.#deps.ownership.open(shard);
    if (claim === null) {
      throw shardUnavailable(shard);
    }
    const [row] = await this.#deps.store.load(this.#deps.kind.kind, [id]);
    if (this.#deps.ownership.open(shard) !== claim) {
      throw shardUnavailable(shard);
    }
    const record = this.#deps.kind.recordOf(id, shard, row?.state ?? null, this.#deps.clock.now());
    const resident = new ServedResident<Kept>(id, this.#deps.kind, record, this.#deps.clock.monotonic());
    resident.isKnown = row !== undefined;
    this.#residents.set(id, resident);
    this.#adjust(resident);
    return resident;
  }

  /** Lets it take what waits for it. */
  #open(resident: ServedResident<Kept>): void {
    resident.usedAt = this.#deps.clock.monotonic();
    if (resident.executor !== null || this.#residents.get(resident.id) !== resident || this.#stopped) {
      return;
    }
    const { id } = resident;
    resident.executor = new BuiltInExecutor({
      workers: this.#deps.workers(),
      clock: this.#deps.clock,
      log: this.#deps.log,
      queue: this.#deps.kind.queueOf(id),
      workerId: `${this.#deps.kind.worker}@${this.#deps.nodeId}`,
      perform: (assignment, signal) => this.#perform(resident, assignment, signal),
      ready: true,
      slots: resident.slots(this.#deps.clock),
    });
    resident.executor.start();
    if (!resident.isKnown && this.#deps.kind.isMadeByUse && this.#deps.ownership.open(resident.shard) !== null) {
      this.#deps.run(() => this.save(resident));
    }
  }

  async #perform(resident: ServedResident<Kept>, assignment: Assignment, signal: AbortSignal): Promise<Outcome> {
    const call = this.#deps.call;
    const mayGo = (): boolean =>
      !signal.aborted &&
      this.#residents.get(resident.id) === resident &&
      resident.allowance(this.#deps.clock).kind !== "shut";
    while (mayGo() && resident.isFull(this.#deps.clock)) {
      await resident.change; // D6
    }
    if (call === null || !mayGo()) {
      return GIVEN_BACK; // D3
    }
    resident.usedAt = this.#deps.clock.monotonic();
    resident.bucket?.take(resident.usedAt);
    resident.calling++;
    const ended = (): void => {
      resident.calling--;
      resident.changed();
      this.#adjustIfHere(resident);
    };
    signal.addEventListener("abort", ended);
    // Its token is gone: the next one has a time.
    this.#adjust(resident);
    let performed: Performed<Event>;
    try {
      performed = await call(assignment, resident, signal);
    } finally {
      // Before it is reported, which frees its slot. What was broken off is over already, however long its end takes.
      signal.removeEventListener("abort", ended);
      if (!signal.aborted) {
        ended();
      }
    }
    if (!signal.aborted) {
      this.hear(resident, performed.told);
    }
    return performed.outcome;
  }

  /** What a call tells of the one who was called. D4. */
  hear(resident: ServedResident<Kept>, told: readonly Event[]): void {
    try {
      for (const event of told) {
        this.decide(resident, event);
      }
    } catch {
      // It is another node's by now.
    }
  }

  /** What may go now, and when that may change by itself. D1. */
  #adjust(resident: ServedResident<Kept>): void {
    const { record } = resident;
    const now = this.#deps.clock.now();
    const lookAt = this.#deps.kind.nextLookOf(record, now);
    const isDue = lookAt !== null && lookAt <= now;
    if (isDue && this.#wake(resident)) {
      return; // It has been adjusted to what it is now.
    }
    const rate = this.#deps.kind.rateOf(record);
    const mono = this.#deps.clock.monotonic();
    resident.bucket = rate === null ? null : (resident.bucket?.limitedTo(rate, mono) ?? new TokenBucket(rate, mono));
    resident.executor?.setSlots(resident.slots(this.#deps.clock));
    resident.changed();
    const delays = lookAt === null ? [] : [isDue ? LOOK_AGAIN_MS : lookAt - now];
    const tokenInMs = resident.bucket?.availableInMs(mono) ?? 0;
    if (tokenInMs > 0) {
      delays.push(tokenInMs);
    }
    resident.timer?.cancel();
    resident.timer =
      delays.length === 0 || this.#stopped
        ? null
        : this.#deps.clock.schedule(Math.min(...delays), () => this.#adjustIfHere(resident));
  }

  #adjustIfHere(resident: ServedResident<Kept>): void {
    if (this.#residents.get(resident.id) === resident) {
      this.#adjust(resident);
    }
  }

  /** @returns whether it has decided. */
  #wake(resident: ServedResident<Kept>): boolean {
    try {
      if (this.decide(resident, this.#deps.kind.wakeAt(this.#deps.clock.now()))) {
        return true;
      }
      this.#deps.log.error("an actor does not know what it was woken for", {
        kind: this.#deps.kind.kind,
        id: resident.id,
      });
    } catch {
      // The shard is another node's, which wakes it; or this node does not know at the moment that it still has it.
    }
    return false;
  }

  /** D2. */
  #sweep(): void {
    const now = this.#deps.clock.monotonic();
    for (const resident of this.#residents.values()) {
      const { id, executor, bucket, pins, usedAt } = resident;
      const isBusy = (executor?.underWay ?? 0) > 0 || this.#deps.waitingFor(this.#deps.kind.queueOf(id)) > 0;
      // In memory again it would begin with a full bucket.
      const isHeldTo = bucket !== null && bucket.available(now) < bucket.limit.burst;
      if (isBusy || isHeldTo || pins > 0 || usedAt > now - IDLE_MS) {
        continue;
      }
      if (resident.isUnsaved && this.#deps.ownership.open(resident.shard) !== null) {
        this.#deps.run(() => this.save(resident));
      } else {
        this.#forget(resident);
      }
    }
    for (const executor of this.#retiring) {
      if (executor.underWay === 0) {
        this.#retiring.delete(executor);
      }
    }
  }

  /** Writes it, in this turn. */
  save(resident: ServedResident<Kept>): void {
    const { open } = this.#deps.journal;
    open.decisions++;
    open.actorState(resident);
    resident.isUnsaved = false;
    resident.isKnown = true;
  }

  /** Takes in one that was just made, and is to be saved. @throws BelfryError SHARD_UNAVAILABLE */
  add(id: string, record: Kept): ServedResident<Kept> {
    if (this.#deps.ownership.open(record.shard) === null) {
      throw shardUnavailable(record.shard);
    }
    const resident = new ServedResident<Kept>(id, this.#deps.kind, record, this.#deps.clock.monotonic());
    this.#residents.set(id, resident);
    return resident;
  }

  /** Deletes it, in this turn. What waits for it is dealt with as with one that never was. */
  remove(resident: ServedResident<Kept>): void {
    const { journal } = this.#deps;
    journal.open.decisions++;
    journal.open.removeActorState(resident);
    resident.isUnsaved = false;
    this.#forget(resident);
    // Read before that is durable, it would be there again.
    const { id, shard } = resident;
    const gone = journal.committed(shard, () => {}).then(() => this.#read(id));
    this.#coming.set(id, gone);
    gone.catch(() => {}).finally(() => this.#coming.delete(id));
  }

  #forget(resident: ServedResident<Kept>): void {
    const { id, timer, executor } = resident;
    this.#residents.delete(id);
    resident.changed();
    timer?.cancel();
    if (executor !== null) {
      this.#retiring.add(executor);
      executor.retire();
    }
  }
}
