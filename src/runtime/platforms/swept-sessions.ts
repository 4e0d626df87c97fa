/** Sessions of which something changed lately, with all that a platform was told of them, page by page. */
import type { WorkItemRecord } from "../../domain/approval/records.ts";
import type { ApprovalStore } from "../../ports/store/approvals.ts";
import type { Accounts } from "./account.ts";
import type { DriftCursor } from "./api.ts";
import type { Directory } from "./directory.ts";
import type { DriftView } from "./drift.ts";
import type { KnownSessions } from "./known-sessions.ts";
import type { KnownSession } from "./push-facts.ts";

export interface SweptPage {
  readonly sessions: readonly KnownSession[];
  /** Null: that was all. */
  readonly next: DriftCursor | null;
}

export class SweptSessions {
  readonly #store: ApprovalStore;
  readonly #known: KnownSessions;
  readonly #directory: Directory;
  readonly #accounts: Accounts;

  constructor(deps: {
    readonly store: ApprovalStore;
    readonly known: KnownSessions;
    readonly directory: Directory;
    readonly accounts: Accounts;
  }) {
    this.#store = deps.store;
    this.#known = deps.known;
    this.#directory = deps.directory;
    this.#accounts = deps.accounts;
  }

  /**
   * Platforms that are told of events themselves, and with what, by id.
   * @param platformId only the one that is told in its place; null: all.
   * @param unusable is told of those whose settings cannot be used.
   */
  async views(
    platformId: string | null,
    unusable: (id: string, error: unknown) => void,
  ): Promise<readonly DriftView[]> {
    const list = await this.#directory.current();
    const only = platformId === null ? null : list.resolve(platformId)?.id;
    return list
      .all()
      .filter(({ id, enabled, standsFor }) => enabled && standsFor === null && (only === null || id === only))
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .flatMap((platform): readonly DriftView[] => {
        try {
          return [{ platform, account: this.#accounts.of(platform), triggers: list.triggersFor(platform.id) }];
        } catch (error) {
          unusable(platform.id, error);
          return [];
        }
      });
  }

  /**
   * By work items that changed, each session as a whole in the page that has its oldest such item; then those that changed without any of their items.
   *
   * What is told of a session between two pages must not hide it: nobody knows whether an item that was told since the beginning was among those that
   * changed before, and its page was looked at. So such items take no session from the pages that come: it may come twice. What changed for the first time
   * since the beginning may be passed over, and is left to the next scan.
   * @param asked.startedAt when the first page was asked for.
   */
  async page(
    platformId: string,
    asked: {
      readonly since: number;
      readonly startedAt: number;
      readonly cursor: DriftCursor | null;
      readonly limit: number;
    },
  ): Promise<SweptPage> {
    const { since, startedAt, limit, cursor } = asked;
    const { stage, after } = cursor ?? { stage: "items", after: null };
    const filter = { updatedAfter: since };
    const hadChanged = ({ updatedAt }: WorkItemRecord): boolean => updatedAt >= since && updatedAt <= startedAt;
    if (stage === "items") {
      const items = await this.#store.pageWorkItems(filter, after, limit);
      const last = items.at(-1)?.item;
      const next: DriftCursor =
        last === undefined || items.length < limit
          ? { stage: "sessions", after: null }
          : { stage, after: { at: last.createdAt, id: last.id } };
      const known = await this.#known.ofAll(
        platformId,
        items.map(({ item }) => item.sessionId),
      );
      const here = new Set(items.map(({ item }) => item.id));
      const isFirstHere = ({ items: all }: KnownSession): boolean => {
        const first = all.find((each) => here.has(each.item.id) || hadChanged(each));
        return first !== undefined && here.has(first.item.id);
      };
      return { sessions: known.filter(isFirstHere), next };
    }
    const records = await this.#store.pageSessions(filter, after, limit);
    const last = records.at(-1)?.session;
    const known = await this.#known.ofAll(
      platformId,
      records.map(({ session }) => session.id),
    );
    return {
      sessions: known.filter(({ items }) => !items.some(hadChanged)),
      next: last === undefined || records.length < limit ? null : { stage, after: { at: last.createdAt, id: last.id } },
    };
  }
}
