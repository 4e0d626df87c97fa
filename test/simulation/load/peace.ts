/** After the storm: good workers, no new instances, and a look now and then whether all has come to its end. Then everything is judged. */
import type { Store } from "../../../src/ports/store/store.ts";
import { isSystemDefinition } from "../../../src/domain/definition/system-definition.ts";
import type { StartedRuntime } from "../../../src/runtime/runtime.ts";
import type { PublishedEvents } from "../audit/published.ts";
import type { Promises } from "../audit/promises.ts";
import type { Witness } from "../audit/witness.ts";
import type { Cluster } from "../world/cluster.ts";
import { WORLD_START_AT } from "../world/machine-clock.ts";
import type { Scheduler } from "../world/scheduler.ts";
import type { LockContest } from "./lock-contest.ts";
import type { RemoteCalls } from "./remote-call.ts";
import { QUEUES } from "./specs.ts";
import { StreamWorker } from "./stream-worker.ts";
import type { WorkPlace } from "./work-place.ts";

/** So many instances are asked for to be compared. */
const COMPARED = 3;
const LOOK_EVERY_MS = 500;
/** What is due is taken so soon, once all is well: the catch-up rate may hold some back. */
const LATE_MS = 2500;

export class Peace {
  readonly #time: Scheduler;
  readonly #cluster: Cluster;
  readonly #calls: RemoteCalls;
  readonly #load: readonly { readonly underWay: number }[];
  readonly #contest: LockContest;
  readonly #witness: Witness;
  readonly #promises: Promises;
  readonly #published: PublishedEvents;
  readonly #store: Store;
  /** Definitions that were paused after the storm. */
  readonly #paused = new Set<string>();
  /** Destinations that were opened after the storm. */
  readonly #opened = new Set<string>();
  /** Machines that have been told to take their share of the shards. */
  readonly #serving = new Set<string>();
  /** Whether all has come to its end. */
  isThere = false;

  constructor(deps: {
    readonly time: Scheduler;
    readonly place: WorkPlace;
    readonly cluster: Cluster;
    readonly calls: RemoteCalls;
    /** Those that call. */
    readonly load: readonly { readonly underWay: number }[];
    /** Is had when all is quiet. */
    readonly contest: LockContest;
    readonly witness: Witness;
    readonly promises: Promises;
    readonly published: PublishedEvents;
    readonly store: Store;
  }) {
    this.#time = deps.time;
    this.#cluster = deps.cluster;
    this.#calls = deps.calls;
    this.#load = deps.load;
    this.#contest = deps.contest;
    this.#witness = deps.witness;
    this.#promises = deps.promises;
    this.#published = deps.published;
    this.#store = deps.store;
    for (const queue of QUEUES) {
      new StreamWorker(deps.place, `good-${queue}`, queue, 20).start();
    }
    this.#lookLater();
  }

  /** What must hold when all is quiet. */
  async judge(): Promise<void> {
    const { audit, records, ledger } = this.#witness;
    if (!audit.clean) {
      return;
    }
    if (!this.isThere) {
      this.#sayWhatIsLeft();
      return;
    }
    ledger.complete(records);
    this.#promises.kept();
    this.#witness.holds.kept();
    await this.#judgeStore();
  }

