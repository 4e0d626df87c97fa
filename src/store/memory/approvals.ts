import type { PushStateRecord, SessionRecord, WorkItemRecord } from "../../domain/approval/records.ts";
import type { ApprovalStore, SessionFilter, WorkItemFilter } from "../../ports/store/approvals.ts";
import type { ListCursor } from "../../ports/store/queries.ts";
import { follows, newestFirst, oldestFirst, sessionPasses, workItemPasses } from "./filters.ts";
import { type Tables, compareText } from "./tables.ts";

type Order = typeof newestFirst;

export class MemoryApprovals implements ApprovalStore {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  async loadSessions(ids: readonly string[]): Promise<readonly SessionRecord[]> {
    return [...new Set(ids)].flatMap((id) => this.#tables.sessions.get(id) ?? []);
  }

  async loadWorkItems(
    which: { readonly ids: readonly string[] } | { readonly sessionIds: readonly string[] },
  ): Promise<readonly WorkItemRecord[]> {
    const wanted =
      "ids" in which
        ? [...new Set(which.ids)].flatMap((id) => this.#tables.workItems.get(id) ?? [])
        : this.#workItems({}).filter(({ item }) => which.sessionIds.includes(item.sessionId));
    return wanted.toSorted((one, other) => oldestFirst(one.item, other.item));
  }

  async listSessions(
    filter: SessionFilter,
    after: ListCursor | null,
    limit: number,
  ): Promise<readonly SessionRecord[]> {
    return this.#sessionsInOrder(newestFirst, filter, after, limit);
  }

  async listWorkItems(
    filter: WorkItemFilter,
    after: ListCursor | null,
    limit: number,
  ): Promise<readonly WorkItemRecord[]> {
    return this.#workItemsInOrder(newestFirst, filter, after, limit);
  }

  async countWorkItems(filter: WorkItemFilter): Promise<number> {
    return this.#workItems(filter).length;
  }

  async pageSessions(
    filter: SessionFilter,
    after: ListCursor | null,
    limit: number,
  ): Promise<readonly SessionRecord[]> {
    return this.#sessionsInOrder(oldestFirst, filter, after, limit);
  }

  async pageWorkItems(
    filter: WorkItemFilter,
    after: ListCursor | null,
    limit: number,
  ): Promise<readonly WorkItemRecord[]> {
    return this.#workItemsInOrder(oldestFirst, filter, after, limit);
  }

  async loadPushStates(sessionId: string): Promise<readonly PushStateRecord[]> {
    return [...this.#tables.pushStates.values()]
      .flatMap((rows) => [...rows.values()].filter((state) => state.sessionId === sessionId))
      .toSorted(
        (one, other) => compareText(one.platformId, other.platformId) || compareText(one.thirdId, other.thirdId),
      );
  }

  async loadPushStatesOfSessions(
    platformId: string,
    sessionIds: readonly string[],
  ): Promise<readonly PushStateRecord[]> {
    return [...(this.#tables.pushStates.get(platformId)?.values() ?? [])]
      .filter(({ sessionId }) => sessionIds.includes(sessionId))
      .toSorted((one, other) => compareText(one.sessionId, other.sessionId) || compareText(one.thirdId, other.thirdId));
  }

  async loadPushStatesOf(platformId: string, thirdId: string): Promise<PushStateRecord | null> {
    return this.#tables.pushStates.get(platformId)?.get(thirdId) ?? null;
  }

  #sessionsInOrder(order: Order, filter: SessionFilter, after: ListCursor | null, limit: number): SessionRecord[] {
    return [...this.#tables.sessions.values()]
      .filter((record) => sessionPasses(record, filter) && follows(after, record.session, order))
      .toSorted((one, other) => order(one.session, other.session))
      .slice(0, limit);
  }

  #workItemsInOrder(order: Order, filter: WorkItemFilter, after: ListCursor | null, limit: number): WorkItemRecord[] {
    return this.#workItems(filter)
      .filter(({ item }) => follows(after, item, order))
      .toSorted((one, other) => order(one.item, other.item))
      .slice(0, limit);
  }

  #workItems(filter: WorkItemFilter): WorkItemRecord[] {
    const { sessions, workItems } = this.#tables;
    return [...workItems.values()].filter((record) =>
      workItemPasses(record, sessions.get(record.item.sessionId), filter),
    );
  }
}
