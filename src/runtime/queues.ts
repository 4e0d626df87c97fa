/** The worker queues of this node: what waits for a worker, and the starting of what found one. */
import { Queue } from "../actors/queue/queue.ts";
import type { LaneShortage, Match } from "../actors/queue/queue.ts";
import { queueOf } from "../domain/action.ts";
import type { Clock } from "../ports/clock.ts";
import type { Ids } from "../ports/ids.ts";
import type { Log } from "../ports/log.ts";
import type { ActorStore, QueueLane } from "../ports/store/actors.ts";
import type { Journal } from "./journal.ts";
import type { RuntimeOptions } from "./options.ts";
import type { Ownership } from "./ownership.ts";
import { entryOf, isUnheld, itemOf } from "./queue-entry.ts";
import { attemptWith, restOf, viewOf } from "./queue-parties.ts";
import type { Exchange, QueueStarter, QueueView, Taker } from "./queue-parties.ts";
import type { InstanceResident, Residents } from "./residents.ts";

interface NamedQueue {
  readonly name: string;
  readonly queue: Queue;
  readonly takers: Map<string, Taker>;
  refilling: boolean;
}

/** A lane with fewer entries in memory is refilled from the store. */
const LOW_MARK = 200;
const REFILL = 1000;
/** When pairing or reading failed, it is tried again after so long. */
const UNPAIRED_MS = 200;
const UNREAD_MS = 1000;

export class Queues {
  readonly #queues = new Map<string, NamedQueue>();
  readonly #unsettled = new Set<NamedQueue>();
  readonly #clock: Clock;
  readonly #ids: Ids;
  readonly #log: Log;
  readonly #store: ActorStore;
  readonly #journal: Journal;
  readonly #residents: Residents;
  readonly #ownership: Ownership;
  readonly #options: RuntimeOptions;
  #starter: QueueStarter | null = null;
  #exchange: Exchange | null = null;
  #closed = false;

  constructor(deps: {
    clock: Clock;
    ids: Ids;
    log: Log;
    store: ActorStore;
    journal: Journal;
    residents: Residents;
    ownership: Ownership;
    options: RuntimeOptions;
  }) {
    this.#clock = deps.clock;
    this.#ids = deps.ids;
    this.#log = deps.log;
    this.#store = deps.store;
    this.#journal = deps.journal;
    this.#residents = deps.residents;
    this.#ownership = deps.ownership;
    this.#options = deps.options;
  }

  /** Queues and decisions need each other; this closes the circle. */
  bind(starter: QueueStarter, exchange: Exchange): void {
    this.#starter = starter;
    this.#exchange = exchange;
  }

  /** No new attempts for workers of this node from now on. */
  close(): void {
    this.#closed = true;
    for (const { queue, takers } of this.#queues.values()) {
      for (const { id } of [...takers.values()].filter(({ remote }) => !remote)) {
        queue.setFree(id, 0);
      }
    }
  }

  join(name: string, taker: Taker, slots: number): void {
    const named = this.#named(name);
    const staffed = [...named.takers.values()].some(({ remote }) => !remote);
    named.takers.set(taker.id, taker);
    this.setFree(name, taker.id, slots);
    if (!staffed && !taker.remote) {
      this.#exchange?.staffed(name);
    }
  }