  #lookLater(): void {
    this.#time.after(LOOK_EVERY_MS, () => {
      void this.#look().finally(() => this.#lookLater());
    });
  }

  /** Pauses what fires, lets go on what is held, and sees whether anything is left. */
  async #look(): Promise<void> {
    const { records } = this.#witness;
    if (this.#underWay > 0) {
      return;
    }
    for (const { id } of this.#cluster.machines) {
      if (
        !this.#serving.has(id) &&
        (await this.#ask(`DrainNode ${id} no more`, ({ cluster }) => cluster.drain(id, false)))
      ) {
        this.#serving.add(id);
      }
    }
    for (const { id, state } of records.definitions.values()) {
      if (!this.#paused.has(id) && !isSystemDefinition(id) && (state === "ACTIVE" || state === "PAUSED")) {
        const isPaused = await this.#ask(`PauseDefinition ${id}`, ({ definitions }) =>
          definitions.pause(id, { reason: "peace" }),
        );
        if (isPaused) {
          this.#paused.add(id);
        }
      }
    }
    await this.#openDestinations();
    for (const { id, state } of records.allUnfinished()) {
      if (state === "PAUSED") {
        await this.#ask(`ResumeInstance ${id}`, ({ instances }) => instances.resume(id, {}));
      }
    }
    if (!(await this.#isQuiet())) {
      return;
    }
    if (this.#contest.isOver) {
      await this.#compareMemory();
      this.isThere = true;
    } else {
      await this.#contest.run();
    }
  }

  /** Callers that still try. */
  get #underWay(): number {
    return this.#load.reduce((sum, { underWay }) => sum + underWay, 0);
  }

  /** Their receivers are well: those that are shut are reset, and all get as much as there is. */
  async #openDestinations(): Promise<void> {
    const { destinations } = this.#witness;
    const change = { maxConcurrent: 20, rate: null, successRules: [] };
    for (const { origin, disabled } of destinations.all()) {
      // A late answer of the storm may disable it again.
      if (
        (disabled !== null || !this.#opened.has(origin)) &&
        (await this.#ask(`ResetDestination ${origin}`, (runtime) => runtime.destinations.reset(origin, {}))) &&
        (await this.#ask(`UpdateDestination ${origin}`, (runtime) => {
          destinations.asked(origin, change);
          return runtime.destinations.update(origin, { change });
        }))
      ) {
        this.#opened.add(origin);
      }
    }
  }

  async #isQuiet(): Promise<boolean> {
    return (
      this.#witness.records.unfinished === 0 &&
      this.#calls.pending().every((call) => call.startsWith("poll")) &&
      this.#cluster.machines.every(({ runtime }) => runtime !== null && runtime.status().uncommitted === 0) &&
      this.#late().length === 0 &&
      this.#published.missing().length === 0 &&
      (await this.#ownerless()).length === 0 &&
      (await this.#isDelivered())
    );
  }

  /** Nothing is sent any more, and all that was is reported. A receiver may report before it answers. */
  async #isDelivered(): Promise<boolean> {
    const { deliveries, destinations } = this.#witness;
    let isIdle = deliveries.underWay === 0;
    for (const { origin } of destinations.all()) {
      await this.#ask(
        `GetDestination ${origin}`,
        (runtime) => runtime.destinations.get(origin),
        ({ underWay }) => {
          isIdle &&= underWay === 0;
        },
      );
    }
    return isIdle;
  }

  /** Asks any node. @returns whether it was done. */
  async #ask<Value>(
    what: string,
    run: (runtime: StartedRuntime) => Promise<Value>,
    heard?: (value: Value) => void,
  ): Promise<boolean> {
    for (const machine of this.#cluster.machines) {
      if ((await this.#calls.make(machine, what, run, heard)).kind === "ok") {
        return true;
      }
    }
    return false;
  }

  /** Definitions whose due times nobody takes. */
  #late(): readonly string[] {
    const now = WORLD_START_AT + this.#time.now;
    return [...this.#witness.records.definitions.values()].flatMap(({ id, state, spec }) => {
      const dueAt = this.#witness.records.supervisions.get(id)?.nextDueAt ?? null;
      const isLate = dueAt !== null && dueAt + spec.schedule.jitterMs + LATE_MS < now;
      return isLate && (state === "ACTIVE" || state === "PAUSED")
        ? [`${id}, due at ${new Date(dueAt).toISOString()}`]
        : [];
    });
  }

  /** Shards that no living node has. */
  async #ownerless(): Promise<readonly string[]> {
    const owners = new Map<number, string[]>();
    for (const { id, runtime } of this.#cluster.machines) {
      for (const shard of runtime?.status().ownedShards ?? []) {
        owners.set(shard, [...(owners.get(shard) ?? []), id]);
      }
    }
    const leases = await this.#store.shards.list();
    return leases.flatMap(({ shard, owner, remainingMs }) => {
      const here = owners.get(shard) ?? [];
      return here.length === 1 && owner !== null && remainingMs > 0 && owner.startsWith(here[0] ?? "")
        ? []
        : [`shard ${shard}: ${owner ?? "nobody"} in the store, ${here.join(", ") || "nobody"} by its own account`];
    });
  }

  #sayWhatIsLeft(): void {
    const { audit, records } = this.#witness;
    for (const { id, state, life } of records.allUnfinished().slice(0, 3)) {
      audit.found("every instance ends", `${id} is ${state} ${life.waitingReason ?? ""}`);
    }
    for (const late of this.#late().slice(0, 3)) {
      audit.found("what is due is taken", late);
    }
    for (const id of this.#published.missing().slice(0, 3)) {
      audit.found("every event is published", id);
    }
    for (const call of this.#calls.pending().slice(0, 3)) {
      audit.found("every caller gets an answer", call);
    }
    for (const { id, runtime } of this.#cluster.machines) {
      const { uncommitted = 0, ownedShards = [] } = runtime?.status() ?? {};
      audit.found(
        "all comes to rest",
        `${id} has ${uncommitted} uncommitted decisions and shards ${ownedShards.join()}`,
      );
    }
    audit.found("all comes to rest", `${this.#underWay} callers still try`);
  }

  /** What nodes answer from their memory is what the store has: asked once more, when nothing moves any more. */
  async #compareMemory(): Promise<void> {
    const { audit, records } = this.#witness;
    await this.#compareDestinations();
    for (const { id, state } of records.definitions.values()) {
      if (!isSystemDefinition(id) && (state === "ACTIVE" || state === "PAUSED")) {
        await this.#ask(
          `PauseDefinition ${id}`,
          ({ definitions }) => definitions.pause(id, { reason: "peace" }),
          ({ supervision: { counters, gated } }) => {
            const { active, created, completed, failed, cancelled, timedOut } = counters;
            const told = [active, created, completed, failed, cancelled, timedOut, gated].join();
            const stored = records.supervisions.get(id)?.counters;
            audit.require(
              stored !== undefined &&
                told ===
                  [0, stored.created, stored.completed, stored.failed, stored.cancelled, stored.timedOut, 0].join(),
              "memory says what the store says",
              () => `${id}: ${JSON.stringify(counters)} and ${gated} gated, stored ${JSON.stringify(stored)}`,
            );
          },
        );
      }
    }
    const cancelled = [...records.instances.values()].filter(({ state }) => state === "CANCELLED");
    for (const record of cancelled.slice(-COMPARED)) {
      await this.#ask(
        `CancelInstance ${record.id}`,
        ({ instances }) => instances.cancel(record.id, { reason: "peace", terminate: true }),
        (answered) =>
          audit.require(
            answered.state === "CANCELLED" && answered.revision === record.revision,
            "memory says what the store says",
            () => `${record.id}: ${answered.state} at ${answered.revision}, stored at ${record.revision}`,
          ),
      );
    }
  }

  async #compareDestinations(): Promise<void> {
    const { audit, destinations } = this.#witness;
    for (const { origin, revision, breaker, disabled } of destinations.all()) {
      await this.#ask(
        `GetDestination ${origin}`,
        (runtime) => runtime.destinations.get(origin),
        ({ record, underWay, waiting }) =>
          audit.require(
            record.revision === revision &&
              record.breaker.state === breaker.state &&
              (record.disabled === null) === (disabled === null) &&
              underWay === 0 &&
              waiting === 0,
            "memory says what the store says",
            () =>
              `${origin}: ${record.breaker.state} at ${record.revision}, ${underWay} under way, ${waiting} waiting; stored ${breaker.state} at ${revision}`,
          ),
      );
    }
  }

  /** The store has what the accepted commits made. */
  async #judgeStore(): Promise<void> {
    const { audit, records } = this.#witness;
    for (const record of records.instances.values()) {
      const stored = await this.#store.queries.getInstance(record.id);
      audit.require(
        stored?.state === record.state && stored.revision === record.revision,
        "what was committed stays",
        () => `${record.id}: ${stored?.state} at ${stored?.revision}, committed ${record.state} at ${record.revision}`,
      );
    }
    for (const { shard, last } of await this.#store.queries.eventBounds()) {
      const events = await this.#store.queries.readEvents(shard, 0, 1_000_000);
      audit.require(
        events.length === last && events.every(({ sequence }, index) => sequence === index + 1),
        "event sequences have no gap",
        () => `shard ${shard} has ${events.length} events up to ${last}`,
      );
    }
  }
}
