/**
 * Events that were reported, by what they are and when they happened, so that the very same one reported twice is pushed once. Each item keeps its own,
 * and the session those about itself. One that is older than the 32 newest is taken for one of those that were forgotten: what it could tell of, newer
 * ones have.
 */
import type { SeenEvent } from "../../domain/approval/records.ts";
import type { ReportedEvent } from "../../domain/approval/reported-event.ts";

const MAX_SEEN = 32;

/** The same list comes back for one that was seen, and for one that only tells facts. */
export function withSeen(
  seen: readonly SeenEvent[],
  { action, name, happenedAt }: ReportedEvent,
): readonly SeenEvent[] {
  const event = { name: action ?? name, at: happenedAt };
  if (event.name === "" || seen.some((each) => compare(each, event) === 0)) {
    return seen;
  }
  const next = [...seen, event].toSorted(compare).slice(0, MAX_SEEN);
  return next.includes(event) ? next : seen;
}

function compare(a: SeenEvent, b: SeenEvent): number {
  return b.at - a.at || (a.name === b.name ? 0 : a.name < b.name ? -1 : 1);
}
