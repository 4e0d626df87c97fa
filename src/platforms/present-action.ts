/**
 * What is left of an event once its session was deleted, or archived where that deletes it: whatever it was, and whenever it comes, all that is to be told
 * is the deletion. So a deletion that was lost is made up for, and no late event brings anything back.
 */
import type { PushAction } from "../domain/approval/push-action.ts";
import type { PushFacts } from "../domain/approval/push-facts.ts";

/**
 * What is to be told.
 *
 * @param deletesArchived whether sessions that are archived (归档) are deleted from the platform: then `archive` stands for their deletion.
 */
export function presentAction({ action, isDeleted, isArchived }: PushFacts, deletesArchived = false): PushAction {
  if (isArchived && deletesArchived) {
    return "archive";
  }
  return isDeleted ? "sess_delete" : action;
}

/** What is to be among the actions that are pushed; what is asked for by hand stays asked for by hand. */
export function listedAction(facts: PushFacts): PushAction {
  return facts.action === "manual" ? "manual" : presentAction(facts);
}
