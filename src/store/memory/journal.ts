import type { DefinitionRecord } from "../../domain/definition/definition.ts";
import { type InstanceRecord, isFinal } from "../../domain/instance/instance.ts";
import { searchableGrams } from "../../domain/search.ts";
import type { CommitOutcome, JournalBatch, JournalStore } from "../../ports/store/journal.ts";
import { checkBatch } from "./batch-check.ts";
import { frozenCopy } from "./frozen-copy.ts";
import { type Tables, rowsOf } from "./tables.ts";

/** Writes batches in one turn of the event loop: nobody ever sees half of one. */
export class MemoryJournal implements JournalStore {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  async commit(batch: JournalBatch): Promise<CommitOutcome> {
    const rows = batch.fences.map((fence) => ({ fence, row: this.#tables.shards[fence.shard] }));
    const lost = rows.filter(({ fence, row }) => row?.epoch !== fence.epoch);
    if (lost.length > 0) return { kind: "fenced", shards: lost.map(({ fence }) => fence.shard) };

    // J1: the answer to this very batch got lost, and it comes again.
    const written = rows.length > 0 && rows.every(({ fence, row }) => row?.commit === fence.commit + 1);
    if (written) return { kind: "committed" };

    const outOfStep = rows.filter(({ fence, row }) => row?.commit !== fence.commit);
    if (outOfStep.length > 0) return { kind: "fenced", shards: outOfStep.map(({ fence }) => fence.shard) };

    checkBatch(batch, this.#tables);
    this.#write(frozenCopy(batch));
    return { kind: "committed" };
  }

  #write(batch: JournalBatch): void {
    const { active, finished, supervisors, requests, queue, sessions, workItems, shards } = this.#tables;
    for (const definition of batch.definitions) this.#putDefinition(definition);
    for (const supervisor of batch.supervisors) supervisors.set(supervisor.definitionId, supervisor);
    for (const id of batch.deletedDefinitions) this.#deleteDefinition(id);
    for (const occurrence of batch.occurrences) {
      rowsOf(this.#tables.occurrences, occurrence.definitionId).set(occurrence.scheduledAt, occurrence);
    }
    for (const instance of batch.createdInstances)
      (isFinal(instance.state) ? finished : active).set(instance.id, instance);
    for (const instance of batch.changedInstances)
      active.set(instance.id, successor(active.get(instance.id), instance));
    for (const instance of batch.finishedInstances) {
      finished.set(instance.id, successor(active.get(instance.id), instance));
      active.delete(instance.id);
    }
    for (const instance of batch.revivedInstances) {
      // One that was removed meanwhile is there again.
      active.set(instance.id, successor(finished.get(instance.id) ?? instance, instance));
      finished.delete(instance.id);
    }
    for (const instance of batch.amendedInstances ?? []) {
      const known = finished.get(instance.id);
      if (known) finished.set(instance.id, successor(known, instance));
    }
    for (const attempt of batch.attempts)
      rowsOf(this.#tables.attempts, attempt.instanceId).set(attempt.number, attempt);
    for (const entry of batch.enqueued) queue.set(entry.instanceId, entry);
    for (const entry of batch.dequeued) queue.delete(entry.instanceId);
    for (const request of batch.requests) requests.set(request.key, request);
    for (const state of batch.actorStates) rowsOf(this.#tables.actorStates, state.kind).set(state.id, state);
    for (const { kind, id } of batch.removedActorStates ?? []) this.#tables.actorStates.get(kind)?.delete(id);
    for (const session of batch.sessions) sessions.set(session.session.id, session);
    for (const item of batch.workItems) workItems.set(item.item.id, item);
    for (const state of batch.pushStates) rowsOf(this.#tables.pushStates, state.platformId).set(state.thirdId, state);
    for (const event of batch.events) shards[event.shard]?.events.push(event);
    for (const fence of batch.fences) {
      const row = shards[fence.shard];
      if (row) {
        row.commit = fence.commit + 1;
        row.lastSequence = fence.lastSequence;
      }
    }
  }

  #putDefinition(definition: DefinitionRecord): void {
    this.#tables.definitions.set(definition.id, definition);
    this.#tables.grams.set(definition.id, new Set(searchableGrams(definition.spec)));
  }

  #deleteDefinition(id: string): void {
    this.#tables.definitions.delete(id);
    this.#tables.grams.delete(id);
    this.#tables.supervisors.delete(id);
    this.#tables.occurrences.delete(id);
  }
}

/** What an instance was created with stays as it was, whatever the batch says: a database does not write it again. */
function successor(
  stored: InstanceRecord | undefined,
  { revision, state, life, wakeAt }: InstanceRecord,
): InstanceRecord {
  if (!stored) throw new Error("A batch was let through that changes an instance which is not there");
  return Object.freeze({ ...stored, revision, state, life, wakeAt });
}
