/** Sessions of this node's shards in memory, with all that is known of them, so that what was decided a moment ago counts before it is durable. */
import type { SessionRecord, WorkItemRecord } from "../../domain/approval/records.ts";
import { invalid } from "../../domain/error.ts";
import type { BelfryError } from "../../domain/error.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ApprovalStore } from "../../ports/store/approvals.ts";
import type { SessionRows } from "../batch.ts";
import type { Ownership } from "../ownership.ts";
import { Reader } from "../reader.ts";
import { shardUnavailable } from "../refusals.ts";

const IDLE_MS = 30_000;
const SWEEP_MS = 5000;
/** When there are more, those leave that were idle so long: not those of commands that still read what else they need. */
const MOST = 20_000;
const IDLE_OF_MANY_MS = 1000;
const SWEEP_OF_MANY_MS = 100;

export class SessionResident implements SessionRows {
  readonly id: string;
  readonly shard: number;
  pins = 0;
  usedAt: number;
  /** Null: nothing was reported of it. */
  record: SessionRecord | null;
  readonly items: Map<string, WorkItemRecord>;

  constructor(id: string, shard: number, rows: SessionFound, usedAt: number) {
    this.id = id;
    this.shard = shard;
    this.record = rows.record;
    this.items = new Map(rows.items.map((item) => [item.item.id, item]));
    this.usedAt = usedAt;
  }
}

interface SessionFound {
  readonly record: SessionRecord | null;
  readonly items: readonly WorkItemRecord[];
}

export class Sessions {
  readonly #clock: Clock;
  readonly #ownership: Ownership;
  readonly #shardOf: (id: string) => number;
  readonly #residents = new Map<string, SessionResident>();
  readonly #coming = new Map<string, Promise<SessionResident>>();
  readonly #rows: Reader<SessionFound>;
  /** The session of a work item, as far as the store knows. */
  readonly #storedOwners: Reader<string>;
  /** The session of each work item in memory. */
  readonly #owners = new Map<string, string>();
  #sweeping: { cancel(): void } | null = null;
  #sweptAt = 0;

  constructor(deps: {
    readonly store: ApprovalStore;
    readonly clock: Clock;
    readonly ownership: Ownership;
    readonly shardOf: (id: string) => number;
  }) {
    const { store } = deps;
    this.#clock = deps.clock;
    this.#ownership = deps.ownership;
    this.#shardOf = deps.shardOf;
    this.#rows = new Reader<SessionFound>(async (ids) => {
      const [records, items] = await Promise.all([store.loadSessions(ids), store.loadWorkItems({ sessionIds: ids })]);
      const bySession = Map.groupBy(items, ({ item }) => item.sessionId);
      const byId = new Map(records.map((record) => [record.session.id, record]));
      return new Map(ids.map((id) => [id, { record: byId.get(id) ?? null, items: bySession.get(id) ?? [] }]));
    });
    this.#storedOwners = new Reader<string>(
      async (ids) => new Map((await store.loadWorkItems({ ids })).map(({ item }) => [item.id, item.sessionId])),
    );
  }

  /**
   * Ids of work items are unique among all sessions: an item of another one is refused, or it would be taken from that one. Of an item that two sessions
   * name for the first time on two nodes at once, the last one stands.
   * @throws BelfryError INVALID_FIELD, STORE_UNAVAILABLE
   */
  async requireOwn(resident: SessionResident, itemId: string): Promise<void> {
    if (!resident.items.has(itemId)) {
      const owner = await this.#storedOwners.get(itemId);
      if (owner !== null && owner !== resident.id) {
        throw itemOfAnother(itemId, owner);
      }
    }
  }

  /** The items are this session's from this turn on. @throws BelfryError INVALID_FIELD */
  claim(resident: SessionResident, itemIds: readonly string[]): void {
    for (const itemId of itemIds) {
      const owner = this.#owners.get(itemId);
      if (owner !== undefined && owner !== resident.id) {
        throw itemOfAnother(itemId, owner);
      }
    }
    for (const itemId of itemIds) {
      this.#owners.set(itemId, resident.id);
    }
  }

  get size(): number {
    return this.#residents.size;
  }

  start(): void {
    this.#sweeping = this.#clock.schedule(SWEEP_MS, () => {
      this.#sweep();
      this.start();
    });
  }

  stop(): void {
    this.#sweeping?.cancel();
  }

  /** In memory. @throws BelfryError SHARD_UNAVAILABLE, STORE_UNAVAILABLE */
  bring(id: string): Promise<SessionResident> {
    const known = this.#residents.get(id);
    if (known !== undefined) {
      known.usedAt = this.#clock.monotonic();
      return Promise.resolve(known);
    }
    let coming = this.#coming.get(id);
    if (coming === undefined) {
      coming = this.#read(id).finally(() => this.#coming.delete(id));
      this.#coming.set(id, coming);
    }
    return coming;
  }

  /** Throws SHARD_UNAVAILABLE when it has left the memory, or its shard this node. */
  requireCurrent(resident: SessionResident): void {
    if (this.#residents.get(resident.id) !== resident || this.#ownership.open(resident.shard) === null) {
      throw shardUnavailable(resident.shard);
    }
  }

  lost(shards: ReadonlySet<number>): void {
    for (const resident of this.#residents.values()) {
      if (shards.has(resident.shard)) {
        this.#drop(resident);
      }
    }
  }

  async #read(id: string): Promise<SessionResident> {
    const shard = this.#shardOf(id);
    const claim = this.#ownership.open(shard);
    if (claim === null) {
      throw shardUnavailable(shard);
    }
    const rows = await this.#rows.get(id);
    if (this.#ownership.open(shard) !== claim) {
      throw shardUnavailable(shard);
    }
    const resident = new SessionResident(id, shard, rows ?? { record: null, items: [] }, this.#clock.monotonic());
    this.#residents.set(id, resident);
    for (const itemId of resident.items.keys()) {
      this.#owners.set(itemId, id);
    }
    if (this.#residents.size > MOST && this.#clock.monotonic() - this.#sweptAt >= SWEEP_OF_MANY_MS) {
      this.#sweep();
    }
    return resident;
  }

  #sweep(): void {
    const now = this.#clock.monotonic();
    this.#sweptAt = now;
    const idleSince = now - (this.#residents.size > MOST ? IDLE_OF_MANY_MS : IDLE_MS);
    for (const resident of this.#residents.values()) {
      if (resident.pins === 0 && resident.usedAt < idleSince) {
        this.#drop(resident);
      }
    }
  }

  #drop(resident: SessionResident): void {
    this.#residents.delete(resident.id);
    for (const itemId of resident.items.keys()) {
      if (this.#owners.get(itemId) === resident.id) {
        this.#owners.delete(itemId);
      }
    }
  }
}

function itemOfAnother(itemId: string, sessionId: string): BelfryError {
  return invalid({
    field: "event.work_item.id",
    description: `"${itemId}" is a work item of session "${sessionId}": ids of work items are unique among all sessions`,
  });
}
