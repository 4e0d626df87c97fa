/** the platform's words for the states of sessions and work items, and who has an item. Null: no word, so it is not pushed. */
import { isOpen, type Session, type WorkItem } from "../../domain/approval/session.ts";
import { numbersOf } from "../people.ts";
import { mapOf, textOf } from "../read-settings.ts";
import type { Settings } from "../../ports/platform/setting.ts";

export function instStatusOf(session: Session, settings: Settings): string | null {
  return wordOf(mapOf(settings, "sessionStatus"), session.state);
}

export function taskStatusOf(item: WorkItem, session: Session, settings: Settings): string | null {
  return wordOf(mapOf(settings, "taskStatus"), shownItem(item, session, settings).state);
}

/** As the platform is to show it: where tasks go by the session, none is open after it. */
export function shownItem(item: WorkItem, session: Session, settings: Settings): WorkItem {
  return textOf(settings, "taskStatusFrom") === "session" && session.state !== "RUNNING" ? withdrawn(item) : item;
}

/** Nobody has to do it any more. */
export function withdrawn(item: WorkItem): WorkItem {
  return isOpen(item.state) ? { ...item, state: "WITHDRAWN" } : item;
}

/** Whether more is to be done in it. */
export function goesOn({ state }: Session): boolean {
  return state === "RUNNING" || state === "SUSPENDED";
}

/** The word for a task that its holder has no more to do with. */
export function doneStatus(settings: Settings): string | null {
  return wordOf(mapOf(settings, "taskStatus"), "DONE");
}

/** Those who have it; of one that is done, also who did it in the name of others. */
export function holdersOf({ state, assignees, handledBy }: WorkItem): readonly string[] {
  return numbersOf(isOpen(state) || handledBy === null ? assignees : [...assignees, handledBy]);
}

function wordOf(words: Readonly<Record<string, string>>, state: string): string | null {
  const word = Object.hasOwn(words, state) ? words[state] : undefined;
  return word === undefined || word === "" ? null : word;
}
