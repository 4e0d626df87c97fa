/** How work items look to 统一待办: one kind of entry with one status (domain 3.5). */
import { chineseFirst, isOpen, titleOf } from "../../domain/approval/session.ts";
import type { Session, WorkItem } from "../../domain/approval/session.ts";
import type { Json, JsonObject } from "../../domain/json.ts";
import { localTime } from "../local-time.ts";
import { numbersOf } from "../people.ts";
import { mapOf, textOf } from "../read-settings.ts";
import type { Settings } from "../../ports/platform/setting.ts";
import { CLOSED_STATUSES, SESSION_STATUSES } from "./settings.ts";

/** Empty: items of such a session are not pushed. */
export function sessionStatusOf({ state }: Session, settings: Settings): string {
  return mapOf(settings, "sessionStatus")[state] ?? SESSION_STATUSES[state];
}

/** What was done stays done when its session is aborted later; what is open goes with its session; what is nobody's is withdrawn. */
export function statusOf(item: WorkItem, session: Session, settings: Settings): string {
  const state = handlersOf(item).length === 0 ? "WITHDRAWN" : item.state;
  return state === "DONE" || state === "WITHDRAWN"
    ? (mapOf(settings, "taskStatus")[state] ?? CLOSED_STATUSES[state])
    : sessionStatusOf(session, settings);
}

/** Numbers of those who have it, or had it; of a done one, of who did it: the platform takes it from those who are not named. */
export function handlersOf({ state, assignees, handledBy }: WorkItem): readonly string[] {
  return numbersOf(state === "DONE" && handledBy !== null ? [handledBy] : assignees);
}

/** Without its `requestId`, which comes when it is sent. */
export function entryOf(item: WorkItem, session: Session, status: string, settings: Settings): JsonObject {
  const view = isOpen(item.state) ? item.todo : item.view;
  const handlers = handlersOf(item);
  return {
    appId: numeric(session.appId),
    instanceId: session.id,
    taskId: item.id,
    title: titleOf(session) || session.appId,
    nodeName: chineseFirst(item.nodeName),
    initiator: session.creator.number,
    // The platform wants somebody; what is nobody's is withdrawn, so that nobody sees it.
    handlers: handlers.length === 0 ? [session.creator.number] : handlers,
    status: numeric(status),
    pcUrl: view.pc === "" ? session.view.pc : view.pc,
    mobileUrl: view.h5 === "" ? session.view.h5 : view.h5,
    createTime: localTime(item.createdAt, textOf(settings, "timeZone")),
  };
}

/** The platform's numbers are numbers; what is none stays a text. */
function numeric(text: string): Json {
  const value = Number(text);
  return Number.isSafeInteger(value) && String(value) === text ? value : text;
}
