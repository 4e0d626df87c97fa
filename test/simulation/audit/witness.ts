/** Stands at the store and sees every effect in the one order in which they happened. What it knows is made of accepted commits only. */
import type { JournalBatch } from "../../../src/ports/store/journal.ts";
import type { Store } from "../../../src/ports/store/store.ts";
import type { Life } from "../world/life.ts";
import type { Scheduler } from "../world/scheduler.ts";
import type { Trace } from "../world/trace.ts";
import { Audit } from "./audit.ts";
import { Bookkeeping } from "./bookkeeping.ts";
import { DefinitionLives } from "./definition-lives.ts";
import { Deliveries } from "./deliveries.ts";
import { DestinationAudit } from "./destinations.ts";
import { Fences } from "./fences.ts";
import { InstanceLives } from "./instance-lives.ts";
import { LedgerAudit } from "./ledger.ts";
import { LockHolds } from "./lock-holds.ts";
import { LockLog } from "./lock-log.ts";
import { OverlapAudit } from "./overlap.ts";
import { Records, instancesOf } from "./records.ts";
import { SupersedeAudit } from "./superseding.ts";

export class Witness {
  readonly #time: Scheduler;
  readonly #trace: Trace;
  readonly audit: Audit;
  readonly records = new Records();
  readonly fences: Fences;
  readonly lives: InstanceLives;
  readonly ledger: LedgerAudit;
  readonly destinations: DestinationAudit;
  readonly deliveries: Deliveries;
  readonly locks: LockLog;
  readonly holds: LockHolds;
  readonly #superseding: SupersedeAudit;
  readonly #overlap: OverlapAudit;
  readonly #bookkeeping: Bookkeeping;
  readonly #definitions: DefinitionLives;
  commits = 0;

  constructor({
    time,
    trace,
    shardCount,
    clocksJump,
    clockSpreadMs,
  }: {
    readonly time: Scheduler;
    readonly trace: Trace;
    readonly shardCount: number;
    readonly clocksJump: boolean;
    /** By how much the times of day of two machines differ at most. */
    readonly clockSpreadMs: number;
  }) {
    this.#time = time;
    this.#trace = trace;
    this.audit = new Audit(() => time.now);
    this.fences = new Fences(this.audit);
    this.lives = new InstanceLives(this.audit, (record) => this.deliveries.tokenOf(record));
    const now = (): number => time.now;
    this.destinations = new DestinationAudit({
      audit: this.audit,
      now,
      shardCount,
      clocksJump,
      isTried: (...args) => this.deliveries.isTried(...args),
    });
    const { audit, records, lives, fences, destinations } = this;
    this.deliveries = new Deliveries({ audit, records, lives, fences, destinations, now, shardCount });
    this.locks = new LockLog({ audit, now, shardCount });
    this.holds = new LockHolds({ audit, now, log: this.locks, spreadMs: clockSpreadMs });
    this.#superseding = new SupersedeAudit(this.audit);
    this.ledger = new LedgerAudit(this.audit);
    this.#overlap = new OverlapAudit(this.audit);
    this.#bookkeeping = new Bookkeeping(this.audit);
    this.#definitions = new DefinitionLives(this.audit);
  }

  /** The store, as this process reaches it, under the witness's eyes. */
  watch(life: Life, store: Store): Store {
    return {
      ...store,
      journal: {
        commit: async (batch) => {
          try {
            const outcome = await store.journal.commit(batch);
            const isNew = this.fences.accepted(life, batch, outcome);
            this.#trace.add(
              life.name,
              () => `commit ${outcome.kind}${isNew ? "" : " (nothing new)"}: ${textOf(batch)}`,
            );
            if (isNew) {
              this.#committed(life, batch);
            }
            return outcome;
          } catch (error) {
            this.audit.found(
              "no batch breaks the rules of the store",
              `${life.name}: ${String(error)}: ${textOf(batch)}`,
            );
            throw error;
          }
        },
      },
      shards: {
        prepare: (count) => store.shards.prepare(count),
        list: () => store.shards.list(),
        acquire: async (...args) => {
          const acquired = await store.shards.acquire(...args);
          this.fences.acquired(life, acquired);
          this.deliveries.acquired(life, acquired);
          if (acquired.length > 0) {
            this.#trace.add(
              life.name,
              () => `acquired ${acquired.map(({ shard, epoch }) => `${shard} at ${epoch}`).join(", ")}`,
            );
          }
          return acquired;
        },
        renew: (...args) => store.shards.renew(...args),
        release: async (...args) => {
          this.#trace.add(life.name, () => `released ${args[1].map(({ shard }) => shard).join(", ")}`);
          await store.shards.release(...args);
        },
      },
    };
  }

  #committed(life: Life, batch: JournalBatch): void {
    const { records } = this;
    this.commits++;
    for (const { shard, epoch, commit, lastSequence } of batch.fences) {
      this.#time.digest(shard, epoch, commit, lastSequence);
    }
    this.deliveries.look(batch, records);
    this.destinations.look(life, batch);
    this.locks.look(batch);
    this.lives.look(batch, records);
    this.#superseding.before(batch, records);
    this.ledger.before(batch, records);
    this.#overlap.before(batch, records);
    this.#bookkeeping.before(batch, records);
    this.#definitions.before(batch, records);
    records.apply(batch);
    this.ledger.after(batch, records);
    this.#overlap.after(batch, records);
    this.#bookkeeping.after(batch, records);
    this.#definitions.after(batch, records);
    this.#superseding.after(batch, records);
  }
}

/** A batch in a line. */
function textOf(batch: JournalBatch): string {
  const rows = instancesOf(batch).map(
    ({ id, state, life }) =>
      `${id} ${state}${life.waitingReason === null ? "" : ` ${life.waitingReason}`}${life.attempt === null ? "" : ` ${life.attempt.token}`}`,
  );
  return [
    batch.fences.map(({ shard, epoch, commit }) => `${shard}@${epoch}#${commit}`).join(" "),
    ...rows,
    ...batch.definitions.map(({ id, state, spec }) => `definition ${id} ${state} ${spec.overlapPolicy}`),
    ...batch.occurrences.map(
      ({ definitionId, scheduledAt, outcome }) =>
        `${outcome} ${new Date(scheduledAt).toISOString()} of ${definitionId}`,
    ),
    ...batch.actorStates.map(
      ({ kind, id, state }) => `${kind} ${id} ${JSON.stringify(kind === "lock" ? state : state["breaker"])}`,
    ),
    ...batch.deletedDefinitions.map((id) => `deleted ${id}`),
    ...batch.requests.map(({ key }) => `request ${key}`),
    ...batch.events.map(({ resourceId, name }) => `"${name}" ${resourceId}`),
  ].join("; ");
}