  /** Names of the queues that workers of this node wait for. */
  staffedQueues(): readonly string[] {
    return [...this.#queues.values()]
      .filter(({ takers }) => [...takers.values()].some(({ remote }) => !remote))
      .map(({ name }) => name);
  }

  waitingIn(name: string): number {
    return this.#queues.get(name)?.queue.waiting ?? 0;
  }

  /** Every queue in memory: what waits there, and the free slots. */
  view(): readonly QueueView[] {
    return [...this.#queues.values()].map(viewOf);
  }

  freeOf(name: string, takerId: string): number {
    return this.#queues.get(name)?.queue.freeOf(takerId) ?? 0;
  }

  /** Pairs in this queue what can be paired, at the next chance: something outside has changed. */
  stir(name: string): void {
    const named = this.#queues.get(name);
    if (named !== undefined) {
      this.#unsettled.add(named);
    }
  }

  /** Pairs in all queues. */
  stirAll(): void {
    for (const named of this.#queues.values()) {
      this.#unsettled.add(named);
    }
    this.#starter?.run(() => {});
  }

  leave(name: string, takerId: string): void {
    const named = this.#queues.get(name);
    if (named !== undefined) {
      const wasHere = named.takers.get(takerId)?.remote === false;
      named.takers.delete(takerId);
      named.queue.setFree(takerId, 0);
      this.#forgetIfIdle(named);
      if (wasHere && (named.queue.waiting > 0 || named.queue.hasTail)) {
        // Who waits looks for somebody else.
        this.#unsettled.add(named);
        this.#starter?.run(() => {});
      }
    }
  }

  setFree(name: string, takerId: string, slots: number): void {
    const named = this.#queues.get(name);
    const taker = named?.takers.get(takerId);
    if (named !== undefined && taker !== undefined) {
      const left = this.#closed && !taker.remote ? 0 : Math.max(0, slots);
      named.queue.setFree(takerId, left);
      this.#unsettled.add(named);
    }
  }

  /** An instance may run: at once when a worker has a free slot and nobody waits, otherwise when its turn comes. */
  offer(resident: InstanceResident): void {
    const name = queueOf(resident.record.spec.action);
    if (name === null) {
      return;
    }
    const named = this.#named(name);
    if (named.queue.wouldMatch) {
      const takerId = named.queue.takeSlot() ?? "";
      const taker = named.takers.get(takerId);
      if (taker !== undefined && this.#start(resident, taker)) {
        return;
      }
      named.queue.setFree(takerId, named.queue.freeOf(takerId) + 1);
    }
    resident.enqueued = true;
    this.#journal.open.enqueue(entryOf(resident));
    this.#hold(named, resident);
    this.#unsettled.add(named);
  }

  /** It no longer waits. */
  withdraw(resident: InstanceResident): void {
    const entry = entryOf(resident);
    this.#queues.get(entry.queue)?.queue.withdraw(itemOf(resident));
    this.#dequeue(resident);
  }

  /** Pairs what waits with free slots. */
  settle(): void {
    for (const named of this.#unsettled) {
      this.#unsettled.delete(named);
      this.#pump(named);
    }
  }

  /** Takes in what waits in shards that were just acquired. */
  adopt(lanes: readonly QueueLane[]): void {
    for (const { queue, priority, definitionId, count } of lanes) {
      const named = this.#named(queue);
      named.queue.addTail(priority, definitionId, count);
      this.#unsettled.add(named);
    }
    this.#starter?.run(() => {});
  }

  keepShards(isOurs: (shard: number) => boolean): void {
    for (const named of this.#queues.values()) {
      named.queue.keepShards(isOurs);
    }
  }

  #pump(named: NamedQueue): void {
    try {
      while (this.#lend(named) || this.#match(named)) {
        // One after the other, until there is nothing to pair.
      }
    } catch (error) {
      // Whoever could not start stays where it was. The decisions that led here stand.
      this.#log.warn("an instance could not be started; it is tried again in a moment", { queue: named.name, error });
      this.#settleLater(named, UNPAIRED_MS);
    }
    // Also while all of them are busy, so that what comes next is there when a slot is free.
    if (named.takers.size > 0) {
      void this.#refill(named);
    }
    this.#tellRest(named);
    this.#callForService(named);
    this.#forgetIfIdle(named);
  }

  /** What waits for a destination brings it to memory. */
  #callForService({ name, queue }: NamedQueue): void {
    // Who takes here may be about to leave.
    if (queue.waiting > 0 || queue.hasTail) {
      this.#exchange?.wanted(name);
    }
  }

