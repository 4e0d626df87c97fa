/** Who is made with a supersede key takes the place of those that wait with the same one. */
import { isFinal } from "../../../src/domain/instance/instance.ts";
import type { InstanceRecord } from "../../../src/domain/instance/instance.ts";
import type { JournalBatch } from "../../../src/ports/store/journal.ts";
import type { Audit } from "./audit.ts";
import type { Records } from "./records.ts";

export class SupersedeAudit {
  readonly #audit: Audit;
  /** Those with the key of one that the batch makes, which waited before it. */
  #waited: readonly InstanceRecord[] = [];

  constructor(audit: Audit) {
    this.#audit = audit;
  }

  before(batch: JournalBatch, records: Records): void {
    const made = batch.createdInstances.filter(({ spec }) => keyOf(spec) !== null);
    const keys = new Set(made.map(({ spec }) => keyOf(spec)));
    this.#waited = [...new Set(made.map(({ spec }) => spec.definitionId ?? ""))]
      .flatMap((id) => [...records.unfinishedOf(id)])
      .flatMap((id) => records.instances.get(id) ?? [])
      .filter(({ spec, life }) => life.attempt === null && keys.has(keyOf(spec)));
  }

  after(batch: JournalBatch, records: Records): void {
    for (const { id, life } of this.#waited) {
      const now = records.instances.get(id);
      this.#audit.require(
        now === undefined || isFinal(now.state) || now.life.attempt !== null || now.life.series > life.series,
        "who waits gives way to who is newer",
        () => `${id} is still ${now?.state}`,
      );
    }
    const first = new Map<string, string>();
    for (const { id } of batch.createdInstances) {
      const record = records.instances.get(id);
      const key = record === undefined ? null : keyOf(record.spec);
      if (record === undefined || key === null || isFinal(record.state) || record.life.attempt !== null) {
        continue;
      }
      const other = first.get(key);
      this.#audit.require(
        other === undefined,
        "who waits gives way to who is newer",
        () => `${id} and ${other} were made and both wait`,
      );
      first.set(key, id);
    }
  }
}

function keyOf({ definitionId, supersedeKey = "" }: InstanceRecord["spec"]): string | null {
  return supersedeKey === "" ? null : `${definitionId} ${supersedeKey}`;
}
