import type { OccurrenceRecord } from "../../domain/definition/occurrence.ts";
import type { StatusEvent } from "../../domain/event/status-event.ts";
import type { AttemptRecord } from "../../domain/instance/attempt.ts";
import type { InstanceRecord } from "../../domain/instance/instance.ts";
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
import type { Database } from "./database.ts";
import { listDefinitions, loadDefinitions, searchDefinitions } from "./definition-queries.ts";
import { eventBounds, readEvents } from "./event-queries.ts";
import { executionStats } from "./execution-stats.ts";
import { searched } from "./execution-search.ts";
import { countInstances, instanceStats, listInstances, loadInstances } from "./instance-queries.ts";
import { knownOccurrences, listAttempts, listOccurrences } from "./ledger-queries.ts";

export class PostgresQueries implements QueryStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async getDefinition(id: string): Promise<DefinitionWithSupervision | null> {
    const [definition] = await loadDefinitions(this.#database, [id]);
    return definition ?? null;
  }

  listDefinitions(
    filter: DefinitionFilter,
    after: ListCursor | null,
    limit: number,
  ): Promise<readonly DefinitionWithSupervision[]> {
    return listDefinitions(this.#database, filter, after, limit);
  }

  searchDefinitions(
    query: string,
    filter: DefinitionFilter,
    limit: number,
  ): Promise<readonly DefinitionWithSupervision[]> {
    return searchDefinitions(this.#database, query, filter, limit);
  }

  async getInstance(id: string): Promise<InstanceRecord | null> {
    const [instance] = await loadInstances(this.#database, [id]);
    return instance ?? null;
  }

  async listInstances(
    filter: InstanceFilter,
    after: ListCursor | null,
    limit: number,
  ): Promise<readonly InstanceRecord[]> {
    return listInstances(this.#database, await searched(this.#database, filter), after, limit);
  }

  async countInstances(filter: InstanceFilter): Promise<number> {
    return countInstances(this.#database, await searched(this.#database, filter));
  }

  async instanceStats(filter: InstanceFilter): Promise<InstanceStats> {
    return instanceStats(this.#database, await searched(this.#database, filter));
  }

  async executionStats(query: ExecutionStatsQuery): Promise<ExecutionStats> {
    return executionStats(this.#database, { ...query, filter: await searched(this.#database, query.filter) });
  }

  listAttempts(instanceId: string, before: number | null, limit: number): Promise<readonly AttemptRecord[]> {
    return listAttempts(this.#database, instanceId, before, limit);
  }

  listOccurrences(
    filter: OccurrenceFilter,
    before: number | null,
    limit: number,
  ): Promise<readonly OccurrenceRecord[]> {
    return listOccurrences(this.#database, filter, before, limit);
  }

  knownOccurrences(definitionId: string, from: number, to: number): Promise<readonly number[]> {
    return knownOccurrences(this.#database, definitionId, from, to);
  }

  readEvents(shard: number, after: number, limit: number): Promise<readonly StatusEvent[]> {
    return readEvents(this.#database, shard, after, limit);
  }

  eventBounds(): Promise<readonly { readonly shard: number; readonly first: number; readonly last: number }[]> {
    return eventBounds(this.#database);
  }
}
