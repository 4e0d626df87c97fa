/** Decisions that wait for the next commit, gathered so that each row is named at most once however often its actor decided. */
import type { OccurrenceRecord } from "../domain/definition/occurrence.ts";
import type { BelfryError } from "../domain/error.ts";
import type { Announcement, StatusEvent } from "../domain/event/status-event.ts";
import type { AttemptRecord } from "../domain/instance/attempt.ts";
import type { InstanceRecord } from "../domain/instance/instance.ts";
import type { PushStateRecord, SessionRecord, WorkItemRecord } from "../domain/approval/records.ts";
import type { ActorStateKey, ActorStateRecord } from "../ports/store/actor-states.ts";
import type { JournalBatch, QueueEntry, RequestRecord, ShardFence } from "../ports/store/journal.ts";
import type { InstanceChange } from "./batch-rows.ts";
import { rowOfInstance, rowOfSupervisor } from "./batch-rows.ts";
import { shardUnavailable } from "./refusals.ts";
import type { InstanceResident, SupervisorResident } from "./residents.ts";

/** What happens when the batch is durable, or when its shard was lost before. */
interface Continuation {
  readonly shard: number;
  readonly committed: () => void;
  readonly lost: (error: BelfryError) => void;
}

/** What may not leave the memory until its decision is durable. */
interface Pinned {
  readonly shard: number;
  pins: number;
}

/** An actor whose whole state is one document. */
export interface StatefulResident extends Pinned {
  /** Its row, as it is now. */
  stateRecord(): ActorStateRecord;
}

/** A session in memory, with its work items by id. */
export interface SessionRows extends Pinned {
  readonly record: SessionRecord | null;
  readonly items: ReadonlyMap<string, WorkItemRecord>;
}

/** What the batch needs to know of a shard to claim it. */
export interface ShardClaim {
  readonly epoch: number;
  readonly commit: number;
  lastSequence: number;
}

export class OpenBatch {
  readonly #supervisors = new Map<SupervisorResident, { definition: boolean; wake: boolean }>();
  readonly #instances = new Map<InstanceResident, { change: InstanceChange; wake: boolean }>();
  readonly #deleted = new Map<string, number>();
  readonly #occurrences = new Map<string, OccurrenceRecord>();
  readonly #attempts: AttemptRecord[] = [];
  readonly #enqueued = new Map<string, QueueEntry>();
  readonly #dequeued = new Map<string, QueueEntry>();
  readonly #requests: RequestRecord[] = [];
  readonly #actorStates = new Set<StatefulResident>();
  readonly #removedActorStates = new Map<string, ActorStateKey>();
  /** Sessions, and which of their items changed. */
  readonly #sessions = new Map<SessionRows, Set<string>>();
  readonly #pushStates = new Map<string, PushStateRecord>();
  readonly #announcements: { readonly shard: number; readonly announcement: Announcement }[] = [];
  readonly #continuations: Continuation[] = [];
  readonly #shards = new Set<number>();
  readonly #waiting: (() => void)[] = [];
  /** Decisions in it. */
  decisions = 0;

  get empty(): boolean {
    return this.#shards.size === 0;
  }

  /** @param definition the definition itself changed, not only its supervision. @param wake write the exact wake time. */
  supervisor(resident: SupervisorResident, { definition = false, wake = false } = {}): void {
    const staged = this.#supervisors.get(resident);
    if (staged === undefined) {
      this.#supervisors.set(resident, { definition, wake });
      resident.pins++;
    } else {
      staged.definition ||= definition;
      staged.wake ||= wake;
    }
    this.#shards.add(resident.shard);
  }

  instance(resident: InstanceResident, change: InstanceChange, { wake = false } = {}): void {
    const staged = this.#instances.get(resident);
    if (staged === undefined) {
      this.#instances.set(resident, { change, wake });
      resident.pins++;
    } else {
      staged.change = combined(staged.change, change);
      staged.wake ||= wake;
    }
    this.#shards.add(resident.shard);
  }

  /** Whether its row is about to move back from the finished ones: it cannot finish again in the same batch. */
  revives(resident: InstanceResident): boolean {
    return this.#instances.get(resident)?.change === "revived";
  }

  deleteDefinition(id: string, shard: number): void {
    this.#deleted.set(id, shard);
    this.#shards.add(shard);
  }

  occurrence(record: OccurrenceRecord): void {
    this.#occurrences.set(`${record.definitionId}/${record.scheduledAt}`, record);
    this.#shards.add(record.shard);
  }

  attempt(record: AttemptRecord): void {
    this.#attempts.push(record);
    this.#shards.add(record.shard);
  }

