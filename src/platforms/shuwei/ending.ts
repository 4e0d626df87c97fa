/** Through which items a session ends. The states alone decide it, so that every push of the session comes to the same answer. */
import type { WorkItem } from "../../domain/approval/session.ts";
import type { TransactionStatus } from "./status.ts";

/** None while the session goes on. */
export function endersOf(items: readonly WorkItem[], status: TransactionStatus): readonly WorkItem[] {
  switch (status) {
    case "FINISH":
      return [lastDone(items) ?? items.at(-1)].filter((item) => item !== undefined);
    case "BREAK_UP":
      return cutShort(items);
    case "IN_PROGRESS":
    case "HANG_UP":
      return [];
    default:
      return status satisfies never;
  }
}

/** The item that was done last; null: none is done. */
function lastDone(items: readonly WorkItem[]): WorkItem | null {
  const done = items.filter(({ state }) => state === "DONE");
  return done.toSorted((one, other) => finishOf(one) - finishOf(other)).at(-1) ?? null;
}

/** The items through which an end before the end is told: those that nobody has done, else the one done last. */
function cutShort(items: readonly WorkItem[]): readonly WorkItem[] {
  const undone = items.filter(({ state }) => state !== "DONE");
  const last = lastDone(items);
  return undone.length > 0 || last === null ? undone : [last];
}

function finishOf({ finishedAt, createdAt }: WorkItem): number {
  return finishedAt ?? createdAt;
}
