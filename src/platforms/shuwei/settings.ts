/** The settings of V1, and those that V2 has too. */
import { PUSH_ACTIONS } from "../../domain/approval/push-action.ts";
import type { SettingSpec } from "../setting.ts";
import { DEFAULT_STATUS_MAP, TRANSACTION_STATUSES } from "./status.ts";

/** Nothing is sent for an archived session; by hand everything goes. [A] */
const EVENTS = PUSH_ACTIONS.filter((action) => action !== "archive" && action !== "manual");

type Shared = Omit<SettingSpec, "required" | "secret" | "default">;

function optional(spec: Shared, standard: SettingSpec["default"]): SettingSpec {
  return { ...spec, required: false, secret: false, default: standard };
}

function required(spec: Shared): SettingSpec {
  return { ...spec, required: true, secret: false, default: null };
}

function path(name: string, title: string, standard: string): SettingSpec {
  return optional({ name, title, form: "TEXT", help: "Under the path prefix." }, standard);
}

/** Where it is, and who we are. */
const access: readonly SettingSpec[] = [
  required({
    name: "host",
    title: "POA 地址",
    form: "URL",
    help: "Where the platform (POA) is, e.g. https://poa.example.edu.",
  }),
  required({ name: "clientId", title: "客户端 ID", form: "TEXT", help: "clientId, given on registration in POA." }),
  {
    ...required({
      name: "clientSecret",
      title: "客户端密钥",
      form: "PASSWORD",
      help: "clientSecret, given on registration in POA.",
    }),
    secret: true,
  },
  required({
    name: "appId",
    title: "应用 ID",
    form: "TEXT",
    help: "appId, given on registration in the transaction centre (TTC).",
  }),
  optional(
    { name: "scope", title: "授权范围", form: "TEXT", help: "The scope asked for with the token; empty: none." },
    null,
  ),
  // [A]
  optional(
    { name: "tokenPath", title: "令牌路径", form: "TEXT", help: "Where tokens are given, under the host." },
    "/oauth2/token",
  ),
  // [P]
  optional(
    { name: "authorizationHeader", title: "令牌请求头", form: "TEXT", help: "The header that carries the token." },
    "Authorization",
  ),
  // [P]
  optional(
    {
      name: "authorizationPrefix",
      title: "令牌前缀",
      form: "TEXT",
      help: "Stands before the token, e.g. Bearer; empty: nothing.",
    },
    null,
  ),
  // [P]
  optional(
    {
      name: "pathPrefix",
      title: "接口路径前缀",
      form: "TEXT",
      help: "Stands before the paths of all operations, under the host.",
    },
    "/apis/ttc/v1/transaction/poa",
  ),
];

/** What answers mean. */
const codes: readonly SettingSpec[] = [
  optional({ name: "authCodes", title: "令牌失效错误码", form: "LIST", help: "Codes that call for a new token." }, [
    "401",
  ]),
  // [P]
  optional(
    {
      name: "notFoundCodes",
      title: "任务不存在错误码",
      form: "LIST",
      help: "Codes of what the platform does not know: it is put there, and the call repeated.",
    },
    ["2004", "2008", "2009"],
  ),
  // [P]
  optional(
    {
      name: "transientCodes",
      title: "可重试错误码",
      form: "LIST",
      help: "Codes in errorIds after which the call is repeated; all that are in no list are final.",
    },
    ["500"],
  ),
  // [A]
  optional(
    {
      name: "duplicateCodes",
      title: "重复新增错误码",
      form: "LIST",
      help: "Codes of a todo that was put before: it counts as put.",
    },
    [],
  ),
  // [P]
  optional(
    {
      name: "urgeNotFoundText",
      title: "催办任务不存在提示",
      form: "TEXT",
      help: "A refused urge whose message has this text is about an unknown todo.",
    },
    "taskId不存在",
  ),
];

/** What is told, and in which words. */
const telling: readonly SettingSpec[] = [
  // [A]
  optional(
    {
      name: "sessionStatusMap",
      title: "实例状态映射",
      form: "MAP",
      help: `Session state to ${TRANSACTION_STATUSES.join(", ")}; any other text: such sessions are not pushed. States that are not named keep their standard.`,
    },
    DEFAULT_STATUS_MAP,
  ),
  // [S]
  optional(
    {
      name: "events",
      title: "推送事件",
      form: "LIST",
      help: `Events that are pushed, of ${EVENTS.join(", ")} and archive.`,
    },
    EVENTS,
  ),
  optional(
    { name: "timeZone", title: "时区", form: "TEXT", help: "In which times are written: an IANA name." },
    "Asia/Shanghai",
  ),
  // [P]
  optional(
    {
      name: "urgeText",
      title: "催办内容",
      form: "TEXT",
      help: "What an urge says when the one who urges says nothing.",
    },
    "请尽快办理",
  ),
];

export const sharedSettings: readonly SettingSpec[] = [
  ...access,
  // [P]
  optional(
    {
      name: "transTypeCode",
      title: "事务类型编码",
      form: "TEXT",
      help: "transTypeCode; empty: the id of the application.",
    },
    null,
  ),
  ...codes,
  ...telling,
];

/** @param standard V2 has its types made in advance. */
export function autoCreateType(standard: boolean): SettingSpec {
  return optional(
    {
      name: "autoCreateType",
      title: "自动创建事务类型",
      form: "SWITCH",
      help: "Whether the platform makes a transaction type that it does not know.",
    },
    standard,
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
  // [P]
  ...pathSettings({ add: "addTransaction", complete: "taskHandle" }),
  path("terminatePath", "终止路径", "taskTerminate"),
  // [P]
  optional({ name: "terminateText", title: "终止意见", form: "TEXT", help: "What a termination says." }, "终止"),
  // [A]
  path("transferPath", "转办路径", "taskTransfer"),
  {
    ...optional(
      {
        name: "transferMode",
        title: "转办方式",
        form: "SELECT",
        help: "Whether a todo is handed over, or completed and made anew for the new handler.",
      },
      "transfer",
    ),
    options: [
      { value: "transfer", title: "转办接口" },
      { value: "recreate", title: "办结后重新创建" },
    ],
  },
  optional({ name: "transferText", title: "转办意见", form: "TEXT", help: "What a handing over says." }, "转办"),
];
