/**
 * The destinations of this node's shards: what waits for them, and how much of it may go.
 *
 * A destination in memory is to the rest of the runtime a worker on a queue of its own, whose free slots are what its breaker, its rate and its
 * concurrency allow: so what may not go waits in the queue and no attempt begins (D1). It comes to memory when something waits for it, here or
 * on another node, and leaves when nothing has for a while, and its counts are written (D2). What was assigned before the breaker opened, or the
 * destination left, is given back, and does not count (D3). A delivery that ends after its destination went to another node is reported as any
 * other; the breaker there does not hear of it (D4). A decision that lets more go counts from its commit on (D5). A receiver may report before it
 * answers: its slot is free then, though its request is still under way. What comes for the slot waits until it may go (D6).
 */
import type { DeliveryOutcome, DestinationEvent } from "../../actors/destination/events.ts";
import { allowanceOf, nextLookOf } from "../../actors/destination/allowance.ts";
import { TokenBucket } from "../../actors/destination/token-bucket.ts";
import { shardOf } from "../../domain/routing.ts";
import { destinationOfState, newDestination } from "../../domain/webhook/destination.ts";
import { destinationQueue, originOfQueue } from "../../domain/webhook/origin.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { ActorStateStore } from "../../ports/store/actor-states.ts";
import type { ActorLogic } from "../actor-logic.ts";
import type { ActorView, Assignment, DestinationView, ExecutorCommands } from "../api.ts";
import { BuiltInExecutor } from "../executors/built-in-executor.ts";
import type { Outcome } from "../executors/performed-attempt.ts";
import type { Journal } from "../journal.ts";
import type { Ownership } from "../ownership.ts";
import { shardUnavailable } from "../refusals.ts";
import { DestinationResident, actorViewOf, isWider } from "./destination-resident.ts";
import type { Delivered, Delivery } from "./delivery.ts";

/** D2. */
const IDLE_MS = 60_000;
const SWEEP_MS = 10_000;
/** What could not be decided when its time came is looked at again after so long. */
const LOOK_AGAIN_MS = 1000;
const GIVEN_BACK: Outcome = { kind: "given-back" };

export class Destinations {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #store: ActorStateStore;
  readonly #ownership: Ownership;
  readonly #journal: Journal;
  readonly #workers: () => ExecutorCommands;
  readonly #delivery: Delivery | null;
  readonly #waitingFor: (queue: string) => number;
  readonly #run: (decide: () => void) => void;
  readonly #actors: Pick<ActorLogic, "decideDestination">;
  readonly #nodeId: string;
  readonly #shardCount: number;
  readonly #residents = new Map<string, DestinationResident>();
  readonly #coming = new Map<string, Promise<DestinationResident>>();
  /** Of destinations that left the memory: what is under way with them ends by itself. */
  readonly #retiring = new Set<BuiltInExecutor>();
  #sweeping: { cancel(): void } | null = null;
  #stopped = false;

  constructor(deps: {
    clock: Clock;
    log: Log;
    store: ActorStateStore;
    ownership: Ownership;
    journal: Journal;
    workers: () => ExecutorCommands;
    /** Null: this node delivers nothing; what goes to a destination waits. */
    delivery: Delivery | null;
    /** What waits in memory in a queue. */
    waitingFor: (queue: string) => number;
    run: (decide: () => void) => void;
    actors: Pick<ActorLogic, "decideDestination">;
    nodeId: string;
    shardCount: number;
  }) {
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#store = deps.store;
    this.#ownership = deps.ownership;
    this.#journal = deps.journal;
    this.#workers = deps.workers;
    this.#delivery = deps.delivery;
    this.#waitingFor = deps.waitingFor;
    this.#run = deps.run;
    this.#actors = deps.actors;
    this.#nodeId = deps.nodeId;
    this.#shardCount = deps.shardCount;
  }

