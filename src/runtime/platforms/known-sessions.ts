/** All that the store knows of sessions, with what a platform was told of them. */
import type { ApprovalStore } from "../../ports/store/approvals.ts";
import { Reader } from "../reader.ts";
import type { KnownSession } from "./push-facts.ts";

type Store = Pick<ApprovalStore, "loadSessions" | "loadWorkItems" | "loadPushStatesOfSessions">;

export class KnownSessions {
  readonly #store: Store;
  /** By platform. Pushes that run at the same time are read together. */
  readonly #readers = new Map<string, Reader<KnownSession>>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** As it stands after this was asked. Null: nothing was reported of it. */
  async of(platformId: string, sessionId: string): Promise<KnownSession | null> {
    let reader = this.#readers.get(platformId);
    if (reader === undefined) {
      reader = new Reader(async (ids) => {
        const known = await this.ofAll(platformId, ids);
        return new Map(known.map((each) => [each.session.session.id, each]));
      });
      this.#readers.set(platformId, reader);
    }
    return reader.get(sessionId);
  }

  /** Each of them once, those of which nothing was reported left out. */
  async ofAll(platformId: string, ids: readonly string[]): Promise<readonly KnownSession[]> {
    const sessionIds = [...new Set(ids)];
    const [sessions, items, states] = await Promise.all([
      this.#store.loadSessions(sessionIds),
      this.#store.loadWorkItems({ sessionIds }),
      this.#store.loadPushStatesOfSessions(platformId, sessionIds),
    ]);
    const itemsOf = Map.groupBy(items, ({ item }) => item.sessionId);
    const statesOf = Map.groupBy(states, ({ sessionId }) => sessionId);
    return sessions.map((session) => ({
      session,
      items: itemsOf.get(session.session.id) ?? [],
      states: statesOf.get(session.session.id) ?? [],
    }));
  }
}
