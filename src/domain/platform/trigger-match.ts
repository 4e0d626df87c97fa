import type { PushAction } from "../approval/push-action.ts";
import type { Person, Session, WorkItem } from "../approval/session.ts";
import type { PlatformTrigger } from "./trigger.ts";

/** An event as triggers see it. */
export interface Happening {
  readonly action: PushAction;
  readonly session: Session;
  /** The item it is about; of an event about the session as a whole, all items. */
  readonly items: readonly WorkItem[];
  /** Those who had the item until now: their platform is to take it from them. */
  readonly formerAssignees: readonly Person[];
}

/** A condition on items holds when one item fulfils all of it. */
export function triggerMatches({ actions, appIds, condition }: PlatformTrigger, happening: Happening): boolean {
  const { action, session, items, formerAssignees } = happening;
  const { nodeIds, creators, assignees } = condition;
  const isAboutItems = nodeIds.length > 0 || assignees.length > 0;
  return (
    allows(actions, [action]) &&
    allows(appIds, [session.appId]) &&
    allows(creators, [session.creator.number]) &&
    (!isAboutItems ||
      items.some(
        (item) =>
          allows(nodeIds, [item.nodeId]) &&
          allows(
            assignees,
            [...item.assignees, ...formerAssignees].map(({ number }) => number),
          ),
      ))
  );
}

/** An empty list allows all. */
function allows(list: readonly string[], given: readonly string[]): boolean {
  return list.length === 0 || given.some((each) => list.includes(each));
}
