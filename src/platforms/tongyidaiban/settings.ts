/** What 统一待办 asks for, and everything of its protocol that may differ from place to place. Marks: [S] source documents, [A] assumed. */
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

/** Of items that are open: 0 todo, 1 done, 2 cancelled; empty: not pushed. [A] */
export const SESSION_STATUSES: Readonly<Record<SessionState, string>> = {
  DRAFT: "",
  RUNNING: "0",
  SUSPENDED: "0",
  COMPLETED: "1",
  ABORTED: "2",
  REJECTED: "0",
  REVOKED: "2",
};

/** Of items that are closed, whatever became of their session afterwards. [A] */
export const CLOSED_STATUSES: Readonly<Record<Extract<WorkItemState, "DONE" | "WITHDRAWN">, string>> = {
  DONE: "1",
  WITHDRAWN: "2",
};

const EVENTS = PUSH_ACTIONS.filter((action) => action !== "remind_task");

export const SETTINGS: readonly SettingSpec[] = [
  host("服务地址 (host)", "https://todo.example.edu.cn"),
  required(
    "TEXT",
    "appKey",
    "应用标识 (app_key)",
    "Given by the platform to this application; fetches access tokens, together with appSecret.",
  ),
  required("PASSWORD", "appSecret", "应用密钥 (app_secret)", "Fetches access tokens, together with appKey."),
  optional(
    "LIST",
    "myappids",
    "应用白名单 (myappids)",
    [],
    "Ids of the applications whose tasks are pushed. Those of others are skipped; while it is empty nothing is pushed.", // [S], empty [A]
  ),

  optional("TEXT", "tokenPath", "令牌路径", "/api/token", "POST: access token. Below host."), // [A]
  optional("TEXT", "createPath", "任务创建路径", "/api/task/create", "POST: create or change a task. Below host."), // [A]
  optional("TEXT", "tokenHeader", "令牌请求头", "Authorization", "Header that carries the token."), // [A]
  optional("TEXT", "tokenPrefix", "令牌前缀", "Bearer", "Stands before the token, with a space between."), // [A]
  tokenSeconds("tokenSeconds"), // [A]

  sessionStatuses(
    "sessionStatus",
    SESSION_STATUSES,
    "Session state to status of its open items: 0 todo, 1 done, 2 cancelled; an empty one is not pushed. What is not named keeps its default.",
  ),
  taskStatuses(
    CLOSED_STATUSES,
    "DONE and WITHDRAWN to the status of such items. What is not named keeps its default.",
    ["DONE", "WITHDRAWN"],
  ),
  optional("TEXT", "deletedStatus", "删除后的状态", "2", "Status that the tasks of a deleted session get."), // [A]
  actions(
    "events",
    "推送事件",
    EVENTS,
    "Actions that are pushed. Default: all but remind_task, as the platform knows no urging.", // [A]
  ),

  optional("LIST", "authCodes", "令牌失效的错误码", ["401"], "Codes after which the token is fetched anew, once."), // [A]
  optional(
    "LIST",
    "retryCodes",
    "重试的错误码 (retry_codes)",
    ["429", "500", "503"],
    "Codes, of the answer or of HTTP, after which the same request is sent again.", // mechanism [S]
  ),
  optional(
    "NUMBER",
    "maxRetries",
    "最多重试次数 (max_retries)",
    3,
    "How often it is sent again after one of retryCodes.",
  ), // mechanism [S]
  optional("NUMBER", "retrySleep", "重试间隔 (retry_sleep)", 1, "Seconds before it is sent again."), // mechanism [S]
  choice(
    "backoff",
    "重试退避",
    [
      { value: "fixed", title: "固定 (fixed)" },
      { value: "exponential", title: "指数 (exponential)" },
    ],
    "Whether each wait is as long as the first, or twice the last; all together are at most an hour.",
  ),
  timeZone(),
];
