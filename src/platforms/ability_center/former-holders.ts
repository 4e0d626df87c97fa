/** 转办: who has a task on the platform and has it no more here. */
import type { PushFacts } from "../../domain/approval/push-facts.ts";
import type { WorkItem } from "../../domain/approval/session.ts";
import { formerHolderThirdId, itemThirdId } from "./third-ids.ts";

/**
 * Those whom the platform was told to have it, and, where it is not known to have been told that they have it no more, those of whom the event says that they
 * had it: the push that gave it to them may have been lost, and its answer too.
 *
 * @param users numbers of those who have it now.
 * @param released the status under which they have it no more.
 */
export function formerHoldersOf(
  { session, item: about, transfer, acknowledged }: PushFacts,
  item: WorkItem,
  users: readonly string[],
  released: string,
): readonly string[] {
  const told = acknowledged.get(itemThirdId(session, item))?.assignees ?? [];
  const hinted = about?.id === item.id ? (transfer?.from ?? []) : [];
  const untold = hinted
    .map(({ number }) => number)
    .filter((number) => acknowledged.get(formerHolderThirdId(session, item, number))?.status !== released);
  return [...new Set([...told, ...untold])].filter((number) => number !== "" && !users.includes(number));
}

/** Third ids under which the platform was told that some of these have it no more. */
export function stillShownApart(
  { session, acknowledged }: PushFacts,
  item: WorkItem,
  numbers: readonly string[],
): readonly string[] {
  return numbers.map((number) => formerHolderThirdId(session, item, number)).filter((id) => acknowledged.has(id));
}
