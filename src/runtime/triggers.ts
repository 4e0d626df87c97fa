/** Instances that a caller asks for: one, many, or those of due times in the past. */
import { BelfryError, invalid } from "../domain/error.ts";
import { routingHash } from "../domain/routing.ts";
import { dueTimesBetween } from "../domain/schedule/preview.ts";
import { dispatchIdOf } from "../domain/webhook/dispatch-id.ts";
import { originOfDefinition } from "../domain/webhook/origin.ts";
import type { Clock } from "../ports/clock.ts";
import type { Ids } from "../ports/ids.ts";
import type { RequestRecord } from "../ports/store/journal.ts";
import type { QueryStore } from "../ports/store/queries.ts";
import type { Activation } from "./activation.ts";
import type { Backfill, BackfillResult, TriggerItem, Triggered } from "./api.ts";
import { comparableAction } from "./comparable-action.ts";
import type { SupervisorOutcome } from "./decision-effects.ts";
import type { Decisions } from "./decisions.ts";
import { fingerprint } from "./fingerprint.ts";
import { Holders } from "./holders.ts";
import type { Journal } from "./journal.ts";
import { definitionNotFound, instanceNotFound, refusalOf, shardUnavailable, stateForbids } from "./refusals.ts";
import type { Answer, Repeatable, Requests } from "./requests.ts";
import type { Residents, SupervisorResident } from "./residents.ts";
import { loadOf } from "./rosters.ts";

const BACKFILL_AT_ONCE = 1000;

export class Triggers {
  readonly #clock: Clock;
  readonly #ids: Ids;
  readonly #queries: QueryStore;
  readonly #journal: Journal;
  readonly #activation: Activation;
  readonly #decisions: Decisions;
  readonly #requests: Requests;
  readonly #holders: Holders;
  readonly #backfilling = new Map<string, Promise<void>>();

  constructor(deps: {
    clock: Clock;
    ids: Ids;
    queries: QueryStore;
    journal: Journal;
    residents: Residents;
    activation: Activation;
    decisions: Decisions;
    requests: Requests;
  }) {
    this.#clock = deps.clock;
    this.#ids = deps.ids;
    this.#queries = deps.queries;
    this.#journal = deps.journal;
    this.#activation = deps.activation;
    this.#decisions = deps.decisions;
    this.#requests = deps.requests;
    this.#holders = new Holders(deps);
  }

  /**
   * @param command.before called in the turn of the decision, right before it; may throw to refuse it. A repetition under the same `requestId`
   *   gets the first answer without it.
   */
  async trigger(
    id: string,
    {
      ignoreOverlap,
      before,
      ...item
    }: TriggerItem & { readonly ignoreOverlap: boolean; readonly before?: (() => void) | undefined },
  ): Promise<Triggered> {
    return this.#one(id, item, { ignoreOverlap, before });
  }

