import type { JournalBatch } from "../../ports/store/journal.ts";
import { InvalidBatch, checkFenced } from "../fence-check.ts";
import { type Tables } from "./tables.ts";

/**
 * Refuses a batch that could not be written whole: rows outside its fences, rows named twice, sequences with a gap, new rows that exist,
 * changes of rows that do not. Called when the fences hold and before anything is written, so that a batch is written whole or not at all.
 */
export function checkBatch(batch: JournalBatch, tables: Tables): void {
  checkFenced(batch);
  checkDeletions(batch, tables);
  checkNamedOnce(batch);
  checkSequences(batch, tables);
  for (const { id } of batch.createdInstances) {
    refuseWhen(tables.active.has(id) || tables.finished.has(id), `instance ${id} is created, but exists`);
  }
  for (const { id } of [...batch.changedInstances, ...batch.finishedInstances]) {
    refuseWhen(!tables.active.has(id), `instance ${id} is changed or finished, but is not active`);
  }
  for (const { id } of batch.amendedInstances ?? []) {
    refuseWhen(tables.active.has(id), `instance ${id} is amended, but is not finished`);
  }
  for (const { id } of batch.revivedInstances)
    refuseWhen(tables.active.has(id), `instance ${id} is revived, but is not finished`);
  for (const { instanceId, number } of batch.attempts) {
    refuseWhen(
      tables.attempts.get(instanceId)?.has(number) === true,
      `attempt ${number} of instance ${instanceId} has ended before`,
    );
  }
  for (const { instanceId } of batch.enqueued)
    refuseWhen(tables.queue.has(instanceId), `instance ${instanceId} waits in a queue already`);
}

function checkDeletions({ fences, deletedDefinitions }: JournalBatch, tables: Tables): void {
  for (const id of deletedDefinitions) {
    const definition = tables.definitions.get(id);
    refuseWhen(
      definition !== undefined && !fences.some(({ shard }) => shard === definition.shard),
      `definition ${id} is deleted without a fence of its shard`,
    );
  }
}

function checkNamedOnce(batch: JournalBatch): void {
  const instances = [
    ...batch.createdInstances,
    ...batch.changedInstances,
    ...batch.finishedInstances,
    ...batch.revivedInstances,
    ...(batch.amendedInstances ?? []),
  ];
  const keys: readonly (readonly [string, readonly string[]])[] = [
    ["definition", [...batch.definitions.map(({ id }) => id), ...batch.deletedDefinitions]],
    ["supervisor", [...batch.supervisors.map(({ definitionId }) => definitionId), ...batch.deletedDefinitions]],
    ["occurrence", batch.occurrences.map(({ definitionId, scheduledAt }) => `${scheduledAt} of ${definitionId}`)],
    ["instance", instances.map(({ id }) => id)],
    ["attempt", batch.attempts.map(({ instanceId, number }) => `${number} of ${instanceId}`)],
    ["queue entry", [...batch.enqueued, ...batch.dequeued].map(({ instanceId }) => instanceId)],
    ["request", batch.requests.map(({ key }) => key)],
    ["actor state", [...batch.actorStates, ...(batch.removedActorStates ?? [])].map(({ kind, id }) => `${kind} ${id}`)],
    ["session", batch.sessions.map(({ session }) => session.id)],
    ["work item", batch.workItems.map(({ item }) => item.id)],
    ["push state", batch.pushStates.map(({ platformId, thirdId }) => JSON.stringify([platformId, thirdId]))],
  ];
  for (const [kind, named] of keys) {
    const seen = new Set<string>();
    for (const key of named) {
      refuseWhen(seen.has(key), `${kind} ${key} is named twice`);
      seen.add(key);
    }
  }
}

function checkSequences(batch: JournalBatch, tables: Tables): void {
  const last = new Map(batch.fences.map(({ shard }) => [shard, tables.shards[shard]?.lastSequence ?? 0]));
  for (const { shard, sequence } of batch.events) {
    const next = (last.get(shard) ?? 0) + 1;
    refuseWhen(sequence !== next, `the next event of shard ${shard} has sequence ${next}, not ${sequence}`);
    last.set(shard, sequence);
  }
  for (const { shard, lastSequence } of batch.fences) {
    refuseWhen(
      last.get(shard) !== lastSequence,
      `the last event of shard ${shard} has sequence ${last.get(shard)}, not ${lastSequence}`,
    );
  }
}

function refuseWhen(wrong: boolean, what: string): void {
  if (wrong) throw new InvalidBatch(what);
}
