/**
 * 补推: before an item is completed, the platform must know that those before it were.
 *
 * Those before it are the items it names, and those that the process log shows before it came; theirs too, and so on. What the platform has acknowledged is
 * not told again.
 */
import type { PushFacts } from "../../domain/approval/push-facts.ts";
import type { WorkItem } from "../../domain/approval/session.ts";
import type { Standing } from "./standing.ts";
import { isClosed } from "./status.ts";

/** @returns the items to complete first, in the order in which they were done. */
export function unacknowledgedBefore(item: WorkItem, facts: PushFacts, standing: Standing): readonly WorkItem[] {
  const byId = new Map(standing.items.map((each) => [each.id, each]));
  const logged = loggedAsDone(facts, standing);
  let next = 0;
  const found = new Set<WorkItem>([item]);
  // A set goes on to what is added to it on the way.
  for (const { previousIds, createdAt } of found) {
    for (const id of previousIds) {
      const previous = byId.get(id);
      if (previous !== undefined) found.add(previous);
    }
    for (let entry = logged[next]; entry !== undefined && entry.at <= createdAt; entry = logged[next]) {
      found.add(entry.item);
      next += 1;
    }
  }
  found.delete(item);
  // `standing.items` is oldest first, and sorting keeps that order among equals.
  return standing.items
    .filter((each) => found.has(each) && each.state === "DONE" && !isClosed(standing.statusOf(each)))
    .toSorted((one, other) => (one.finishedAt ?? one.createdAt) - (other.finishedAt ?? other.createdAt));
}

/** Items that were done according to the process log, first done first. */
function loggedAsDone(
  { log }: PushFacts,
  standing: Standing,
): readonly { readonly item: WorkItem; readonly at: number }[] {
  const lastAt = new Map<string, number>();
  for (const { workItemId, at } of log) {
    lastAt.set(workItemId, Math.max(at, lastAt.get(workItemId) ?? at));
  }
  return standing.items
    .filter(({ id, state }) => state === "DONE" && lastAt.has(id))
    .map((item) => ({ item, at: item.finishedAt ?? lastAt.get(item.id) ?? item.createdAt }))
    .toSorted((one, other) => one.at - other.at);
}
