import type { StatusEvent } from "../../domain/event/status-event.ts";
import type { InstanceRecord } from "../../domain/instance/instance.ts";
import type { ListCursor } from "../../ports/store/queries.ts";
import type {
  OccurrenceCursor,
  OldInstances,
  Removal,
  RetentionCutoffs,
  RetentionStore,
} from "../../ports/store/retention.ts";
import { follows, oldestFirst } from "./filters.ts";
import { type Tables, compareText } from "./tables.ts";

export class MemoryRetention implements RetentionStore {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  async removeInstances(
    { endedBefore, of }: OldInstances,
    after: ListCursor | null,
    limit: number,
  ): Promise<Removal<ListCursor>> {
    const page = [...this.#tables.finished.values()]
      .filter(({ createdAt, spec: { userId } }) => createdAt < endedBefore && (!("user" in of) || userId === of.user))
      .filter((instance) => follows(after, instance, oldestFirst))
      .toSorted(oldestFirst)
      .slice(0, limit);
    const old = page.filter(
      ({ life, spec: { userId } }) =>
        (life.endedAt ?? life.stateAt) < endedBefore && ("user" in of || !of.except.includes(userId)),
    );
    old.forEach((instance) => this.#remove(instance));
    const last = page.length < limit ? undefined : page.at(-1);
    return { removed: old.length, next: last === undefined ? null : { at: last.createdAt, id: last.id } };
  }

  async removeFinished(ids: readonly string[]): Promise<number> {
    const found = [...new Set(ids)].flatMap((id) => this.#tables.finished.get(id) ?? []);
    found.forEach((instance) => this.#remove(instance));
    return found.length;
  }

  async removeOccurrences(
    cutoffs: RetentionCutoffs,
    after: OccurrenceCursor | null,
    limit: number,
  ): Promise<Removal<OccurrenceCursor>> {
    const { definitions, occurrences, active } = this.#tables;
    const cutoffOf = (definitionId: string): number =>
      cutoffs.users.get(definitions.get(definitionId)?.spec.userId ?? "") ?? cutoffs.everybody;
    const page = [...occurrences.values()]
      .flatMap((ofOne) => [...ofOne.values()])
      .filter((each) => each.scheduledAt < cutoffOf(each.definitionId) && (after === null || inOrder(after, each) < 0))
      .toSorted(inOrder)
      .slice(0, limit);
    const old = page.filter(
      ({ definitionId, decidedAt, outcome, instanceId }) =>
        decidedAt < cutoffOf(definitionId) && outcome !== "BUFFERED" && !active.has(instanceId ?? ""),
    );
    for (const { definitionId, scheduledAt } of old) occurrences.get(definitionId)?.delete(scheduledAt);
    const last = page.length < limit ? undefined : page.at(-1);
    return {
      removed: old.length,
      next: last === undefined ? null : { definitionId: last.definitionId, scheduledAt: last.scheduledAt },
    };
  }

  /** Nobody remembers here what was committed together: each event is as if it had been alone. */
  async removeEvents(
    shard: number,
    upTo: number,
    limit: number,
  ): Promise<{ readonly removed: number; readonly more: boolean }> {
    const events: StatusEvent[] = this.#tables.shards[shard]?.events ?? [];
    const removed = Math.min(limit, events.filter(({ sequence }) => sequence <= upTo).length);
    events.splice(0, removed);
    return { removed, more: removed === limit };
  }

  #remove({ id }: InstanceRecord): void {
    this.#tables.finished.delete(id);
    this.#tables.attempts.delete(id);
  }
}

function inOrder(one: OccurrenceCursor, other: OccurrenceCursor): number {
  const [at, otherAt] = [one, other].map(({ scheduledAt }) => scheduledAt ?? Number.NEGATIVE_INFINITY);
  return compareText(one.definitionId, other.definitionId) || (at ?? 0) - (otherAt ?? 0);
}
