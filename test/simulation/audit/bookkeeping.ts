/** After every commit: counters say what the rows say, and who waits for a worker stands in a queue. */
import { queueOf } from "../../../src/domain/action.ts";
import { isFinal } from "../../../src/domain/instance/instance.ts";
import type { JournalBatch } from "../../../src/ports/store/journal.ts";
import type { Audit } from "./audit.ts";
import type { Records } from "./records.ts";
import { instancesOf } from "./records.ts";

interface Count {
  created: number;
  COMPLETED: number;
  FAILED: number;
  CANCELLED: number;
  TIMED_OUT: number;
}

export class Bookkeeping {
  readonly #audit: Audit;
  readonly #counts = new Map<string, Count>();

  constructor(audit: Audit) {
    this.#audit = audit;
  }

  before(batch: JournalBatch, records: Records): void {
    for (const id of batch.deletedDefinitions) {
      this.#audit.require(
        records.unfinishedOf(id).size === 0,
        "a definition with unfinished instances is not deleted",
        () => `${id} has ${[...records.unfinishedOf(id)].join(", ")}`,
      );
      this.#counts.delete(id);
    }
    for (const record of instancesOf(batch)) {
      const { definitionId } = record.spec;
      const count = definitionId === null ? undefined : this.#countOf(definitionId, batch, records);
      if (count !== undefined) {
        const earlier = records.instances.get(record.id);
        if (earlier === undefined) {
          count.created++;
        } else if (isFinal(earlier.state)) {
          count[earlier.state]--;
        }
        if (isFinal(record.state)) {
          count[record.state]++;
        }
      }
    }
  }

  after(batch: JournalBatch, records: Records): void {
    const touched = new Set([
      ...batch.supervisors.map(({ definitionId }) => definitionId),
      ...instancesOf(batch).flatMap(({ spec }) => spec.definitionId ?? []),
    ]);
    for (const id of touched) {
      const counters = records.supervisions.get(id)?.counters;
      const count = this.#counts.get(id);
      if (counters !== undefined && count !== undefined) {
        const told = [counters.active, counters.created, counters.completed, counters.failed, counters.cancelled];
        const real = [records.unfinishedOf(id).size, count.created, count.COMPLETED, count.FAILED, count.CANCELLED];
        this.#audit.require(
          told.join() === real.join() && counters.timedOut === count.TIMED_OUT,
          "counters say what the rows say",
          () => `${id}: active, created, completed, failed, cancelled are ${told.join()}, should be ${real.join()}`,
        );
      }
    }
    for (const { id, state, life, spec } of instancesOf(batch)) {
      const waits = !isFinal(state) && life.waitingReason === "NO_WORKER" && queueOf(spec.action) !== null;
      this.#audit.require(
        records.queued.has(id) === waits,
        "who waits for a worker stands in a queue",
        () => `${id} is ${state} ${life.waitingReason ?? ""} and ${waits ? "in no queue" : "still in a queue"}`,
      );
    }
  }

  #countOf(id: string, batch: JournalBatch, records: Records): Count | undefined {
    // Instances outlive a definition that is deleted, and then nobody counts them.
    if (!records.definitions.has(id) && !batch.definitions.some((definition) => definition.id === id)) {
      return undefined;
    }
    const count = this.#counts.get(id) ?? { created: 0, COMPLETED: 0, FAILED: 0, CANCELLED: 0, TIMED_OUT: 0 };
    this.#counts.set(id, count);
    return count;
  }
}
