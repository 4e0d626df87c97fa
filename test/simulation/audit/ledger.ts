/**
 * The ledger: every due time that was taken has one row, of one instance at most, and what the schedule names is there without a gap.
 */
import type { OccurrenceRecord } from "../../../src/domain/definition/occurrence.ts";
import { dueTimesBetween } from "../../../src/domain/schedule/preview.ts";
import type { Schedule } from "../../../src/domain/schedule/schedule.ts";
import type { JournalBatch } from "../../../src/ports/store/journal.ts";
import type { Audit } from "./audit.ts";
import type { Records } from "./records.ts";
import { instancesOf } from "./records.ts";

/** A stretch of a definition's life with one schedule: due times after `from` (excluded) up to `until` (included) must be in the ledger. */
interface Stretch {
  readonly schedule: Schedule;
  readonly from: number;
  until: number;
}

const MANY = 100_000;

export class LedgerAudit {
  readonly #audit: Audit;
  readonly #instances = new Map<string, string>();
  readonly #stretches = new Map<string, Stretch[]>();

  constructor(audit: Audit) {
    this.#audit = audit;
  }

  before(batch: JournalBatch, records: Records): void {
    for (const id of batch.deletedDefinitions) {
      this.#stretches.delete(id);
    }
    for (const row of batch.occurrences) {
      const known = records.occurrences.get(row.definitionId)?.get(row.scheduledAt);
      this.#audit.require(
        known === undefined || mayBecome(known, row, batch, records),
        "every due time has one ledger row",
        () => `${row.definitionId} at ${iso(row.scheduledAt)}: ${textOf(row)} after ${known && textOf(known)}`,
      );
    }
    for (const { id, spec } of batch.createdInstances) {
      if (spec.scheduledAt !== null && spec.definitionId !== null) {
        const key = `${spec.definitionId} ${records.definitions.get(spec.definitionId)?.createdAt} ${spec.scheduledAt}`;
        this.#audit.require(
          !this.#instances.has(key),
          "a due time is taken once",
          () => `${id} and ${this.#instances.get(key)} were both fired for ${iso(spec.scheduledAt ?? 0)}`,
        );
        this.#instances.set(key, id);
      }
    }
  }

  after(batch: JournalBatch, records: Records): void {
    for (const definition of batch.definitions) {
      const { schedule } = definition.spec;
      const { takenUntil } = records.supervisions.get(definition.id) ?? { takenUntil: Number.NaN };
      const stretches = this.#stretches.get(definition.id) ?? [];
      this.#stretches.set(definition.id, stretches);
      const last = stretches.at(-1);
      if (last === undefined) {
        const from =
          schedule.timing.kind === "at"
            ? Math.min(definition.createdAt, schedule.timing.at) - 1
            : schedule.timing.kind === "immediate"
              ? definition.createdAt - 1
              : definition.createdAt;
        stretches.push({ schedule, from, until: takenUntil });
      } else if (last.schedule !== schedule && JSON.stringify(last.schedule) !== JSON.stringify(schedule)) {
        stretches.push({ schedule, from: Math.max(definition.updatedAt, takenUntil), until: takenUntil });
      }
    }
    for (const { definitionId, supervision } of batch.supervisors) {
      const last = this.#stretches.get(definitionId)?.at(-1);
      if (last !== undefined) {
        last.until = supervision.takenUntil;
      }
    }
  }

  /** At the end: what the schedules name is in the ledger, and nothing else. */
  complete(records: Records): void {
    for (const [id, stretches] of this.#stretches) {
      const rows = records.occurrences.get(id) ?? new Map<number, OccurrenceRecord>();
      for (const { schedule, from, until } of stretches) {
        if (schedule.timing.kind === "every" && schedule.timing.fixedDelay) {
          continue;
        }
        for (const dueAt of dueTimesBetween(schedule, from + 1, until + 1, MANY).times) {
          this.#audit.require(
            rows.has(dueAt),
            "every due time has one ledger row",
            () => `${id}: nothing is known of ${iso(dueAt)} (taken from ${iso(from)} until ${iso(until)})`,
          );
        }
      }
      const only = stretches[0];
      if (only !== undefined && stretches.length === 1 && !isFixedDelay(only.schedule)) {
        for (const at of rows.keys()) {
          this.#audit.require(
            dueTimesBetween(only.schedule, at, at + 1, 1).times.length === 1,
            "the ledger has nothing that was never due",
            () => `${id}: ${iso(at)}`,
          );
        }
      }
    }
  }
}

function isFixedDelay({ timing }: Schedule): boolean {
  return timing.kind === "every" && timing.fixedDelay;
}

/** A row stays what it is, except that one which waited is let go or called off, and that its instance may be started anew. */
function mayBecome(known: OccurrenceRecord, row: OccurrenceRecord, batch: JournalBatch, records: Records): boolean {
  if (row.instanceId === null || row.instanceId !== known.instanceId) {
    return false;
  }
  const { instanceId } = row;
  const isRevived =
    (records.instances.get(instanceId)?.life.series ?? 0) > 0 ||
    instancesOf(batch).some(({ id, life }) => id === instanceId && life.series > 0);
  return known.outcome === "BUFFERED" || isRevived;
}

function textOf({ outcome, instanceId }: OccurrenceRecord): string {
  return `${outcome} ${instanceId ?? "without an instance"}`;
}

function iso(at: number): string {
  return Number.isFinite(at) ? new Date(at).toISOString() : String(at);
}