  start(): void {
    this.#sweeping = this.#clock.schedule(SWEEP_MS, () => {
      this.#sweep();
      this.start();
    });
  }

  /** Something waits in this queue. @returns whether its destination is here; while it is not, it is to be asked for again. */
  serve(queue: string): boolean {
    const origin = originOfQueue(queue);
    if (origin === null || this.#stopped || this.#ownership.open(this.#shardOf(origin)) === null) {
      return false;
    }
    if (this.#delivery === null) {
      return true;
    }
    const resident = this.#residents.get(origin);
    if (resident === undefined) {
      this.bring(origin).then(
        (brought) => this.#open(brought),
        (error: unknown) => this.#log.warn("a destination could not be read; it is tried again", { origin, error }),
      );
      return false;
    }
    this.#open(resident);
    return true;
  }

  /** The destination, in memory. @throws BelfryError SHARD_UNAVAILABLE, STORE_UNAVAILABLE */
  bring(origin: string): Promise<DestinationResident> {
    const known = this.#residents.get(origin);
    if (known !== undefined) {
      known.usedAt = this.#clock.monotonic();
      return Promise.resolve(known);
    }
    let coming = this.#coming.get(origin);
    if (coming === undefined) {
      coming = this.#read(origin).finally(() => this.#coming.delete(origin));
      this.#coming.set(origin, coming);
    }
    return coming;
  }

  /** @throws BelfryError SHARD_UNAVAILABLE @returns whether its state allowed it. */
  decide(resident: DestinationResident, event: DestinationEvent): boolean {
    const { shard, origin } = resident;
    if (this.#residents.get(origin) !== resident || this.#ownership.open(shard) === null) {
      throw shardUnavailable(shard);
    }
    const decision = this.#actors.decideDestination(resident.record, event);
    if (!decision.accepted) {
      return false;
    }
    const before = allowanceOf(resident.record, event.at);
    resident.record = decision.record;
    resident.isUnsaved = true;
    if (decision.isDurable) {
      this.#run(() => {
        const { open } = this.#journal;
        this.#save(resident);
        if (isWider(allowanceOf(decision.record, event.at), before)) {
          this.#openWhenDurable(resident);
        }
        for (const { name, data } of decision.effects) {
          open.announce(shard, { resource: "destination", resourceId: origin, name, at: event.at, data });
        }
      });
    }
    this.#adjust(resident);
    return true;
  }

  /** D5. */
  #openWhenDurable(resident: DestinationResident): void {
    resident.opening++;
    this.#journal.after(resident.shard, () => {
      resident.opening--;
      this.#adjustIfHere(resident);
    });
  }

  viewOf({ record, origin, executor }: DestinationResident): DestinationView {
    return { record, underWay: executor?.underWay ?? 0, waiting: this.#waitingFor(destinationQueue(origin)) };
  }

  /** Those in memory, for people who look. */
  views(): readonly ActorView[] {
    return [...this.#residents.values()].map((resident) =>
      actorViewOf(resident, {
        nodeId: this.#nodeId,
        now: this.#clock.monotonic(),
        waiting: this.#waitingFor(destinationQueue(resident.origin)),
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

  /** Delivers nothing more. What is under way has a moment to end: what is returned resolves then. */
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

  #shardOf(origin: string): number {
    return shardOf(origin, this.#shardCount);
  }

  async #read(origin: string): Promise<DestinationResident> {
    const shard = this.#shardOf(origin);
    const claim = this.#ownership.open(shard);
    if (claim === null) {
      throw shardUnavailable(shard);
    }
    const [row] = await this.#store.load("destination", [origin]);
    if (this.#ownership.open(shard) !== claim) {
      throw shardUnavailable(shard);
    }
    const record =
      row === undefined
        ? newDestination(origin, shard, this.#clock.now())
        : destinationOfState(origin, shard, row.state);
    const resident = new DestinationResident(record, this.#clock.monotonic());
    resident.isKnown = row !== undefined;
    this.#residents.set(origin, resident);
    this.#adjust(resident);
    return resident;
  }

  /** Lets it take what waits for it. */
  #open(resident: DestinationResident): void {
    resident.usedAt = this.#clock.monotonic();
    if (resident.executor !== null || this.#residents.get(resident.origin) !== resident || this.#stopped) {
      return;
    }
    const { origin } = resident;
    resident.executor = new BuiltInExecutor({
      workers: this.#workers(),
      clock: this.#clock,
      log: this.#log,
      queue: destinationQueue(origin),
      workerId: `webhook@${this.#nodeId}`,
      perform: (assignment, signal) => this.#perform(resident, assignment, signal),
      ready: true,
      slots: resident.slots(this.#clock),
    });
    resident.executor.start();
    if (!resident.isKnown && this.#ownership.open(resident.shard) !== null) {
      this.#run(() => this.#save(resident));
    }
  }

  async #perform(resident: DestinationResident, assignment: Assignment, signal: AbortSignal): Promise<Outcome> {
    const delivery = this.#delivery;
    const mayGo = (): boolean =>
      !signal.aborted &&
      this.#residents.get(resident.origin) === resident &&
      resident.allowance(this.#clock).kind !== "shut";
    while (mayGo() && resident.isFull(this.#clock)) {
      await resident.change; // D6
    }
    if (delivery === null || !mayGo()) {
      return GIVEN_BACK; // D3
    }
    resident.usedAt = this.#clock.monotonic();
    const sentAt = this.#clock.now();
    resident.bucket?.take(resident.usedAt);
    resident.delivering++;
    const ended = (): void => {
      resident.delivering--;
      resident.changed();
      this.#adjustIfHere(resident);
    };
    signal.addEventListener("abort", ended);
    // Its token is gone: the next one has a time.
    this.#adjust(resident);
    let delivered: Delivered;
    try {
      delivered = await delivery.deliver(assignment, resident.record, signal);
    } finally {
      // Before it is reported, which frees its slot. What was broken off is over already, however long its end takes.
      signal.removeEventListener("abort", ended);
      if (!signal.aborted) {
        ended();
      }
    }
    const { outcome, told } = delivered;
    if (told !== null && !signal.aborted) {
      this.#heard(resident, sentAt, told);
    }
    return outcome;
  }

  #heard(resident: DestinationResident, sentAt: number, outcome: DeliveryOutcome): void {
    try {
      this.decide(resident, { type: "DELIVERED", at: this.#clock.now(), sentAt, outcome });
    } catch {
      // D4.
    }
  }

  /** What may go now, and when that may change by itself. D1. */
  #adjust(resident: DestinationResident): void {
    const { record } = resident;
    const now = this.#clock.now();
    const lookAt = nextLookOf(record, now);
    const isDue = lookAt !== null && lookAt <= now;
    if (isDue && this.#wake(resident)) {
      return; // It has been adjusted to what it is now.
    }
    const { rate } = record.settings;
    const mono = this.#clock.monotonic();
    resident.bucket = rate === null ? null : (resident.bucket?.limitedTo(rate, mono) ?? new TokenBucket(rate, mono));
    resident.executor?.setSlots(resident.slots(this.#clock));
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
        : this.#clock.schedule(Math.min(...delays), () => this.#adjustIfHere(resident));
  }

  #adjustIfHere(resident: DestinationResident): void {
    if (this.#residents.get(resident.origin) === resident) {
      this.#adjust(resident);
    }
  }

  /** @returns whether it has decided. */
  #wake(resident: DestinationResident): boolean {
    try {
      if (this.decide(resident, { type: "WAKE", at: this.#clock.now() })) {
        return true;
      }
      this.#log.error("a destination does not know what it was woken for", { origin: resident.origin });
    } catch {
      // The shard is another node's, which wakes it; or this node does not know at the moment that it still has it.
    }
    return false;
  }

  /** D2. */
  #sweep(): void {
    const now = this.#clock.monotonic();
    for (const resident of this.#residents.values()) {
      const { origin, executor, bucket, pins, usedAt } = resident;
      const isBusy = (executor?.underWay ?? 0) > 0 || this.#waitingFor(destinationQueue(origin)) > 0;
      // In memory again it would begin with a full bucket.
      const isHeldTo = bucket !== null && bucket.available(now) < bucket.limit.burst;
      if (isBusy || isHeldTo || pins > 0 || usedAt > now - IDLE_MS) {
        continue;
      }
      if (resident.isUnsaved && this.#ownership.open(resident.shard) !== null) {
        this.#run(() => this.#save(resident));
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

  #save(resident: DestinationResident): void {
    const { open } = this.#journal;
    open.decisions++;
    open.actorState(resident);
    resident.isUnsaved = false;
    resident.isKnown = true;
  }

  #forget(resident: DestinationResident): void {
    const { origin, timer, executor } = resident;
    this.#residents.delete(origin);
    resident.changed();
    timer?.cancel();
    if (executor !== null) {
      this.#retiring.add(executor);
      executor.retire();
    }
  }
}
