/**
 * The settings of 能力中心. Where a default comes from: [S] the source documents, [P] published material of the same family of products, [A] assumed,
 * because nothing is published; what is assumed is a setting so that it can be put right without a release.
 */
import { PUSH_ACTIONS } from "../../domain/approval/push-action.ts";
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

/** R-012 [S]; 挂起 is [A]. 草稿 is not pushed [A]. */
const SESSION_STATUSES = { RUNNING: "0", ABORTED: "1", COMPLETED: "2", REJECTED: "3", REVOKED: "4", SUSPENDED: "0" };

/** 未申领 and 已办 are [S], the others [A]. */
const TASK_STATUSES = { OPEN: "0", CLAIMED: "0", DONE: "3", WITHDRAWN: "3" };

/** What is pushed, and in which words: the same for all that take the body of 能力中心. */
export const UPSERT_SETTINGS: readonly SettingSpec[] = [
  actions(
    "events",
    "推送事件",
    PUSH_ACTIONS,
    "Actions that are pushed. Without manual, pushes by hand, in batches and for repair are limited to what the other listed actions would have pushed, and to what the platform shows already.",
  ),
  actions("messageEvents", "发消息的事件", ["remind_task"], "Actions that are pushed with sendMsg 1."), // [A]
  sessionStatuses(
    "sessionStatus",
    SESSION_STATUSES,
    "instStatus by the session's state. A state without one is not pushed.",
  ),
  taskStatuses(TASK_STATUSES, "taskStatus by the work item's state. A state without one is not pushed."),
  choice(
    "taskStatusFrom",
    "任务状态来源",
    [
      { value: "item", title: "按任务" },
      { value: "session", title: "按实例" },
    ],
    "When a task counts as done: when the work item is, or also whenever its session is not running.",
  ),
  optional("TEXT", "deletedStatus", "已删除实例的状态", "4", "instStatus of a deleted session, without a deletePath."), // [A]
  optional(
    "TEXT",
    "deletePath",
    "删除路径",
    "",
    'POST: deletes a task ({"taskId","instId"}), or an instance ({"instId"}). Empty: deleted sessions get deletedStatus.', // [A]
  ),
  optional(
    "SWITCH",
    "deleteOnArchive",
    "归档即删除",
    false,
    "Whether an archived session is deleted from the platform, even if events does not list archive.", // [A]
  ),
  optional(
    "SWITCH",
    "pushWithoutTask",
    "推送无任务实例",
    true,
    "Whether a session without any task (发起即结束) is pushed.",
  ), // [A]
  optional(
    "SWITCH",
    "numericIds",
    "编号用数字",
    true,
    "Whether ids and statuses that are integers are sent as numbers.",
  ), // [P]
  timeZone(), // [A]
];

/** What its answers mean. */
export const ANSWER_SETTINGS: readonly SettingSpec[] = [
  optional("LIST", "transientCodes", "可重试的错误码", [], "Codes after which the same request may succeed later."), // [A]
  optional(
    "LIST",
    "unknownMessages",
    "对象不存在的提示",
    ["不存在", "not exist", "not found"],
    "Parts of messages with which a deletion is refused because there is nothing to delete: it counts as done.", // [A]
  ),
];

export const ABILITY_CENTER_SETTINGS: readonly SettingSpec[] = [
  host("服务地址", "https://ability.example.edu.cn"), // [S]
  required("TEXT", "appId", "应用标识", "Given by the platform to this application."), // [S]
  required("PASSWORD", "appSecret", "应用密钥", "Fetches access tokens, together with appId."), // [S]
  optional("TEXT", "tokenPath", "令牌路径", "/third/token.get-access-token", "GET: access token."), // [A]
  optional("TEXT", "appIdParameter", "应用标识参数名", "app_id", "Query parameter of tokenPath that carries appId."), // [A]
  optional(
    "TEXT",
    "appSecretParameter",
    "应用密钥参数名",
    "app_secret",
    "Query parameter of tokenPath that carries appSecret.", // [A]
  ),
  tokenSeconds("tokenLifetime"), // [A]
  optional("TEXT", "pushPath", "推送路径", "/third/task.push.push-task", "POST: insert or update a task."), // [S]
  optional("TEXT", "accessTokenParameter", "令牌参数名", "access_token", "Query parameter that carries the token."), // [S]
  optional("LIST", "authCodes", "令牌失效的错误码", [], "Codes (e) that say that the token was not taken."), // [A]
  optional(
    "LIST",
    "authMessages",
    "令牌失效的提示",
    ["token", "过期", "失效"],
    "Parts of messages (m) that say that the token was not taken; upper and lower case are the same.", // [A]
  ),
  ...UPSERT_SETTINGS,
  ...ANSWER_SETTINGS,
];
