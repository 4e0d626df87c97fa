/** Which pushes the settings want at all, and why the others are skipped. */
import type { PushAction } from "../../domain/approval/push-action.ts";
import type { PushFacts } from "../../domain/approval/push-facts.ts";
import { isOpen, type Session, type SessionState, type WorkItem } from "../../domain/approval/session.ts";
import { presentAction } from "../present-action.ts";
import { isOn, listOf } from "../read-settings.ts";
import type { Settings } from "../../ports/platform/setting.ts";
import { goesOn, holdersOf, instStatusOf, taskStatusOf } from "./statuses.ts";
import { itemThirdId, sessionThirdId } from "./third-ids.ts";

/** What is to be told, whatever the event was. */
export function toldAction(facts: PushFacts, settings: Settings): PushAction {
  return presentAction(facts, isOn(settings, "deleteOnArchive"));
}

/** Whether it takes the session away from the platform. */
export function isDeletion(action: PushAction, settings: Settings): boolean {
  return action === "sess_delete" || (action === "archive" && isOn(settings, "deleteOnArchive"));
}

/** For a person: why nothing is to be pushed; null when something is. */
export function whyNothing(facts: PushFacts, settings: Settings): string | null {
  const { session, item } = facts;
  const action = toldAction(facts, settings);
  if (session.isQuestionnaire) {
    return "The session is a questionnaire (问卷通), and questionnaires are not pushed.";
  }
  if (!isListed(facts, settings)) {
    return facts.action === "manual"
      ? "The setting events lists none of the actions that would have pushed this, and the platform knows nothing of it."
      : `The setting events does not list the action ${action}.`;
  }
  if (isDeletion(action, settings)) {
    return instStatusOf(session, settings) === null && !isKnown(facts) ? unpushed(session) : null;
  }
  if (instStatusOf(session, settings) === null) {
    return unpushed(session);
  }
  if (action === "remind_task" && !(item === null ? facts.items : [item]).some(({ state }) => isOpen(state))) {
    return "Nothing of it is open any more, so there is nobody to be urged.";
  }
  return item === null ? null : whyNotItem(facts, item, settings);
}

function whyNotItem({ session, acknowledged }: PushFacts, item: WorkItem, settings: Settings): string | null {
  if (taskStatusOf(item, session, settings) === null) {
    return `The setting taskStatus has no entry for ${item.state}, the state of the work item.`;
  }
  const isNobodys = isOpen(item.state) && holdersOf(item).length === 0;
  return isNobodys && goesOn(session) && !acknowledged.has(itemThirdId(session, item))
    ? "Nobody has the work item yet, so there is nobody to show it to."
    : null;
}

/** Whether a manual push is to tell of this item (null: of the session). */
export function isWantedByHand(facts: PushFacts, item: WorkItem | null, settings: Settings): boolean {
  const { session, acknowledged } = facts;
  const events = listOf(settings, "events");
  const thirdId = item === null ? sessionThirdId(session) : itemThirdId(session, item);
  return (
    events.includes("manual") ||
    typeof acknowledged.get(thirdId)?.status === "string" ||
    actionsBehind(item, session.state).some((action) => events.includes(action))
  );
}

function isListed(facts: PushFacts, settings: Settings): boolean {
  const { item, items, isDeleted } = facts;
  const action = toldAction(facts, settings);
  if (action === "archive" && isDeletion(action, settings)) {
    return true;
  }
  if (facts.action === "manual") {
    if (isDeleted) {
      return listOf(settings, "events").some((each) => each === "sess_delete" || each === "manual") || isKnown(facts);
    }
    return (item === null ? [null, ...items] : [item]).some((each) => isWantedByHand(facts, each, settings));
  }
  return listOf(settings, "events").includes(action);
}

/** The actions that bring an item, or a session, to where it stands: what a manual push stands in for. */
function actionsBehind(item: WorkItem | null, state: SessionState): readonly PushAction[] {
  if (item !== null && isOpen(item.state)) {
    return ["receive"];
  }
  const last = LAST_ACTION[state];
  return item?.state === "DONE" ? ["after_examine", last] : [last];
}

const LAST_ACTION: Readonly<Record<SessionState, PushAction>> = {
  DRAFT: "receive",
  RUNNING: "after_examine",
  SUSPENDED: "task_resume",
  COMPLETED: "after_end",
  ABORTED: "task_abort",
  REJECTED: "reject",
  REVOKED: "revoke",
};

function isKnown({ session, items, item, acknowledged }: PushFacts): boolean {
  const ids = [...items, ...(item === null ? [] : [item])].map((each) => itemThirdId(session, each));
  return [sessionThirdId(session), ...ids].some((id) => acknowledged.has(id));
}

function unpushed({ state }: Session): string {
  return state === "DRAFT"
    ? "The session is a draft, and the setting sessionStatus has no entry for DRAFT."
    : `The setting sessionStatus has no entry for ${state}, the state of the session.`;
}
