/**
 * Bringing actors to life: their rows are read, in batches, and they stay in memory while they are active.
 *
 * An actor has one activation: a second request for it while it is being read joins the first (A1). An instance comes with its supervisor,
 * because the two change in one commit (A2). A shard that was lost while its actors were being read yields none, and does not say either that
 * there is none (A3).
 */
import { queueOf } from "../domain/action.ts";
import { shardOf } from "../domain/routing.ts";
import type { Clock } from "../ports/clock.ts";
import type { ActorStore, DefinitionWithSupervision } from "../ports/store/actors.ts";
import type { InstanceRecord } from "../domain/instance/instance.ts";
import { isFinal } from "../domain/instance/instance.ts";
import type { RuntimeOptions } from "./options.ts";
import type { Ownership } from "./ownership.ts";
import { Reader } from "./reader.ts";
import { busy, shardUnavailable } from "./refusals.ts";
import type { InstanceResident, Residents, SupervisorResident } from "./residents.ts";
import { instanceResident, supervisorResident } from "./residents.ts";
import { restoreRoster, tracksAll } from "./rosters.ts";

export interface ActivationEvents {
  /** An actor came to life: its timers are to be set. */
  activated(resident: InstanceResident | SupervisorResident): void;
  /** Instances that need not wait for others any more. */
  released(supervisor: SupervisorResident, ids: readonly string[]): void;
}

export class Activation {
  readonly #clock: Clock;
  readonly #store: ActorStore;
  readonly #ownership: Ownership;
  readonly #residents: Residents;
  readonly #options: RuntimeOptions;
  readonly #events: ActivationEvents;
  readonly #definitions: Reader<DefinitionWithSupervision>;
  readonly #instances: Reader<InstanceRecord>;
  readonly #supervisorsComing = new Map<string, { promise: Promise<SupervisorResident | null>; waiting: number }>();
  readonly #instancesComing = new Map<string, { promise: Promise<InstanceResident | null>; waiting: number }>();

  constructor(deps: {
    clock: Clock;
    store: ActorStore;
    ownership: Ownership;
    residents: Residents;
    options: RuntimeOptions;
    events: ActivationEvents;
  }) {
    this.#clock = deps.clock;
    this.#store = deps.store;
    this.#ownership = deps.ownership;
    this.#residents = deps.residents;
    this.#options = deps.options;
    this.#events = deps.events;
    this.#definitions = new Reader(
      async (ids) => new Map((await this.#store.loadDefinitions(ids)).map((row) => [row.definition.id, row])),
    );
    this.#instances = new Reader(
      async (ids) => new Map((await this.#store.loadInstances(ids)).map((row) => [row.id, row])),
    );
  }

  shardOf(id: string): number {
    return shardOf(id, this.#options.shardCount);
  }

  /** The supervisor of a definition; null when there is none. Throws SHARD_UNAVAILABLE when it is not this node's. */
  async supervisor(id: string): Promise<SupervisorResident | null> {
    const shard = this.#requireOpen(id);
    return (
      this.#touched(this.#residents.supervisors.get(id)) ??
      this.#join(this.#supervisorsComing, id, () => this.#bringSupervisor(id, shard))
    );
  }

  /** An instance, active or finished; null when there is none. */
  async instance(id: string): Promise<InstanceResident | null> {
    const shard = this.#requireOpen(id);
    return (
      this.#touched(this.#residents.instances.get(id)) ??
      this.#join(this.#instancesComing, id, () => this.#bringInstance(id, shard))
    );
  }

  #touched<Actor extends SupervisorResident | InstanceResident>(resident: Actor | undefined): Actor | undefined {
    if (resident !== undefined) {
      resident.usedAt = this.#clock.monotonic();
    }
    return resident;
  }

  /** Whether this activation is still the one that decides. */
  isResident(resident: SupervisorResident | InstanceResident): boolean {
    const { id, shard } = resident;
    const current =
      resident.kind === "supervisor" ? this.#residents.supervisors.get(id) : this.#residents.instances.get(id);
    return current === resident && this.#ownership.open(shard) !== null;
  }

  #requireOpen(id: string): number {
    return this.openShard(this.shardOf(id));
  }

  /** The shard of a routing hash, when this node decides for it now. Throws SHARD_UNAVAILABLE when not. */
  openShard(hash: number): number {
    const shard = hash % this.#options.shardCount;
    if (this.#ownership.open(shard) === null) {
      throw shardUnavailable(shard);
    }
    return shard;
  }

  /** A1. */
  #join<Actor>(
    coming: Map<string, { promise: Promise<Actor | null>; waiting: number }>,
    id: string,
    bring: () => Promise<Actor | null>,
  ): Promise<Actor | null> {
    const known = coming.get(id);
    if (known !== undefined) {
      if (known.waiting >= this.#options.mailboxLimit) {
        throw busy("mailbox", this.#options.mailboxLimit);
      }
      known.waiting++;
      return known.promise;
    }
    const promise = bring().finally(() => coming.delete(id));
    coming.set(id, { promise, waiting: 1 });
    return promise;
  }

  async #bringSupervisor(id: string, shard: number): Promise<SupervisorResident | null> {
    const epoch = this.#ownership.claim(shard)?.epoch;
    const row = await this.#definitions.get(id);
    if (row === null) {
      this.#requireSame(shard, epoch);
      return null;
    }
    const { definition, supervisor } = row;
    const { counters, gated } = supervisor.supervision;
    // Some may still wait by a policy that the definition had before.
    const which = tracksAll(definition.spec) || gated > 0 ? "all" : "keyed";
    const { roster, released } = restoreRoster(
      definition.spec,
      counters.active === 0 ? [] : await this.#store.loadActiveOf(id, which),
    );
    this.#requireSame(shard, epoch);
    const made = this.#residents.supervisors.get(id);
    if (made !== undefined) {
      return made; // It was created while its row was looked for (A1).
    }
    const { supervision, wakeAt } = supervisor;
    const resident = supervisorResident(definition, { supervision, wakeAt, roster }, this.#clock.monotonic());
    this.#residents.supervisors.set(id, resident);
    this.#events.activated(resident);
    if (released.length > 0) {
      this.#events.released(resident, released);
    }
    return resident;
  }

  async #bringInstance(id: string, shard: number): Promise<InstanceResident | null> {
    const epoch = this.#ownership.claim(shard)?.epoch;
    const record = await this.#instances.get(id);
    if (record === null) {
      this.#requireSame(shard, epoch);
      return null;
    }
    const { definitionId } = record.spec;
    // A2. A finished instance may have outlived its definition.
    const found = definitionId === null ? null : await this.supervisor(definitionId);
    this.#requireSame(shard, epoch);
    const supervisor = isItsOwn(found, record) ? found : null;
    const resident = instanceResident(record, supervisor, this.#clock.monotonic());
    resident.enqueued = record.life.waitingReason === "NO_WORKER" && queueOf(record.spec.action) !== null;
    this.#residents.addInstance(resident);
    if (!isFinal(record.state)) {
      this.#events.activated(resident);
    }
    return resident;
  }

  /** A3. */
  #requireSame(shard: number, epoch: number | undefined): void {
    if (epoch === undefined || this.#ownership.claim(shard)?.epoch !== epoch) {
      throw shardUnavailable(shard);
    }
  }
}

/** A finished instance may have outlived its definition, and another one be called like it. */
function isItsOwn(supervisor: SupervisorResident | null, { spec: { definitionCreatedAt } }: InstanceRecord): boolean {
  return definitionCreatedAt === undefined || supervisor?.definition.createdAt === definitionCreatedAt;
}