  enqueue(entry: QueueEntry): void {
    if (!this.#dequeued.delete(entry.instanceId)) {
      this.#enqueued.set(entry.instanceId, entry);
    }
    this.#shards.add(entry.shard);
  }

  dequeue(entry: QueueEntry): void {
    if (!this.#enqueued.delete(entry.instanceId)) {
      this.#dequeued.set(entry.instanceId, entry);
    }
    this.#shards.add(entry.shard);
  }

  request(record: RequestRecord): void {
    this.#requests.push(record);
    this.#shards.add(record.shard);
  }

  actorState(resident: StatefulResident): void {
    if (!this.#actorStates.has(resident)) {
      this.#actorStates.add(resident);
      resident.pins++;
    }
    const { kind, id } = resident.stateRecord();
    this.#removedActorStates.delete(`${kind}/${id}`);
    this.#shards.add(resident.shard);
  }

  removeActorState(resident: StatefulResident): void {
    const { kind, id, shard } = resident.stateRecord();
    if (this.#actorStates.delete(resident)) {
      resident.pins--;
    }
    this.#removedActorStates.set(`${kind}/${id}`, { kind, id, shard });
    this.#shards.add(shard);
  }

  /** Its session, and those of its items. */
  session(resident: SessionRows, itemIds: readonly string[]): void {
    const staged = this.#sessions.get(resident);
    if (staged === undefined) {
      this.#sessions.set(resident, new Set(itemIds));
      resident.pins++;
    } else {
      itemIds.forEach((id) => staged.add(id));
    }
    this.#shards.add(resident.shard);
  }

  pushState(record: PushStateRecord): void {
    this.#pushStates.set(JSON.stringify([record.platformId, record.thirdId]), record);
    this.#shards.add(record.shard);
  }

  announce(shard: number, announcement: Announcement): void {
    this.#announcements.push({ shard, announcement });
    this.#shards.add(shard);
  }

  onCommit(continuation: Continuation): void {
    this.#continuations.push(continuation);
    this.#shards.add(continuation.shard);
  }

  /** Runs when the batch was written or dropped. */
  whenOver(run: () => void): void {
    this.#waiting.push(run);
  }

