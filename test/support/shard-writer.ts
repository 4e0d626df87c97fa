import type { StatusEvent } from "../../src/domain/event/status-event.ts";
import type { CommitOutcome, JournalBatch, ShardFence } from "../../src/ports/store/journal.ts";
import type { AcquiredShard } from "../../src/ports/store/shards.ts";
import type { Store } from "../../src/ports/store/store.ts";
import { anEvent } from "./records.ts";

/** The rows of a batch that a test cares for; what is left out is empty. */
export type BatchRows = Partial<Omit<JournalBatch, "fences">>;

export const NO_ROWS: Required<Omit<JournalBatch, "fences">> = {
  definitions: [],
  supervisors: [],
  deletedDefinitions: [],
  occurrences: [],
  createdInstances: [],
  changedInstances: [],
  finishedInstances: [],
  revivedInstances: [],
  amendedInstances: [],
  attempts: [],
  enqueued: [],
  dequeued: [],
  requests: [],
  actorStates: [],
  removedActorStates: [],
  sessions: [],
  workItems: [],
  pushStates: [],
  events: [],
};

interface Held {
  readonly epoch: number;
  commit: number;
  lastSequence: number;
}

/** Longer than any test takes. */
const TTL_MS = 600_000;

/** Writes as a node does: holds shards and keeps the count of their commits and events, so that a test need not. */
export class ShardWriter {
  readonly node: string;
  readonly #store: Store;
  readonly #held: Map<number, Held>;

  constructor(store: Store, node: string, acquired: readonly AcquiredShard[]) {
    this.node = node;
    this.#store = store;
    this.#held = new Map(acquired.map(({ shard, ...held }) => [shard, held]));
  }

  /** Takes every shard that can be had. The shards must have been prepared. */
  static async over(store: Store, node = "writer"): Promise<ShardWriter> {
    const all = (await store.shards.list()).map(({ shard }) => shard);
    return new ShardWriter(store, node, await store.shards.acquire(node, TTL_MS, all));
  }

  /** Shard and epoch of what it holds, as leases are renewed and released. */
  get held(): readonly { readonly shard: number; readonly epoch: number }[] {
    return [...this.#held].map(([shard, { epoch }]) => ({ shard, epoch }));
  }

  /** The fence of a shard as the next batch would carry it. */
  fence(shard: number, lastSequence?: number): ShardFence {
    const { epoch, commit, lastSequence: before } = this.#of(shard);
    return { shard, epoch, commit, lastSequence: lastSequence ?? before };
  }

  /** Events of a shard with these names, with the sequences that are next. Each event says its name in its data. */
  announce(shard: number, ...names: readonly string[]): StatusEvent[] {
    const { lastSequence } = this.#of(shard);
    return names.map((name, index) => anEvent({ shard, sequence: lastSequence + 1 + index, name, data: { name } }));
  }

  /** A batch of these rows under the fences of the shards they are in, and of `shards`. */
  batch(rows: BatchRows, shards: readonly number[] = []): JournalBatch {
    const whole = { ...NO_ROWS, ...rows };
    const { deletedDefinitions: _ids, ...withShard } = whole;
    const written = new Set(shards);
    for (const part of Object.values(withShard)) for (const row of part ?? []) written.add(row.shard);
    const last = new Map(whole.events.map((event) => [event.shard, event.sequence]));
    return { ...whole, fences: [...written].map((shard) => this.fence(shard, last.get(shard))) };
  }

  /** Sends a batch as it is; counts on when it was committed. Sent again, it counts once. */
  async send(batch: JournalBatch): Promise<CommitOutcome> {
    const outcome = await this.#store.journal.commit(batch);
    if (outcome.kind === "committed") {
      for (const { shard, commit, lastSequence } of batch.fences) {
        const held = this.#of(shard);
        held.commit = commit + 1;
        held.lastSequence = lastSequence;
      }
    }
    return outcome;
  }

  /** Writes these rows. @throws when the batch was fenced. */
  async write(rows: BatchRows, shards: readonly number[] = []): Promise<void> {
    const outcome = await this.send(this.batch(rows, shards));
    if (outcome.kind === "fenced")
      throw new Error(`Fenced: shards ${outcome.shards.join(", ")} are no longer ${this.node}'s`);
  }

  #of(shard: number): Held {
    const held = this.#held.get(shard);
    if (!held) throw new Error(`${this.node} does not hold shard ${shard}`);
    return held;
  }
}
