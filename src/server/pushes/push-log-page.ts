/**
 * A page of pushes, newest first. What the store finds is more than what is meant, so several of its pages may make one; a call looks at so many of them,
 * and says where the next goes on.
 */
import type { InstanceRecord } from "../../domain/instance/instance.ts";
import type { ListCursor, QueryStore } from "../../ports/store/queries.ts";
import type { PushRecord } from "../mapping/push.ts";
import { countFitting } from "../paging/answer-bytes.ts";
import type { PushLogFilter } from "./push-log-filter.ts";

/** Pages of the store that one call looks at. */
const STORE_PAGES_MAX = 10;

export interface PushLogPage {
  readonly shown: readonly PushRecord[];
  /** Where it goes on; null: that was all. */
  readonly next: ListCursor | null;
}

export async function readPushLogs(
  queries: Pick<QueryStore, "listInstances">,
  filter: PushLogFilter,
  after: ListCursor | null,
  size: number,
): Promise<PushLogPage> {
  const meant: PushRecord[] = [];
  let next = after;
  let isEnd = false;
  for (let page = 0; page < STORE_PAGES_MAX && meant.length <= size && !isEnd; page++) {
    const rows = await newest(queries, filter, next, size + 1);
    meant.push(...rows.filter((row) => filter.isMeant(row)));
    const last = rows.at(-1);
    next = last === undefined ? next : cursorAt(last);
    isEnd = rows.length <= size;
  }
  const shown = meant.slice(0, Math.min(size, countFitting(meant)));
  const last = shown.at(-1);
  if (last !== undefined && meant.length > shown.length) return { shown, next: cursorAt(last) };
  return { shown, next: isEnd ? null : next };
}

/** The first of all sources together. */
async function newest(
  queries: Pick<QueryStore, "listInstances">,
  { sources }: PushLogFilter,
  after: ListCursor | null,
  limit: number,
): Promise<readonly InstanceRecord[]> {
  const lists = await Promise.all(sources.map((source) => queries.listInstances(source, after, limit)));
  if (lists.length === 1) return lists[0] ?? [];
  return lists
    .flat()
    .toSorted((one, other) => other.createdAt - one.createdAt || (one.id < other.id ? 1 : -1))
    .slice(0, limit);
}

function cursorAt({ createdAt, id }: InstanceRecord): ListCursor {
  return { at: createdAt, id };
}