  #match(named: NamedQueue): boolean {
    const match = named.queue.match();
    if (match === null) {
      return false;
    }
    this.#pair(named, match);
    return true;
  }

  /** Gives a free slot of a worker here to another node, when what waits there comes first. */
  #lend(named: NamedQueue): boolean {
    const { name, queue, takers } = named;
    const isHere = (takerId: string): boolean => takers.get(takerId)?.remote === false;
    if (this.#exchange?.active !== true || !queue.hasFree(isHere)) {
      return false;
    }
    const before = this.#exchange.nodeBefore(name, queue.mostUrgent);
    const takerId = before === null ? null : queue.takeSlot(isHere);
    if (before === null || takerId === null) {
      return false;
    }
    queue.passOver(before.priority);
    this.#exchange.lend(name, before.node, takerId);
    return true;
  }

  #tellRest(named: NamedQueue): void {
    if (this.#exchange?.active === true) {
      this.#exchange.paired(named.name, restOf(named));
    }
  }

  #pair(named: NamedQueue, { takerId, item }: Match): void {
    const resident = this.#residents.instances.get(item.instanceId);
    const taker = named.takers.get(takerId);
    const held = resident?.queued === true;
    if (resident !== undefined && held) {
      resident.queued = false;
      resident.pins--;
    }
    let started = false;
    try {
      started = taker !== undefined && resident !== undefined && held && this.#start(resident, taker);
    } catch (error) {
      if (resident !== undefined && held) {
        this.#hold(named, resident);
      }
      throw error;
    } finally {
      if (!started && taker !== undefined) {
        named.queue.setFree(takerId, named.queue.freeOf(takerId) + 1);
      }
    }
  }

  #settleLater(named: NamedQueue, delayMs: number): void {
    this.#clock.schedule(delayMs, () => {
      this.#unsettled.add(named);
      this.#starter?.run(() => {});
    });
  }

  #start(resident: InstanceResident, taker: Taker): boolean {
    const attempt = attemptWith(taker, resident.record, this.#ids.token(12));
    if (this.#starter?.start(resident, attempt) !== true) {
      return false;
    }
    this.#dequeue(resident);
    taker.started(resident, attempt.token);
    return true;
  }

  #dequeue(resident: InstanceResident): void {
    if (resident.queued) {
      resident.queued = false;
      resident.pins--;
    }
    if (resident.enqueued) {
      resident.enqueued = false;
      this.#journal.open.dequeue(entryOf(resident));
    }
  }

  #hold(named: NamedQueue, resident: InstanceResident): void {
    if (resident.queued) {
      return;
    }
    const place = named.queue.offer(itemOf(resident));
    if (place.kind === "kept") {
      resident.queued = true;
      resident.pins++;
      const displaced = place.displaced === null ? undefined : this.#residents.instances.get(place.displaced);
      if (displaced?.queued === true) {
        displaced.queued = false;
        displaced.pins--;
      }
    }
  }

  /** Reads on in lanes whose front runs low. */
  async #refill(named: NamedQueue): Promise<void> {
    if (named.refilling) {
      return;
    }
    named.refilling = true;
    try {
      for (
        let shortage = named.queue.shortage();
        shortage !== null && named.takers.size > 0;
        shortage = named.queue.shortage()
      ) {
        const after = named.queue.beginRefill(shortage);
        // What is staged but not durable is not in the store yet, or still there.
        await this.#journal.barrier();
        await this.#readOn(named, shortage, after);
      }
    } catch (error) {
      this.#log.warn("reading on in a queue failed", { queue: named.name, error });
      this.#settleLater(named, UNREAD_MS);
    } finally {
      named.refilling = false;
    }
  }

  async #readOn(named: NamedQueue, { priority, definitionId }: LaneShortage, after: string): Promise<void> {
    const shards = this.#ownership
      .shards()
      .filter(({ open }) => open)
      .map(({ shard }) => shard);
    const entries = await this.#store.readLane({ queue: named.name, priority, definitionId }, shards, after, REFILL);
    const starter = this.#starter;
    const residents = starter === null ? [] : await starter.activate(entries.map(({ instanceId }) => instanceId));
    const readTo = entries.length < REFILL ? null : (entries.at(-1)?.instanceId ?? null);
    starter?.run(() => {
      const waiting = residents.filter(
        (resident) => this.#residents.instances.get(resident.id) === resident && isUnheld(resident),
      );
      for (const resident of waiting) {
        resident.enqueued = true;
        resident.queued = true;
        resident.pins++;
      }
      named.queue.refill({ priority, definitionId, entries: waiting.map(itemOf), readTo });
      this.#unsettled.add(named);
    });
  }

  #named(name: string): NamedQueue {
    let named = this.#queues.get(name);
    if (named === undefined) {
      named = {
        name,
        queue: new Queue({ frontLimit: this.#options.queueFront, lowMark: LOW_MARK }),
        takers: new Map(),
        refilling: false,
      };
      this.#queues.set(name, named);
    }
    return named;
  }

  #forgetIfIdle(named: NamedQueue): void {
    // One that was forgotten may still be looked at, when there is another of its name.
    const known = this.#queues.get(named.name) === named;
    if (known && named.takers.size === 0 && named.queue.idle && !named.refilling) {
      this.#queues.delete(named.name);
    }
  }
}
