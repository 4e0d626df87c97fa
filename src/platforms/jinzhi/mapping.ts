/** How approvals look to 金智: statuses, and the bodies of its calls (domain 3.2). Its taskId is the id of a work item, its processInstanceId that of a session. */
import { chineseFirst, isOpen, titleOf } from "../../domain/approval/session.ts";
import type { Links, Session, WorkItem, WorkItemState } from "../../domain/approval/session.ts";
import type { JsonObject } from "../../domain/json.ts";
import { localTime } from "../local-time.ts";
import { numbersOf } from "../people.ts";
import { mapOf, textOf } from "../read-settings.ts";
import type { Settings } from "../../ports/platform/setting.ts";
import { SESSION_STATUSES, TASK_STATUSES } from "./settings.ts";

/** Empty: such a session is not pushed. */
export function instanceStatusOf({ state }: Session, settings: Settings): string {
  return mapOf(settings, "sessionStatus")[state] ?? SESSION_STATUSES[state];
}

/**
 * Nothing is left to do in a session that is over: an item of it that is still open here (news of it is under way, or never came) is closed there.
 */
function shownState({ state }: WorkItem, session: Session): WorkItemState {
  return isOpen(state) && isOver(session) ? "WITHDRAWN" : state;
}

function isOver({ state }: Session): boolean {
  return state === "COMPLETED" || state === "ABORTED" || state === "REVOKED";
}

function taskStatusOf(item: WorkItem, session: Session, settings: Settings): string {
  const shown = shownState(item, session);
  return mapOf(settings, "taskStatus")[shown] ?? TASK_STATUSES[shown];
}

/** What the platform is told with a task: that of the task and that of its instance, e.g. `COMPLETE/RUNNING`. */
export function statusOf(item: WorkItem, session: Session, settings: Settings): string {
  return `${taskStatusOf(item, session, settings)}/${instanceStatusOf(session, settings)}`;
}

/** Numbers of those who have it, or had it; of a done one, of who did it: the platform takes it from those who are not named. */
export function processorsOf({ state, assignees, handledBy }: WorkItem): readonly string[] {
  return numbersOf(state === "DONE" && handledBy !== null ? [handledBy] : assignees);
}

/** Of an instance without tasks. */
export function processorsOfSession({ creator }: Session): readonly string[] {
  return numbersOf([creator]);
}

/** the fields of insertModel and of updateModel. */
export function taskModelOf(item: WorkItem, session: Session, settings: Settings): JsonObject {
  const node = { nodeId: item.nodeId, nodeName: chineseFirst(item.nodeName) };
  const personType = textOf(settings, "personType");
  return {
    taskId: item.id,
    sceneCode: sceneCodeOf(session, settings),
    subject: subjectOf(session),
    priority: textOf(settings, "priority"),
    taskType: textOf(settings, "taskType"),
    taskStatus: taskStatusOf(item, session, settings),
    initiatorType: personType,
    initiatorId: session.creator.number,
    processors: processorsOf(item).map((id) => ({ type: personType, id })),
    urls: urlsOf(isOpen(shownState(item, session)) ? item.todo : item.view, session.view),
    // The source documents list the node both in the task and in its application.
    ...node,
    applicationModel: {
      processInstanceId: session.id,
      processInstanceStatus: instanceStatusOf(session, settings),
      ...node,
      serviceName: serviceNameOf(session),
    },
  };
}

function subjectOf(session: Session): string {
  return titleOf(session) || serviceNameOf(session);
}

/** The platform wants one. */
function serviceNameOf({ appName, appId }: Session): string {
  return chineseFirst(appName) || appId;
}

/** */
function sceneCodeOf({ appId }: Session, settings: Settings): string {
  const codes = new Map(Object.entries(mapOf(settings, "sceneCodes")));
  return codes.get(appId) ?? textOf(settings, "sceneCode");
}

/** */
export function startAndEndOf(session: Session, settings: Settings): JsonObject {
  const personType = textOf(settings, "personType");
  return {
    processInstanceId: session.id,
    initiatorType: personType,
    initiatorId: session.creator.number,
    subject: subjectOf(session),
    processors: processorsOfSession(session).map((id) => ({ type: personType, id })),
    nodeName: textOf(settings, "startAndEndNodeName"),
    processInstanceStatus: textOf(settings, "startAndEndStatus"),
    urls: urlsOf(session.view, session.view),
    createTime: localTime(session.createdAt, textOf(settings, "timeZone")),
  };
}

/** the view to handle it while there is something to handle, else that of what was done; where there is none, that of the application. */
function urlsOf({ pc, h5 }: Links, application: Links): JsonObject {
  return { pc: pc === "" ? application.pc : pc, h5: h5 === "" ? application.h5 : h5 };
}
