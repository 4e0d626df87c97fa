/** Who has an item, and who did it. */
import type { PushFacts } from "../../domain/approval/push-facts.ts";
import type { ProcessLogEntry, WorkItem } from "../../domain/approval/session.ts";
import { numbersOf } from "../people.ts";

/** Who did it, as a number: those who told us, else the process log, else whoever could have. */
export function handlerOf(item: WorkItem, facts: PushFacts): string {
  const handler = item.handledBy ?? lastEntryOf(item, facts)?.actor ?? item.assignees[0] ?? facts.session.creator;
  return handler.number;
}

/** The last that the process log has of it. */
export function lastEntryOf(item: WorkItem, { log }: PushFacts): ProcessLogEntry | null {
  return log.findLast(({ workItemId }) => workItemId === item.id) ?? null;
}

/** Numbers of those who have it; of one that is done and has nobody any more, of the one who did it. */
export function holdersOf({ assignees, handledBy }: WorkItem): readonly string[] {
  return numbersOf(assignees.length === 0 && handledBy !== null ? [handledBy] : assignees);
}
