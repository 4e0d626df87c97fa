/** What a session gathers beside its state: process log, totals of todos, shares. */
import type { SessionRecord, ToldAt, TodoTotal, WorkItemShare } from "../../domain/approval/records.ts";
import type { ReportedEvent } from "../../domain/approval/reported-event.ts";
import type { ProcessLogEntry } from "../../domain/approval/session.ts";
import { textOf } from "../../domain/approval/telling.ts";

/** Entries of the process log that are kept, and that one event may bring. */
export const MAX_LOG_ENTRIES = 1000;

/** The newest 1000, oldest first, each once. */
export function withLog(
  log: readonly ProcessLogEntry[],
  news: readonly ProcessLogEntry[] = [],
): readonly ProcessLogEntry[] {
  if (news.length === 0) {
    return log;
  }
  const byText = new Map(log.map((entry) => [textOf(entry), entry]));
  const known = byText.size;
  for (const entry of news) {
    const text = textOf(entry);
    byText.set(text, byText.get(text) ?? entry);
  }
  if (byText.size === known) {
    return log;
  }
  const next = [...byText]
    .toSorted(([a, { at }], [b, { at: bAt }]) => at - bAt || (a < b ? -1 : 1))
    .map(([, entry]) => entry)
    .slice(-MAX_LOG_ENTRIES);
  // What is older than all that is kept was dropped again.
  return next.length === log.length && next.every((entry, index) => entry === log[index]) ? log : next;
}

/** By id, newer ones in the place of older ones; of two that are told for the same time the one that is further stands. */
export function withTodos(
  { todos, knowledge }: SessionRecord,
  { todos: news = [], happenedAt }: ReportedEvent,
): { readonly todos: readonly TodoTotal[]; readonly todosToldAt: ToldAt } {
  if (news.length === 0) {
    return { todos, todosToldAt: knowledge.todosToldAt };
  }
  const byId = new Map(todos.map((todo) => [todo.id, todo]));
  const toldAt = new Map(Object.entries(knowledge.todosToldAt));
  let isNews = false;
  for (const todo of news) {
    const known = byId.get(todo.id);
    const at = toldAt.get(todo.id);
    if (
      known === undefined ||
      at === undefined ||
      happenedAt > at ||
      (happenedAt === at && compareTodos(todo, known) > 0)
    ) {
      byId.set(todo.id, todo);
      toldAt.set(todo.id, happenedAt);
      isNews = true;
    }
  }
  return isNews
    ? {
        todos: [...byId.values()].toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1)),
        todosToldAt: Object.fromEntries(toldAt),
      }
    : { todos, todosToldAt: knowledge.todosToldAt };
}

/** More have acted in the one that is further. */
function compareTodos(a: TodoTotal, b: TodoTotal): number {
  const [text, other] = [textOf(a), textOf(b)];
  return a.complete - b.complete || (text === other ? 0 : text < other ? -1 : 1);
}

/** Each once: when somebody shared an item again with the same one, the last time. */
export function withShares(
  shares: readonly WorkItemShare[],
  news: readonly WorkItemShare[] = [],
): readonly WorkItemShare[] {
  const byText = new Map(shares.map((share) => [keyOf(share), share]));
  const newer = news.filter((share) => {
    const before = byText.get(keyOf(share));
    const isNewer = before === undefined || share.at > before.at;
    if (isNewer) {
      byText.set(keyOf(share), share);
    }
    return isNewer;
  });
  return newer.length === 0
    ? shares
    : [...byText].toSorted(([a, { at }], [b, { at: bAt }]) => at - bAt || (a < b ? -1 : 1)).map(([, share]) => share);
}

function keyOf({ workItemId, from, to }: WorkItemShare): string {
  return JSON.stringify([workItemId, from, to]);
}