  async batch(
    id: string,
    { items, atomic }: { readonly items: readonly TriggerItem[]; readonly atomic: boolean },
  ): Promise<readonly (Triggered | BelfryError)[]> {
    const requestIds = items.flatMap(({ requestId }) =>
      requestId === undefined || requestId === "" ? [] : [requestId],
    );
    const resident = await this.#existing(id).catch((error: unknown) => {
      // Repetitions get their answers also when the definition is gone.
      if (requestIds.length === items.length) {
        return null;
      }
      throw error;
    });
    if (resident !== null) {
      await Promise.all(items.map(({ overrides }) => this.#holders.bring(resident, overrides)));
    }
    const shard = this.#activation.shardOf(id);
    const results = await this.#requests.lookUp({ shard, method: "TriggerDefinition", requestIds }, (known) => {
      // Nothing waits here: all decisions are made in one turn.
      if (atomic && resident !== null) {
        this.#requireAll(resident, items, known);
        // Nor may a part of them be in an earlier commit, as when a holder that gives way was started anew a moment ago.
        this.#journal.cut();
      }
      const found = resident ?? undefined;
      return this.#decisions.run(() => items.map((item) => this.#one(id, item, { ignoreOverlap: true, known, found })));
    });
    const settled = await Promise.allSettled(results);
    // They are of one shard: when it was not there, that is an answer to the whole, which can be asked again when no item would be made twice.
    const absent = settled.flatMap((result) =>
      result.status === "rejected" && isShardLost(result.reason) ? [result.reason] : [],
    );
    const first = absent.find(isUnknown) ?? absent[0];
    const isRepeatable = settled.every(
      ({ status }, index) => status === "rejected" || (items[index]?.requestId ?? "") !== "",
    );
    if (first !== undefined && isRepeatable) {
      throw first;
    }
    return settled.map((result) => {
      if (result.status === "fulfilled") {
        return result.value;
      }
      if (result.reason instanceof BelfryError && !atomic) {
        return result.reason;
      }
      throw result.reason;
    });
  }

  async backfill(id: string, { from, to, validateOnly, requestId }: Backfill): Promise<BackfillResult> {
    if (to > this.#clock.now()) {
      throw invalid({ field: "endTime", description: "must not be in the future" });
    }
    return this.#requests.once(
      {
        method: "BackfillDefinition",
        requestId,
        shard: this.#activation.shardOf(id),
        fingerprint: requestId === undefined ? "" : fingerprint([id, from, to, validateOnly]),
      },
      (remember) =>
        this.#oneAtATime(id, async () =>
          this.#backfill(await this.#existing(id), { from, to, validateOnly }, remember),
        ),
      async ({ result }) => JSON.parse(result ?? "{}") as BackfillResult,
    );
  }

  /** Two at once would both find the same due times without a record. */
  async #oneAtATime<Value>(id: string, run: () => Promise<Value>): Promise<Value> {
    const before = this.#backfilling.get(id);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#backfilling.set(id, promise);
    try {
      await before;
      return await run();
    } finally {
      resolve();
      if (this.#backfilling.get(id) === promise) {
        this.#backfilling.delete(id);
      }
    }
  }

  async #backfill(
    resident: SupervisorResident,
    { from, to, validateOnly }: Omit<Backfill, "requestId">,
    remember: (answer: Answer) => void,
  ): Promise<BackfillResult> {
    const { id } = resident;
    // What the schedule has taken by now is in the ledger when the barrier is through; what it takes later is left to it.
    const { nextDueAt } = resident.supervision;
    const { schedule } = resident.definition.spec;
    await this.#journal.barrier();
    const due = dueTimesBetween(schedule, from, to, BACKFILL_AT_ONCE);
    const nextFrom = due.truncated ? (due.times.at(-1) ?? to) + 1 : null;
    const ledger = new Set(await this.#queries.knownOccurrences(id, from, to));
    this.#requireResident(resident);
    if (resident.definition.state === "CANCELLED") {
      throw notTriggered(resident);
    }
    const missing = due.times.filter((dueAt) => !ledger.has(dueAt) && (nextDueAt === null || dueAt < nextDueAt));
    const result: BackfillResult = { fired: missing.length, known: due.times.length - missing.length, nextFrom };
    this.#decisions.run(() => {
      for (const dueAt of validateOnly ? [] : missing) {
        const outcome = this.#decisions.supervisor(resident, {
          type: "BACKFILL",
          at: this.#clock.now(),
          instanceId: this.#newInstanceId(id),
          load: loadOf(resident),
          dueAt,
        });
        requireAccepted(outcome, resident);
      }
    });
    remember({ result: JSON.stringify(result) });
    return this.#journal.committed(resident.shard, () => result);
  }

  /** In the shard of its definition, and of the form that its kind has. */
  #newInstanceId(definitionId: string): string {
    const uuid = this.#ids.uuid(routingHash(definitionId));
    return originOfDefinition(definitionId) === null ? uuid : dispatchIdOf(uuid);
  }

  /** @param how.found the supervisor, when all that is needed is in memory: then the decision is made without waiting. */
  async #one(
    id: string,
    item: TriggerItem,
    how: {
      readonly ignoreOverlap: boolean;
      readonly known?: ReadonlyMap<string, RequestRecord>;
      readonly found?: SupervisorResident | undefined;
      readonly before?: (() => void) | undefined;
    },
  ): Promise<Triggered> {
    const { overrides } = item;
    const { ignoreOverlap, known, found, before } = how;
    return this.#requests.once<Triggered>(
      { ...this.#repeatable(id, item, ignoreOverlap), ...(known === undefined ? {} : { known }) },
      async (remember) => {
        const resident = found ?? (await this.#existing(id));
        if (found === undefined) {
          await this.#holders.bring(resident, overrides);
        }
        this.#requireResident(resident);
        before?.();
        const outcome = this.#decisions.supervisor(resident, {
          type: "TRIGGER",
          at: this.#clock.now(),
          instanceId: this.#newInstanceId(resident.id),
          load: loadOf(resident),
          overrides,
          ignoreOverlap,
          uniqueHolder:
            overrides.uniqueKey === undefined ? null : resident.roster.uniqueHolder(overrides.uniqueKey.key),
          superseded: this.#holders.superseded(resident, overrides),
        });
        const done = requireAccepted(outcome, resident);
        if (done.kind === "existing") {
          remember({ instanceId: done.instanceId, existing: "true" });
          return { instance: await this.#read(done.instanceId), existing: true };
        }
        const spawned = done.spawned?.record;
        if (spawned === undefined) {
          throw new Error("a trigger that was carried out has an instance");
        }
        remember({ instanceId: spawned.id });
        return this.#journal.committed(resident.shard, () => ({ instance: spawned, existing: false }));
      },
      async ({ instanceId, existing }) => ({
        instance: await this.#read(instanceId ?? ""),
        existing: existing === "true",
      }),
    );
  }

  /** All or none: what would be refused is known before the first is made. */
  #requireAll(
    resident: SupervisorResident,
    items: readonly TriggerItem[],
    known: ReadonlyMap<string, RequestRecord>,
  ): void {
    if (resident.definition.state === "CANCELLED") {
      throw notTriggered(resident);
    }
    const taken = new Set<string>();
    for (const item of items) {
      const { overrides, requestId } = item;
      const { uniqueKey } = overrides;
      this.#requests.check({ ...this.#repeatable(resident.id, item, true), known });
      this.#holders.requireHere(resident, overrides);
      const repeated = requestId !== undefined && known.has(`TriggerDefinition/${requestId}`);
      if (uniqueKey === undefined || repeated) {
        continue;
      }
      const holder = resident.roster.uniqueHolder(uniqueKey.key);
      if (uniqueKey.onConflict === "REJECT" && (holder !== null || taken.has(uniqueKey.key))) {
        const message = `Nothing of the batch was triggered: the unique key "${uniqueKey.key}" is taken.`;
        throw refusalOf({ reason: "UNIQUE_KEY_TAKEN", message, instanceId: holder });
      }
      taken.add(uniqueKey.key);
    }
  }

  #repeatable(id: string, { overrides, requestId }: TriggerItem, ignoreOverlap: boolean): Repeatable {
    const isRepeatable = requestId !== undefined && requestId !== "";
    const { action } = overrides;
    const asked = action === undefined ? overrides : { ...overrides, action: comparableAction(action) };
    return {
      method: "TriggerDefinition",
      requestId,
      shard: this.#activation.shardOf(id),
      fingerprint: isRepeatable ? fingerprint([id, asked, ignoreOverlap]) : "",
    };
  }

  async #existing(id: string): Promise<SupervisorResident> {
    const resident = await this.#activation.supervisor(id);
    if (resident === null || resident.deleted) {
      throw definitionNotFound(id);
    }
    return resident;
  }

  /** While the caller waited, the supervisor may have left the memory: then another one may be deciding. */
  #requireResident(resident: SupervisorResident): void {
    if (resident.deleted) {
      throw definitionNotFound(resident.id);
    }
    if (!this.#activation.isResident(resident)) {
      throw shardUnavailable(resident.shard);
    }
  }

  /** An instance as it is now, when that is durable. */
  async #read(instanceId: string) {
    const resident = await this.#activation.instance(instanceId);
    if (resident === null) {
      throw instanceNotFound(instanceId);
    }
    const { shard, record } = resident;
    return this.#journal.committed(shard, () => record);
  }
}

function requireAccepted(
  outcome: SupervisorOutcome,
  resident: SupervisorResident,
): Extract<SupervisorOutcome, { kind: "done" | "existing" }> {
  switch (outcome.kind) {
    case "refused":
      throw outcome.error;
    case "ignored":
      throw notTriggered(resident);
    default:
      return outcome;
  }
}

function notTriggered(resident: SupervisorResident): BelfryError {
  return stateForbids(
    "The definition cannot be triggered",
    resident.definition.state,
    "A cancelled definition is ended for good: create a new one.",
  );
}

function isShardLost(error: unknown): error is BelfryError {
  return error instanceof BelfryError && (error.reason === "SHARD_UNAVAILABLE" || isUnknown(error));
}

function isUnknown({ reason }: BelfryError): boolean {
  return reason === "OUTCOME_UNKNOWN";
}
