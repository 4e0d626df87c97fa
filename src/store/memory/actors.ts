import type { InstanceRecord } from "../../domain/instance/instance.ts";
import type { ActorStore, DefinitionWithSupervision, QueueLane, Wakeup } from "../../ports/store/actors.ts";
import type { QueueEntry, RequestRecord } from "../../ports/store/journal.ts";
import { type Tables, compareText } from "./tables.ts";

export class MemoryActors implements ActorStore {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  async loadDefinitions(ids: readonly string[]): Promise<readonly DefinitionWithSupervision[]> {
    return ids.flatMap((id) => {
      const definition = this.#tables.definitions.get(id);
      const supervisor = this.#tables.supervisors.get(id);
      return definition && supervisor ? [{ definition, supervisor }] : [];
    });
  }

  async loadInstances(ids: readonly string[]): Promise<readonly InstanceRecord[]> {
    return ids.flatMap((id) => this.#tables.active.get(id) ?? this.#tables.finished.get(id) ?? []);
  }

  async loadActiveOf(definitionId: string, which: "keyed" | "all"): Promise<readonly InstanceRecord[]> {
    return [...this.#tables.active.values()]
      .filter(({ spec }) => spec.definitionId === definitionId && (which === "all" || holdsKey(spec)))
      .toSorted((one, other) => compareText(one.id, other.id));
  }

  async dueWakeups(
    shards: readonly number[],
    after: number | null,
    until: number,
    limit: number,
  ): Promise<readonly Wakeup[]> {
    const due: Wakeup[] = [];
    const add = (
      kind: Wakeup["kind"],
      id: string,
      of: { readonly shard: number; readonly wakeAt: number | null },
    ): void => {
      const { shard, wakeAt } = of;
      if (!shards.includes(shard) || wakeAt === null || wakeAt > until || (after !== null && wakeAt <= after)) return;
      due.push({ kind, id, shard, wakeAt });
    };
    for (const supervisor of this.#tables.supervisors.values()) add("supervisor", supervisor.definitionId, supervisor);
    for (const instance of this.#tables.active.values()) add("instance", instance.id, instance);
    return due.toSorted((one, other) => one.wakeAt - other.wakeAt || compareText(one.id, other.id)).slice(0, limit);
  }

  async queueLanes(shards: readonly number[]): Promise<readonly QueueLane[]> {
    const lanes = new Map<string, QueueLane>();
    for (const { queue, priority, definitionId, shard } of this.#tables.queue.values()) {
      if (!shards.includes(shard)) continue;
      const key = JSON.stringify([queue, priority, definitionId]);
      lanes.set(key, { queue, priority, definitionId, count: (lanes.get(key)?.count ?? 0) + 1 });
    }
    return [...lanes.values()];
  }

  async readLane(
    lane: Omit<QueueLane, "count">,
    shards: readonly number[],
    after: string,
    limit: number,
  ): Promise<readonly QueueEntry[]> {
    return [...this.#tables.queue.values()]
      .filter(
        ({ queue, priority, definitionId, shard, instanceId }) =>
          queue === lane.queue &&
          priority === lane.priority &&
          definitionId === lane.definitionId &&
          shards.includes(shard) &&
          instanceId > after,
      )
      .toSorted((one, other) => compareText(one.instanceId, other.instanceId))
      .slice(0, limit);
  }

  async findRequests(keys: readonly string[]): Promise<readonly RequestRecord[]> {
    return keys.flatMap((key) => this.#tables.requests.get(key) ?? []);
  }

  async forgetRequests(createdBefore: number, limit: number): Promise<number> {
    const old = [...this.#tables.requests.values()]
      .filter(({ createdAt }) => createdAt < createdBefore)
      .toSorted((one, other) => one.createdAt - other.createdAt)
      .slice(0, limit);
    for (const { key } of old) this.#tables.requests.delete(key);
    return old.length;
  }
}

/** A unique, ordering, supersede or concurrency key: what other instances of the definition may have to wait for. */
function holdsKey({ uniqueKey, orderingKey, supersedeKey = "", concurrency }: InstanceRecord["spec"]): boolean {
  return uniqueKey !== "" || orderingKey !== "" || supersedeKey !== "" || concurrency !== null;
}
