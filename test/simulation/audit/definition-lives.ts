/** What may happen to a definition: a cancelled one is ended for good, and makes nothing any more. */
import type { JournalBatch } from "../../../src/ports/store/journal.ts";
import type { Audit } from "./audit.ts";
import { gateOf } from "./overlap.ts";
import type { Records } from "./records.ts";
import { instancesOf } from "./records.ts";

export class DefinitionLives {
  readonly #audit: Audit;
  /** Instances that waited for others of their definition when it was cancelled. */
  readonly #calledOff = new Set<string>();
  /** Instances that were made by the definition that now has the id. */
  readonly #made = new Map<string, Set<string>>();

  constructor(audit: Audit) {
    this.#audit = audit;
  }

  before(batch: JournalBatch, records: Records): void {
    for (const definition of batch.definitions) {
      const known = records.definitions.get(definition.id);
      if (known !== undefined) {
        this.#audit.require(
          known.state !== "CANCELLED" || definition.state === "CANCELLED",
          "cancelled stays cancelled",
          () => `definition ${definition.id} is ${definition.state} after CANCELLED`,
        );
        this.#audit.require(
          definition.revision >= known.revision && definition.createdAt === known.createdAt,
          "revisions grow",
          () => `definition ${definition.id}: revision ${definition.revision} after ${known.revision}`,
        );
      }
    }
    for (const id of batch.deletedDefinitions) {
      this.#made.delete(id);
    }
    this.#lookAtFamilies(batch, records);
    for (const { id, life } of instancesOf(batch)) {
      this.#audit.require(
        life.attempt === null || life.series > 0 || !this.#calledOff.has(id),
        "who waits when the definition is cancelled never starts",
        () => `${id}: attempt ${life.attempt?.token}`,
      );
    }
    for (const { id, spec, life } of [...batch.createdInstances, ...batch.revivedInstances]) {
      const definition = spec.definitionId === null ? undefined : records.definitions.get(spec.definitionId);
      this.#audit.require(
        definition?.state !== "CANCELLED",
        "cancelled stays cancelled",
        () => `instance ${id} came to life though definition ${spec.definitionId} was CANCELLED`,
      );
      const isChanging = batch.definitions.some((other) => other.id === definition?.id);
      this.#audit.require(
        life.series > 0 ||
          spec.trigger !== "SCHEDULE" ||
          definition === undefined ||
          definition.state === "ACTIVE" ||
          isChanging,
        "only an active definition fires",
        () => `instance ${id} was fired though definition ${spec.definitionId} was ${definition?.state}`,
      );
    }
  }

  /** Ids of definitions may come again; instances stay with the definition that made them. */
  #lookAtFamilies(batch: JournalBatch, records: Records): void {
    for (const { id, spec } of batch.createdInstances) {
      const family = this.#made.get(spec.definitionId ?? "") ?? new Set();
      this.#made.set(spec.definitionId ?? "", family.add(id));
    }
    for (const { id, spec, life } of instancesOf(batch)) {
      const isRevived = life.series > (records.instances.get(id)?.life.series ?? 0);
      this.#audit.require(
        !isRevived || this.#made.get(spec.definitionId ?? "")?.has(id) === true,
        "an instance is started anew only with its own definition",
        () => `${id} of another definition than the ${spec.definitionId} of now`,
      );
    }
  }

  after(batch: JournalBatch, records: Records): void {
    for (const { id, state } of batch.definitions) {
      if (state === "CANCELLED") {
        for (const instanceId of records.unfinishedOf(id)) {
          const record = records.instances.get(instanceId);
          if (record !== undefined && gateOf(record) !== null) {
            this.#calledOff.add(instanceId);
          }
        }
      }
    }
  }
}
