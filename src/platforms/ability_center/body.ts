/** The one body of every push: an instance and one of its tasks, as they stand. Field names and nulls are part of the wire contract; an instance without tasks comes without `task`. */
import { chineseFirst, isOpen, type Session, type WorkItem } from "../../domain/approval/session.ts";
import type { Json, JsonObject } from "../../domain/json.ts";
import { localTime } from "../local-time.ts";
import { isOn, textOf } from "../read-settings.ts";
import type { Settings } from "../../ports/platform/setting.ts";

export interface TaskTold {
  readonly item: WorkItem;
  readonly status: string;
  /** Numbers of those whom it is about. */
  readonly users: readonly string[];
  readonly finishedAt: number | null;
}

export interface UpsertTold {
  readonly session: Session;
  readonly instStatus: string;
  readonly task: TaskTold | null;
  readonly sendsMessage: boolean;
}

export function upsertBody({ session, instStatus, task, sendsMessage }: UpsertTold, settings: Settings): JsonObject {
  return {
    inst: {
      instId: wireId(session.id, settings),
      appId: wireId(session.appId, settings),
      appName: chineseFirst(session.appName),
      instStatus: wireId(instStatus, settings),
      instCreatorNumber: session.creator.number,
      instCreatorName: session.creator.name,
      instCreated: time(session.createdAt, settings),
      instFinished: time(session.finishedAt, settings),
      formUrlView: session.view.pc,
      formMobileUrlView: session.view.h5,
    },
    ...(task === null ? {} : { task: taskBody(session, task, settings) }),
    sendMsg: sendsMessage ? 1 : 0,
  };
}

function taskBody(session: Session, { item, status, users, finishedAt }: TaskTold, settings: Settings): JsonObject {
  return {
    taskId: wireId(item.id, settings),
    instId: wireId(session.id, settings),
    nodeName: chineseFirst(item.nodeName),
    taskStatus: wireId(status, settings),
    instUser: users,
    taskCreated: time(item.createdAt, settings),
    taskFinished: time(finishedAt, settings),
    formUrl: linkOf(session, item, "pc"),
    formMobileUrl: linkOf(session, item, "h5"),
  };
}

/** Where an open item is handled, and where a closed one is seen. */
function linkOf(session: Session, { state, todo, view }: WorkItem, device: "pc" | "h5"): string {
  const views = [view[device], session.view[device]];
  const links = isOpen(state) ? [todo[device], ...views] : [...views, todo[device]];
  return links.find((link) => link !== "") ?? "";
}

/** A number where the wire has numbers; what is no integer, or none that JSON carries exactly, stays text. */
export function wireId(text: string, settings: Settings): Json {
  const number = Number(text);
  return isOn(settings, "numericIds") && /^(?:0|-?[1-9]\d*)$/u.test(text) && Number.isSafeInteger(number)
    ? number
    : text;
}

function time(at: number | null, settings: Settings): string | null {
  return at === null ? null : localTime(at, textOf(settings, "timeZone"));
}