  /** Closes the batch: what its actors are now is what is written. */
  seal(claimOf: (shard: number) => ShardClaim | undefined): SealedBatch {
    const events: StatusEvent[] = [];
    const claims = new Map<number, ShardClaim>();
    for (const shard of this.#shards) {
      const claim = claimOf(shard);
      if (claim !== undefined) {
        claims.set(shard, claim);
      }
    }
    for (const { shard, announcement } of this.#announcements) {
      const claim = claims.get(shard);
      if (claim !== undefined) {
        claim.lastSequence++;
        events.push({ ...announcement, shard, sequence: claim.lastSequence });
      }
    }
    const fences: ShardFence[] = [...claims]
      .map(([shard, { epoch, commit, lastSequence }]) => ({ shard, epoch, commit, lastSequence }))
      .toSorted((a, b) => a.shard - b.shard);
    const instances: Record<InstanceChange, InstanceRecord[]> = {
      created: [],
      changed: [],
      finished: [],
      revived: [],
      amended: [],
    };
    for (const [resident, { change, wake }] of this.#instances) {
      instances[change].push(rowOfInstance(resident, change, wake));
    }
    const staged = [...this.#supervisors];
    const unclaimed = new Set([...this.#shards].filter((shard) => !claims.has(shard)));
    const batch: JournalBatch = {
      fences,
      definitions: staged.filter(([, { definition }]) => definition).map(([resident]) => resident.definition),
      supervisors: staged.map(([resident, { wake }]) => rowOfSupervisor(resident, wake)),
      deletedDefinitions: [...this.#deleted.keys()],
      occurrences: [...this.#occurrences.values()],
      createdInstances: instances.created,
      changedInstances: instances.changed,
      finishedInstances: instances.finished,
      revivedInstances: instances.revived,
      ...(instances.amended.length === 0 ? {} : { amendedInstances: instances.amended }),
      attempts: this.#attempts,
      enqueued: [...this.#enqueued.values()],
      dequeued: [...this.#dequeued.values()],
      requests: this.#requests,
      actorStates: [...this.#actorStates].map((resident) => resident.stateRecord()),
      ...(this.#removedActorStates.size === 0 ? {} : { removedActorStates: [...this.#removedActorStates.values()] }),
      sessions: [...this.#sessions.keys()].flatMap(({ record }) => record ?? []),
      workItems: [...this.#sessions].flatMap(([{ items }, ids]) => [...ids].flatMap((id) => items.get(id) ?? [])),
      pushStates: [...this.#pushStates.values()],
      events,
    };
    const pinned = [
      ...this.#supervisors.keys(),
      ...this.#instances.keys(),
      ...this.#actorStates,
      ...this.#sessions.keys(),
    ];
    const sealed = new SealedBatch(batch, this.#deleted, pinned, this.#continuations, this.decisions, this.#waiting);
    if (unclaimed.size > 0) {
      sealed.withoutShards((shard) => unclaimed.has(shard), shardUnavailable([...unclaimed][0] ?? 0));
    }
    return sealed;
  }
}

/** A batch on its way to the store. Its rows no longer change, so it can be sent again. */
export class SealedBatch {
  batch: JournalBatch;
  readonly decisions: number;
  readonly #deletedShards: ReadonlyMap<string, number>;
  readonly #pinned: readonly Pinned[];
  readonly #waiting: (() => void)[];
  #continuations: readonly Continuation[];

  constructor(
    batch: JournalBatch,
    deletedShards: ReadonlyMap<string, number>,
    pinned: readonly Pinned[],
    continuations: readonly Continuation[],
    decisions: number,
    waiting: (() => void)[],
  ) {
    this.#waiting = waiting;
    this.batch = batch;
    this.decisions = decisions;
    this.#deletedShards = deletedShards;
    this.#pinned = pinned;
    this.#continuations = continuations;
  }

  /** Takes out what belongs to shards that were lost; those who wait for it are told. */
  withoutShards(isLost: (shard: number) => boolean, error: BelfryError): void {
    this.batch = this.#restricted((shard) => !isLost(shard));
    const gone = this.#continuations.filter(({ shard }) => isLost(shard));
    this.#continuations = this.#continuations.filter(({ shard }) => !isLost(shard));
    for (const { lost } of gone) {
      lost(error);
    }
  }

  /**
   * The batch shard by shard: no decision spans two, so each part may be written without the others. Those who only wait for the batch to be
   * through stay with the whole.
   */
  split(): readonly SealedBatch[] {
    return this.batch.fences.map((fence) => {
      const isOf = ({ shard }: { readonly shard: number }): boolean => shard === fence.shard;
      return new SealedBatch(
        this.#restricted((shard) => shard === fence.shard),
        this.#deletedShards,
        this.#pinned.filter(isOf),
        this.#continuations.filter(isOf),
        this.decisions,
        [],
      );
    });
  }

  #restricted(isKept: (shard: number) => boolean): JournalBatch {
    const kept = <Row extends { readonly shard: number }>(rows: readonly Row[]): readonly Row[] =>
      rows.filter(({ shard }) => isKept(shard));
    const { batch } = this;
    return {
      fences: kept(batch.fences),
      definitions: kept(batch.definitions),
      supervisors: kept(batch.supervisors),
      deletedDefinitions: batch.deletedDefinitions.filter((id) => isKept(this.#deletedShards.get(id) ?? -1)),
      occurrences: kept(batch.occurrences),
      createdInstances: kept(batch.createdInstances),
      changedInstances: kept(batch.changedInstances),
      finishedInstances: kept(batch.finishedInstances),
      revivedInstances: kept(batch.revivedInstances),
      ...(batch.amendedInstances === undefined ? {} : { amendedInstances: kept(batch.amendedInstances) }),
      attempts: kept(batch.attempts),
      enqueued: kept(batch.enqueued),
      dequeued: kept(batch.dequeued),
      requests: kept(batch.requests),
      actorStates: kept(batch.actorStates),
      ...(batch.removedActorStates === undefined ? {} : { removedActorStates: kept(batch.removedActorStates) }),
      sessions: kept(batch.sessions),
      workItems: kept(batch.workItems),
      pushStates: kept(batch.pushStates),
      events: kept(batch.events),
    };
  }

  /** Sets how many commits each shard had before. */
  number(commitOf: (shard: number) => number): void {
    this.batch = {
      ...this.batch,
      fences: this.batch.fences.map((fence) => ({ ...fence, commit: commitOf(fence.shard) })),
    };
  }

  /** Runs when the batch was written or dropped. */
  whenOver(run: () => void): void {
    this.#waiting.push(run);
  }

  /** Tells those who only wait for the batch to be through. */
  over(): void {
    for (const run of this.#waiting) {
      run();
    }
  }

  /** Carries out what waited for the commit. `failed` is told what one of them throws; the others go on. */
  act(failed: (error: unknown) => void): void {
    for (const resident of this.#pinned) {
      resident.pins--;
    }
    for (const { committed } of this.#continuations) {
      try {
        committed();
      } catch (error) {
        failed(error);
      }
    }
  }
}

function combined(before: InstanceChange, after: InstanceChange): InstanceChange {
  if (before === "created") {
    return "created";
  }
  if (before === "finished") {
    return after === "revived" ? "changed" : "finished";
  }
  return after === "changed" ? before : after;
}
