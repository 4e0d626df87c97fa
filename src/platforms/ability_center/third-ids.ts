/** Under which ids it is kept what the platform was told. */
import type { Session, WorkItem } from "../../domain/approval/session.ts";

/** Of the instance's status. */
export function sessionThirdId(session: Session): string {
  return session.id;
}

/** Of a task, with all who have it. */
export function itemThirdId(session: Session, item: WorkItem): string {
  return `${session.id}_${item.id}`;
}

/** Of a task, for one who had it once. */
export function formerHolderThirdId(session: Session, item: WorkItem, number: string): string {
  return `${itemThirdId(session, item)}_${number}`;
}

/** @returns those of these ids that are of a former holder of the task, and no other's. */
export function formerHolderThirdIds(
  session: Session,
  item: WorkItem,
  items: readonly WorkItem[],
  ids: readonly string[],
): readonly string[] {
  const others = new Set(items.map((each) => itemThirdId(session, each)));
  return ids.filter((id) => id.startsWith(`${itemThirdId(session, item)}_`) && !others.has(id));
}
