import type { ActorKind, ActorStateRecord, ActorStateStore } from "../../ports/store/actor-states.ts";
import { type Tables, compareText } from "./tables.ts";

export class MemoryActorStates implements ActorStateStore {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  async load(kind: ActorKind, ids: readonly string[]): Promise<readonly ActorStateRecord[]> {
    return ids.flatMap((id) => this.#tables.actorStates.get(kind)?.get(id) ?? []);
  }

  async list(
    kind: ActorKind,
    { prefix }: { readonly prefix: string },
    after: string,
    limit: number,
  ): Promise<readonly ActorStateRecord[]> {
    return [...(this.#tables.actorStates.get(kind)?.values() ?? [])]
      .filter(({ id }) => id.startsWith(prefix) && id > after)
      .toSorted((one, other) => compareText(one.id, other.id))
      .slice(0, limit);
  }
}
