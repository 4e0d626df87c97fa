/** Settings in few words: what most of them have in common, and those that every platform has. */
import { PUSH_ACTIONS, type PushAction } from "../domain/approval/push-action.ts";
import { SESSION_STATES, WORK_ITEM_STATES, type SessionState, type WorkItemState } from "../domain/approval/session.ts";
import type { Json } from "../domain/json.ts";
import type { SettingForm, SettingOption, SettingSpec } from "../ports/platform/setting.ts";

/** One that may be left as it is. */
export function optional(form: SettingForm, name: string, title: string, fallback: Json, help: string): SettingSpec {
  return { name, title, form, required: false, secret: false, default: fallback, help };
}

export function required(form: SettingForm, name: string, title: string, help: string): SettingSpec {
  return { name, title, form, required: true, secret: form === "PASSWORD", default: null, help };
}

/** One of several values; the first stands when nothing is chosen. */
export function choice(
  name: string,
  title: string,
  options: readonly [SettingOption, ...SettingOption[]],
  help: string,
): SettingSpec {
  return { ...optional("SELECT", name, title, options[0].value, help), options };
}

/** @param example of the platform's base URL. */
export function host(title: string, example: string): SettingSpec {
  const help = `Base URL of the platform, e.g. ${example}. All paths are below it.`;
  return { ...required("TEXT", "host", title, help), isUrl: true };
}

/** How long a token holds: of platforms that may not say so. */
export function tokenSeconds(name: string): SettingSpec {
  return optional("NUMBER", name, "令牌有效期", 7200, "Seconds that a token holds when the platform does not say so.");
}

export function timeZone(): SettingSpec {
  return optional("TIME_ZONE", "timeZone", "时区", "Asia/Shanghai", "IANA time zone that times are written in.");
}

const ACTION_TITLES: Readonly<Record<PushAction, string>> = {
  receive: "接收",
  after_examine: "审批完成",
  after_end: "流程结束",
  change_assignee: "转办",
  remind_task: "催办",
  task_abort: "终止",
  task_resume: "挂起与恢复",
  reject: "驳回",
  revoke: "撤销",
  sess_delete: "实例删除",
  archive: "归档",
  manual: "手动推送",
};

/** A list of actions. */
export function actions(name: string, title: string, fallback: readonly PushAction[], help: string): SettingSpec {
  return { ...optional("LIST", name, title, fallback, help), options: optionsOf(PUSH_ACTIONS, ACTION_TITLES) };
}

const SESSION_TITLES: Readonly<Record<SessionState, string>> = {
  DRAFT: "草稿",
  RUNNING: "进行中",
  SUSPENDED: "挂起",
  COMPLETED: "完成",
  ABORTED: "终止",
  REJECTED: "驳回",
  REVOKED: "撤销",
};

/** The platform's word for each state of a session. */
export function sessionStatuses(name: string, fallback: Readonly<Record<string, string>>, help: string): SettingSpec {
  return {
    ...optional("MAP", name, "实例状态映射", fallback, help),
    options: optionsOf(SESSION_STATES, SESSION_TITLES),
  };
}

const ITEM_TITLES: Readonly<Record<WorkItemState, string>> = {
  OPEN: "未申领",
  CLAIMED: "已申领",
  DONE: "已办",
  WITHDRAWN: "已收回",
};

/** The platform's word for states of a work item. */
export function taskStatuses(
  fallback: Readonly<Record<string, string>>,
  help: string,
  states: readonly WorkItemState[] = WORK_ITEM_STATES,
): SettingSpec {
  return { ...optional("MAP", "taskStatus", "任务状态映射", fallback, help), options: optionsOf(states, ITEM_TITLES) };
}

function optionsOf<Value extends string>(
  values: readonly Value[],
  titles: Readonly<Record<Value, string>>,
): readonly SettingOption[] {
  return values.map((value) => ({ value, title: titles[value] }));
}
