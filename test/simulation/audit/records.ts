import type { DefinitionRecord } from "../../../src/domain/definition/definition.ts";
import type { OccurrenceRecord } from "../../../src/domain/definition/occurrence.ts";
import type { Supervision } from "../../../src/domain/definition/supervision.ts";
import { eventId } from "../../../src/domain/event/status-event.ts";
import type { InstanceRecord } from "../../../src/domain/instance/instance.ts";
import { isFinal } from "../../../src/domain/instance/instance.ts";
import type { JournalBatch } from "../../../src/ports/store/journal.ts";

/** The rows as a looker-on knows them: made of nothing but the commits that the store accepted. */
export class Records {
  readonly definitions = new Map<string, DefinitionRecord>();
  readonly supervisions = new Map<string, Supervision>();
  readonly instances = new Map<string, InstanceRecord>();
  readonly occurrences = new Map<string, Map<number, OccurrenceRecord>>();
  /** Instances in the order of the commits that made them. */
  readonly born = new Map<string, number>();
  readonly queued = new Set<string>();
  readonly deleted = new Set<string>();
  /** Deleted at some time, also when another one of the id was made since. */
  readonly onceDeleted = new Set<string>();
  /** Unfinished instances by definition. */
  readonly #unfinished = new Map<string, Set<string>>();
  /** By the tag of the caller who asked for an instance: how many events the log had when it was made. */
  readonly madeAt = new Map<string, number>();
  /** Ids of all events of the log. */
  readonly logged = new Set<string>();

  unfinishedOf(definitionId: string): ReadonlySet<string> {
    return this.#unfinished.get(definitionId) ?? new Set();
  }

  get unfinished(): number {
    let count = 0;
    for (const ids of this.#unfinished.values()) {
      count += ids.size;
    }
    return count;
  }

  allUnfinished(): InstanceRecord[] {
    return [...this.#unfinished.values()].flatMap((ids) => [...ids].flatMap((id) => this.instances.get(id) ?? []));
  }

  apply(batch: JournalBatch): void {
    for (const definition of batch.definitions) {
      this.definitions.set(definition.id, definition);
      this.deleted.delete(definition.id);
    }
    for (const { definitionId, supervision } of batch.supervisors) {
      this.supervisions.set(definitionId, supervision);
    }
    for (const id of batch.deletedDefinitions) {
      this.definitions.delete(id);
      this.supervisions.delete(id);
      this.occurrences.delete(id);
      this.deleted.add(id);
      this.onceDeleted.add(id);
    }
    for (const occurrence of batch.occurrences) {
      const rows = this.occurrences.get(occurrence.definitionId) ?? new Map<number, OccurrenceRecord>();
      rows.set(occurrence.scheduledAt, occurrence);
      this.occurrences.set(occurrence.definitionId, rows);
    }
    for (const record of instancesOf(batch)) {
      this.instances.set(record.id, record);
      const { definitionId } = record.spec;
      const ids = this.#unfinished.get(definitionId ?? "") ?? new Set();
      this.#unfinished.set(definitionId ?? "", ids);
      if (isFinal(record.state)) {
        ids.delete(record.id);
      } else {
        ids.add(record.id);
      }
    }
    for (const { id, spec } of batch.createdInstances) {
      this.born.set(id, this.born.size);
      const tag = spec.labels["call"];
      if (tag !== undefined) {
        this.madeAt.set(tag, this.logged.size);
      }
    }
    for (const { instanceId } of batch.dequeued) {
      this.queued.delete(instanceId);
    }
    for (const { instanceId } of batch.enqueued) {
      this.queued.add(instanceId);
    }
    for (const event of batch.events) {
      this.logged.add(eventId(event));
    }
  }
}

/** Every instance row of a batch. */
export function instancesOf(batch: JournalBatch): readonly InstanceRecord[] {
  return [...batch.createdInstances, ...batch.changedInstances, ...batch.finishedInstances, ...batch.revivedInstances];
}
