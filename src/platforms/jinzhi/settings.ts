/** What 金智 asks for, and everything of its protocol that may differ from place to place. Marks: [S] source documents, [A] assumed. */
import { PUSH_ACTIONS } from "../../domain/approval/push-action.ts";
import type { SessionState, WorkItemState } from "../../domain/approval/session.ts";
import type { Json } from "../../domain/json.ts";
import type { SettingSpec } from "../setting.ts";

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

const REQUIRED = { required: true, secret: false, default: null } as const;

export const SETTINGS: readonly SettingSpec[] = [
  {
    ...REQUIRED,
    name: "host",
    title: "服务地址 (host)",
    form: "URL",
    help: "Base URL of the task centre, e.g. https://task.example.edu.cn. All paths are below it.",
  },
  {
    ...REQUIRED,
    name: "appId",
    title: "应用标识 (appId)",
    form: "TEXT",
    help: "Given by the platform to this application; goes with every call.",
  },
  {
    ...REQUIRED,
    name: "appSecret",
    title: "应用密钥 (appSecret)",
    form: "PASSWORD",
    secret: true,
    help: "Fetches access tokens, together with appId.",
  },
  {
    ...REQUIRED,
    name: "sceneCode",
    title: "业务场景编码 (sceneCode)",
    form: "TEXT",
    help: "The business scene that tasks are shown under.",
  },
  optional("MAP", "sceneCodes", "应用的场景编码", {}, "Application id to scene code, where it is not `sceneCode`."),

  path("tokenPath", "令牌路径", "/taskCenter/accessToken", "GET: access token."),
  path("taskPath", "任务路径", "/taskCenter/task", "POST: insert or update a task."),
  path("deleteTaskPath", "待办删除路径", "/taskCenter/task/delete", "POST: delete a task."),
  path("deleteInstancePath", "实例删除路径", "/taskCenter/instance/delete", "POST: delete a process instance."),
  path("startAndEndPath", "发起即结束路径", "/taskCenter/instance/startAndEnd", "POST: an instance that ends at once."),
  {
    ...optional("SELECT", "credentialsIn", "凭证位置", "header", "Where calls carry appId and access token."), // [A]
    options: [
      { value: "header", title: "请求头 (header)" },
      { value: "query", title: "查询参数 (query)" },
    ],
  },
  optional("TEXT", "appIdName", "应用标识的字段名", "appId", "Header or query parameter that carries appId."), // [S]
  optional("TEXT", "tokenName", "令牌的字段名", "accessToken", "Header or query parameter that carries the token."), // [S]
  optional(
    "NUMBER",
    "tokenSeconds",
    "令牌有效期",
    7200,
    "Seconds that a token holds when the platform does not say so.", // [A]
  ),

  optional("TEXT", "priority", "优先级", "NORMAL", "`priority` of every task."), // [A]
  optional("TEXT", "taskType", "任务类型", "TODO", "`taskType` of every task."), // [A]
  optional("TEXT", "personType", "人员类型", "USER", "`type` of processors, and `initiatorType`."), // [A]
  optional(
    "MAP",
    "sessionStatus",
    "实例状态映射",
    SESSION_STATUSES,
    "Session state to processInstanceStatus; an empty one is not pushed. What is not named keeps its default.",
  ),
  optional(
    "MAP",
    "taskStatus",
    "任务状态映射",
    TASK_STATUSES,
    "Work item state to taskStatus. What is not named keeps its default.",
  ),
  optional("TEXT", "startAndEndNodeName", "发起即结束的节点名", "事项结束", "Node of a start-and-end instance."), // [S]
  optional("TEXT", "startAndEndStatus", "发起即结束的实例状态", "COMPLETE", "Status of a start-and-end instance."), // [S]
  optional(
    "LIST",
    "events",
    "推送事件",
    EVENTS,
    `Actions that are pushed, of ${PUSH_ACTIONS.join(", ")}. Default: all but remind_task, as the platform knows no urging.`,
  ), // [A]

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
  optional("TEXT", "timeZone", "时区", "Asia/Shanghai", "IANA time zone that createTime is written in."),
];

function optional(form: SettingSpec["form"], name: string, title: string, fallback: Json, help: string): SettingSpec {
  return { name, title, form, required: false, secret: false, default: fallback, help };
}

/** All paths are [A]. */
function path(name: string, title: string, fallback: string, help: string): SettingSpec {
  return optional("TEXT", name, title, fallback, `${help} Below host.`);
}
