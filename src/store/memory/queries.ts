import type { OccurrenceRecord } from "../../domain/definition/occurrence.ts";
import type { StatusEvent } from "../../domain/event/status-event.ts";
import type { AttemptRecord } from "../../domain/instance/attempt.ts";
import type { InstanceRecord } from "../../domain/instance/instance.ts";
import { searchGrams } from "../../domain/search.ts";
import type { DefinitionWithSupervision } from "../../ports/store/actors.ts";
import type {
  DefinitionFilter,
  ExecutionStats,
  ExecutionStatsQuery,
  InstanceFilter,
  InstanceStats,
  ListCursor,
  OccurrenceFilter,
  QueryStore,
} from "../../ports/store/queries.ts";
import { executionStatsOf } from "./execution-stats.ts";
import { definitionPasses, follows, instancePasses, newestFirst, occurrencePasses } from "./filters.ts";
import { statsOf } from "./instance-stats.ts";
import type { Tables } from "./tables.ts";

export class MemoryQueries implements QueryStore {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  async getDefinition(id: string): Promise<DefinitionWithSupervision | null> {
    const definition = this.#tables.definitions.get(id);
    const supervisor = this.#tables.supervisors.get(id);
    return definition && supervisor ? { definition, supervisor } : null;
  }

  async listDefinitions(
    filter: DefinitionFilter,
    after: ListCursor | null,
    limit: number,
  ): Promise<readonly DefinitionWithSupervision[]> {
    return this.#definitions(filter)
      .filter(({ definition }) => follows(after, definition))
      .slice(0, limit);
  }

  async searchDefinitions(
    query: string,
    filter: DefinitionFilter,
    limit: number,
  ): Promise<readonly DefinitionWithSupervision[]> {
    const wanted = searchGrams(query);
    return this.#definitions(filter)
      .map((found) => {
        const grams = this.#tables.grams.get(found.definition.id);
        return { found, shared: wanted.filter((gram) => grams?.has(gram)).length };
      })
      .filter(({ shared }) => shared > 0)
      .toSorted((one, other) => other.shared - one.shared)
      .slice(0, limit)
      .map(({ found }) => found);
  }

  async getInstance(id: string): Promise<InstanceRecord | null> {
    return this.#tables.active.get(id) ?? this.#tables.finished.get(id) ?? null;
  }

  async listInstances(
    filter: InstanceFilter,
    after: ListCursor | null,
    limit: number,
  ): Promise<readonly InstanceRecord[]> {
    return this.#instances(filter)
      .filter((instance) => follows(after, instance))
      .toSorted(newestFirst)
      .slice(0, limit);
  }

  async countInstances(filter: InstanceFilter): Promise<number> {
    return this.#instances(filter).length;
  }

  async instanceStats(filter: InstanceFilter): Promise<InstanceStats> {
    return statsOf(this.#instances(filter));
  }

  async executionStats({ filter, ...query }: ExecutionStatsQuery): Promise<ExecutionStats> {
    return executionStatsOf(this.#instances(filter).toSorted(newestFirst), query);
  }

  async listAttempts(instanceId: string, before: number | null, limit: number): Promise<readonly AttemptRecord[]> {
    return [...(this.#tables.attempts.get(instanceId)?.values() ?? [])]
      .filter(({ number }) => before === null || number < before)
      .toSorted((one, other) => other.number - one.number)
      .slice(0, limit);
  }

  async listOccurrences(
    filter: OccurrenceFilter,
    before: number | null,
    limit: number,
  ): Promise<readonly OccurrenceRecord[]> {
    return [...(this.#tables.occurrences.get(filter.definitionId)?.values() ?? [])]
      .filter(
        (occurrence) => (before === null || occurrence.scheduledAt < before) && occurrencePasses(occurrence, filter),
      )
      .toSorted((one, other) => other.scheduledAt - one.scheduledAt)
      .slice(0, limit);
  }

  async knownOccurrences(definitionId: string, from: number, to: number): Promise<readonly number[]> {
    return [...(this.#tables.occurrences.get(definitionId)?.keys() ?? [])]
      .filter((scheduledAt) => scheduledAt >= from && scheduledAt <= to)
      .toSorted((one, other) => one - other);
  }

  async readEvents(shard: number, after: number, limit: number): Promise<readonly StatusEvent[]> {
    const events = this.#tables.shards[shard]?.events ?? [];
    // Sequences have no gaps, and what was removed was the beginning.
    const from = Math.max(0, after + 1 - (events[0]?.sequence ?? 0));
    return events.slice(from, from + limit);
  }

  async eventBounds(): Promise<readonly { readonly shard: number; readonly first: number; readonly last: number }[]> {
    return this.#tables.shards.map(({ shard, events, lastSequence }) => {
      return { shard, first: events[0]?.sequence ?? 0, last: lastSequence };
    });
  }

  /** Newest first. */
  #definitions(filter: DefinitionFilter): DefinitionWithSupervision[] {
    return [...this.#tables.definitions.values()]
      .filter((definition) => definitionPasses(definition, filter))
      .toSorted(newestFirst)
      .flatMap((definition) => {
        const supervisor = this.#tables.supervisors.get(definition.id);
        return supervisor ? [{ definition, supervisor }] : [];
      });
  }

  #instances(filter: InstanceFilter): InstanceRecord[] {
    return [...this.#tables.active.values(), ...this.#tables.finished.values()].filter((instance) =>
      instancePasses(instance, filter),
    );
  }
}
