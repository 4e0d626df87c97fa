/** What 金智 asks for, and everything of its protocol that may differ from place to place. Marks: [S] source documents, [A] assumed. */
import { PUSH_ACTIONS } from "../../domain/approval/push-action.ts";
import type { SessionState, WorkItemState } from "../../domain/approval/session.ts";
import type { SettingSpec } from "../../ports/platform/setting.ts";
import {
  actions,
  choice,
  host,
  optional,
  required,
  sessionStatuses,
  taskStatuses,
  timeZone,
  tokenSeconds,
} from "../described.ts";

/** Empty: not pushed. 驳回, 草稿 and 挂起 are [A], the others [S]. */
export const SESSION_STATUSES: Readonly<Record<SessionState, string>> = {
  DRAFT: "",
  RUNNING: "RUNNING",
  SUSPENDED: "RUNNING",
  COMPLETED: "COMPLETE",
  ABORTED: "ABORT",
  REJECTED: "RUNNING",
  REVOKED: "COMPLETE",
};

/** R-035 [S] */
export const TASK_STATUSES: Readonly<Record<WorkItemState, string>> = {
  OPEN: "RUNNING",
  CLAIMED: "RUNNING",
  DONE: "COMPLETE",
  WITHDRAWN: "COMPLETE",
};

const EVENTS = PUSH_ACTIONS.filter((action) => action !== "remind_task");

export const SETTINGS: readonly SettingSpec[] = [
  host("服务地址 (host)", "https://task.example.edu.cn"),
  required("TEXT", "appId", "应用标识 (appId)", "Given by the platform to this application; goes with every call."),
  required("PASSWORD", "appSecret", "应用密钥 (appSecret)", "Fetches access tokens, together with appId."),
  required("TEXT", "sceneCode", "业务场景编码 (sceneCode)", "The business scene that tasks are shown under."),
  optional("MAP", "sceneCodes", "应用的场景编码", {}, "Application id to scene code, where it is not `sceneCode`."),

  path("tokenPath", "令牌路径", "/taskCenter/accessToken", "GET: access token."),
  path("taskPath", "任务路径", "/taskCenter/task", "POST: insert or update a task."),
  path("deleteTaskPath", "待办删除路径", "/taskCenter/task/delete", "POST: delete a task."),
  path("deleteInstancePath", "实例删除路径", "/taskCenter/instance/delete", "POST: delete a process instance."),
  path("startAndEndPath", "发起即结束路径", "/taskCenter/instance/startAndEnd", "POST: an instance that ends at once."),
  choice(
    "credentialsIn",
    "凭证位置",
    [
      { value: "header", title: "请求头 (header)" },
      { value: "query", title: "查询参数 (query)" },
    ],
    "Where calls carry appId and access token.", // [A]
  ),
  optional("TEXT", "appIdName", "应用标识的字段名", "appId", "Header or query parameter that carries appId."), // [S]
  optional("TEXT", "tokenName", "令牌的字段名", "accessToken", "Header or query parameter that carries the token."), // [S]
  tokenSeconds("tokenSeconds"), // [A]

  optional("TEXT", "priority", "优先级", "NORMAL", "`priority` of every task."), // [A]
  optional("TEXT", "taskType", "任务类型", "TODO", "`taskType` of every task."), // [A]
  optional("TEXT", "personType", "人员类型", "USER", "`type` of processors, and `initiatorType`."), // [A]
  sessionStatuses(
    "sessionStatus",
    SESSION_STATUSES,
    "Session state to processInstanceStatus; an empty one is not pushed. What is not named keeps its default.",
  ),
  taskStatuses(TASK_STATUSES, "Work item state to taskStatus. What is not named keeps its default."),
  optional("TEXT", "startAndEndNodeName", "发起即结束的节点名", "事项结束", "Node of a start-and-end instance."), // [S]
  optional("TEXT", "startAndEndStatus", "发起即结束的实例状态", "COMPLETE", "Status of a start-and-end instance."), // [S]
  actions(
    "events",
    "推送事件",
    EVENTS,
    "Actions that are pushed. Default: all but remind_task, as the platform knows no urging.", // [A]
  ),

  optional(
    "LIST",
    "authCodes",
    "令牌失效的错误码",
    ["40001", "40014", "42001"],
    "errcodes after which the token is fetched anew, once.", // [A]
  ),
  optional(
    "LIST",
    "notFoundCodes",
    "不存在的错误码",
    [],
    "errcodes (or HTTP_404) by which the platform says that it does not know a task or instance: a deletion counts as done, an update inserts it first. While there are none, only tasks that were pushed are deleted.", // [A]
  ),
  optional(
    "LIST",
    "duplicateCodes",
    "已存在的错误码",
    [],
    "errcodes (or HTTP_409) by which the platform refuses to make a task or instance that it has, as after an answer that was lost: it is deleted and made again.", // [A]
  ),
  timeZone(),
];

/** All paths are [A]. */
function path(name: string, title: string, fallback: string, help: string): SettingSpec {
  return optional("TEXT", name, title, fallback, `${help} Below host.`);
}
