import type { JournalBatch } from "../ports/store/journal.ts";

/** A batch that breaks the port's rules: a mistake of its writer, which no later try can mend. */
export class InvalidBatch extends Error {
  override readonly name = "InvalidBatch";

  constructor(what: string) {
    super(`The batch cannot be written: ${what}`);
  }
}

/**
 * Refuses a batch with rows in a shard for which it has no fence: nothing would keep them from being written after the shard became another
 * node's. Of deleted definitions it cannot tell the shard, only that there must be a fence.
 */
export function checkFenced({ fences, deletedDefinitions, ...sections }: JournalBatch): void {
  const fenced = new Set(fences.map(({ shard }) => shard));
  if (fenced.size < fences.length) throw new InvalidBatch("a shard has two fences");
  for (const [section, rows] of Object.entries(sections)) {
    for (const { shard } of rows ?? []) {
      if (!fenced.has(shard)) {
        throw new InvalidBatch(`${section} has a row in shard ${shard}, for which there is no fence`);
      }
    }
  }
  if (deletedDefinitions.length > 0 && fences.length === 0) {
    throw new InvalidBatch("definitions are deleted without a fence");
  }
}
