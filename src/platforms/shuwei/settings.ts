/** The settings of V1, and those that V2 has too. Marks: [S] source documents, [P] published material of the platform, [A] assumed. */
import { PUSH_ACTIONS } from "../../domain/approval/push-action.ts";
import type { SettingSpec } from "../../ports/platform/setting.ts";
import { actions, choice, host, optional, required, sessionStatuses, timeZone } from "../described.ts";
import { DEFAULT_STATUS_MAP, TRANSACTION_STATUSES } from "./status.ts";

/** Nothing is sent for an archived session; by hand everything goes. [A] */
const EVENTS = PUSH_ACTIONS.filter((action) => action !== "archive" && action !== "manual");

function path(name: string, title: string, standard: string): SettingSpec {
  return optional("TEXT", name, title, standard, "Under the path prefix.");
}

/** Where it is, and who we are. */
const access: readonly SettingSpec[] = [
  host("POA 地址", "https://poa.example.edu"),
  required("TEXT", "clientId", "客户端 ID", "clientId, given on registration in POA."),
  required("PASSWORD", "clientSecret", "客户端密钥", "clientSecret, given on registration in POA."),
  required("TEXT", "appId", "应用 ID", "appId, given on registration in the transaction centre (TTC)."),
  optional("TEXT", "scope", "授权范围", null, "The scope asked for with the token; empty: none."),
  optional("TEXT", "tokenPath", "令牌路径", "/oauth2/token", "Where tokens are given, under the host."), // [A]
  optional("TEXT", "authorizationHeader", "令牌请求头", "Authorization", "The header that carries the token."), // [P]
  optional(
    "TEXT",
    "authorizationPrefix",
    "令牌前缀",
    null,
    "Stands before the token, e.g. Bearer; empty: nothing.", // [P]
  ),
  optional(
    "TEXT",
    "pathPrefix",
    "接口路径前缀",
    "/apis/ttc/v1/transaction/poa",
    "Stands before the paths of all operations, under the host.", // [P]
  ),
];

/** What answers mean. */
const codes: readonly SettingSpec[] = [
  optional("LIST", "authCodes", "令牌失效错误码", ["401"], "Codes that call for a new token."),
  optional(
    "LIST",
    "notFoundCodes",
    "任务不存在错误码",
    ["2004", "2008", "2009"],
    "Codes of what the platform does not know: it is put there, and the call repeated.", // [P]
  ),
  optional(
    "LIST",
    "transientCodes",
    "可重试错误码",
    ["500"],
    "Codes in errorIds after which the call is repeated; all that are in no list are final.", // [P]
  ),
  optional(
    "LIST",
    "duplicateCodes",
    "重复新增错误码",
    [],
    "Codes of a todo that was put before: it counts as put.", // [A]
  ),
  optional(
    "TEXT",
    "urgeNotFoundText",
    "催办任务不存在提示",
    "taskId不存在",
    "A refused urge whose message has this text is about an unknown todo.", // [P]
  ),
];

/** What is told, and in which words. */
const telling: readonly SettingSpec[] = [
  sessionStatuses(
    "sessionStatusMap",
    DEFAULT_STATUS_MAP,
    `Session state to ${TRANSACTION_STATUSES.join(", ")}; any other text: such sessions are not pushed. States that are not named keep their standard.`, // [A]
  ),
  actions("events", "推送事件", EVENTS, "Events that are pushed; by hand everything goes."), // [S]
  timeZone(),
  optional(
    "TEXT",
    "urgeText",
    "催办内容",
    "请尽快办理",
    "What an urge says when the one who urges says nothing.", // [P]
  ),
];

export const sharedSettings: readonly SettingSpec[] = [
  ...access,
  optional("TEXT", "transTypeCode", "事务类型编码", null, "transTypeCode; empty: the id of the application."), // [P]
  ...codes,
  ...telling,
];

/** @param standard V2 has its types made in advance. */
export function autoCreateType(standard: boolean): SettingSpec {
  return optional(
    "SWITCH",
    "autoCreateType",
    "自动创建事务类型",
    standard,
    "Whether the platform makes a transaction type that it does not know.",
  );
}

/** Of both versions, at different places. */
export function pathSettings(paths: { readonly add: string; readonly complete: string }): readonly SettingSpec[] {
  return [
    path("addPath", "新增路径", paths.add),
    path("completePath", "办结路径", paths.complete),
    path("urgePath", "催办路径", "taskCuiBanNew"),
    path("deletePath", "删除路径", "todo/deleteTask"),
    path("updatePath", "事务状态更新路径", "todo/updateTransaction"),
  ];
}

export const shuweiSettings: readonly SettingSpec[] = [
  ...sharedSettings,
  autoCreateType(true),
  ...pathSettings({ add: "addTransaction", complete: "taskHandle" }), // [P]
  path("terminatePath", "终止路径", "taskTerminate"), // [P]
  optional("TEXT", "terminateText", "终止意见", "终止", "What a termination says."), // [P]
  path("transferPath", "转办路径", "taskTransfer"), // [A]
  choice(
    "transferMode",
    "转办方式",
    [
      { value: "transfer", title: "转办接口" },
      { value: "recreate", title: "办结后重新创建" },
    ],
    "Whether a todo is handed over, or completed and made anew for the new handler.",
  ),
  optional("TEXT", "transferText", "转办意见", "转办", "What a handing over says."),
];
