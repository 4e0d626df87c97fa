/** 转办: from whom to whom an item goes, in numbers. */
import type { PushFacts } from "../../domain/approval/push-facts.ts";
import type { WorkItem } from "../../domain/approval/session.ts";
import { numbersOf } from "../people.ts";
import { handlerOf } from "./people.ts";
import type { Standing } from "./standing.ts";

export interface HandingOver {
  /** Not empty. */
  readonly from: readonly string[];
  /** Not empty. */
  readonly to: readonly string[];
  /** All who have it on the platform before. Not empty. */
  readonly had: readonly string[];
  /** All who have it there afterwards. Not empty. */
  readonly have: readonly string[];
}

/**
 * From those who have it there to those who have it here, whatever event is pushed: so one that was lost, or that came before another was pushed, is made
 * up for. Only where nothing was acknowledged does the event say who had it.
 *
 * @returns null when nothing changed hands, or nobody told who had it.
 */
export function handedOver(item: WorkItem, facts: PushFacts, standing: Standing): HandingOver | null {
  const told = standing.assigneesOf(item);
  const had = told.length > 0 ? told : facts.item?.id === item.id ? numbersOf(facts.transfer?.from ?? []) : [];
  const have = numbersOf(item.assignees);
  const from = had.filter((number) => !have.includes(number));
  const to = have.filter((number) => !had.includes(number));
  if (had.length === 0 || have.length === 0 || (from.length === 0 && to.length === 0)) {
    return null;
  }
  // Who was only added, or only left out, changes what all the others have.
  return from.length > 0 && to.length > 0 ? { from, to, had, have } : { from: had, to: have, had, have };
}

/** A todo that somebody did who does not have it there goes to him first; null: it is his, or nobody's. */
export function takenOver(item: WorkItem, facts: PushFacts, standing: Standing): HandingOver | null {
  const had = standing.assigneesOf(item);
  const handler = handlerOf(item, facts);
  const [first] = had;
  if (first === undefined || handler === "" || had.includes(handler)) {
    return null;
  }
  const have = [...had.slice(1), handler];
  return { from: [first], to: [handler], had, have };
}
