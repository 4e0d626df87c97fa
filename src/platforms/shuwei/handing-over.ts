/** 转办: from whom to whom an item went, in numbers. */
import type { PushFacts } from "../../domain/approval/push-facts.ts";
import type { WorkItem } from "../../domain/approval/session.ts";
import { numbersOf } from "./operations.ts";

export interface HandingOver {
  /** Not empty. */
  readonly from: readonly string[];
  /** Not empty. */
  readonly to: readonly string[];
}

/**
 * Those who have it now are taken from the item, as one that was handed on meanwhile goes to where it is.
 *
 * @returns null when nothing changed hands, or nobody told who had it.
 */
export function handedOver(item: WorkItem, facts: PushFacts): HandingOver | null {
  if (facts.transfer === null || facts.item?.id !== item.id) {
    return null;
  }
  const had = numbersOf(facts.transfer.from);
  const have = numbersOf(item.assignees);
  const from = had.filter((number) => !have.includes(number));
  const to = have.filter((number) => !had.includes(number));
  if (had.length === 0 || have.length === 0 || (from.length === 0 && to.length === 0)) {
    return null;
  }
  // Who was only added, or only left out, changes what all the others have.
  return from.length > 0 && to.length > 0 ? { from, to } : { from: had, to: have };
}
